"""What `waves check` shows: plain lines in a pipe, a coloured table on a terminal, one object with `--json`.

Decides no words of a finding: `Finding` renders itself. Called by check_command.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import output
from inventory.finding_groups import group_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.cli.check_command import Checked
    from inventory.findings import Finding

_STYLES = {"error": "bold red", "warning": "yellow"}
_WIDEST_PLACE = 36


def show(checked: Checked, stream: TextIO) -> None:
    """Every finding, errors first, then the counts."""
    if output.is_terminal(stream):
        _draw(checked, stream)
    else:
        lines = [f"{group.severity.value}: {group.line()}" for group in group_findings(checked.findings)]
        output.write("\n".join([*lines, summary(checked)]))


def summary(checked: Checked) -> str:
    """The last line: what was looked at, and how many problems of each weight it has."""
    found = f"{_counted(len(checked.errors), 'error')}, {_counted(len(checked.warnings), 'warning')}"
    return f"{checked.plan}: {looked_at(checked)}: {found}"


def looked_at(checked: Checked) -> str:
    """What was looked at: how many servers in which wave, or in how many."""
    of = output.one_line(f"wave {checked.wave}") if checked.wave is not None else _counted(len(checked.waves), "wave")
    return f"{_counted(checked.servers, 'server')} in {of}"


def as_json(checked: Checked, copy: str = "") -> dict[str, Any]:
    """The one object of `waves check --json`; its schema is made from check_schema.py. `copy` is the annotated copy's path."""
    return {
        "plan": checked.plan,
        "wave": checked.wave or "",
        "servers": checked.servers,
        "errors": len(checked.errors),
        "warnings": len(checked.warnings),
        "findings": [finding.as_json() for finding in checked.findings],
        "groups": [group.as_json() for group in group_findings(checked.findings)],
        "annotated": copy,
        **({"error": checked.online_problem} if checked.online_problem else {}),
    }


def refused_as_json(plan: str, findings: Sequence[Finding], error: str, copy: str) -> dict[str, Any]:
    """The one object where nothing could be checked: the same keys, and `error`."""
    return {
        "plan": plan,
        "wave": "",
        "servers": 0,
        "errors": len(findings),
        "warnings": 0,
        "findings": [finding.as_json() for finding in findings],
        "groups": [group.as_json() for group in group_findings(findings)],
        "annotated": copy,
        "error": error,
    }


def _draw(checked: Checked, stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(max_width=_WIDEST_PLACE)
    table.add_column(overflow="fold")
    for group in group_findings(checked.findings):
        weight = group.severity.value
        table.add_row(Text(weight, _STYLES[weight]), Text(group.place, "bold"), Text(group.told))
    if checked.findings:
        console.print(table)
    console.print(Text(summary(checked), "bold red" if checked.errors else "green"), soft_wrap=True)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
