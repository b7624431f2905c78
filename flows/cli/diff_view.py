"""What `waves diff` shows: plain lines in a pipe, a coloured table on a terminal, one object with `--json`.

Decides which rows share a line: many that changed alike (a default, a filled-down column) are one, with their number and the first
names; `--json` has each by itself. Called by diff_command.py.

The object of `--json`; cells are as in `Servers!F17`, "" where there is none; texts as a spreadsheet shows them:

    {"old", "new", "wave", "same": bool,
     "added":   [{"source_server_id", "server", "wave", "cell"}],
     "gone":    [{"source_server_id", "server", "wave", "cell"}],            cell of OLD
     "moved":   [{"source_server_id", "server", "from", "to", "old_cell", "new_cell"}],
     "changed": [{"source_server_id", "server", "wave", "column", "before", "after", "old_cell", "new_cell"}],
     "disks":   [{"source_server_id", "server", "sheet", "name", "kind", "old_cell", "new_cell", "changes": [CHANGE]}],
     "waves":   [{"sheet", "name", "kind", "old_cell", "new_cell", "changes": [CHANGE]}],
     "limits":  [as "waves"],
     "sent":    [{"source_server_id", "server", "cell", "kind", "task_id", "columns": [column], "means"}],
     "journal": {"account", "note"}}

CHANGE is {"column", "before", "after", "old_cell", "new_cell"}. The cell of what is gone is one of OLD. Kind of a part: added,
gone, changed; kind of what was sent: drift, conflict, gone, exists, as sent, in doubt, again. `note` says why nothing is known of
what was sent, "" where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import output
from inventory.catalogue import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from flows.cli.diff_command import Compared
    from flows.cli.diff_sent import Sent
    from inventory.plan_diff import Change, PartChange, RowPair
    from inventory.rows import Cell

_MOST_ALIKE = 3
"""More rows than this that changed alike share a line."""
_NAMED = 3
_EMPTY = "(empty)"
_STYLES = {
    "added": "green",
    "gone": "red",
    "moved": "cyan",
    "changed": "yellow",
    "disks": "yellow",
    "wave": "yellow",
    "limit": "yellow",
}
_SENT_STYLE = "bold magenta"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what happened, where, and to what. `place` has both cells where they differ."""

    word: str
    place: str
    text: str


def show(compared: Compared, stream: TextIO) -> None:
    """Every difference, what it means for what was sent, then the counts."""
    if output.is_terminal(stream):
        _draw(compared, stream)
    else:
        told = [one_line("  ".join(part for part in (f"{line.word}:", line.place, line.text) if part)) for line in lines(compared)]
        output.write("\n".join([*told, summary(compared)]))


def summary(compared: Compared) -> str:
    """The last line: what was compared, and how many differences of each kind there are."""
    diff = compared.diff
    counts = {
        "added": len(diff.added),
        "gone": len(diff.gone),
        "moved": len(diff.moved),
        "changed": len(diff.changed),
        "with other disks": len(diff.with_other_disks),
    }
    words = [f"{count} {word}" for word, count in counts.items() if count]
    servers = ", ".join(words) or "no server differs"
    others = [_counted(len(parts), thing) for parts, thing in ((diff.waves, "wave"), (diff.limits, "limit")) if parts]
    also = f"; {' and '.join(others)} in Waves or Limits" if others else ""
    of = f", wave {compared.wave}" if compared.wave is not None else ""
    names = f"{compared.old.name} -> {compared.new.name}{of}"
    if diff.is_same:
        return one_line(f"{names}: no difference in {_counted(len(diff.pairs), 'server')}")
    sent = f"; {_counted(len({each.source_server_id for each in compared.sent}), 'server')} sent before" if compared.sent else ""
    return one_line(f"{names}: {servers}{also}{sent}")


def lines(compared: Compared) -> Iterator[Line]:
    """The differences in words: what came and went, what changed, then what was sent."""
    diff = compared.diff
    for word, pairs in (("added", diff.added), ("gone", diff.gone)):
        for alike in _alike(pairs, lambda pair: pair.row.wave):
            row = alike[0].row
            cell = row.cell("wave")
            place = _places(None, cell) if word == "added" else _places(cell, None)
            yield Line(word, place, f"{_who(alike)} in {row.wave or 'no wave'}")
    for alike in _alike(diff.moved, lambda pair: (pair.old.wave if pair.old else "", pair.row.wave)):
        before, after = alike[0].old, alike[0].new
        if before is not None and after is not None:
            text = f"{_who(alike)}: {before.wave or 'no wave'} -> {after.wave or 'no wave'}"
            yield Line("moved", _places(before.cell("wave"), after.cell("wave")), text)
    for group in _alike([(pair, change) for pair in diff.changed for change in pair.changes], _cause):
        change = group[0][1]
        yield Line("changed", _places(change.old_cell, change.new_cell), f"{_who([pair for pair, _ in group])}: {_told(change)}")
    for pair in diff.with_other_disks:
        yield from (_part_line("disks", part, f"{pair.row.label} ") for part in pair.disks)
    yield from (_part_line("wave", part) for part in diff.waves)
    yield from (_part_line("limit", part) for part in diff.limits)
    for told in _alike(compared.sent, lambda each: (each.kind, each.means)):
        place = _places(told[0].cell, None) if told[0].is_of_old else str(told[0].cell)
        yield Line("sent", place, f"{_sent_who(told)}: {told[0].means}")


