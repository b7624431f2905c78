"""Checks on `Disks`, `Volumes`, volume groups and Btrfs: what belongs to what, and whether it fits.

Decides from the sheets alone, server by server; rows that no server of the plan has are told once each. Called by checks.py.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from inventory.catalogue import did_you_mean, finding, finding_at, near
from inventory.columns import SHEETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.findings import Finding
    from inventory.plan import Plan
    from inventory.rows import ServerRow, SheetRow
    from inventory.server_columns import ServerColumns

MOST_DISKS = 23
SMALLEST_DISK_BYTES = 1024**2
"""A disk's first partition begins there: what is smaller is a number whose unit was forgotten."""
LARGEST_DISK_BYTES = 16 * 1024**4
LARGEST_SYSTEM_DISK_BYTES = 1024**4
LARGEST_MBR_BYTES = 2 * 1024**4
GPT_RESERVE_BYTES = 1024**3
MOST_LOGICAL_VOLUMES = 255
DETAIL_SHEETS = ("Disks", "Volumes", "VolumeGroups", "LogicalVolumes", "Btrfs", "BtrfsSubvolumes")
"""The sheets whose rows belong to a source server."""


def check_columns(plan: Plan) -> Iterator[Finding]:
    """Required columns that a sheet lacks, and rows that leave one empty, in every sheet but `Servers`."""
    for kind, table in plan.tables.items():
        for column in SHEETS[kind] if kind != "Servers" and table.indexes else ():
            if not column.required:
                continue
            if column.name not in table.known:
                place = f"A{table.header_row}"
                yield finding("PLAN-107", table.sheet, place, column=column.name, bounds=column.bounds)
                continue
            values = table.values[column.name]
            for index in table.indexes:
                if values[index] is None and not table.is_refused(column.name, index):
                    cell = table.cell(column.name, index)
                    yield finding("PLAN-128", cell.sheet, cell.ref, column=column.name, bounds=column.bounds)


def check_disks(servers: ServerColumns) -> Iterator[Finding]:
    """Every problem of the servers' disks and what is on them."""
    plan = servers.plan
    if not any(kind in plan.tables for kind in DETAIL_SHEETS):
        return
    sources = {key: row for row in servers.rows if (key := plan.key_of(row))}
    yield from _strays(plan)
    for source, row in sources.items():
        if source in plan.disks:
            yield from _server(plan, row, source)
        else:
            yield from _without_disks(plan, row, source)
    for kind in ("Disks", "Volumes", "LogicalVolumes"):
        yield from _used(plan, kind)


def _strays(plan: Plan) -> Iterator[Finding]:
    known = {name for row in plan.servers for name in (row.source_server_id, plan.key_of(row))}
    for kind in DETAIL_SHEETS:
        for row in plan.sheet_rows(kind):
            source = row.text("source_server_id")
            if source and source not in known:
                guess = near(source, known, 0.9)
                yield finding_at(row, "source_server_id", "PLAN-301", hint=did_you_mean(guess))


def _without_disks(plan: Plan, server: ServerRow, source: str) -> Iterator[Finding]:
    for row in plan.volumes.get(source, ()):
        if row.text("disk"):
            yield finding_at(row, "disk", "PLAN-302", server=server.label)
    for group in (plan.volume_groups, plan.logical_volumes, plan.btrfs, plan.btrfs_subvolumes):
        for row in group.get(source, ())[:1]:
            yield finding_at(row, "source_server_id", "PLAN-311", server=server.label)


def _server(plan: Plan, server: ServerRow, source: str) -> Iterator[Finding]:
    disks = plan.disks[source]
    yield from _each_once(server, disks, "PLAN-303")
    yield from _each_once(server, plan.volume_groups.get(source, ()), "PLAN-313", what="volume groups")
    yield from _each_once(server, plan.btrfs.get(source, ()), "PLAN-313", what="Btrfs file systems")
    if source == server.source_server_id:  # else SMS's own disks are sent
        yield from _disk_doubts(server, disks)
    yield from _volumes(server, disks, plan.volumes.get(source, ()))
    yield from _members(
        server, plan.logical_volumes.get(source, ()), "volume_group", plan.volume_groups.get(source, ()), "PLAN-307"
    )
    yield from _members(server, plan.btrfs_subvolumes.get(source, ()), "file_system_name", plan.btrfs.get(source, ()), "PLAN-308")
    groups = Counter(row.text("volume_group") for row in plan.logical_volumes.get(source, ()))
    for row in plan.volume_groups.get(source, ()):
        if groups[row.text("name")] > MOST_LOGICAL_VOLUMES:
            yield finding_at(row, "name", "PLAN-312", server=server.label, count=str(groups[row.text("name")]))
    if source in plan.btrfs and server.flag("is_need_consistency_check"):
        cell = server.cell("is_need_consistency_check")
        yield finding("PLAN-510", cell.sheet, cell.ref, "yes", server=server.label)


