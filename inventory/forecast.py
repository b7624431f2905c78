"""How long each wave takes, whether it ends inside its window, which servers make it late, and what would make it fit.

Decides in which order waves are looked at (what they depend on first), when each really starts, and what is told where the sheet
leaves something open: assumed or missing, never invented. The model is forecast_run.py's, advice is forecast_advice.py's; nothing
here asks a network or a clock. Called by `waves forecast` and by wave_proposal.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING

from inventory.account_limits import MOST_RUNNING
from inventory.forecast_advice import advise
from inventory.forecast_case import Case, Needs
from inventory.forecast_load import BYTES_PER_MBIT, NOTHING_LEARNED, Learned, Load, load_of
from inventory.forecast_words import length, listed, named, size
from inventory.server_checks import split_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inventory.forecast_run import Span
    from inventory.forecast_terms import Range
    from inventory.plan import Plan, Wave


@dataclass(frozen=True, slots=True)
class WaveForecast:
    """What is to be expected of a wave. `spans` belong to the case's loads, in seconds from `starts_at`.

    `bytes` are those that are known. `ends_at` is the end of what is known: where `is_at_least`, bytes or speeds are missing
    (`notes` say which), and the wave ends no sooner. `fits` is None where that cannot be told. `ends_at_p90` and `fits_p90` are of
    the cautious forecast, and None where nothing was observed.
    """

    case: Case
    spans: tuple[Span, ...]
    seconds: float | None
    is_at_least: bool
    late: tuple[Load, ...] = ()
    notes: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    seconds_p90: float | None = None

    @property
    def wave(self) -> str:
        """The wave's name."""
        return self.case.wave.name

    @property
    def servers(self) -> int:
        """How many servers it moves."""
        return len(self.case.loads)

    @property
    def bytes(self) -> int:
        """How many bytes it moves, as far as they are known."""
        return sum(load.size or 0 for load in self.case.loads)

    @property
    def starts_at(self) -> datetime | None:
        """When it starts, with its offset."""
        return self.case.starts_at

    @property
    def ends_at(self) -> datetime | None:
        """When it ends, with its offset; None where nobody can tell."""
        return None if self.seconds is None else self.case.moment(self.seconds)

    @property
    def ends_at_p90(self) -> datetime | None:
        """When it ends at the latest in nine cases of ten."""
        return None if self.seconds_p90 is None else self.case.moment(self.seconds_p90)

    @property
    def fits(self) -> bool | None:
        """Whether it ends inside its window."""
        return self._fits(self.seconds)

    @property
    def fits_p90(self) -> bool | None:
        """Whether it does in nine cases of ten."""
        return self._fits(self.seconds_p90)

    def _fits(self, seconds: float | None) -> bool | None:
        window = self.case.window_seconds
        if window == inf or not self.case.loads:
            return None
        if self.late or (seconds is not None and seconds > window + 1):
            return False
        return None if seconds is None or self.is_at_least else True


def forecast_plan(
    plan: Plan, terms: Range, learned: Learned = NOTHING_LEARNED, wave: str | None = None, *, is_advising: bool = True
) -> list[WaveForecast]:
    """The forecast of every wave with servers, in the plan's order; or of one, for which what it depends on is reckoned too."""
    found = Forecaster(plan, terms, learned).all()
    chosen = [each for each in found if wave is None or each.wave == wave]
    if not is_advising:
        return chosen
    by_name = {each.wave: each.case for each in found}
    return [replace(each, suggestions=tuple(advise(each, by_name))) if each.fits is False else each for each in chosen]


