"""Propose waves for the servers of a plan that have none: balanced by forecast time, dependencies together, no wave too large.

Decides which wave each server is proposed for, and why. First the waves of `Waves` that hold no server yet are filled, then new
ones are named. What depends on each other stays together, the largest is placed first, and each wave is forecast before anything is
said of it. Writes nothing: proposal_copy.py does. Called by `waves plan`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, inf
from typing import TYPE_CHECKING

from inventory.account_limits import MOST_RUNNING
from inventory.columns import WAVES
from inventory.forecast_case import Case, Needs
from inventory.forecast_load import BYTES_PER_MBIT, Load, in_wave, load_of
from inventory.forecast_words import count as number_of
from inventory.forecast_words import length, listed, named, size
from inventory.plan import Wave

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.forecast_terms import Terms
    from inventory.plan import Plan, ServerRow

MOST_TOO_LONG = 20
_MOST_REFUSALS = 3
PLANNED_SHARE = 0.9
"""So much of a window is planned: a night that uses its window up to the minute has none left for what goes wrong."""


class NothingToProposeError(Exception):
    """No server can be given a wave; its text is one line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the planner wants: so many waves, or no more than so many servers in each; in a window of so many seconds.

    `bandwidth_mbps` holds for waves whose own is not in the sheet; None leaves it unknown.
    """

    waves: int | None = None
    per_wave: int | None = None
    window_seconds: float | None = None
    bandwidth_mbps: float | None = None


@dataclass(frozen=True, slots=True)
class ProposedWave:
    """A wave as it would be. `seconds` is what it takes, or at least that where something `is_unknown`; None for nothing known."""

    name: str
    loads: tuple[Load, ...]
    seconds: float | None
    is_unknown: bool
    window_seconds: float = inf

    @property
    def bytes(self) -> int:
        """The bytes that it moves, as far as they are known."""
        return sum(load.size or 0 for load in self.loads)

    @property
    def fits(self) -> bool | None:
        """Whether it ends in its window; None where there is none, or nobody can tell."""
        if self.window_seconds == inf:
            return None
        if self.seconds is not None and self.seconds > self.window_seconds:
            return False
        return None if self.seconds is None or self.is_unknown else True


@dataclass(frozen=True, slots=True)
class Proposal:
    """The waves in their order; each server's wave and reason by its row's position; what else is to be known; what was asked."""

    waves: tuple[ProposedWave, ...]
    reasons: Mapping[int, tuple[str, str]]
    notes: tuple[str, ...]
    wanted: Wanted


def propose_waves(plan: Plan, wanted: Wanted, terms: Terms) -> Proposal:
    """Waves for the rows that have none. Raises NothingToProposeError."""
    return _Proposer(plan, wanted, terms).propose()


@dataclass(slots=True)
class _Group:
    """Servers that stay together, and how they weigh on a line and on the slots of a wave."""

    loads: list[Load]
    bytes: float = 0.0
    seconds: float = 0.0  # of all one after another
    longest: float = 0.0


@dataclass(slots=True)
class _Bin:
    """A wave being filled, with the time that it takes at least."""

    case: Case
    most: int
    bytes: float = 0.0
    seconds: float = 0.0
    longest: float = 0.0
    count: int = 0
    refusals: int = 0

    @property
    def line(self) -> float:
        """How long its line is busy; by the bytes alone where nobody knows the line."""
        speed = self.case.bandwidth_mbps * BYTES_PER_MBIT * self.case.terms.efficiency
        return self.bytes / speed if speed < inf else self.bytes

    def with_group(self, group: _Group) -> float:
        """How long it would take with a group: by the line, by the slots, or by its longest, whichever is most."""
        line = (self.bytes + group.bytes) / (self.case.bandwidth_mbps * BYTES_PER_MBIT * self.case.terms.efficiency)
        slots = (self.seconds + group.seconds) / self.case.max_running
        return max(line, slots, self.longest, group.longest)

    def take(self, group: _Group) -> None:
        self.case = self.case.with_loads([*self.case.loads, *(self.case.load_of(load.row) for load in group.loads)])
        self.bytes += group.bytes
        self.seconds += group.seconds
        self.longest = max(self.longest, group.longest)
        self.count += len(group.loads)


class _Proposer:
    def __init__(self, plan: Plan, wanted: Wanted, terms: Terms) -> None:
        self.plan = plan
        self.wanted = wanted
        self.terms = terms
        self.needs = Needs.of(plan.servers)
        self.rows = {row.position: row for row in plan.servers if not row.skip}
        self.waveless = [row for row in self.rows.values() if not row.wave and not row.is_refused("wave")]

    def propose(self) -> Proposal:
        if not self.waveless:
            raise NothingToProposeError(
                f"every server of {self.plan.name} has a wave: empty the cells that are to be proposed anew"
            )
        groups = self._groups()
        too_long = [group for group in groups if self._is_too_long(group)]
        fitting = [group for group in groups if group not in too_long]
        bins = self._bins(fitting) if fitting else []
        notes = list(self._notes(too_long))
        if too_long:
            bins += self._own_bins(too_long, len(bins))
        waves = tuple(self._judged(each) for each in bins if each.count)
        return Proposal(waves, dict(self._reasons(waves)), tuple(notes), self.wanted)

    # --- what is placed

    def _groups(self) -> list[_Group]:
        """The waveless servers, those that depend on each other together, the heaviest first."""
        leader = {row.position: row.position for row in self.waveless}

        def find(place: int) -> int:
            while leader[place] != place:
                leader[place] = leader[leader[place]]
                place = leader[place]
            return place

        for row in self.waveless:
            for need in self.needs.of_row.get(row.position, ()):
                if need in leader:
                    leader[find(need)] = find(row.position)
        together: dict[int, list[ServerRow]] = {}
        for row in self.waveless:
            together.setdefault(find(row.position), []).append(row)
        case = self._case(self._names()[0])
        groups = [self._weighed(case, rows) for rows in together.values()]
        return sorted(groups, key=lambda group: (-max(group.longest, group.seconds / case.max_running), -group.bytes))

    def _weighed(self, case: Case, rows: Sequence[ServerRow]) -> _Group:
        group = _Group([load_of(self.plan, in_wave(self.plan, row, case.wave)) for row in rows])
        for load in group.loads:
            group.bytes += load.size or 0
            group.seconds += self._alone(case, load)
        chained = any(self.needs.of_row.get(row.position) for row in rows)
        group.longest = self._run_of(case, group) if chained else max(self._alone(case, load) for load in group.loads)
        return group

    def _alone(self, case: Case, load: Load) -> float:
        """How long a server takes if it has the line for itself; its overhead where nobody knows its bytes or speed."""
        overhead = self.terms.overhead_minutes * 60
        return overhead + ((load.size or 0) / (case.speed_of(load) * BYTES_PER_MBIT) if case.is_known(load) else 0.0)

    def _run_of(self, case: Case, group: _Group) -> float:
        ends = [span.end for span in case.with_loads(group.loads).run()]
        return max((end for end in ends if end < inf), default=0.0)

    def _is_too_long(self, group: _Group) -> bool:
        return self.wanted.window_seconds is not None and group.longest > self.wanted.window_seconds

    # --- where it is placed

    def _bins(self, groups: Sequence[_Group]) -> list[_Bin]:
        """As many waves as were asked for; else as few as hold the groups and, where a window is given, end in it."""
        count = sum(len(group.loads) for group in groups)
        if self.wanted.waves is None and self.wanted.window_seconds is not None:
            return self._packed(groups, self.wanted.window_seconds * PLANNED_SHARE)
        number = self.wanted.waves or ceil(count / (self.wanted.per_wave or count))
        while (bins := self._balanced(groups, number)) is None:
            if self.wanted.waves is not None or number >= len(groups):
                most = number_of(self.wanted.waves, "wave") if self.wanted.waves else f"waves of {self.wanted.per_wave}"
                raise NothingToProposeError(
                    f"{number_of(count, 'server')} do not go into {most}: max_servers or depends_on is in the way"
                )
            number += 1
        return bins

    def _balanced(self, groups: Sequence[_Group], number: int) -> list[_Bin] | None:
        """So many waves with all groups in them, the largest first, each where it ends soonest; None where one finds no room.

        A wave that takes long by one slow server has room for others beside it: where none ends later than another does anyhow,
        what the waves carry is weighed.
        """
        bins = [self._bin(self._case(name)) for name in self._names(number)]
        worst = self.wanted.window_seconds or 0.0
        for group in groups:
            room = [each for each in bins if self._has_room(each, group)]
            if not room:
                return None
            worst = max(worst, min(each.with_group(group) for each in room))
            min(room, key=lambda each: (max(worst, each.with_group(group)), each.line, each.count)).take(group)
        return bins

    def _packed(self, groups: Sequence[_Group], window: float) -> list[_Bin]:
        """Waves that end by then, a new one where a group fits into none: each time by the whole model.

        A wave that could not take three groups is full: else every small server would be tried in every full wave.
        """
        case = self._case(self._names()[0])
        line = sum(group.bytes for group in groups) / (case.bandwidth_mbps * BYTES_PER_MBIT * case.terms.efficiency)
        count = sum(len(group.loads) for group in groups)
        number = max(1, ceil(line / window), ceil(count / (self.wanted.per_wave or count)))
        bins = [self._bin(self._case(name)) for name in self._names(number)]
        for group in groups:
            for each in sorted((each for each in bins if each.refusals < _MOST_REFUSALS), key=lambda each: (each.line, each.count)):
                if self._has_room(each, group) and self._takes(each, group, window):
                    break
            else:
                bins.append(self._bin(self._case(self._names(len(bins) + 1)[-1])))
                bins[-1].take(group)
        return bins

    def _takes(self, each: _Bin, group: _Group, window: float) -> bool:
        """Whether a wave takes the group and ends by then, or when its longest does; then it has it."""
        window = max(window, each.longest, group.longest)
        if each.with_group(group) <= window:
            trial = replace(each)
            trial.take(group)
            if self._end(trial) <= window:
                each.take(group)
                return True
        each.refusals += 1
        return False

    def _has_room(self, each: _Bin, group: _Group) -> bool:
        return each.count + len(group.loads) <= each.most and self._may_hold(each, group)

    def _own_bins(self, groups: Sequence[_Group], taken: int) -> list[_Bin]:
        """Waves for what is too long for any window, after those that are taken."""
        bins: list[_Bin] = []
        for group in groups:
            room = next((each for each in bins if self._has_room(each, group)), None)
            if room is None:
                room = self._bin(self._case(self._names(taken + len(bins) + 1)[-1]))
                bins.append(room)
            room.take(group)
        return bins

    def _bin(self, case: Case) -> _Bin:
        most = [limit for limit in (case.wave.integer("max_servers"), self.wanted.per_wave) if limit is not None]
        return _Bin(case, min(most) if most else len(self.waveless))

    def _may_hold(self, each: _Bin, group: _Group) -> bool:
        """Whether what the group needs of placed servers is moved before, as far as the sheet has times."""
        starts_at = each.case.wave.starts_at
        for load in group.loads if starts_at is not None else ():
            for need in self.needs.of_row.get(load.row.position, ()):
                wave = self.plan.waves.get(self.rows[need].wave)
                if wave is not None and starts_at is not None and wave.starts_at is not None and starts_at < wave.starts_at:
                    return False
        return True

    def _names(self, number: int = 1) -> list[str]:
        """The first names to be used: of `Waves` those without a server, in their order, then new ones."""
        free = [wave.name for wave in self.plan.waves.values() if not self.plan.rows(wave.name)]
        count = 0
        while len(free) < number:
            count += 1
            if f"wave-{count}" not in self.plan.waves:
                free.append(f"wave-{count}")
        return free[:number]

    def _case(self, name: str) -> Case:
        """A wave of this name, empty: as its row says, or as a wave that only `Servers` names."""
        of_waves = {column.name for column in WAVES}
        inherited = {column: value for column, value in self.plan.defaults.items() if column in of_waves}
        wave = self.plan.waves.get(name) or Wave(self.plan.tables["Servers"], -1, inherited, name=name)
        bandwidth = wave.decimal("bandwidth_mbps") or self.wanted.bandwidth_mbps or inf
        running = wave.integer("max_running") or MOST_RUNNING
        return Case(self.plan, wave, (), self.terms, self.needs, wave.starts_at, wave.ends_at, bandwidth, running)

    # --- what is said of it

    def _end(self, each: _Bin) -> float:
        """When a wave ends, by the whole model."""
        return max((span.end for span in each.case.run() if span.end < inf), default=0.0)

    def _judged(self, each: _Bin) -> ProposedWave:
        known = [load for load in each.case.loads if each.case.is_known(load)]
        window = self.wanted.window_seconds or each.case.window_seconds
        ordered = each.case.with_loads(sorted(each.case.loads, key=lambda load: load.row.position))
        each = replace(each, case=ordered)
        is_unknown = len(known) < len(each.case.loads) or each.case.bandwidth_mbps == inf
        return ProposedWave(each.case.wave.name, each.case.loads, self._end(each) if known else None, is_unknown, window)

    def _reasons(self, waves: Sequence[ProposedWave]) -> Iterator[tuple[int, tuple[str, str]]]:
        together = self._together()
        for wave in waves:
            for load in wave.loads:
                others = [other for other in together.get(load.row.position, ()) if other != load.row.label]
                yield load.row.position, (wave.name, "; ".join(self._reason(wave, load, others)))

    def _reason(self, wave: ProposedWave, load: Load, others: Sequence[str]) -> Iterator[str]:
        if load.size is None:
            yield "its bytes are unknown, so it is placed by number alone"
        elif wave.bytes:
            yield f"{size(load.size)} of the wave's {size(wave.bytes)}"
        if wave.seconds is not None:
            window = f" of {length(wave.window_seconds)}" if wave.window_seconds < inf else ""
            at_least = "at least " if wave.is_unknown else ""
            yield f"the wave takes {at_least}{length(wave.seconds)}{window}{', too long' if wave.fits is False else ''}"
        if others:
            yield f"together with {named(others)} (depends_on)"

    def _together(self) -> Mapping[int, list[str]]:
        """The labels of the servers that each one is directly bound to."""
        found: dict[int, list[str]] = {}
        for row in self.waveless:
            for need in self.needs.of_row.get(row.position, ()):
                found.setdefault(row.position, []).append(self.rows[need].label)
                found.setdefault(need, []).append(row.label)
        return found

    def _notes(self, too_long: Sequence[_Group]) -> Iterator[str]:
        if too_long:
            labels = [f"{group.loads[0].row.label} ({length(group.longest)})" for group in too_long]
            yield (
                f"longer than the window at the best: {named(labels, MOST_TOO_LONG)}; they have waves of their own, and need a "
                "higher speed_limit, a wider line or a longer window"
            )
        unknown = [load.row.label for row in self.waveless if (load := load_of(self.plan, row)).size is None]
        if unknown:
            yield f"the disks of {named(unknown)} are not in the sheet: their bytes are unknown, they are placed by number alone"
        if self.wanted.waves is None and self.wanted.window_seconds is not None:
            yield f"{PLANNED_SHARE:.0%} of each window are planned, the rest is kept for what goes wrong"
        if self._case(self._names()[0]).bandwidth_mbps == inf:
            yield "no bandwidth_mbps is given in Waves or Defaults: give --bandwidth, or the line is taken to hold nobody up"
        for row in self.rows.values():
            waiting = [self.rows[need].label for need in self.needs.of_row.get(row.position, ()) if not self.rows[need].wave]
            if row.wave and waiting:
                yield f"{row.label} of {row.wave} depends on {listed(waiting)}: see that the proposed wave comes no later"