def _each_once(server: ServerRow, rows: Sequence[SheetRow], code: str, **words: str) -> Iterator[Finding]:
    first: dict[str, SheetRow] = {}
    for row in rows:
        name = row.text("name")
        if name in first:
            yield finding_at(row, "name", code, server=server.label, other=str(first[name].cell("name")), **words)
        elif name:
            first[name] = row


def _disk_doubts(server: ServerRow, disks: Sequence[SheetRow]) -> Iterator[Finding]:
    if not any(row.text("device_use") in {"BOOT", "OS"} or row.is_refused("device_use") for row in disks):
        yield finding_at(disks[0], "device_use", "PLAN-306", server=server.label)
    if len(disks) > MOST_DISKS:
        yield finding_at(disks[MOST_DISKS], "name", "PLAN-309", server=server.label, count=str(len(disks)))
    for row in disks:
        yield from _doubtful_size(server, row)
        if server.text("target_vm_id") and not row.text("disk_id") and not row.is_refused("disk_id"):
            yield finding_at(row, "disk_id", "PLAN-502", name=row.text("name"), server=server.label)


def _doubtful_size(server: ServerRow, disk: SheetRow) -> Iterator[Finding]:
    """A size that no disk has, or that SMS does not move; one finding at most."""
    size = disk.integer("size")
    if size is None:
        return
    if size < SMALLEST_DISK_BYTES:
        yield finding_at(disk, "size", "PLAN-314", name=disk.text("name"), server=server.label, size=show_bytes(size))
    elif size > LARGEST_DISK_BYTES and server.text("os_type") == "LINUX":
        yield finding_at(disk, "size", "PLAN-310")
    elif size > LARGEST_SYSTEM_DISK_BYTES and disk.text("device_use") in {"BOOT", "OS"}:
        yield finding_at(disk, "size", "PLAN-528", server=server.label, name=disk.text("name"), size=short_bytes(size))


def _volumes(server: ServerRow, disks: Sequence[SheetRow], volumes: Sequence[SheetRow]) -> Iterator[Finding]:
    yield from _members(server, volumes, "disk", disks, "PLAN-302")
    together: Counter[str] = Counter()
    for row in volumes:
        together[row.text("disk")] += row.integer("size") or 0
    for row in disks:
        size, name = row.integer("size"), row.text("name")
        if size is not None and together[name] > size:
            words = {"name": name, "server": server.label, "size": show_bytes(size), "volumes": show_bytes(together[name])}
            yield finding_at(row, "size", "PLAN-304", **words)
        elif size is not None and size > LARGEST_MBR_BYTES and together[name] > size - GPT_RESERVE_BYTES:
            words = {"name": name, "server": server.label, "size": short_bytes(size), "spare": short_bytes(size - together[name])}
            yield finding_at(row, "size", "PLAN-527", **words)


def _members(server: ServerRow, rows: Sequence[SheetRow], column: str, owners: Sequence[SheetRow], code: str) -> Iterator[Finding]:
    if not rows:
        return
    names = {owner.text("name") for owner in owners}
    for row in rows:
        name = row.text(column)
        if name and name not in names:
            guess = near(name, names)
            yield finding_at(row, column, code, server=server.label, hint=did_you_mean(guess))


def _used(plan: Plan, kind: str) -> Iterator[Finding]:
    table = plan.tables.get(kind)
    if table is None or not {"size", "used_size"} <= table.known.keys():
        return
    sizes, used = table.values["size"], table.values["used_size"]
    for index in table.indexes:
        size, part = sizes[index], used[index]
        if isinstance(size, int) and isinstance(part, int) and part > size:
            cell = table.cell("used_size", index)
            yield finding("PLAN-305", cell.sheet, cell.ref, table.raw("used_size", index), size=show_bytes(size))


def sources_of(plan: Plan) -> Mapping[str, frozenset[int]]:
    """The positions in `Servers` by source_server_id, and by what other sheets name them, of rows that are not skipped."""
    found: dict[str, set[int]] = {}
    for row in plan.servers:
        for name in {row.source_server_id, plan.key_of(row)} - {""} if not row.skip else ():
            found.setdefault(name, set()).add(row.position)
    return {source: frozenset(positions) for source, positions in found.items()}


def show_bytes(size: int) -> str:
    """A size as messages show it: `42949672960 bytes (40 GiB)`."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size >= 1024**power:
            return f"{size} bytes ({round(size / 1024**power, 2):g} {unit})"
    return f"{size} bytes"


def short_bytes(size: int) -> str:
    """A size in its unit alone, where the bytes themselves stand in the cell: `40 GiB`; bytes below 1 KiB."""
    shown = show_bytes(size)
    return shown.partition("(")[2].removesuffix(")") or shown


def exact_bytes(size: int) -> str:
    """A size as short as it can be without hiding a byte: `40 GiB`, or `40000000000 bytes (37.25 GiB)`."""
    short = short_bytes(size)
    number, _, unit = short.partition(" ")
    scale = {"TiB": 1024**4, "GiB": 1024**3, "MiB": 1024**2, "KiB": 1024}.get(unit, 1)
    return short if float(number) * scale == size else show_bytes(size)
