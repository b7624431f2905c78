"""Tell what a code means, for `waves explain`: what is told is its data, so it goes to standard output. Asks nobody.

Decides the exit code, and what is said of a code that nobody knows. Shown here, too: plain lines in a pipe, columns on a terminal.
"""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit
from flows.cli.explain_entries import Entry, entries, of_row
from flows.cli.explain_lookup import find, guesses
from flows.sms.codes import is_service_code, row_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

_STYLES = {"error": "bold red", "warning": "yellow", "done": "green"}
_LONGEST = 40


def main(spelt: str, *, is_json: bool) -> int:
    """Tell about one code, or all; the exit code: 2 where there is no such code."""
    known = entries()
    if not spelt.strip():
        _show_all(known, is_json=is_json)
        return Exit.DONE
    found = find(spelt, known)
    if len(found) != 1:
        return _refuse(spelt, found, guesses(spelt, known), is_json=is_json)
    if is_json:
        output.write_json(found[0].as_json())
    else:
        _show(found[0], sys.stdout)
    return Exit.DONE


def _refuse(spelt: str, found: Sequence[Entry], alike: Sequence[str], *, is_json: bool) -> int:
    shown = spelt if len(spelt) <= _LONGEST else f"{spelt[:_LONGEST]}…"
    if found:
        error = f'"{shown}" is the end of several codes: give one of {", ".join(entry.code for entry in found)}'
    else:
        meant = f"did you mean {' or '.join(alike)}? " if alike else ""
        error = f'"{shown}" is no code that waves knows: {meant}`waves explain` lists them all'
    if is_json:
        output.write_json({"error": error, "codes": [entry.code for entry in found] or list(alike)})
    output.error(error)
    code = spelt.strip()
    if not found and is_service_code(code):
        output.hint(f"if SMS or its gateway gave {code}: {of_row(row_for(code)).remedy}")
    return Exit.WRONG


def _show(entry: Entry, stream: TextIO) -> None:
    rows = (("what", entry.meaning), ("example", entry.example), ("do", entry.remedy))
    head = f"{entry.code}  {entry.weight}  {entry.title}"
    if not output.is_terminal(stream):
        output.write("\n".join([head, *(f"  {name:<8} {text}" for name, text in rows), f"  {'group':<8} {entry.group}"]))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))
    weight = Text(entry.weight, _STYLES.get(entry.weight, "cyan"))
    console.print(Text.assemble((entry.code, "bold"), "  ", weight, "  ", (entry.title, "bold")))
    table = Table.grid(padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(Text(name, "dim"), Text(text))
    console.print(table)
    console.print(Text(f"  {entry.group}", "dim"))


def _show_all(known: Sequence[Entry], *, is_json: bool) -> None:
    if is_json:
        output.write_json({"codes": [entry.as_json() for entry in known]})
        return
    widest = max(len(entry.code) for entry in known)
    lines: list[str] = []
    for group, members in groupby(known, key=lambda entry: entry.group):
        lines += ["", group, *(f"  {entry.code:<{widest}}  {entry.weight:<11}  {entry.title}" for entry in members)]
    output.write("\n".join(lines[1:]))
