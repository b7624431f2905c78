"""What `waves check` shows: plain lines in a pipe, a coloured table on a terminal, one object with `--json`.

Decides no words of a finding: `Finding` renders itself. Called by check_command.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import output

if TYPE_CHECKING:
    from flows.cli.check_command import Checked
    from inventory.findings import Finding

_STYLES = {"error": "bold red", "warning": "yellow"}


def show(checked: Checked, stream: TextIO) -> None:
    """Every finding, errors first, then the counts."""
    if output.is_terminal(stream):
        _draw(checked, stream)
    else:
        lines = [f"{finding.severity.value}: {finding.line()}" for finding in checked.findings]
        output.write("\n".join([*lines, summary(checked)]))


def summary(checked: Checked) -> str:
    """The last line: what was looked at, and how many problems of each weight it has."""
    of = output.one_line(f"wave {checked.wave}") if checked.wave is not None else _counted(len(checked.waves), "wave")
    found = f"{_counted(len(checked.errors), 'error')}, {_counted(len(checked.warnings), 'warning')}"
    return f"{checked.plan}: {_counted(checked.servers, 'server')} in {of}: {found}"


def as_json(checked: Checked) -> dict[str, Any]:
    """The one object of `waves check --json`."""
    return {
        "plan": checked.plan,
        "wave": checked.wave or "",
        "servers": checked.servers,
        "errors": len(checked.errors),
        "warnings": len(checked.warnings),
        "findings": [finding.as_json() for finding in checked.findings],
    }


def _draw(checked: Checked, stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in checked.findings:
        table.add_row(
            Text(finding.severity.value, _STYLES[finding.severity.value]), Text(finding.place, "bold"), Text(_told(finding))
        )
    if checked.findings:
        console.print(table)
    console.print(Text(summary(checked), "bold red" if checked.errors else "green"), soft_wrap=True)


def _told(finding: Finding) -> str:
    """The finding's line without its place, which has a column of its own here."""
    return finding.line().removeprefix(finding.place).strip()


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
