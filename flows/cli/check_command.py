"""Read a plan and tell what is wrong with it, for `waves check`: findings are its data, so they go to standard output.

Decides which findings are asked for, and the exit code. Loads no Prefect, no network, no database, and rich on a terminal alone:
a planner runs this after every change to the sheet.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.check_view import as_json, looked_at, refused_as_json, show
from flows.cli.exits import Exit
from flows.command_words import quoted
from flows.where import WhereError, parse_where, rows_that_fit
from inventory.annotate import AnnotateError, Annotation, check_copy_path, write_annotated
from inventory.catalogue import PlanError
from inventory.checks import Concern, check_plan
from inventory.findings import Severity
from inventory.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inventory.findings import Finding
    from inventory.plan import Plan, ServerRow


_WRONG_SHEETS = frozenset({"PLAN-020", "PLAN-024"})
"""Findings about which sheets there are: they have no sheet of their own."""


_MANY_TO_ASK_ABOUT = 200
"""Asking SMS about more rows than this takes long enough to be said."""


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves check`, as typed."""

    plan: Path
    wave: str | None
    where: tuple[str, ...]
    is_json: bool
    annotate: Path | None = None
    is_online: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at and what was found: errors first, each kind in the order of the workbook."""

    plan: str
    sha256: str
    wave: str | None
    servers: int
    waves: tuple[str, ...]
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    online_problem: str = ""
    """Why SMS could not be asked about all of it; "" where it was, or was not to be."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Errors, then warnings."""
        return (*self.errors, *self.warnings)


def main(call: Call) -> int:
    """Check, show, and write the copy; the exit code.

    2 with errors, or with a file that is no plan; 1 where the copy failed; 3 where SMS was to be asked and could not be.
    """
    try:
        if call.annotate is not None:
            check_copy_path(call.annotate, call.plan)
        checked = check(call)
    except (PlanError, WhereError, AnnotateError) as error:
        return _refuse(call, error)
    if not call.is_json:
        show(checked, sys.stdout)
    copy = _annotate(call, checked.findings, checked.sha256, looked_at(checked))
    if call.is_json:
        output.write_json(as_json(checked, copy))
    if copy:
        output.say(output.Word.NOTE, f"{copy} shows each finding at its cell")
    if checked.online_problem:
        output.error(checked.online_problem)
        return Exit.REFUSED
    _say_next(call, checked)
    return Exit.WRONG if checked.errors else Exit.NOT_DONE if call.annotate and not copy else Exit.DONE


def check(call: Call) -> Checked:
    """Read and check. Raises PlanError (no plan) or WhereError."""
    where = parse_where(call.where)
    plan = read_plan(call.plan)
    rows = plan.servers if call.wave is None else plan.rows(call.wave)
    findings = check_plan(plan, call.wave)
    if where:
        rows = rows_that_fit(plan, rows, where)
        findings = _concerning(plan, rows, findings)
    online_problem = ""
    if call.is_online:
        from flows.online_check import with_online

        if len(rows) > _MANY_TO_ASK_ABOUT:
            output.say(output.Word.NOTE, f"asking SMS about {len(rows)} servers, one by one")
        findings, online_problem = with_online(plan, rows, findings)
    return Checked(
        plan=plan.name,
        sha256=plan.sha256,
        wave=call.wave,
        servers=len(rows),
        waves=tuple(dict.fromkeys(row.wave for row in rows if row.wave)),
        errors=tuple(each for each in findings if each.severity is Severity.ERROR),
        warnings=tuple(each for each in findings if each.severity is Severity.WARNING),
        online_problem=online_problem,
    )


def _concerning(plan: Plan, rows: Sequence[ServerRow], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    wanted = frozenset(row.position for row in rows)
    concern = Concern(plan)
    return tuple(each for each in findings if concern.matters(each, wanted))


def _annotate(call: Call, findings: Sequence[Finding], sha256: str = "", of: str = "") -> str:
    """Write the copy where one is asked for; its path, "" where there is none, and then why is said."""
    if call.annotate is None:
        return ""
    try:
        write_annotated(call.annotate, call.plan, Annotation(findings, sha256, of, _command("check", call)))
    except AnnotateError as error:
        output.error(str(error))
        return ""
    return str(call.annotate)


def _refuse(call: Call, error: PlanError | WhereError | AnnotateError) -> int:
    findings = [error.finding] if isinstance(error, PlanError) else []
    copy = _annotate(call, findings) if isinstance(error, PlanError) and _is_of_a_workbook(error) else ""
    if call.is_json:
        output.write_json(refused_as_json(call.plan.name, findings, str(error), copy))
    output.error(str(error))
    if copy:
        output.hint(f"{copy} shows where")
    elif call.annotate and findings:
        output.say(output.Word.NOTE, "no annotated copy was written: the file cannot be read as a workbook")
    return Exit.WRONG


def _is_of_a_workbook(error: PlanError) -> bool:
    """Whether the file is a workbook that can be read, and only is no plan: a sheet or a header is wrong."""
    return bool(error.sheet) or error.code in _WRONG_SHEETS


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
