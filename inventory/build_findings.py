"""What only shows when a row meets its source server: the kinds of findings that build.py makes, PLAN-601 on.

Decides their words and their weight: an error is what SMS refuses for certain, a warning what it may well accept by the time the
task is made. Those that only `waves check --online` looks for stand in online_findings.py. Finds nothing itself. Called by
build.py.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from inventory.catalogue import FindingKind
from inventory.findings import Finding, Severity
from inventory.online_findings import ONLINE_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.rows import Cell


_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

_KINDS = (
    FindingKind(
        "PLAN-601",
        _ERROR,
        "Source unknown",
        "{server}: SMS knows no source server of this id",
        "install the agent on the server and let it register, or correct source_server_id",
        "web-07: SMS knows no source server of this id",
    ),
    FindingKind(
        "PLAN-604",
        _ERROR,
        "OS differs from SMS",
        "{server}: os_type says {said}, and SMS says {known}",
        "correct os_type or source_server_id",
        "web-07: os_type says WINDOWS, and SMS says LINUX",
    ),
    FindingKind(
        "PLAN-605",
        _ERROR,
        "Source check failed",
        "{server}: SMS's check {check} of the source has failed{because}",
        "mend on the source what the check names, and let the agent check again",
        "web-07: SMS's check FIRMWARE of the source has failed (SMS.0206)",
    ),
    FindingKind(
        "PLAN-606",
        _ERROR,
        "No disks known",
        "{server}: neither the sheet nor SMS has its disks",
        "fill in `Disks` for the server, or restart the agent so that it reports them",
        "web-07: neither the sheet nor SMS has its disks",
    ),
    FindingKind(
        "PLAN-607",
        _ERROR,
        "OS unknown",
        "{server}: neither the sheet nor SMS says whether it is LINUX or WINDOWS",
        "fill in os_type, for the row, its wave in `Waves`, or all in `Defaults`",
        "web-07: neither the sheet nor SMS says whether it is LINUX or WINDOWS",
    ),
    FindingKind(
        "PLAN-608",
        _ERROR,
        "Value out of bounds",
        "{server}: {field} is not what SMS takes ({reason})",
        "correct it in the sheet, or on the source where SMS reports it so",
        "web-07: target_server.disks.0.size is not what SMS takes (Input should be greater than or equal to 0)",
    ),
    FindingKind(
        "PLAN-620",
        _WARNING,
        "Agent not connected",
        "{server}: its agent is not connected to SMS",
        "start the agent and see that it reaches SMS, else the create ends in SMS.6603",
        "web-07: its agent is not connected to SMS",
    ),
    FindingKind(
        "PLAN-621",
        _WARNING,
        "Name or address differs from SMS",
        "{server}: {field} says {said}, and SMS says {known}",
        "see that source_server_id is the right server's; the id is what counts",
        "web-07: source_name says web-07, and SMS says web-17",
    ),
    FindingKind(
        "PLAN-622",
        _WARNING,
        "Target disks unknown",
        "{server}: its disks come from SMS, which does not know the target's disks",
        "give the target's volumes as disk_id in `Disks`",
        "web-07: its disks come from SMS, which does not know the target's disks",
    ),
    FindingKind(
        "PLAN-623",
        _WARNING,
        "UEFI Windows from a template",
        "{server}: it is a Windows server that boots by UEFI, which a template cannot make",
        "give an existing target server as target_vm_id",
        "win-02: it is a Windows server that boots by UEFI, which a template cannot make",
    ),
    FindingKind(
        "PLAN-624",
        _WARNING,
        "Btrfs is not compared",
        "{server}: it has Btrfs, whose files the consistency check does not compare",
        "write no for is_need_consistency_check",
        "web-07: it has Btrfs, whose files the consistency check does not compare",
    ),
    FindingKind(
        "PLAN-625",
        _WARNING,
        "Speed limit does not hold",
        "{server}: the source lacks tc, so that speed_limit does not hold",
        "install tc (iproute) on the source, or limit the line elsewhere",
        "web-07: the source lacks tc, so that speed_limit does not hold",
    ),
    FindingKind(
        "PLAN-626",
        _WARNING,
        "Disk smaller than the source's",
        "{server}: {disk} is smaller than the source's, by {missing:,} bytes",
        "give the target disk at least the source's size, else the create may end in SMS.6539",
        "web-07: /dev/vda is smaller than the source's, by 1,048,576 bytes",
    ),
    FindingKind(
        "PLAN-627",
        _WARNING,
        "Many disks",
        "{server}: it has {count} disks, and an agent handles 23",
        "leave disks out, or migrate the rest another way",
        "web-07: it has 31 disks, and an agent handles 23",
    ),
)

BUILD_KINDS: Mapping[str, FindingKind] = MappingProxyType({kind.code: kind for kind in (*_KINDS, *ONLINE_FINDINGS)})
"""Every kind by its code, beside those of the catalogue."""


class BuildError(Exception):
    """A row that makes no task: `findings` say every reason, and `str()` is the first of them in one line."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        more = f" (and {len(self.findings) - 1} more)" if len(self.findings) > 1 else ""
        return f"{self.findings[0].line()}{more}"


def build_finding(code: str, cell: Cell, value: str = "", **words: str | int) -> Finding:
    """The finding of kind `code` at `cell`, its texts filled in; `value` is what the planner typed there."""
    kind = BUILD_KINDS[code]
    return Finding(code, kind.severity, cell.sheet, cell.ref, value, kind.problem.format(**words), kind.remedy)
