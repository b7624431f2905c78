"""Play seed after seed on every core, print how fast and what was found; each seed that fails is named, and replays exactly."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.mutations import MUTATIONS
from tests.simulation.scenario import scenario_of
from tests.simulation.world import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SEEDS_TO_CATCH = 2_000
"""Each mutation must be caught within so many seeds."""

_CHUNK = 50
_TELL_EVERY_SECONDS = 5.0
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Played:
    """What a process found in its chunk of seeds."""

    seeds: int
    steps: int
    virtual_seconds: float
    tags: Counter[str]
    violations: dict[int, tuple[str, ...]]


@dataclass
class _Tally:
    seeds: int = 0
    steps: int = 0
    virtual_seconds: float = 0.0
    tags: Counter[str] = field(default_factory=Counter)
    violations: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, played: Played) -> None:
        self.seeds += played.seeds
        self.steps += played.steps
        self.virtual_seconds += played.virtual_seconds
        self.tags += played.tags
        self.violations |= played.violations


def play_all(seeds: range, stage: Stage | None = None) -> Played:
    """Play the seeds one after the other in this process."""
    own = stage or _stage()
    tally, tags, violations = _Tally(), Counter[str](), dict[int, tuple[str, ...]]()
    for seed in seeds:
        story = own.play(scenario_of(seed))
        tally.steps += story.steps
        tally.virtual_seconds += story.seconds
        tags[story.scenario.tag.value or "untagged"] += 1
        if story.violations:
            violations[seed] = story.violations
    gc.collect()
    return Played(len(seeds), tally.steps, tally.virtual_seconds, tags, violations)


def soak(first: int, count: int, workers: int | None = None) -> int:
    """Play `count` seeds from `first`; 1 where a seed shows a violation, else 0."""
    cores = workers or os.cpu_count() or 1
    chunks = [range(start, min(start + _CHUNK, first + count)) for start in range(first, first + count, _CHUNK)]
    print(f"{count:,} seeds from {first} on {cores} cores", flush=True)
    tally, began = _Tally(), time.perf_counter()
    told_at = began
    for played in _on_cores(chunks, cores):
        tally.add(played)
        now = time.perf_counter()
        for seed, found in played.violations.items():
            print(f"  seed {seed}: {found[0]}", flush=True)
        if now - told_at >= _TELL_EVERY_SECONDS:
            told_at = now
            print(
                f"{tally.seeds:>9,} seeds  {tally.seeds / (now - began):7.1f}/s  {len(tally.violations)} with violations",
                flush=True,
            )
    _tell(tally, time.perf_counter() - began)
    return 1 if tally.violations else 0


def replay(seed: int, *, with_trace: bool) -> int:
    """Play one seed and tell what happened; 1 where it shows a violation, else 0."""
    scenario = scenario_of(seed)
    story = Stage().play(scenario)
    print(*scenario.lines(), sep="\n")
    if with_trace:
        print(*story.trace.lines(), sep="\n")
    print(f"trace {story.trace.digest()}, {story.steps:,} steps, {story.seconds:,.1f} virtual seconds")
    print(*(f"violation: {text}" for text in story.violations), *(["no violation"] if not story.violations else []), sep="\n")
    return 1 if story.violations else 0


def catch_mutations(most_seeds: int = SEEDS_TO_CATCH, workers: int | None = None) -> int:
    """For each bug put in on purpose the first seed that catches it; 1 where one is not caught, else 0."""
    missed = 0
    with _pool(workers or os.cpu_count() or 1) as pool:
        for name, seed, words in pool.imap(_first_catch, [(name, most_seeds) for name in MUTATIONS]):
            missed += seed is None
            print(f"  {name:<45} {'NOT CAUGHT' if seed is None else f'seed {seed}: {words}'}", flush=True)
    print(f"{len(MUTATIONS) - missed} of {len(MUTATIONS)} mutations caught within {most_seeds:,} seeds")
    return 1 if missed else 0


def _first_catch(asked: tuple[str, int]) -> tuple[str, int | None, str]:
    name, most_seeds = asked
    stage = _stage()
    with MUTATIONS[name]():
        for seed in range(most_seeds):
            story = stage.play(scenario_of(seed))
            if story.violations:
                return name, seed, story.violations[0]
    return name, None, ""


def _on_cores(chunks: Iterable[range], cores: int) -> Iterator[Played]:
    if cores == 1:
        yield from map(play_all, chunks)
        return
    with _pool(cores) as pool:
        yield from pool.imap_unordered(play_all, chunks)


def _pool(cores: int) -> multiprocessing.pool.Pool:
    return multiprocessing.get_context("spawn").Pool(cores)


_STAGES: list[Stage] = []


def _stage() -> Stage:
    """This process's stage, made on first use."""
    if not _STAGES:
        _STAGES.append(Stage())
        gc.collect()
        gc.freeze()
    return _STAGES[0]


def _tell(tally: _Tally, seconds: float) -> None:
    print(
        f"{tally.seeds:,} seeds in {seconds:,.0f} s: {tally.seeds / seconds:,.1f} seeds/s, {tally.steps:,} steps, "
        f"{tally.virtual_seconds / 3600:,.0f} virtual hours"
    )
    print("  " + ", ".join(f"{count:,} {tag}" for tag, count in sorted(tally.tags.items(), key=lambda pair: -pair[1])))
    for seed in sorted(tally.violations)[:_SHOWN]:
        print(f"  seed {seed}", *tally.violations[seed][:5], sep="\n    ")
    print(f"{len(tally.violations)} seeds with violations" + (" (replay one: make soak SEED=...)" if tally.violations else ""))
