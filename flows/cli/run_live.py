"""The foot of the terminal during `waves run`: the wave's stages, the open gate, and the wave's picture as `waves track` draws it.

Imports rich; called by run_view.py on a terminal alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flows.cli import output
from flows.cli.track_view import Above, PictureDrawing, console_of
from flows.night.path import Stage, path_of
from flows.night.stages import StageState
from flows.night_board import told_time

if TYPE_CHECKING:
    from flows.night_session import NightSession

_ROWS_AROUND = 24
_STYLES = {StageState.DONE: "green", StageState.RUNNING: "bold blue", StageState.HELD: "bold yellow", StageState.FAILED: "bold red"}
_PICTURED = frozenset({Stage.START, Stage.SYNCED, Stage.APPROVE, Stage.CUTOVER, Stage.VERIFY})


class LiveNight:
    """Keeps the night at the terminal's foot; lines go above it."""

    def __init__(self, session: NightSession, stream: TextIO) -> None:
        wave = session.prepared.wave
        self._board = session.board
        self._path = path_of(wave.plan.waves[wave.order.wave], wave.rows)
        self._wave = output.one_line(wave.order.wave)
        self._console = console_of(stream)
        self._picture = PictureDrawing(self._console, stream, _ROWS_AROUND)
        self._above = Above(self._console)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._drawn: object = None
        self._live.start()

    def above(self, text: str) -> None:
        """Write a line above."""
        self._above.write(text)

    def draw(self, submission: str) -> None:
        """Draw the night as it stands, if anything is new; `submission` is how far the rows are sent, while they are."""
        board = self._board
        new = (dict(board.stages), board.open_gate, id(board.last_picture), submission)
        if new != self._drawn:
            self._drawn = new
            self._live.update(self._night(submission), refresh=True)

    def close(self) -> None:
        """Take it away: the final block follows."""
        self._live.stop()

    def _night(self, submission: str) -> Group:
        board = self._board
        parts: list[RenderableType] = [Text(f"{self._wave}: the night", "bold"), self._stages(submission)]
        if board.open_gate is not None:
            parts.append(self._gate())
        if board.last_picture is not None and board.now in _PICTURED:
            parts += [Text(), self._picture.of(board.last_picture)]
        return Group(*parts)

    def _stages(self, submission: str) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for width in (9, 7, max(20, self._console.width - 22)):
            table.add_column(width=width, no_wrap=True)
        for stage in self._path:
            state, line = self._board.stages.get(stage, (None, ""))
            style = _STYLES[state] if state is not None else "dim"
            said = Text(output.one_line(submission if stage is Stage.SUBMIT and submission else line or stage.meaning), style)
            said.truncate(max(20, self._console.width - 22), overflow="ellipsis")
            table.add_row(Text(stage.value, style), Text(state.value if state is not None else "", style), said)
        return table

    def _gate(self) -> Text:
        asked = self._board.open_gate
        text = Text("\n")
        if asked is None:
            return text
        until = f", until {told_time(asked.closes_at)}" if asked.closes_at is not None else ""
        text.append(f"the gate before {asked.gate} is open{until}\n", "bold yellow")
        for each in asked.criteria:
            style = {True: "green", False: "bold red", None: "yellow"}[each.holds]
            text.append(f"  {output.one_line(each.line())}\n", style)
        return text.append(f"`{self._board.how_to_decide}` decides")
