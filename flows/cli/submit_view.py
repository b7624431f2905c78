"""What `waves submit` shows: progress while it runs, what became of the wave, and why nothing was sent.

Everything goes to standard error but the one object of `--json` and, without it, the final block. Colour never carries a meaning
alone. Called by submit_command.py.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TextIO

from flows.cli import output
from inventory.finding_groups import group_findings
from inventory.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from flows.board import Board
    from flows.submission.preview import Preview
    from flows.wave_job import WaveEnd
    from inventory.findings import Finding
    from inventory.outcomes import Outcome

MOST_ROWS = 10
MOST_ERRORS = 20
MOST_WARNINGS = 3
_DRAW_SECONDS = 0.1
_LINE_SECONDS = 5.0


class Progress:
    """Shows a board until closed, from a thread: a bar on a terminal, a line every few seconds in a pipe; remarks as they come."""

    def __init__(self, wave: str, board: Board, stream: TextIO) -> None:
        self._wave = wave
        self._board = board
        self._stream = stream
        self._bar = output.is_terminal(stream)
        self._over = threading.Event()
        self._remarks = 0
        self._line = ""
        self._line_at = 0.0
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Show the last state and stop."""
        self._over.set()
        self._thread.join()

    def flush_remarks(self) -> None:
        """Show what was remarked since; a stream that is gone shows nothing."""
        for remark in self._new_remarks():
            word, _, text = told(remark).partition(": ")
            output.say(output.Word(word), text)

    def _show(self) -> None:
        with suppress(OSError):
            self._draw() if self._bar else self._write_lines()

    def _write_lines(self) -> None:
        while not self._over.wait(_DRAW_SECONDS):
            self.flush_remarks()
            self._tell()
        self.flush_remarks()
        self._tell(at_once=True)

    def _tell(self, *, at_once: bool = False) -> None:
        """A plain line: at a new phase, every few seconds while something happens, and at the end."""
        glance = self._board.glance()
        line = f"{self._wave} {glance.phase}: {glance.line()}"
        is_new_phase = line.split(":", maxsplit=1)[0] != self._line.split(":")[0]
        if line == self._line or not (at_once or is_new_phase or time.monotonic() - self._line_at >= _LINE_SECONDS):
            return
        self._stream.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        self._stream.flush()
        self._line, self._line_at = line, time.monotonic()

    def _draw(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        console = Console(file=self._stream)
        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[counts]}"),
        ]
        with Bar(*columns, console=console) as bar:
            shown = bar.add_task(self._wave, total=self._board.glance().rows, counts="")
            is_over = False
            while not is_over:
                is_over = self._over.wait(_DRAW_SECONDS)
                glance = self._board.glance()
                counts = "  ".join(f"{count} {status}" for status, count in glance.counts.items())
                bar.update(shown, completed=glance.done, counts=counts or glance.phase)
                for remark in self._new_remarks():
                    console.print(told(remark), markup=False, highlight=False, soft_wrap=True)

    def _new_remarks(self) -> list[str]:
        remarks = self._board.remarks(self._remarks)
        self._remarks += len(remarks)
        return remarks


def told(remark: str) -> str:
    """A remark as a line that begins with what it is."""
    return remark if remark.startswith("warning: ") else f"note: {remark}"


def show_end(end: WaveEnd, next_command: str, stream: TextIO) -> None:
    """The final block: counts, the rows that are not done by their cells, the report's place, the next command."""
    stream.write("  ".join(f"{count} {_painted(status, stream)}" for status, count in end.counts.items()) + "\n")
    left = [outcome for outcome in end.result.outcomes if not outcome.status.is_done]
    alike: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in left:
        alike.setdefault((outcome.status.value, outcome.error_code, outcome.error_message, outcome.advice), []).append(outcome)
    stream.writelines(f"{_group_line(group)}\n" for group in list(alike.values())[:MOST_ROWS])
    hidden = sum(len(group) for group in list(alike.values())[MOST_ROWS:])
    if hidden:
        stream.write(f"and {hidden} more: the report has them all\n")
    stream.writelines(f"warning: {finding.line()}\n" for finding in end.result.findings[:MOST_WARNINGS])
    more = len(end.result.findings) - MOST_WARNINGS
    if more > 0:
        stream.write(f"and {more} more warning{'s' if more > 1 else ''}: the report has them all\n")
    if end.report is not None:
        stream.write(f"report: {end.report}\n")
    else:
        stream.write(f"error: {end.report_problem}\n")
    if end.page is not None:
        stream.write(f"page: {end.page}\n")
    elif end.page_problem:
        stream.write(f"error: {end.page_problem}\n")
    if next_command:
        stream.write(f"hint: {_hint(left, next_command)}\n")
    stream.flush()


