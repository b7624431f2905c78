"""What is enumerated: the schedules of one row in full, those of two rows by pairs, as work for many cores.

Nothing is played twice. A first run that ends before its first create meets no answer, and a second run that sends nothing meets
none either: there one schedule is all of them. Answers that are one and the same to the engine (same effect, same class of error,
as the real client judged them) differ for the first run, and are one for the second.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flows.submission.protocol import BOUND_CODE
from tests.exploration.answers import ANSWERS, TOO_LATE, kinds
from tests.exploration.night import occurrences
from tests.exploration.rows import ONE_ROW, TWO_ROWS
from tests.exploration.schedule import EVENTS, KILL, OVERLAPPING, WRITE, Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.exploration.play import Player, Story


@dataclass(frozen=True, slots=True)
class Work:
    """The schedules that begin alike: the rows of the first run, its answers, and one kind of event at any step."""

    shapes: tuple[str, ...]
    first: tuple[str, ...]
    event: str
    is_listed_late: bool
    is_guarded: bool
    is_whole: bool
    """Whether each edit of the plan meets each answer of the second run, or one in turn meets two, so that all pairs meet."""

    def begin(self, at: int = -1) -> Schedule:
        """The schedule with the event at that step and nothing in the second run."""
        return Schedule(self.shapes[0], self.first, self.event, at, (), self.is_listed_late, self.is_guarded)


def second_answers() -> tuple[str, ...]:
    """One answer of each kind that the engine can tell apart."""
    found: dict[object, str] = {}
    for name in ANSWERS:
        kind = kinds()[name]
        error = kind.error
        found.setdefault((kind.effect, type(error), error is not None and error.code == BOUND_CODE, kind.is_heard), name)
    return tuple(found.values())


def all_work() -> list[Work]:
    """Everything."""
    kinds_of_work: list[tuple[tuple[str, ...], str, bool]] = [(ONE_ROW, KILL, True)]
    kinds_of_work += [(ONE_ROW, event, False) for event in EVENTS[1:]]
    kinds_of_work += [((shape,), KILL, False) for shape in TWO_ROWS[1:]]
    return [
        Work(shapes, (answer,), event, late, guarded, is_whole)
        for late, guarded in itertools.product((False, True), (False, True))
        for answer in (*ANSWERS, TOO_LATE)
        for shapes, event, is_whole in kinds_of_work
        if answer != TOO_LATE or (event == KILL and shapes == ONE_ROW)
    ]


def points(work: Work, player: Player) -> list[int]:
    """The steps at which the event is to happen; those before the first create are the first answer's, being the same for all."""
    steps = player.steps(work.begin())
    sends_at = steps.index(WRITE)
    return [at for at in occurrences(steps) if at >= sends_at or work.first[0] == ANSWERS[0]]


def play_all(work: Work, player: Player) -> Iterator[Story]:
    """Play the schedules of a piece of work."""
    seconds = second_answers()
    turns = itertools.count(ANSWERS.index(work.first[0]) if work.first[0] in ANSWERS else 0)
    for at in points(work, player):
        schedule = work.begin(at)
        begun = None if work.event in OVERLAPPING else player.begin(schedule)
        turn = next(turns)
        for shape in work.shapes if work.is_whole else (work.shapes[turn % len(work.shapes)],):
            for second in seconds if work.is_whole else _in_turn(seconds, turn):
                one = replace(schedule, shape=shape, second=(second,))
                story = player.play(one) if begun is None else player.go_on(begun, one)
                yield story
                if story.second_creates == 0:
                    break


def _in_turn(seconds: Sequence[str], turn: int) -> tuple[str, ...]:
    """The answer that makes a task, and one of the others, another each time."""
    return seconds[0], seconds[1 + turn % (len(seconds) - 1)]
