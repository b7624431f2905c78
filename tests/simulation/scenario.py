"""What one seed makes: waves, processes, weather, and what breaks when. The same seed, the same scenario, on every machine.

Most scenarios hold only what the tool must survive. Some are tagged with one of the cases that nobody can exclude (design 5.9):
only there may a server get two tasks, and then the last report must name it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, TypeVar

from tests.simulation.faults import CREATE_KINDS, READ_KINDS
from tests.simulation.network import Weather
from tests.simulation.pool import SOURCES, WITHOUT_DISKS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

Place = tuple[Kind, int]
"""One row of the pool."""

MOST_PROCESSES = 3
"""How many processes a scenario may have at once."""


_RIVALS_SHARE = 0.12


class Tag(StrEnum):
    """The cases that nobody can exclude; a scenario has one of them, or none."""

    NONE = ""
    LATE = "performed or listed after the settle time"
    LOST_JOURNAL = "the journal is lost"
    LEASE_CLOCK = "the lease clock jumps"
    PAUSED_WRITE = "paused between the last check and the write"


_GUARDED = {Tag.NONE: 0.35, Tag.LATE: 0.5}
"""How often the server has its guard (SMS.7605) on; it hardly ever has where the guard would hide everything."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process from its start: which wave it submits, how long after the one before it in its lane, and how."""

    wave: int
    after_seconds: float
    concurrency: int = 32
    rate: float | None = None
    retry_rejected: bool = False
    recreate: bool = False


