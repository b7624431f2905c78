"""Read a plan and tell what is wrong with it, for `waves check`: findings are its data, so they go to standard output.

Decides which findings are asked for, and the exit code. Loads no Prefect, no network, no database, and rich on a terminal alone:
a planner runs this after every change to the sheet.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.check_view import as_json, show
from flows.cli.exits import Exit
from flows.command_words import quoted
from flows.where import WhereError, parse_where, rows_that_fit
from inventory.catalogue import PlanError
from inventory.checks import Concern, check_plan
from inventory.findings import Severity
from inventory.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inventory.findings import Finding
    from inventory.plan import Plan, ServerRow


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves check`, as typed."""

    plan: Path
    wave: str | None
    where: tuple[str, ...]
    is_json: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at and what was found: errors first, each kind in the order of the workbook."""

    plan: str
    wave: str | None
    servers: int
    waves: tuple[str, ...]
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Errors, then warnings."""
        return (*self.errors, *self.warnings)


def main(call: Call) -> int:
    """Check and show; the exit code: 2 with errors, or with a file that is no plan."""
    try:
        checked = check(call)
    except (PlanError, WhereError) as error:
        return _refuse(call, error)
    if call.is_json:
        output.write_json(as_json(checked))
    else:
        show(checked, sys.stdout)
    _say_next(call, checked)
    return Exit.WRONG if checked.errors else Exit.DONE


def check(call: Call) -> Checked:
    """Read and check. Raises PlanError (no plan) or WhereError."""
    where = parse_where(call.where)
    plan = read_plan(call.plan)
    rows = plan.servers if call.wave is None else plan.rows(call.wave)
    findings = check_plan(plan, call.wave)
    if where:
        rows = rows_that_fit(plan, rows, where)
        findings = _concerning(plan, rows, findings)
    return Checked(
        plan=plan.name,
        wave=call.wave,
        servers=len(rows),
        waves=tuple(dict.fromkeys(row.wave for row in rows if row.wave)),
        errors=tuple(each for each in findings if each.severity is Severity.ERROR),
        warnings=tuple(each for each in findings if each.severity is Severity.WARNING),
    )


def _concerning(plan: Plan, rows: Sequence[ServerRow], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    wanted = frozenset(row.position for row in rows)
    concern = Concern(plan)
    return tuple(each for each in findings if concern.matters(each, wanted))


def _refuse(call: Call, error: PlanError | WhereError) -> int:
    if call.is_json:
        findings = [error.finding.as_json()] if isinstance(error, PlanError) else []
        output.write_json({"plan": call.plan.name, "servers": 0, "findings": findings, "error": str(error)})
    output.error(str(error))
    return Exit.WRONG


def _say_next(call: Call, checked: Checked) -> None:
    if checked.errors and checked.servers:
        output.hint(f"mend these cells, save, and run `{_command('check', call)}` again")
    elif checked.waves:
        output.hint(f"`{_command('submit', call, checked.waves[0])}` sends it")


def _command(name: str, call: Call, wave: str = "") -> str:
    """The whole next command, with the user's own file, wave and rows in it."""
    words = ["waves", name, str(call.plan)]
    words += ["--wave", call.wave or wave] if call.wave or wave else []
    for pair in call.where:
        words += ["--where", pair]
    return " ".join(quoted(word) for word in words)
