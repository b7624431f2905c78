"""The example plan is what its script makes, holds every kind of server, and has nothing wrong with it."""

from __future__ import annotations

import io
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from inventory.build import build_post_task, needs_source
from inventory.checks import check_plan
from inventory.examples.make_wave_plan import PLAN_PATH, workbook_bytes
from inventory.plan import Plan, read_plan
from tests.inventory.sources import linux

if TYPE_CHECKING:
    from pathlib import Path


@cache
def example() -> Plan:
    """The committed plan."""
    return read_plan(PLAN_PATH)


def all_cells(source: Path | io.BytesIO) -> dict[str, list[tuple[Any, ...]]]:
    """Every cell of every sheet."""
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(source).worksheets}


def test_the_committed_plan_is_what_the_script_makes() -> None:
    """Cell by cell: whoever changes the script commits the plan with it (python -m inventory.examples.make_wave_plan)."""
    assert all_cells(PLAN_PATH) == all_cells(io.BytesIO(workbook_bytes()))


def test_the_script_makes_the_same_bytes_each_time() -> None:
    """A plan is known by its digest, so that the example's must not depend on the day."""
    assert workbook_bytes() == workbook_bytes()


def test_the_plan_has_no_finding() -> None:
    """No error, and no warning that a newcomer would have to wonder about."""
    assert [finding.line() for finding in check_plan(example())] == []


def test_the_plan_holds_every_kind() -> None:
    """24 servers, 3 waves, the first of at least 8; Windows, LVM, Btrfs, templates, existing targets, and disks left to SMS."""
    plan = example()
    kinds = Counter(
        kind
        for row in plan.servers
        for kind, holds in {
            "windows": row.text("os_type") == "WINDOWS",
            "lvm": row.source_server_id in plan.volume_groups,
            "btrfs": row.source_server_id in plan.btrfs,
            "template": bool(row.text("vm_template_id")),
            "existing": bool(row.text("target_vm_id")),
            "sms": not plan.has_disks(row.source_server_id),
        }.items()
        if holds
    )
    assert len(plan.servers) == 24
    assert list(plan.waves) == ["wave-1", "wave-2", "wave-3"]
    assert len(plan.rows("wave-1")) >= 8
    assert min(kinds[kind] for kind in ("windows", "lvm", "btrfs", "template", "existing", "sms")) >= 2


def test_every_server_makes_a_body() -> None:
    """Those with disks in the sheet by themselves, the others with what SMS reports of them."""
    plan = example()
    for row in plan.servers:
        source = linux(id=row.source_server_id, name=row.source_name) if needs_source(row, plan) else None
        task = build_post_task(row, plan, source)
        assert task.name == f"{row.wave}-{row.source_name}"
        assert task.target_server.disks
        assert (task.target_server.vm_id == "") == (task.vm_template_id is not None)


def test_existing_targets_name_their_disks() -> None:
    """A target that exists is told which of its volumes is which; one that a template makes has none yet."""
    plan = example()
    for row in plan.servers:
        named = {bool(disk.text("disk_id")) for disk in plan.disks.get(row.source_server_id, ())}
        assert named <= {bool(row.text("target_vm_id"))}
