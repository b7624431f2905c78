"""What `waves import` shows: what was read as what, the findings, the totals; one object with `--json`.

Decides no words of a finding. Called by import_command.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import output
from inventory.disk_checks import show_bytes
from inventory.finding_groups import group_findings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flows.cli.import_sources import Joined
    from inventory.importers.imported import ColumnAccount, Imported


def show(imported: Imported, out: Path, joined: Joined | None, stream: TextIO) -> None:
    """The columns taken, the findings, the totals."""
    if output.is_terminal(stream):
        _draw(imported, stream)
    else:
        lines = [_column(column) for column in imported.columns if column.is_mapped]
        lines += [f"{group.severity.value}: {group.line()}" for group in group_findings(imported.findings)]
        output.write("\n".join(output.one_line(line) for line in lines))
    for line in filter(None, (joined.summary if joined else "", summary(imported), f"plan: {out}")):
        output.write(output.one_line(line))


def summary(imported: Imported) -> str:
    """The last line: what came in, and in which format it was read."""
    servers, disks = len(imported.servers), imported.disks
    return (
        f"{imported.name}: {servers} server{'s' * (servers != 1)}, {disks} disk{'s' * (disks != 1)}, {show_bytes(imported.bytes)}, "
        f"read as {imported.format}; {len(imported.unmapped)} columns not taken, {len(imported.findings)} findings"
    )


def as_json(imported: Imported, out: Path, joined: Joined | None) -> dict[str, Any]:
    """The one object of `waves import --json`."""
    shown: dict[str, Any] = {
        "format": imported.format,
        "servers": len(imported.servers),
        "disks": imported.disks,
        "bytes": imported.bytes,
        "unmapped": imported.unmapped,
        "findings": [finding.as_json() for finding in imported.findings],
        "columns": [column.as_json() for column in imported.columns],
        "plan": str(out),
    }
    if joined is not None:
        shown["sources"] = {"joined": joined.joined, "ambiguous": joined.ambiguous, "missing": joined.missing}
    return shown


def _column(column: ColumnAccount) -> str:
    unit = f" ({column.unit})" if column.unit else ""
    return f"{column.sheet}!{column.cell}  {column.header} -> {column.became}{unit}"


def _draw(imported: Imported, stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))
    console.print(_grid(Table.grid(padding=(0, 2, 0, 0)), _shown(imported.columns)))
    table = Table.grid(padding=(0, 2, 0, 0))
    for group in group_findings(imported.findings):
        table.add_row(Text(group.severity.value, "yellow"), Text(group.place, "bold"), Text(group.told))
    console.print(table)


def _shown(columns: Sequence[ColumnAccount]) -> list[tuple[str, str, str]]:
    return [
        (f"{column.sheet}!{column.cell}", column.header, f"{column.became}  {column.unit}")
        for column in columns
        if column.is_mapped
    ]


def _grid(table: Any, rows: Sequence[tuple[str, str, str]]) -> Any:  # noqa: ANN401 - rich is imported on a terminal alone
    from rich.text import Text

    for place, header, became in rows:
        table.add_row(Text(place, "dim"), Text(header, "bold"), Text(became))
    return table
