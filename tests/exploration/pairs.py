"""A small part of the product for every day: each answer at each step for one row, and all pairs of what two factors may be."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.exploration.answers import ANSWERS
from tests.exploration.product import Work, points
from tests.exploration.rows import ONE_ROW, SHAPES
from tests.exploration.schedule import EVENTS, KILL, WRITE, Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from random import Random

    from tests.exploration.play import Player, Story

STEPS_AROUND = tuple(range(-5, 9))
"""Steps of the first run, counted from the one at which its first create leaves: from the lease to the looks after the answer."""

FACTORS: Mapping[str, Sequence[object]] = {
    "first": ANSWERS,
    "second": ANSWERS,
    "step": STEPS_AROUND,
    "event": EVENTS,
    "shape": tuple(SHAPES),
    "is_listed_late": (False, True),
    "is_guarded": (False, True),
}

Pair = tuple[tuple[str, object], tuple[str, object]]
Choice = dict[str, object]


def each_answer_at_each_step(player: Player) -> Iterator[Story]:
    """One row, killed at each step of a run that meets each kind of answer; the server has no guard."""
    for number, answer in enumerate(ANSWERS):
        work = Work(ONE_ROW, (answer,), KILL, is_listed_late=False, is_guarded=False, is_whole=False)
        for at in points(work, player):
            shape = ONE_ROW[(at + number) % len(ONE_ROW)]
            yield player.play(Schedule(shape, (answer,), KILL, at, (), is_listed_late=False, is_guarded=False))


def each_event_at_each_step(player: Player) -> Iterator[Story]:
    """One row whose create is answered, at once or late: each event but a kill at each step around it; no guard."""
    for first, event, step in itertools.product(("made", "slow"), EVENTS[1:], STEPS_AROUND):
        choice = {"shape": "same", "first": first, "second": "made", "event": event, "step": step}
        yield player.play(schedule_of({**choice, "is_listed_late": False, "is_guarded": False}, player))


def pairs_of(choice: Choice) -> Iterator[Pair]:
    """The pairs that a choice of a value for each factor holds."""
    return itertools.combinations(choice.items(), 2)


def all_pairs() -> set[Pair]:
    """Every value of every factor beside every value of every other."""
    names = itertools.combinations(FACTORS.items(), 2)
    return {((one, a), (other, b)) for (one, first), (other, second) in names for a in first for b in second}


def choices(random: Random) -> Iterator[Choice]:
    """Choices that hold all pairs between them: each takes up one that is missing, and as many others as it finds."""
    missing = dict.fromkeys(sorted(all_pairs(), key=str))
    while missing:
        given = dict(next(iter(missing)))
        choice: Choice = {}
        for name, values in FACTORS.items():
            choice[name] = given[name] if name in given else _best(name, values, {**given, **choice}, missing, random)
        for pair in pairs_of(choice):
            missing.pop(pair, None)
        yield choice


def _best(name: str, values: Sequence[object], chosen: Choice, missing: Iterable[Pair], random: Random) -> object:
    """The value that brings the most missing pairs with what is chosen."""
    order = list(FACTORS)

    def gain(value: object) -> tuple[int, float]:
        mine = (name, value)
        found = 0
        for other in chosen.items():
            pair = (mine, other) if order.index(name) < order.index(other[0]) else (other, mine)
            found += pair in missing
        return found, random.random()

    return max(values, key=gain)


def schedule_of(choice: Choice, player: Player) -> Schedule:
    """The schedule of a choice: its step is counted out in the first run as it goes where nothing happens to it."""
    calm = Schedule(
        str(choice["shape"]),
        (str(choice["first"]),),
        "",
        -1,
        (str(choice["second"]),),
        is_listed_late=bool(choice["is_listed_late"]),
        is_guarded=bool(choice["is_guarded"]),
    )
    steps, offset = player.steps(calm), choice["step"]
    assert isinstance(offset, int)
    at = min(steps.index(WRITE) + offset, len(steps) - 1)
    return Schedule(calm.shape, calm.first, str(choice["event"]), at, calm.second, calm.is_listed_late, calm.is_guarded)
