"""What a row and its source server say against each other: every reason not to create the task, and every reason to look twice.

Decides what SMS would refuse for certain (an error: the row is INVALID) and what it may well take (a warning). Looks at one row
with its source; the sheet by itself is checks.py's. Called by build.py, and by `waves check --online` for its warnings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.build_findings import build_finding
from inventory.disk_checks import MOST_DISKS
from inventory.findings import Finding, Severity
from inventory.server_checks import MANDATORY, at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inventory.plan import Plan, ServerRow
    from inventory.source_server import SourceServer


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
    for check in source.failed_checks:
        code = f" ({check.error_code})" if check.error_code else ""
        yield build_finding("PLAN-605", place, server=row.label, check=check.name or "-", because=code)
    if source.connected is False:  # it may be back before the create leaves: SMS has the last word (6603 passes by itself)
        yield build_finding("PLAN-620", place, server=row.label)
    if source.is_windows and source.is_uefi and not row.text("target_vm_id"):
        yield build_finding("PLAN-623", row.cell("vm_template_id"), row.text("vm_template_id"), server=row.label)
    if source.has_tc is False and row.integer("speed_limit"):
        yield build_finding("PLAN-625", row.cell("speed_limit"), row.text("speed_limit"), server=row.label)
    if source.btrfs_list and row.flag("is_need_consistency_check"):
        yield build_finding("PLAN-624", row.cell("is_need_consistency_check"), "yes", server=row.label)


def _disk_findings(row: ServerRow, plan: Plan, source: SourceServer, identity: str) -> Iterator[Finding]:
    place, planned = row.cell("source_server_id"), source.planned_disks()
    if plan.has_disks(identity):
        sizes = {disk.name: disk.size or 0 for disk in planned}
        for disk in plan.disks.get(identity, ()):
            missing = sizes.get(disk.text("name"), 0) - (disk.integer("size") or 0)
            if missing > 0:
                name = disk.text("name")
                yield build_finding("PLAN-626", disk.cell("size"), server=row.label, disk=name, missing=missing)
        return
    if not planned:
        yield build_finding("PLAN-606", place, server=row.label)
    elif row.text("target_vm_id"):
        yield build_finding("PLAN-622", place, server=row.label)
    if len(planned) > MOST_DISKS:
        yield build_finding("PLAN-627", place, server=row.label, count=len(planned))