class Forecaster:
    """Forecasts the waves of a plan, each after those that it depends on."""

    def __init__(self, plan: Plan, terms: Range, learned: Learned) -> None:
        self._plan = plan
        self._terms = terms
        self._learned = learned
        self._needs = Needs.of(plan.servers)
        self._ended: dict[int, datetime | None] = {}
        self._ends: dict[str, datetime | None] = {}

    def all(self) -> list[WaveForecast]:
        """Every wave that holds servers, in the plan's order."""
        found = {wave.name: self._forecast(wave) for wave in self._in_order() if self._rows_of(wave)}
        return [found[name] for name in self._plan.waves if name in found]

    def _in_order(self) -> Iterable[Wave]:
        """The waves, what a wave depends on before it, else by their start; a circle is broken where it is met."""
        seen: set[str] = set()
        ordered: list[Wave] = []
        by_start = sorted(self._plan.waves.values(), key=lambda wave: wave.starts_at.timestamp() if wave.starts_at else inf)
        stack = [(wave, False) for wave in reversed(by_start)]
        while stack:
            wave, is_after = stack.pop()
            if is_after:
                ordered.append(wave)
            elif wave.name not in seen:
                seen.add(wave.name)
                stack.append((wave, True))
                stack += [(self._plan.waves[name], False) for name in self._needed(wave)]
        return ordered

    def _needed(self, wave: Wave) -> list[str]:
        return [name for name in split_names(wave.text("depends_on")) if name in self._plan.waves and name != wave.name]

    def _rows_of(self, wave: Wave) -> bool:
        return any(not row.skip for row in self._plan.rows(wave.name))

    def _forecast(self, wave: Wave) -> WaveForecast:
        case, notes = self._case(wave)
        spans = case.run()
        ends = [span.end for span in spans]
        known = [load for load in case.loads if case.is_known(load)]
        seconds = max(ends) if known and max(ends) < inf else None
        notes += _missing(case, spans) + _too_slow(case)
        is_at_least = len(known) < len(case.loads) or case.bandwidth_mbps == inf or seconds is None
        for load, span in zip(case.loads, spans, strict=True):
            self._ended[load.row.position] = case.moment(span.end) if case.is_known(load) else None
        self._ends[wave.name] = case.moment(seconds) if seconds is not None else None
        return WaveForecast(
            case,
            tuple(spans),
            seconds,
            is_at_least,
            tuple(case.late(spans)) if seconds is not None else (),
            tuple(notes),
            seconds_p90=self._cautious(case) if seconds is not None else None,
        )

    def _cautious(self, case: Case) -> float | None:
        if self._terms.cautious is None:
            return None
        return max(span.end for span in replace(case, terms=self._terms.cautious).run())

    def _case(self, wave: Wave) -> tuple[Case, list[str]]:
        loads = tuple(load_of(self._plan, row, self._learned) for row in self._plan.rows(wave.name) if not row.skip)
        starts_at, notes = self._start(wave)
        bandwidth = wave.decimal("bandwidth_mbps") or inf
        if bandwidth == inf:
            notes.append(_without_bandwidth(loads))
        case = Case(
            self._plan,
            wave,
            loads,
            self._terms.middle,
            self._needs,
            starts_at,
            wave.ends_at,
            bandwidth,
            wave.integer("max_running") or MOST_RUNNING,
            dict(self._ended) if self._needs.of_row else {},
            tuple(end for name in self._needed(wave) if (end := self._ends.get(name)) is not None),
            self._learned,
        )
        return case, notes

    def _start(self, wave: Wave) -> tuple[datetime | None, list[str]]:
        """When a wave starts: at its time, and not before the waves that it depends on are done."""
        said, notes = wave.starts_at, []
        held = [(end, name) for name in self._needed(wave) if (end := self._ends.get(name)) is not None]
        unknown = [name for name in self._needed(wave) if name in self._ends and self._ends[name] is None]
        if unknown:
            notes.append(f"taken for granted: {listed(unknown)}, on which it depends, is done in time")
        if held:
            end, name = max(held, key=lambda each: each[0].astimezone(UTC))
            if said is None or end.astimezone(UTC) > said.astimezone(UTC):
                zone = said.tzinfo if said is not None else end.tzinfo
                notes.append(f"it starts when {name}, on which it depends, is done" + (", after its starts_at" if said else ""))
                return end.astimezone(zone), notes
        if said is None:
            notes.append("missing: starts_at, so it can be told how long it takes, not when it ends")
        if wave.flag("needs_approval"):
            notes.append("taken for granted: it is approved in time")
        return said, notes


def _without_bandwidth(loads: Sequence[Load]) -> str:
    limited = sum(load.limit_mbps < inf or load.measured_mbps < inf for load in loads)
    if not limited:
        return "missing: bandwidth_mbps, and no server has a speed_limit, so it cannot be told how fast it goes"
    return "missing: bandwidth_mbps, so the line is taken to carry all that the speed limits allow"


def _missing(case: Case, spans: Sequence[Span]) -> list[str]:
    """What the sheet leaves open, and what was taken for granted instead."""
    notes = []
    sizeless = [load.row.label for load in case.loads if load.size is None]
    if sizeless:
        notes.append(f"missing: the disks of {named(sizeless)}: their bytes are unknown, and not in the total")
    speedless = [load.row.label for load in case.loads if load.size is not None and not case.is_known(load)]
    if speedless and len(speedless) < len(case.loads):
        notes.append(f"missing: the speed of {named(speedless)}: give bandwidth_mbps, or their speed_limit")
    assumed: dict[str, list[str]] = {}
    for load in case.loads:
        for text in load.assumed:
            assumed.setdefault(text, []).append(load.row.label)
    notes += [f"taken for granted: {text} ({named(labels)})" for text, labels in assumed.items()]
    stuck = [load.row.label for load, span in zip(case.loads, spans, strict=True) if span.start == inf]
    if stuck:
        notes.append(f"wrong: {named(stuck)} never start, since they wait for each other (depends_on)")
    if not case.window_ends_at:
        notes.append("missing: ends_at, so it cannot be told whether it fits")
    places = {load.row.position for load in case.loads}
    ahead = [load.row.label for load in case.loads if _waits_for_later(case, load, places)]
    if ahead:
        notes.append(f"wrong: {named(ahead)} depend on servers of a later wave, which are taken to be done")
    return notes


def _too_slow(case: Case) -> list[str]:
    """The servers that fit no window of this length at their own speed, whatever the others do."""
    found = []
    for load in case.loads:
        seconds = (load.size or 0) / BYTES_PER_MBIT / case.speed_of(load) + case.terms.overhead_minutes * 60
        if case.is_known(load) and seconds > case.window_seconds > 0:
            slow = "speed_limit" if case.speed_of(load) == load.limit_mbps else "speed"
            found.append(
                f"late: {load.row.label} alone takes {length(seconds)}: {size(load.size or 0)} at its {slow} of "
                f"{case.speed_of(load):g} Mbit/s"
            )
    return found


def _waits_for_later(case: Case, load: Load, places: set[int]) -> bool:
    needs = case.needs.of_row.get(load.row.position, ())
    return any(need not in places and need not in case.ended for need in needs)
