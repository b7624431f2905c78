"""What an order shows: progress while it is carried out, what became of each server, and what it would do.

Everything goes to standard error but the one object of `--json` and, without it, the final block. Colour never carries a meaning
alone. Called by operate_command.py.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TextIO

from flows.cli import output
from flows.cli.submit_view import told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from flows.operate_job import OperateOrder
    from flows.operate_session import OrderBoard
    from flows.operating.operate import Preview
    from flows.operating.orders import ActionResult, ServerResult

MOST_LINES = 20
_DRAW_SECONDS = 0.1
_LINE_SECONDS = 5.0


class Progress:
    """Shows a board until closed, from a thread: a bar on a terminal, a line every few seconds in a pipe; remarks as they come."""

    def __init__(self, order: OperateOrder, board: OrderBoard, stream: TextIO) -> None:
        self._title = f"{order.operation} {order.wave}"
        self._board = board
        self._stream = stream
        self._over = threading.Event()
        self._remarks = 0
        self._line = ""
        self._line_at = 0.0
        show = self._draw if output.is_terminal(stream) else self._write_lines
        self._thread = threading.Thread(target=self._show, args=(show,), name="progress", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Show the last state and stop."""
        self._over.set()
        self._thread.join()

    def _show(self, show: Any) -> None:  # noqa: ANN401 - one of the two ways to show
        with suppress(OSError):
            show()

    def _write_lines(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._over.wait(_DRAW_SECONDS)
            for remark in self._new_remarks():
                word, _, text = told(remark).partition(": ")
                output.say(output.Word(word), text)
            line = f"{self._title}: {output.one_line(self._board.line())}"
            if line != self._line and (is_over or time.monotonic() - self._line_at >= _LINE_SECONDS):
                self._stream.write(f"{time.strftime('%H:%M:%S')} {line}\n")
                self._stream.flush()
                self._line, self._line_at = line, time.monotonic()

    def _draw(self) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        console = Console(file=self._stream)
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
        with Bar(*columns, TextColumn("{task.fields[line]}"), console=console) as bar:
            shown = bar.add_task(escape(self._title), total=self._board.rows, line="")
            is_over = False
            while not is_over:
                is_over = self._over.wait(_DRAW_SECONDS)
                bar.update(shown, completed=self._board.done, line=escape(self._board.line().partition(" ")[2]))
                for remark in self._new_remarks():
                    console.print(told(remark), markup=False, highlight=False, soft_wrap=True)

    def _new_remarks(self) -> list[str]:
        remarks = self._board.remarks(self._remarks)
        self._remarks += len(remarks)
        return remarks


def show_end(result: ActionResult, order: OperateOrder, stream: TextIO) -> None:
    """The final block: counts, what is not done by its cells, what was replaced, the next command."""
    stream.write("  ".join(f"{count} {word}" for word, count in result.counts.items()) + "\n")
    left = [one for one in result.results if not one.ended.is_done]
    _write_alike([(_why(one), one) for one in left], stream)
    _write_alike([(f"{one.ended.value}  {one.note}", one) for one in result.results if one.ended.is_done and one.note], stream)
    stream.writelines(f"note: {output.one_line(note)}\n" for note in result.notes)
    if left:
        stream.write(f"hint: once that is seen to: {order.command(*_extra(order))}\n")
    stream.flush()


def as_json(result: ActionResult) -> dict[str, Any]:
    """The one object of `--json`."""
    stop = result.stop
    return {
        "wave": result.wave,
        "operation": result.operation.value,
        "run_id": result.run_id,
        "counts": dict(result.counts),
        "stop": {"kind": stop.kind.value, "code": stop.code, "message": stop.message} if stop else None,
        "servers": [one.as_json() for one in result.results],
        "notes": list(result.notes),
    }


def show_previews(seen: Sequence[Preview], stream: TextIO) -> None:
    """A line for each row that something is to be said of alone; rows of which the same is said are told together."""
    alike: dict[tuple[str, str, str], list[Preview]] = {}
    for one in seen:
        alike.setdefault((one.state, one.says, one.advice), []).append(one)
    for (state, says, advice), group in alike.items():
        first = group[0]
        more = f"(and {len(group) - 1} more)" if len(group) > 1 else ""
        words = [str(first.row.cell("wave")), first.row.label, more, state, says]
        stream.write(output.one_line("  ".join(word for word in words if word)) + (f": {advice}" if advice else "") + "\n")
    would = sum(one.would for one in seen)
    stream.write(f"{would} of {len(seen)} servers; nothing was sent\n")
    stream.flush()


def _extra(order: OperateOrder) -> list[str]:
    if order.speed is None:
        return []
    return ["--limit", str(order.speed.mbps), *order.speed.times()]


def _why(one: ServerResult) -> str:
    said = " ".join(word for word in (one.code, one.message) if word)
    return f"{one.ended.value}  {said}" + (f": {one.advice}" if one.advice else "")


def _write_alike(pairs: Sequence[tuple[str, ServerResult]], stream: TextIO) -> None:
    """Servers of which the same is to be said in one line: the first by its cell, and how many more."""
    alike: dict[str, list[ServerResult]] = {}
    for text, one in pairs:
        alike.setdefault(text, []).append(one)
    for text, group in list(alike.items())[:MOST_LINES]:
        more = f"  (and {len(group) - 1} more)" if len(group) > 1 else ""
        stream.write(output.one_line(f"{group[0].row.cell('wave')}  {group[0].row.label}{more}  {text}") + "\n")
    hidden = sum(len(group) for group in list(alike.values())[MOST_LINES:])
    if hidden:
        stream.write(f"and {hidden} more: `--json` has them all\n")
