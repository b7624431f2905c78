"""What a row and its source server say against each other: every reason not to create the task, and every reason to look twice.

Decides what SMS would refuse for certain (an error: the row is INVALID) and what it may well take (a warning). Looks at one row
with its source; the sheet by itself is checks.py's. Called by build.py, and by `waves check --online` for its warnings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.build_findings import build_finding
from inventory.disk_checks import LARGEST_DISK_BYTES, LARGEST_SYSTEM_DISK_BYTES, MOST_DISKS, short_bytes
from inventory.findings import Finding, Severity
from inventory.server_checks import MANDATORY, at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from inventory.plan import Plan, ServerRow
    from inventory.rows import SheetRow
    from inventory.source_server import SourceDisk, SourceServer

RESERVE_BYTES = 1024**3
"""What a GPT target disk needs beyond its source, and what a copy by file needs beyond what is used (facts 6 and 10)."""
_SHOWN_DISKS = 5


def errors_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that rule the task out."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def find_source_findings(
    row: ServerRow, plan: Plan, source: SourceServer | None, source_server_id: str = ""
) -> tuple[Finding, ...]:
    """Every finding about the row and its source, in the order in which a planner would mend them.

    `source` is None where SMS was not asked, or was asked and knows no such server: an error only where the row needs it.
    """
    identity = source_server_id or row.source_server_id or (source.id if source else "")
    found = tuple(_target_findings(row))
    if source is None:
        return (*found, *_missing_source(row, plan, identity))
    return (*found, *_identity_findings(row, source), *_state_findings(row, source), *_disk_findings(row, plan, source, identity))


def _target_findings(row: ServerRow) -> Iterator[Finding]:
    """What no body can do without, in the words of checks.py, which finds these first where it ran."""
    missing = [name for name in MANDATORY if not row.text(name)]
    if missing:
        yield at(row, missing[0], "PLAN-210", columns=" and no ".join(missing))
    if not row.text("target_vm_id") and not row.text("vm_template_id"):
        yield at(row, "target_vm_id", "PLAN-208")


def _missing_source(row: ServerRow, plan: Plan, identity: str) -> Iterator[Finding]:
    if not identity or not plan.has_disks(identity):
        yield build_finding("PLAN-601", row.cell("source_server_id"), identity, server=row.label)
    elif not row.text("os_type"):
        yield build_finding("PLAN-607", row.cell("os_type"), server=row.label)
    else:
        yield from _type_findings(row, row.text("os_type"))


def _type_findings(row: ServerRow, os_type: str) -> Iterator[Finding]:
    if os_type == "WINDOWS" and row.text("type") == "MIGRATE_FILE":
        yield at(row, "type", "PLAN-212")


def _identity_findings(row: ServerRow, source: SourceServer) -> Iterator[Finding]:
    said, known = row.text("os_type"), source.os_type.upper()
    if said and known and said != known:
        yield build_finding("PLAN-604", row.cell("os_type"), said, server=row.label, said=said, known=known)
    elif known not in {"WINDOWS", "LINUX"} and not said:
        yield build_finding("PLAN-607", row.cell("os_type"), server=row.label)
    yield from _type_findings(row, said or known)
    name = row.source_name
    if name and source.name and name.casefold() not in {source.name.casefold(), source.hostname.casefold()}:
        yield build_finding(
            "PLAN-621", row.cell("source_name"), name, server=row.label, field="source_name", said=name, known=source.name
        )
    address = row.source_ip
    if address and source.addresses and not source.has_address(address):
        known = ", ".join(sorted(source.addresses))
        yield build_finding(
            "PLAN-621", row.cell("source_ip"), address, server=row.label, field="source_ip", said=address, known=known
        )


def _state_findings(row: ServerRow, source: SourceServer) -> Iterator[Finding]:
    place = row.cell("source_server_id")
    yield from _check_findings(row, source)
    if source.connected is False:  # it may be back before the create leaves: SMS has the last word (6603 passes by itself)
        yield build_finding("PLAN-620", place, server=row.label)
    if source.is_windows and source.is_uefi and not row.text("target_vm_id"):
        yield build_finding("PLAN-623", row.cell("vm_template_id"), row.text("vm_template_id"), server=row.label)
    if source.has_tc is False and row.integer("speed_limit"):
        yield build_finding("PLAN-625", row.cell("speed_limit"), row.text("speed_limit"), server=row.label)
    if source.btrfs_list and row.flag("is_need_consistency_check"):
        yield build_finding("PLAN-624", row.cell("is_need_consistency_check"), "yes", server=row.label)


def _check_findings(row: ServerRow, source: SourceServer) -> Iterator[Finding]:
    for check in source.checks:
        code = f" ({check.error_code})" if check.error_code else ""
        if check.has_failed:
            yield build_finding("PLAN-605", row.cell("source_server_id"), server=row.label, check=check.name or "-", because=code)
        elif check.has_warned:
            yield build_finding("PLAN-634", row.cell("source_server_id"), server=row.label, check=check.name or "-", because=code)


def _disk_findings(row: ServerRow, plan: Plan, source: SourceServer, identity: str) -> Iterator[Finding]:
    place, planned = row.cell("source_server_id"), source.planned_disks()
    if plan.has_disks(identity):
        if planned:
            yield from _compared(row, plan.disks[identity], source)
        return
    if not planned:
        yield build_finding("PLAN-606", place, server=row.label)
    elif row.text("target_vm_id"):
        yield build_finding("PLAN-622", place, server=row.label)
    if len(planned) > MOST_DISKS:
        yield build_finding("PLAN-627", place, server=row.label, count=len(planned))
    yield from _large_disks(row, planned, is_windows=source.is_windows)


def _large_disks(row: ServerRow, disks: Iterable[SourceDisk], *, is_windows: bool) -> Iterator[Finding]:
    """Of a server whose disks come from SMS; those of the sheet are looked at without SMS (PLAN-310, PLAN-528)."""
    place = row.cell("source_server_id")
    for disk in disks:
        size = disk.size or 0
        if size > LARGEST_DISK_BYTES and not is_windows:
            yield build_finding("PLAN-631", place, server=row.label, disk=disk.name, size=short_bytes(size))
        elif size > LARGEST_SYSTEM_DISK_BYTES and (disk.os_disk or disk.device_use in {"BOOT", "OS"}):
            yield build_finding("PLAN-632", place, server=row.label, disk=disk.name, size=short_bytes(size))


def _compared(row: ServerRow, sheet: Sequence[SheetRow], source: SourceServer) -> Iterator[Finding]:
    """The sheet's disks against the source's, by their names."""
    theirs = {disk.name: disk for disk in source.planned_disks()}
    styles = {disk.name: disk.partition_style.upper() for disk in source.disks}
    by_block = (row.text("type") or ("MIGRATE_BLOCK" if source.is_windows else "MIGRATE_FILE")) == "MIGRATE_BLOCK"
    for disk in sheet:
        name = disk.text("name")
        if name not in theirs:
            if name:
                yield build_finding("PLAN-628", disk.cell("name"), name, server=row.label, disk=name, known=_names(theirs))
            continue
        size = disk.integer("size")
        if size is not None:
            yield from _size_findings(row, disk, theirs[name], size, by_block=by_block, is_gpt=styles.get(name) == "GPT")
    named = {disk.text("name") for disk in sheet}
    for name, disk_at_source in theirs.items():
        if name not in named and name:
            size_shown = short_bytes(disk_at_source.size or 0)
            yield build_finding("PLAN-629", sheet[0].cell("name"), server=row.label, disk=name, size=size_shown)


def _size_findings(
    row: ServerRow, disk: SheetRow, theirs: SourceDisk, size: int, *, by_block: bool, is_gpt: bool
) -> Iterator[Finding]:
    """A disk of the sheet that is too small: for certain, or perhaps; one finding at most."""
    wanted, used = theirs.size or 0, theirs.used_size or 0
    code = _too_small(size, wanted, used, by_block=by_block, is_gpt=is_gpt)
    if code:
        words: dict[str, str | int] = {
            "server": row.label,
            "disk": disk.text("name"),
            "size": short_bytes(size),
            "source_size": short_bytes(wanted),
            "used": short_bytes(used),
            "missing": wanted - size,
            "spare": short_bytes(max(0, size - wanted)),
        }
        yield build_finding(code, disk.cell("size"), disk.text("size"), **words)


def _too_small(size: int, wanted: int, used: int, *, by_block: bool, is_gpt: bool) -> str:
    """The code of what is wrong with a target disk's bytes, given those of its source and how many are used; "" for nothing."""
    if size >= wanted:
        return "PLAN-630" if is_gpt and size < wanted + RESERVE_BYTES else ""
    if by_block:
        return "PLAN-635"
    if size < used:
        return "PLAN-636"
    return "PLAN-637" if size < used + RESERVE_BYTES else "PLAN-626"


def _names(disks: Mapping[str, SourceDisk]) -> str:
    names = sorted(disks)
    return ", ".join(names[:_SHOWN_DISKS]) + (f" and {len(names) - _SHOWN_DISKS} more" if len(names) > _SHOWN_DISKS else "")
