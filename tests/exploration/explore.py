"""Play every schedule on every core, and print how many there were and what was found; one that fails is named, and replays."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.exploration.night import Stage
from tests.exploration.play import Player
from tests.exploration.product import all_work, play_all
from tests.exploration.schedule import Case, Schedule
from tests.simulation.collector import collector_off

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.exploration.play import Story
    from tests.exploration.product import Work

_TELL_EVERY_SECONDS = 10.0
_SHOWN = 30


@dataclass
class Tally:
    """What was played: schedules by their first rows, those that hold a case, those with a second task, and what is wrong."""

    schedules: Counter[str] = field(default_factory=Counter)
    held: Counter[Case] = field(default_factory=Counter)
    doubled: Counter[Case] = field(default_factory=Counter)
    untagged: int = 0
    shown: dict[Case, str] = field(default_factory=dict)
    violations: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many schedules were played."""
        return self.schedules.total()

    def count(self, story: Story) -> None:
        """Learn what came of a schedule."""
        schedule = story.schedule
        self.schedules[schedule.shape] += 1
        cases = set() if schedule.is_guarded else story.cases
        self.untagged += not cases
        for case in cases:
            self.held[case] += 1
            self.doubled[case] += story.is_doubled
            if story.is_doubled and len(cases) == 1:
                self.shown.setdefault(case, schedule.name)
        if story.violations:
            self.violations[schedule.name] = story.violations

    def add(self, other: Tally) -> None:
        """Learn what another process found."""
        self.schedules += other.schedules
        self.held += other.held
        self.doubled += other.doubled
        self.untagged += other.untagged
        self.shown = other.shown | self.shown
        self.violations |= other.violations


def explore(work: Iterable[Work] | None = None, workers: int | None = None) -> int:
    """Play everything; 1 where something contradicts the promise, or a case that nobody can exclude was not shown, else 0."""
    cores = workers or os.cpu_count() or 1
    pieces = list(work or all_work())
    print(f"{len(pieces):,} pieces of work on {cores} cores", flush=True)
    tally, began = Tally(), time.perf_counter()
    told_at = began
    for number, found in enumerate(_on_cores(pieces, cores), 1):
        tally.add(found)
        for name in found.violations:
            print(f"  {name}: {found.violations[name][0]}", flush=True)
        now = time.perf_counter()
        if now - told_at >= _TELL_EVERY_SECONDS:
            told_at = now
            print(
                f"{tally.total:>9,} schedules  {tally.total / (now - began):6.0f}/s  {number / len(pieces):4.0%}  "
                f"{len(tally.violations)} with violations",
                flush=True,
            )
    return _tell(tally, time.perf_counter() - began)


def replay(name: str) -> int:
    """Play the schedule of that name and tell all that happened; 1 where something is wrong, else 0."""
    with collector_off():
        story = Player(Stage(), is_traced=True).play(Schedule.of(name))
    print(*story.trace, sep="\n")
    print(f"cases that nobody can exclude: {', '.join(sorted(story.cases)) or 'none'}")
    print(f"a second task: {'yes' if story.is_doubled else 'no'}")
    print(*(f"violation: {text}" for text in story.violations), *(["no violation"] if not story.violations else []), sep="\n")
    return 1 if story.violations else 0


def play_piece(work: Work, player: Player | None = None) -> Tally:
    """Play one piece of work in this process."""
    tally = Tally()
    with collector_off():
        for story in play_all(work, player or _player()):
            tally.count(story)
    gc.collect()
    return tally


def _on_cores(pieces: Sequence[Work], cores: int) -> Iterator[Tally]:
    if cores == 1:
        yield from map(play_piece, pieces)
        return
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        yield from pool.imap_unordered(play_piece, pieces)


_PLAYERS: list[Player] = []


def _player() -> Player:
    """This process's player, made on first use."""
    if not _PLAYERS:
        _PLAYERS.append(Player(Stage()))
        gc.collect()
        gc.freeze()
    return _PLAYERS[0]


def _tell(tally: Tally, seconds: float) -> int:
    print(f"{tally.total:,} schedules in {seconds:,.0f} s: {tally.total / seconds:,.0f} a second")
    print("  " + ", ".join(f"{count:,} {shape}" for shape, count in sorted(tally.schedules.items())))
    print("what nobody can exclude, where the server has no guard:")
    for case in Case:
        shown = f"; for one: {tally.shown[case]}" if case in tally.shown else ""
        print(f"  {case}: {tally.doubled[case]:,} of {tally.held[case]:,} schedules made a second task, each named{shown}")
    print(f"{tally.untagged:,} schedules hold none of these cases, or had the guard on")
    for name, found in list(tally.violations.items())[:_SHOWN]:
        print(f"  {name}", *found[:5], sep="\n    ")
    missing = [case for case in Case if not tally.doubled[case]]
    print(*(f"never shown: {case}" for case in missing), sep="\n", end="\n" if missing else "")
    replayed = ' (replay one: make explore ONLY="...")' if tally.violations else ""
    print(f"{len(tally.violations)} schedules with violations{replayed}")
    return 1 if tally.violations or missing else 0