@dataclass(frozen=True, slots=True)
class Breakage:
    """Something that happens once: `what`, when `count` has reached `at`, to the process of `lane`, for so long."""

    what: str
    count: str
    at: float
    lane: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that one seed decides. Seconds are virtual."""

    seed: int
    tag: Tag
    waves: tuple[tuple[Place, ...], ...]
    lanes: tuple[tuple[Run, ...], ...]
    guard: bool
    settle_seconds: float
    lag_seconds: float
    is_lag_on_page: bool
    list_order: str
    weather: Weather
    journal_seconds: float
    is_journal_new: bool
    is_run_twice: bool
    is_shuffled: bool
    breakages: tuple[Breakage, ...]
    calm_after_seconds: float

    @property
    def is_power_at_risk(self) -> bool:
        """Whether the power may fail, so that what is not synced is lost."""
        return any(breakage.what == "power" for breakage in self.breakages)

    def lines(self) -> list[str]:
        """The scenario for people."""
        return [
            f"seed {self.seed}{f', tagged: {self.tag}' if self.tag else ''}",
            (
                f"guard {'on' if self.guard else 'off'}, settle {self.settle_seconds:.2f} s, lag {self.lag_seconds:.2f} s"
                f"{' (pages too)' if self.is_lag_on_page else ''}, late up to {self.weather.late_seconds:.2f} s"
            ),
            f"faults of creates {_share(self.weather.create_faults)}, of reads {_share(self.weather.read_faults)}",
            *(f"wave {number}: {' '.join(f'{kind}-{source}' for kind, source in wave)}" for number, wave in enumerate(self.waves)),
            *(f"lane {number}: {run}" for number, lane in enumerate(self.lanes) for run in lane),
            *(str(breakage) for breakage in self.breakages),
        ]


def _share(faults: Mapping[str, float]) -> str:
    return f"{sum(faults.values()):.0%}"


def scenario_of(seed: int) -> Scenario:
    """The scenario of a seed."""
    draw = Random(f"scenario {seed}")
    tag = Tag.NONE if draw.random() < 0.85 else draw.choice([*Tag][1:])
    waves = _waves(draw)
    lanes = _lanes(draw, len(waves))
    weather = _weather(draw, is_split=tag is Tag.PAUSED_WRITE)
    settle, lag = _times(draw, weather, tag)
    rows = sum(len(waves[run.wave]) for lane in lanes for run in lane)
    scenario = Scenario(
        seed=seed,
        tag=tag,
        waves=waves,
        lanes=lanes,
        guard=draw.random() < _GUARDED.get(tag, 0.1),
        settle_seconds=settle,
        lag_seconds=lag,
        is_lag_on_page=draw.random() < 0.5,
        list_order=draw.choice(["newest", "oldest"]),
        weather=weather,
        journal_seconds=draw.choice([0.001, 0.01, 0.5]),
        is_journal_new=draw.random() < 0.05,
        is_run_twice=draw.random() < 0.15,
        is_shuffled=draw.random() < 0.7,
        breakages=_breakages(draw, len(lanes), rows, tag),
        calm_after_seconds=draw.choice([0.0, 3.0, 400.0]),
    )
    return _with_power_cuts(scenario)


def _with_power_cuts(scenario: Scenario) -> Scenario:
    """Every tenth scenario loses the power where it would lose a process; on a slow disk, so that it strikes before the sync."""
    if scenario.seed % 10 == 9:
        cuts = [
            replace(one, what="power", count="handed", at=1 + int(one.at) % 3) if one.what == "crash" else one
            for one in scenario.breakages
        ]
        scenario = replace(scenario, breakages=tuple(cuts), guard=False)
    return replace(scenario, journal_seconds=0.5) if scenario.is_power_at_risk else scenario


def _waves(draw: Random) -> tuple[tuple[Place, ...], ...]:
    if draw.random() < _RIVALS_SHARE:
        return _rivals(draw)
    size = 1 if draw.random() < 0.35 else draw.randint(2, 5) if draw.random() < 0.9 else draw.randint(6, 50)
    first = draw.choice([1, 1, 1, 37, 41]) if size <= 10 else 1
    numbers = range(first, min(first + size, SOURCES + 1))
    waves = [_wave(draw, numbers)]
    if size <= 10 and draw.random() < 0.3:
        waves.append(_wave(draw, numbers))
    return tuple(waves)


def _rivals(draw: Random) -> tuple[tuple[Place, ...], ...]:
    """Two waves of different sources that want the same targets."""
    pairs = range(1, 2 * draw.randint(1, 3), 2)
    return tuple((Kind.SHARED, number) for number in pairs), tuple((Kind.SHARED, number + 1) for number in pairs)


def _wave(draw: Random, numbers: Sequence[int]) -> tuple[Place, ...]:
    kinds = [Kind.PLAIN, draw.choice([*Kind])]
    share = draw.choice([0.0, 0.0, 0.3, 1.0])
    places: list[Place] = []
    for number in numbers:
        kind = kinds[draw.random() < share]
        can_be = not (number in WITHOUT_DISKS and kind is Kind.TEMPLATE)
        places.append((kind if can_be else Kind.PLAIN, number))
    return tuple(places)


def _lanes(draw: Random, waves: int) -> tuple[tuple[Run, ...], ...]:
    count = draw.choice([1, 2, 2, MOST_PROCESSES])
    lanes = []
    for _ in range(count):
        runs = [
            Run(
                wave=draw.randrange(waves),
                after_seconds=draw.choice([0.0, 0.0, draw.random(), draw.random() * 20.0, draw.random() * 100.0]),
                concurrency=draw.choice([1, 2, 32]),
                rate=draw.choice([None, None, 2.0, 50.0]),
                retry_rejected=draw.random() < 0.2,
            )
            for _ in range(draw.choice([1, 1, 2, 3]) if count == 1 else draw.choice([1, 1, 2]))
        ]
        lanes.append(tuple(runs))
    return tuple(lanes)


def _weather(draw: Random, *, is_split: bool) -> Weather:
    return Weather(
        create_faults=_some(draw, CREATE_KINDS, draw.choice([0.0, 0.15, 0.5, 0.9])),
        read_faults=_some(draw, READ_KINDS, draw.choice([0.0, 0.0, 0.0, 0.1, 0.4, 0.8])),
        latency_seconds=draw.choice([0.001, 0.05, 0.4]),
        late_seconds=draw.choice([0.5, 2.0]),
        is_write_split=is_split,
    )


def _some(draw: Random, kinds: Mapping[str, float], share: float) -> Mapping[str, float]:
    """A mix of a few kinds, or of all, that strikes that share of requests."""
    if not share:
        return {}
    names = [*kinds] if draw.random() < 0.3 else draw.sample([*kinds], draw.randint(1, 5))
    parts = {name: kinds[name] for name in names}
    return {name: share * part / sum(parts.values()) for name, part in parts.items()}


def _times(draw: Random, weather: Weather, tag: Tag) -> tuple[float, float]:
    """Settle time and list lag. Untagged, all that was sent is performed and listed when the settle time is over."""
    lag = draw.choice([0.0, draw.random(), draw.random() * 6.0])
    longest = weather.late_seconds + lag + 4.0 * weather.latency_seconds + 0.1
    if tag is Tag.LATE:
        return longest * (0.1 + 0.8 * draw.random()), lag
    return longest * draw.choice([1.0, 1.0, 1.5, 4.0]), lag


_COUNTS = ("step", "step", "commit", "durable", "handed", "sent", "arrived", "answered", "time")


def _breakages(draw: Random, lanes: int, rows: int, tag: Tag) -> tuple[Breakage, ...]:
    kinds = (
        ["pause"] * 2
        + ["crash"] * 6
        + ["power"] * 2
        + ["pause", "suspend", "wall", "rate", "locked", "fails", "fails after", "stop", "stop twice"]
    )
    kinds += ["cancel", "foreign", "deleted"]
    made = [_breakage(draw, draw.choice(kinds), lanes, rows) for _ in range(draw.choice([0, 1, 1, 2, 3, 5]))]
    if tag is Tag.LOST_JOURNAL:
        made.append(_breakage(draw, "lost journal", lanes, rows))
    if tag is Tag.LEASE_CLOCK:
        made.append(_breakage(draw, "lease clock", lanes, rows))
    if tag is Tag.PAUSED_WRITE:
        made.append(replace(_breakage(draw, "pause", lanes, rows), count="handed", seconds=75.0 + 200.0 * draw.random()))
    return tuple(made)


def _breakage(draw: Random, what: str, lanes: int, rows: int) -> Breakage:
    count = draw.choice(_COUNTS)
    if what == "power":  # when a request has just left, whose intent may not be synced yet
        count = {"time": "time", "sent": "sent", "answered": "sent"}.get(count, "handed")
    most = {"step": 120.0 * rows, "time": 30.0}.get(count, 2.5 * rows + 2)
    at = round(most ** draw.random(), 3)
    seconds = {
        "pause": 300.0 * draw.random() ** 2,
        "suspend": 2000.0 * draw.random() ** 2,
        "wall": draw.choice([-5000.0, -30.0, 30.0, 5000.0]) * draw.random(),
        "lease clock": draw.choice([-1000.0, 100.0, 1000.0]) * draw.random(),
        "locked": 150.0 * draw.random() ** 2,
        "fails": 20.0 * draw.random(),
        "fails after": 20.0 * draw.random(),
        "stop twice": 2.0 * draw.random(),
    }.get(what, draw.random())
    return Breakage(what, count, at, draw.randrange(lanes), seconds)
