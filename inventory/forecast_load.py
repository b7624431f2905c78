"""What a row of `Servers` means for a forecast: bytes to move, how fast at most, when it may start. Nothing is invented.

Decides how much of a disk is copied (by file what is used, by block its partitions), and says what it took for granted where the
sheet leaves something open. A server whose bytes nobody knows has none here, not 0. Called by forecast.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING

from inventory.build_target import used_size
from inventory.columns import WAVE_DEFAULTS, WAVES, find_column, normalise
from inventory.rows import Inherited
from inventory.values import show, strip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.plan import Plan, ServerRow, Wave
    from inventory.rows import SheetRow

BYTES_PER_MBIT = 1e6 / 8
STANDARD_PRIORITY = 1


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of sources beside the sheet, by source_server_id: the speed of a network check (Mbit/s), bytes to move."""

    measured_mbps: Mapping[str, float] = field(default_factory=dict)
    bytes_to_move: Mapping[str, int] = field(default_factory=dict)


NOTHING_LEARNED = Learned()


@dataclass(frozen=True, slots=True)
class Load:
    """One server as a forecast sees it. `size` is None where nobody knows its bytes; speeds are Mbit/s, infinity for no limit.

    `assumed` are sentences' ends about what the sheet left open: `whole disks are taken`.
    """

    row: ServerRow
    size: int | None
    limit_mbps: float = inf
    measured_mbps: float = inf
    assumed: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """How scripts name it: its id, else its label."""
        return self.row.source_server_id or self.row.label

    @property
    def priority(self) -> int:
        """2 is high, 0 is low."""
        said = self.row.integer("priority")
        return STANDARD_PRIORITY if said is None else said

    @property
    def is_syncing(self) -> bool:
        """Whether changes are copied on after the first copy."""
        return self.row.flag("syncing") is True


def load_of(plan: Plan, row: ServerRow, learned: Learned = NOTHING_LEARNED) -> Load:
    """What a row means."""
    size, assumed = _size(plan, row, learned)
    limit = row.integer("speed_limit")
    measured = learned.measured_mbps.get(row.source_server_id)
    return Load(row, size, float(limit) if limit else inf, measured if measured and measured > 0 else inf, assumed)


def _size(plan: Plan, row: ServerRow, learned: Learned) -> tuple[int | None, tuple[str, ...]]:
    source = row.source_server_id
    if source in learned.bytes_to_move:
        return learned.bytes_to_move[source], ()
    key = plan.key_of(row)
    disks = plan.disks.get(key, ())
    if not disks:
        return None, ()
    volumes: dict[str, list[SheetRow]] = {}
    for volume in plan.volumes.get(key, ()):
        volumes.setdefault(volume.text("disk"), []).append(volume)
    measure = _partitions if is_by_block(row) else _used
    found = [measure(disk, volumes.get(disk.text("name"), [])) for disk in disks]
    if any(size is None for size, _ in found):
        return None, ()
    return sum(size or 0 for size, _ in found), tuple(dict.fromkeys(text for _, text in found if text))


def is_by_block(row: ServerRow) -> bool:
    """Whether whole partitions are copied: what the row says, else as its create says it."""
    return (row.text("type") or ("MIGRATE_BLOCK" if row.text("os_type") == "WINDOWS" else "MIGRATE_FILE")) == "MIGRATE_BLOCK"


def _partitions(disk: SheetRow, volumes: list[SheetRow]) -> tuple[int | None, str]:
    size = disk.integer("size")
    sizes = [volume.integer("size") for volume in volumes]
    if sizes and None not in sizes:
        return sum(each or 0 for each in sizes), ""
    return size, "the whole disk is taken where its partitions' sizes are not in the sheet"


def _used(disk: SheetRow, volumes: list[SheetRow]) -> tuple[int | None, str]:
    size, used = disk.integer("size"), disk.integer("used_size")
    of_volumes = [volume.integer("used_size") for volume in volumes]
    if used is None and (not of_volumes or None in of_volumes):
        return size, "the whole disk is taken where its used size is not in the sheet"
    most = size if size is not None else sum(each or 0 for each in of_volumes) or used or 0
    return used_size(most, used, [{"used_size": each} for each in of_volumes]), ""


def in_wave(plan: Plan, row: ServerRow, wave: Wave) -> ServerRow:
    """The row as it would be in another wave: what it inherits is that wave's."""
    return replace(row, wave=wave.name, inherited=_inherited(plan, wave))


def _inherited(plan: Plan, wave: Wave) -> Mapping[str, Inherited]:
    rows = plan.rows(wave.name)
    if rows:
        return rows[0].inherited
    of_waves = {column.name for column in WAVES}
    found = {name: value for name, value in plan.defaults.items() if name not in of_waves}
    for column in WAVE_DEFAULTS:
        value = wave.own(column.name)
        if value is not None:
            found[column.name] = Inherited(value, wave.table.cell(column.name, wave.index))
    return found


def limits_of(plan: Plan, rows: list[ServerRow]) -> tuple[list[int], list[str], list[tuple[int, ...]]]:
    """The groups that `Limits` makes of these rows: how many may run, what they are called, and which each row is in."""
    most: list[int] = []
    names: list[str] = []
    groups: list[list[int]] = [[] for _ in rows]
    for limit in plan.limits:
        places: dict[str, int] = {}
        shown = list(_shown(limit.column, rows))
        for place, text in enumerate(shown):
            if not text or (limit.value != "*" and text.casefold() != limit.value.casefold()):
                continue
            group = places.get(text.casefold())
            if group is None:
                group = places[text.casefold()] = len(most)
                most.append(limit.max_running)
                names.append(f"{limit.column} {text}")
            groups[place].append(group)
    return most, names, [tuple(each) for each in groups]


def _shown(column: str, rows: list[ServerRow]) -> Iterator[str]:
    """What each row has in a column of `Servers`, also one that the plan does not know."""
    known = find_column("Servers", column)
    wanted = normalise(column)
    place: int | None = None
    for row in rows:
        if known is not None:
            yield row.text(known.name)
            continue
        if place is None:
            place = next((at for at, header in enumerate(row.table.headers) if normalise(header) == wanted), -1)
        yield "" if place < 0 or row.index < 0 else strip(show(row.table.columns[place][row.index]))