def as_json(end: WaveEnd) -> dict[str, Any]:
    """The one object of `waves submit --json`."""
    stop = end.result.stop
    return {
        "wave": end.prepared.order.wave,
        "run_id": end.result.run_id,
        "rows": len(end.result.outcomes),
        "report": str(end.report) if end.report is not None else "",
        "html": str(end.page) if end.page is not None else "",
        "counts": dict(end.counts),
        "stop": {"kind": stop.kind.value, "code": stop.code, "message": stop.message} if stop else None,
        "outcomes": [outcome.as_json() for outcome in end.result.outcomes],
        "findings": [finding.as_json() for finding in [*end.prepared.findings, *end.result.findings]],
        "notes": list(end.result.notes),
    }


def show_refusal(findings: Sequence[Finding], stream: TextIO) -> None:
    """The errors for which nothing was sent, each by its cell, then how many warnings there are."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    groups = group_findings(errors)
    stream.writelines(f"{group.line()}\n" for group in groups[:MOST_ERRORS])
    if more := sum(len(group.findings) for group in groups[MOST_ERRORS:]):
        stream.write(f"and {more} more errors\n")
    show_warnings(findings, stream, most=0)


def show_warnings(findings: Sequence[Finding], stream: TextIO, *, most: int = MOST_WARNINGS) -> None:
    """How many warnings the plan has, and the first of them."""
    warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
    if not warnings:
        return
    groups = group_findings(warnings)
    stream.writelines(f"warning: {group.line()}\n" for group in groups[:most])
    more = sum(len(group.findings) for group in groups[most:])
    if more > 0:
        stream.write(
            f"{'and ' if most else ''}{more}{' more' if most else ''} warning{'s' if more > 1 else ''}: `waves check` shows them\n"
        )
    stream.flush()


def _group_line(group: Sequence[Outcome]) -> str:
    """Rows of which the same is to be said: the first by its cell, how many more there are, why, and what to do."""
    first = group[0]
    why = " ".join(word for word in (first.error_code, first.error_message) if word)
    more = f"(and {len(group) - 1} more)" if len(group) > 1 else ""
    line = "  ".join(word for word in (str(first.row.cell("wave")), first.row.label, more, first.status.value, why) if word)
    return f"{line}: {first.advice}" if first.advice else line


def _hint(left: Sequence[Outcome], next_command: str) -> str:
    """The next command, after what has to be mended first, where all rows say the same."""
    advice = {outcome.advice for outcome in left if outcome.advice}
    only = advice.pop().rstrip(".").removesuffix(", then retry") if len(advice) == 1 else ""
    if not only or "run" in only.split() or "command" in only:
        return f"`{next_command}`"
    return f"{only}, then `{next_command}`"


_COLOURS = {
    "CREATED": "32",
    "EXISTS": "32",
    "SKIPPED": "2",
    "CONFLICT": "33",
    "DEFERRED": "33",
    "UNCERTAIN": "33",
    "REJECTED": "31",
    "INVALID": "31",
}


def _painted(text: str, stream: TextIO) -> str:
    if text not in _COLOURS or not output.is_coloured(stream):
        return text
    return f"\033[{_COLOURS[text]}m{text}\033[0m"


def show_previews(previews: Sequence[Preview], stream: TextIO) -> None:
    """What a run would begin with: a line for each row, then the counts."""
    width = max((len(preview.row.label) for preview in previews), default=0)
    for preview in previews:
        place = f"{preview.row.cell('wave')}  {preview.row.label:<{width}}"
        detail = f"  {preview.detail or preview.task_id}" if preview.detail or preview.task_id else ""
        canary = "  canary" if preview.is_canary else ""
        stream.write(f"{place}  {preview.decision.value:<8}{canary}{detail}".rstrip() + "\n")
    tally = Counter(preview.decision.value for preview in previews)
    stream.write("  ".join(f"{count} {decision}" for decision, count in tally.items()) + "\nnothing was sent\n")


def previews_as_json(wave: str, previews: Sequence[Preview]) -> dict[str, Any]:
    """What `--dry-run --json` prints."""
    tally = Counter(preview.decision.value for preview in previews)
    return {"wave": wave, "counts": dict(tally), "rows": [preview.as_json() for preview in previews]}
