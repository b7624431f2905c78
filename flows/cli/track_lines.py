"""What `waves track` writes as plain lines: each change of a server's state, a summary now and then, and the end.

One line is one thing, with its time in front. Decides no words of an error or of advice. Called by track_command.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TextIO

from flows.cli import output
from flows.command_words import quoted
from flows.tracking.standing import Standing
from inventory.forecast_words import count, length, named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flows.tracking.events import Change
    from flows.tracking.picture import Picture, ServerView

_SUMMARY_SECONDS = 60.0
_MOST_CHANGES = 20
"""So many changes of one look are told one by one; of more, the first of them and how many there are."""
_MOST_SERVERS = 10


class Lines(Protocol):
    """What lines are written to."""

    def write(self, text: str, /) -> int:
        """Take some lines. Raises OSError where nobody reads them any more."""
        ...

    def flush(self) -> None:
        """Let them be seen."""


class TrackLines:
    """A watcher that writes lines to a stream until its reader has gone."""

    def __init__(self, stream: Lines, *, has_summaries: bool = True) -> None:
        self._stream = stream
        self._has_summaries = has_summaries
        self._changes: list[Change] = []
        self._told_at = float("-inf")
        self._told = ""
        self._is_read = True

    def change(self, change: Change) -> None:
        """Keep it for the picture that it belongs to."""
        self._changes.append(change)

    def remark(self, text: str) -> None:
        """A line of its own, at once."""
        self._write([f"{datetime.now().astimezone():%H:%M:%S} {output.one_line(text)}"])

    def picture(self, picture: Picture) -> None:
        """The changes that the look has shown, and the wave in one line where that says something new."""
        at, line = clock_time(picture.at), picture.line()
        lines = [f"{at} {change_line(change)}" for change in self._changes[:_MOST_CHANGES]]
        if more := len(self._changes) - _MOST_CHANGES:
            lines += [f"{at} and {count(more, 'change')} more"] if more > 0 else []
        is_due = picture.at - self._told_at >= _SUMMARY_SECONDS
        if self._has_summaries and line != self._told and (is_due or self._changes) and not picture.problem:
            lines.append(f"{at} {summary_line(picture)}")
            self._told, self._told_at = line, picture.at
        self._changes.clear()
        self._write(lines)

    def close(self) -> None:
        """Nothing more comes."""

    def _write(self, lines: list[str]) -> None:
        if not lines or not self._is_read:
            return
        try:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
        except OSError:
            self._is_read = False


def clock_time(at: float | None) -> str:
    """A moment as people on duty read it: this machine's time of day."""
    return "" if at is None else f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"


def told_time(at: float | None, picture: Picture) -> str:
    """A moment as the plan's people read it: in the wave's own zone, which is named where it is not this machine's."""
    if at is None:
        return ""
    moment, here = datetime.fromtimestamp(at, picture.zone), datetime.fromtimestamp(at).astimezone()
    day = "" if moment.date() == datetime.fromtimestamp(picture.at, picture.zone).date() else f"{moment:%a} "
    zone = "" if picture.zone is None or moment.utcoffset() == here.utcoffset() else f" {moment:%Z}"
    return f"{day}{moment:%H:%M}{zone}"


def change_line(change: Change) -> str:
    """A server, what it was and what it is; of one that is lost, why, and what to do."""
    server = change.server
    was = f"{change.was} -> " if change.was else ""
    who = server.label if server.is_ours else f"{server.label} (task {server.task_id}, not made here)"
    why = " ".join(part for part in (server.error_code, server.error_message) if part)
    said = f"{who}: {was}{server.state}" + (f": {why}" if why and server.standing is Standing.FAILED else "")
    if server.standing.is_lost and server.advice:
        said += f": {server.advice}"
    return output.one_line(said)


def summary_line(picture: Picture) -> str:
    """The wave in one line, and when it will end against when it was to end."""
    parts = [f"{picture.wave}: {picture.line()}", f"{picture.progress:.0f}%"]
    if picture.ends_at is not None and not picture.is_reached:
        parts.append(f"ends about {told_time(picture.ends_at, picture)}" + _against(picture))
    return output.one_line(", ".join(parts))


def _against(picture: Picture) -> str:
    if picture.expected_end is None or picture.ends_at is None:
        return ""
    behind = picture.ends_at - picture.expected_end
    word = "later" if behind > 0 else "sooner"
    return f" ({length(abs(behind))} {word} than forecast)" if abs(behind) >= 60 else " (as forecast)"


def show_end(picture: Picture, plan: Path, stream: TextIO) -> None:
    """The final block: how the wave stands, who needs attention and why, and what to type next."""
    stream.write(f"{summary_line(picture)}\n")
    stream.writelines(f"{line}\n" for line in attention(picture))
    stream.writelines(f"hint: {hint}\n" for hint in _hints(picture, plan))
    stream.flush()


def attention(picture: Picture) -> Iterator[str]:
    """Who needs somebody, and why: a line for each server that is lost, then who is late, has no task, or waits for us."""
    lost = picture.lost
    for server in lost[:_MOST_SERVERS]:
        why = " ".join(part for part in (server.state, server.error_code, server.error_message) if part)
        yield output.one_line(f"{server.row.cell('wave')}  {server.label}  {why}: {server.advice}")
    if len(lost) > _MOST_SERVERS:
        yield f"and {len(lost) - _MOST_SERVERS} more that are lost: --json has them all"
    if picture.late:
        last = picture.late[0]
        who = named([server.label for server in picture.late])
        yield output.one_line(f"late: {who}, by up to {length(last.late_seconds)} ({last.label})")
    for standing, what in ((Standing.NO_TASK, "no task"), (Standing.WAITING, "to be started")):
        servers = [server for server in picture.servers if server.standing is standing]
        if servers:
            yield output.one_line(f"{what}: {named([server.label for server in servers])}{_why(servers)}")


def _why(servers: list[ServerView]) -> str:
    problems = {server.problem for server in servers if server.problem}
    return f" ({problems.pop()})" if len(problems) == 1 else ""


def _hints(picture: Picture, plan: Path) -> Iterator[str]:
    words = f"{quoted(str(plan))} --wave {quoted(picture.wave)}"
    if picture.standings.get(Standing.NO_TASK):
        yield f"`waves submit {words}` makes the tasks that are missing"
    elif picture.standings.get(Standing.GONE):
        yield f"`waves submit {words} --recreate` makes tasks again that were deleted"
    if picture.standings.get(Standing.WAITING):
        yield f"`waves start {words}` starts what waits for us"
    if picture.standings.get(Standing.FAILED):
        yield f"`waves restart {words}` tries again what failed, once its cause is mended"