def _alike(items: Iterable[Any], cause: Callable[[Any], Hashable]) -> list[list[Any]]:
    """The items by their cause, in their order; those of a cause that few have one by one."""
    groups: dict[Hashable, list[Any]] = {}
    for item in items:
        groups.setdefault(cause(item), []).append(item)
    return [part for group in groups.values() for part in ([group] if len(group) > _MOST_ALIKE else [[each] for each in group])]


def _cause(changed: tuple[RowPair, Change]) -> Hashable:
    """Rows that take a value from elsewhere share its cell; rows that were typed alike share their values."""
    pair, change = changed
    own = pair.row.table.sheet
    shared = next((str(cell) for cell in (change.new_cell, change.old_cell) if cell.sheet != own), "")
    return change.column, change.before, change.after, shared


def _who(pairs: Sequence[RowPair]) -> str:
    return _names([pair.row.label for pair in pairs])


def _sent_who(told: Sequence[Sent]) -> str:
    task = f" (task {told[0].task_id})" if len(told) == 1 and told[0].task_id else ""
    return _names([each.server for each in told]) + task


def _names(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} servers ({', '.join(names[:_NAMED])}{more})"


def _told(change: Change) -> str:
    return f"{change.column} {change.before or _EMPTY} -> {change.after or _EMPTY}"


def _part_line(word: str, part: PartChange, of: str = "") -> Line:
    if not part.changes:
        return Line(word, _places(part.old_cell, part.new_cell), f"{of}{part.name}: {part.kind}")
    first = part.changes[0]
    return Line(word, _places(first.old_cell, first.new_cell), f"{of}{part.name}: {', '.join(map(_told, part.changes))}")


def _places(old: Cell | None, new: Cell | None) -> str:
    """Where it stood and stands: `A2 -> B3`, `-> B3` for what came, `A2 ->` for what is gone, one cell where it is the same."""
    return str(new) if old == new else f"{old or ''} -> {new or ''}".strip()


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _draw(compared: Compared, stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=34)
    table.add_column(overflow="fold")
    has_lines = False
    for line in lines(compared):
        has_lines = True
        word = Text(line.word, _STYLES.get(line.word, _SENT_STYLE))
        table.add_row(word, Text(one_line(line.place), "bold"), Text(one_line(line.text)))
    if has_lines:
        console.print(table)
    console.print(Text(summary(compared), "green" if compared.diff.is_same else "bold yellow"), soft_wrap=True)


def as_json(compared: Compared) -> dict[str, Any]:
    """The one object of `waves diff --json`, as the module says."""
    diff = compared.diff
    return {
        "old": compared.old.name,
        "new": compared.new.name,
        "wave": compared.wave or "",
        "same": diff.is_same,
        "added": [_row_as_json(pair) for pair in diff.added],
        "gone": [_row_as_json(pair) for pair in diff.gone],
        "moved": [_moved_as_json(pair) for pair in diff.moved],
        "changed": [
            {**_server(pair), "wave": pair.row.wave, **_change_as_json(change)} for pair in diff.changed for change in pair.changes
        ],
        "disks": [{**_server(pair), **_part_as_json(part)} for pair in diff.with_other_disks for part in pair.disks],
        "waves": [_part_as_json(part) for part in diff.waves],
        "limits": [_part_as_json(part) for part in diff.limits],
        "sent": [_sent_as_json(each) for each in compared.sent],
        "journal": {"account": compared.account, "note": compared.note},
    }


def _server(pair: RowPair) -> dict[str, Any]:
    return {"source_server_id": pair.row.source_server_id, "server": pair.row.label}


def _row_as_json(pair: RowPair) -> dict[str, Any]:
    return {**_server(pair), "wave": pair.row.wave, "cell": str(pair.row.cell("wave"))}


def _moved_as_json(pair: RowPair) -> dict[str, Any]:
    waves = {"from": pair.old.wave if pair.old else "", "to": pair.row.wave}
    return {
        **_server(pair),
        **waves,
        "old_cell": str(pair.old.cell("wave")) if pair.old else "",
        "new_cell": str(pair.row.cell("wave")),
    }


def _change_as_json(change: Change) -> dict[str, Any]:
    cells = {"old_cell": str(change.old_cell), "new_cell": str(change.new_cell)}
    return {"column": change.column, "before": change.before, "after": change.after, **cells}


def _part_as_json(part: PartChange) -> dict[str, Any]:
    cells = {"old_cell": str(part.old_cell or ""), "new_cell": str(part.new_cell or "")}
    changes = [_change_as_json(change) for change in part.changes]
    return {"sheet": part.sheet, "name": part.name, "kind": part.kind, **cells, "changes": changes}


def _sent_as_json(told: Sent) -> dict[str, Any]:
    return {
        "source_server_id": told.source_server_id,
        "server": told.server,
        "cell": str(told.cell),
        "kind": told.kind,
        "task_id": told.task_id,
        "columns": list(told.columns),
        "means": told.means,
    }
