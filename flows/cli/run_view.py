"""What `waves run` shows: lines in a pipe, stages and the wave's picture on a terminal, and how the night ended.

Everything goes to standard error but the one object of `--json` and, without it, the final block. Called by run_command.py.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TextIO

from flows.cli import output
from flows.cli.track_lines import attention
from flows.night.path import Stage, path_of
from flows.night.stages import StageState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from flows.night.approvals import Approval
    from flows.night_job import NightEnd
    from flows.night_session import NightSession

_LOOK_SECONDS = 0.2
_LINE_SECONDS = 5.0


def progress(session: NightSession, stream: TextIO) -> Progress:
    """What shows the night on this stream."""
    return LivePage(session, stream) if output.is_terminal(stream) else Progress(session, stream)


class Progress:
    """Shows a night until closed, from a thread: each line of its board as it comes, with its time."""

    def __init__(self, session: NightSession, stream: TextIO) -> None:
        self.session = session
        self.stream = stream
        self._over = threading.Event()
        self._shown = 0
        self._glance, self._glance_at = "", 0.0
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Show the last lines and stop."""
        self._over.set()
        self._thread.join()

    def flush_lines(self) -> None:
        """Show what was told since; a stream that is gone shows nothing."""
        with suppress(OSError):
            self._write(self.stream.write)
            self.stream.flush()

    def _show(self) -> None:
        with suppress(OSError):
            self.show(self._over.wait)

    def show(self, is_over: Callable[[float], bool]) -> None:
        """Show what comes until it is over."""
        is_last = False
        while not is_last:
            is_last = is_over(_LOOK_SECONDS)
            self._write(self.stream.write)
            self._tell_submission()
            self.stream.flush()

    def _write(self, write: Callable[[str], Any]) -> None:
        for line in self.new_lines():
            write(f"{time.strftime('%H:%M:%S')} {line}\n")

    def new_lines(self) -> Sequence[str]:
        """What was told since it was asked last, each in one line."""
        lines = self.session.board.lines(self._shown)
        self._shown += len(lines)
        return [line if line.startswith("  ") else output.one_line(line) for line in lines]

    def _tell_submission(self) -> None:
        """Rows go by in thousands: how many are done, every few seconds."""
        line = submission_line(self.session)
        if line and line != self._glance and time.monotonic() - self._glance_at >= _LINE_SECONDS:
            self.stream.write(f"{time.strftime('%H:%M:%S')} {line}\n")
            self._glance, self._glance_at = line, time.monotonic()


class LivePage(Progress):
    """The same on a terminal: lines go above the stages and the wave's picture, which stay at its foot."""

    def show(self, is_over: Callable[[float], bool]) -> None:
        """Draw until it is over; drawn anew only where something is new."""
        from flows.cli.run_live import LiveNight

        live, is_last = LiveNight(self.session, self.stream), False
        try:
            while not is_last:
                is_last = is_over(_LOOK_SECONDS)
                self._write(live.above)
                live.draw(submission_line(self.session))
        finally:
            live.close()


def submission_line(session: NightSession) -> str:
    """How many rows are sent, while they are; empty before and after."""
    if session.board.now is not Stage.SUBMIT or session.board.submission.current_phase is None:
        return ""
    glance = session.board.submission.glance()
    return f"{glance.phase}: {glance.line()}"


def show_end(end: NightEnd, stream: TextIO) -> None:
    """The final block: how each stage ended, who decided what, who needs somebody, where the report lies, what to type next."""
    order = end.prepared.request.order
    stream.write(f"{order.wave}: {summary_line(end)}\n")
    stream.writelines(f"{line}\n" for line in stage_lines(end))
    if end.picture is not None:
        stream.writelines(f"{line}\n" for line in attention(end.picture))
    stream.write(f"report: {end.report}\n" if end.report is not None else f"error: {end.report_problem}\n")
    if end.page is not None:
        stream.write(f"page: {end.page}\n")
    if end.report is not None and end.report_problem:
        stream.write(f"error: {end.report_problem}\n")
    if not end.is_all_done:
        stream.write(f"hint: `{end.prepared.request.command()}` goes on from there\n")
    stream.flush()


def summary_line(end: NightEnd) -> str:
    """How the night ended, in one line; who approved, where anybody did."""
    decided = [asked for asked in end.story.approvals if asked.decision is not None]
    said = f", {decided[-1].line()}" if decided else ""
    if end.story.is_done:
        return f"the night is done{said}"
    if end.story.stop is not None:
        return f"the night was stopped at {_place(end)}{said}"
    return (f"the night ended at {_place(end)}" if end.story.ends_at is not None else "the night is over, not all is done") + said


def _place(end: NightEnd) -> str:
    return end.story.ends_at.value if end.story.ends_at is not None else "its end"


def stage_lines(end: NightEnd) -> list[str]:
    """A line for each stage of the path."""
    wave = end.prepared.wave
    lines = []
    for stage in path_of(wave.plan.waves[wave.order.wave], wave.rows):
        record = end.story.stages.get(stage)
        if stage is Stage.REPORT:
            continue
        state = record.state.value if record is not None else "-"
        if record is not None and record.state is StageState.RUNNING:
            state = "stopped"
        line = str(record.detail.get("line", "")) if record is not None else ""
        lines.append(output.one_line(f"{stage.value:<9}  {state:<7}  {line}").rstrip())
    return [f"  {line}" for line in lines]


def as_json(end: NightEnd) -> dict[str, Any]:
    """The one object of `waves run --json`."""
    story, order = end.story, end.prepared.request.order
    return {
        "wave": order.wave,
        "done": end.is_all_done,
        "ends_at": story.ends_at.value if story.ends_at is not None else "",
        "stop": story.stop.kind.value if story.stop is not None else "",
        "stages": [
            {
                "stage": stage.value,
                "state": record.state.value,
                "line": str(record.detail.get("line", "")),
                "began_at": _iso(record.began_at),
                "ended_at": _iso(record.ended_at),
            }
            for stage, record in story.stages.items()
        ],
        "approvals": [approval_as_json(asked) for asked in story.approvals],
        "servers": [view.as_json(end.picture.zone) for view in end.picture.servers] if end.picture is not None else [],
        "report": str(end.report) if end.report is not None else "",
        "html": str(end.page) if end.page is not None else "",
        "problem": end.report_problem,
        "next": "" if end.is_all_done else end.prepared.request.command(),
    }


def approval_as_json(asked: Approval) -> dict[str, Any]:
    """A question at a gate, and what came of it."""
    return {
        "gate": asked.gate,
        "number": asked.number,
        "asked_at": _iso(asked.asked_at),
        "closes_at": _iso(asked.closes_at),
        "decision": asked.decision.value if asked.decision is not None else "",
        "approver": asked.approver,
        "comment": asked.comment,
        "decided_at": _iso(asked.decided_at),
        "criteria": [each.as_json() | {"servers": list(each.servers)} for each in asked.criteria],
    }


def _iso(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
