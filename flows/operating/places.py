"""Decide which servers start next: who is ready, for whom there is a place, in which order. The rule of `start`, pure.

The order is that of a forecast (inventory/forecast_run.py): priority 2 before 0, then the sheet's order, dependencies first. A
place is one of the account's, one of the wave's `max_running`, and one of each group that `Limits` makes. RUNNING holds a place,
SYNCING frees it. What was started a moment ago and is not listed as RUNNING yet holds one, too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flows.operating.moves import COPIED
from inventory.forecast_case import Needs
from inventory.forecast_load import STANDARD_PRIORITY, limits_of
from inventory.source_server import one_spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flows.sms.task_sight import TaskSight
    from inventory.plan import Plan, ServerRow


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that waits for a place: its row's position, and whether all that it depends on is done."""

    position: int
    priority: int
    groups: tuple[int, ...] = ()
    is_free: bool = True


@dataclass(slots=True)
class Room:
    """How many more servers may run: of the account, of the wave, and of each group by its number."""

    account: int
    wave: int
    groups: list[int] = field(default_factory=list)

    def holds(self, candidate: Candidate) -> bool:
        """Whether there is a place for it."""
        return self.account > 0 and self.wave > 0 and all(self.groups[group] > 0 for group in candidate.groups)

    def give(self, candidate: Candidate) -> None:
        """Give it a place."""
        self.account -= 1
        self.wave -= 1
        for group in candidate.groups:
            self.groups[group] -= 1


def choose(candidates: Iterable[Candidate], room: Room) -> list[Candidate]:
    """Who starts now, in order; `room` is what is left after them. One whose group is full lets the next pass."""
    chosen = []
    for candidate in sorted(candidates, key=lambda each: (-each.priority, each.position)):
        if candidate.is_free and room.holds(candidate):
            room.give(candidate)
            chosen.append(candidate)
    return chosen


class Layout:
    """What a plan says of who may run beside whom, for all its rows: groups, dependencies, and which row a task belongs to."""

    def __init__(self, plan: Plan, wave: str, account_running: int) -> None:
        self._rows = [row for row in plan.servers if not row.skip]
        most, names, groups = limits_of(plan, self._rows)
        self._most = most
        self.group_names: Sequence[str] = names
        self.groups_of: Mapping[int, tuple[int, ...]] = {row.position: each for row, each in zip(self._rows, groups, strict=True)}
        self.needs_of: Mapping[int, tuple[int, ...]] = Needs.of(plan.servers).of_row
        self._wave = frozenset(row.position for row in self._rows if row.wave == wave)
        said = plan.waves[wave].integer("max_running") if wave in plan.waves else None
        self._wave_running = account_running if said is None else said
        self._account_running = account_running
        self._by_id = {row.source_server_id: row.position for row in self._rows if row.source_server_id}
        self._by_name = _once((row.source_name.casefold(), row.position) for row in self._rows if not row.source_server_id)
        self._by_ip = _once((one_spelling(row.source_ip), row.position) for row in self._rows if not row.source_server_id)

    def row_of(self, task: TaskSight) -> int | None:
        """The position of the row that a task belongs to; None for one that the plan does not know."""
        if task.source_server_id in self._by_id:
            return self._by_id[task.source_server_id]
        by_name = self._by_name.get(task.source_name.casefold()) if task.source_name else None
        return by_name if by_name is not None else self._by_ip.get(one_spelling(task.source_ip)) if task.source_ip else None

    def room(self, running: Iterable[int | None]) -> Room:
        """What is left where servers of these rows run; None is one that the plan does not know."""
        rows = list(running)
        of_group = Counter(group for row in rows if row is not None for group in self.groups_of.get(row, ()))
        return Room(
            account=self._account_running - len(rows),
            wave=self._wave_running - self.of_wave(rows),
            groups=[most - of_group[group] for group, most in enumerate(self._most)],
        )

    def of_wave(self, rows: Iterable[int | None]) -> int:
        """How many of the rows are of the wave."""
        return sum(row in self._wave for row in rows)

    def is_free(self, position: int, states: Mapping[int | None, str]) -> bool:
        """Whether all that a row depends on is copied, by the state of each row's task."""
        return all(states.get(need) in COPIED for need in self.needs_of.get(position, ()))

    def label(self, position: int) -> str:
        """A row as people know it."""
        return next((f"{row.label} ({row.cell('wave')})" for row in self._rows if row.position == position), "a server")

    def candidate(self, row: ServerRow, *, is_free: bool) -> Candidate:
        """The row as one who waits."""
        said = row.integer("priority")
        return Candidate(row.position, STANDARD_PRIORITY if said is None else said, self.groups_of.get(row.position, ()), is_free)


def _once(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Names that fit one row; one that fits two fits none."""
    found: dict[str, int] = {}
    twice = set()
    for name, position in pairs:
        if name in found:
            twice.add(name)
        if name:
            found[name] = position
    return {name: position for name, position in found.items() if name not in twice}
