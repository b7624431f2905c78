"""SMS's limits that the sheet alone can tell: of servers, and of what an account does at once (facts 5.3, 9 and 10).

Decides from the sheets, and from what unknown columns say of the hosts (host_facts.py); disks are disk_checks.py's. All of these
are warnings: SMS takes the task, or a planner may know better. Called by server_checks.py and wave_checks.py.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from inventory.account_limits import MOST_RUNNING, MOST_SOURCES
from inventory.catalogue import finding, finding_at
from inventory.host_facts import domain_controllers, hosts_busier_than, hosts_short_of_memory, uefi_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.findings import Finding
    from inventory.host_facts import HostFact
    from inventory.rows import ServerRow
    from inventory.server_columns import ServerColumns

LEAST_FREE_MEMORY_BYTES = 256 * 1024**2
MOST_CPU_PERCENT = 80


def check_hosts(servers: ServerColumns) -> Iterator[Finding]:
    """What the hosts themselves have against a migration, as far as the sheet says."""
    table = servers.plan.tables["Servers"]
    rows = {row.index: row for row in servers.rows}
    for fact in uefi_hosts(table):
        row = rows.get(fact.index)
        if row is not None and _is_windows_from_template(row):
            yield finding_at(row, "vm_template_id", "PLAN-523", server=row.label, place=str(fact.cell), firmware=fact.value)
    for code, facts in (
        ("PLAN-524", domain_controllers(table)),
        ("PLAN-525", hosts_short_of_memory(table, LEAST_FREE_MEMORY_BYTES)),
        ("PLAN-526", hosts_busier_than(table, MOST_CPU_PERCENT)),
    ):
        for fact in facts:
            if fact.index in rows:
                yield _told(fact, code, rows[fact.index])


def _is_windows_from_template(row: ServerRow) -> bool:
    return row.text("os_type") == "WINDOWS" and bool(row.text("vm_template_id")) and not row.text("target_vm_id")


def _told(fact: HostFact, code: str, row: ServerRow) -> Finding:
    return finding(code, fact.cell.sheet, fact.cell.ref, fact.value, server=row.label)


def check_account(servers: ServerColumns) -> Iterator[Finding]:
    """What an account does not do at once, or does not hold."""
    plan = servers.plan
    limits = [*plan.waves.values(), *plan.sheet_rows("Limits")]
    too_many = {row.cell("max_running"): row for row in limits if (row.integer("max_running") or 0) > MOST_RUNNING}
    for row in too_many.values():  # by its cell: waves may share one of Defaults
        yield finding_at(row, "max_running", "PLAN-520")
    starting = [row for row, said in zip(servers.rows, servers["auto_start"], strict=True) if said]
    counts = Counter(row.wave for row in starting)
    for name, count in counts.items():
        if count > MOST_RUNNING:
            first = next(row for row in starting if row.wave == name)
            yield finding_at(first, "auto_start", "PLAN-521", wave=name, count=str(count))
    if len(servers.rows) > MOST_SOURCES:
        yield finding_at(servers.rows[MOST_SOURCES], "wave", "PLAN-522", count=str(len(servers.rows)))
