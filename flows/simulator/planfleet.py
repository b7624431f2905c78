"""A plan's servers as a fleet: each source, target and template that it names exists, with the disks that its sheets give."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flows.simulator.fleet import SourceServer, source_id_for
from flows.simulator.planlayout import layout_of

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.plan import Plan, ServerRow


class PlannedFleet(NamedTuple):
    """What a plan makes exist."""

    sources: list[SourceServer]
    targets: set[str]
    templates: set[str]


def read_fleet(path: Path) -> PlannedFleet:
    """Read a plan workbook into a fleet. Raises inventory.plan.PlanError.

    A source that the plan knows by name or address only gets an id made from that, the same every time. Where two rows name one
    source, the first tells what it is.
    """
    from inventory.plan import read_plan

    plan = read_plan(path)
    fleet = PlannedFleet([], set(), set())
    seen: set[str] = set()
    for row in plan.servers:
        source_id = row.source_server_id or source_id_for(row.source_name or row.source_ip)
        if source_id not in seen:
            seen.add(source_id)
            fleet.sources.append(_source(plan, row, source_id))
        fleet.targets.update(filter(None, [row.text("target_vm_id")]))
        fleet.templates.update(filter(None, [row.text("vm_template_id"), row.text("clonevm_template_id")]))
    return fleet


def _source(plan: Plan, row: ServerRow, source_id: str) -> SourceServer:
    return SourceServer(
        id=source_id,
        name=row.source_name or row.source_ip or source_id,
        ip=row.source_ip,
        os_type=row.text("os_type").upper() or "LINUX",
        given=layout_of(plan, plan.key_of(row) or source_id),
        judged=True,
    )
