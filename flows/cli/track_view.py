"""What `waves track` shows on a terminal: the wave as a bar, its figures, who needs somebody, who ends last.

Drawn anew at each look and at no other time: a terminal that counts seconds would cost more than the looks. Changes and remarks
stay above it, as lines. Called by track_command.py.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flows.cli import output
from flows.cli.track_lines import TrackLines, clock_time, told_time
from flows.tracking.standing import Standing
from inventory.forecast_words import length

if TYPE_CHECKING:
    from flows.tracking.events import Change
    from flows.tracking.picture import Picture, ServerView

_ROWS_AROUND = 12
"""Lines of the terminal that are not for servers."""
_FEWEST_SERVERS = 3
_WIDEST_NAME = 28
_GAP = 2
_TITLES = ("server", "standing", "", "doing", "Mbit/s", "ends", "")
_STYLES = {
    Standing.DONE: "green",
    Standing.SYNCING: "cyan",
    Standing.RUNNING: "blue",
    Standing.CHANGING: "magenta",
    Standing.WAITING: "yellow",
    Standing.NO_TASK: "dim",
    Standing.UNKNOWN: "white",
    Standing.FAILED: "bold red",
    Standing.GONE: "bold red",
}
_BAR_ORDER = (
    Standing.DONE,
    Standing.SYNCING,
    Standing.RUNNING,
    Standing.CHANGING,
    Standing.UNKNOWN,
    Standing.WAITING,
    Standing.NO_TASK,
    Standing.FAILED,
    Standing.GONE,
)


def console_of(stream: TextIO) -> Console:
    """A console on a terminal's stream, with colour where that has it."""
    return Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))


class TrackView:
    """A watcher that keeps the wave's picture at the terminal's foot."""

    def __init__(self, stream: TextIO) -> None:
        self._console = console_of(stream)
        self._drawing = PictureDrawing(self._console, stream)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._lines = TrackLines(Above(self._console), has_summaries=False)
        self._live.start()

    def change(self, change: Change) -> None:
        """A line above the picture."""
        self._lines.change(change)

    def remark(self, text: str) -> None:
        """A line above the picture."""
        with suppress(OSError):
            self._lines.remark(text)

    def picture(self, picture: Picture) -> None:
        """Draw it."""
        with suppress(OSError):
            self._lines.picture(picture)
            self._live.update(self._drawing.of(picture), refresh=True)

    def close(self) -> None:
        """Take the picture away: the final block follows."""
        with suppress(OSError):
            self._live.stop()


class PictureDrawing:
    """Draws pictures for a terminal; `rows_around` of its lines are for other things than servers."""

    def __init__(self, console: Console, stream: TextIO, rows_around: int = _ROWS_AROUND) -> None:
        self._console = console
        self._rows_around = rows_around
        self._full, self._room = ("\N{BOX DRAWINGS HEAVY HORIZONTAL}", " ") if output.is_unicode(stream) else ("#", "-")

    def of(self, picture: Picture) -> Group:
        """The wave as a bar, its figures, and the servers that people have to know of."""
        parts = [self._title(picture), self._bar(picture), self._figures(picture)]
        if picture.problem:
            parts.append(Text(f"SMS cannot be looked at, and is asked again: {picture.problem}", "bold red"))
        parts.append(Text())
        return Group(*parts, self._table(picture))

    def _title(self, picture: Picture) -> Text:
        ends = f"ends about {told_time(picture.ends_at, picture)}" if picture.ends_at is not None and not picture.is_reached else ""
        closes = f"window until {told_time(picture.window_ends_at, picture)}" if picture.window_ends_at is not None else ""
        said = ", ".join(part for part in (ends, closes) if part)
        return Text.assemble(
            (output.one_line(picture.wave), "bold"),
            f"  {said}  " if said else "  ",
            (f"looked at {clock_time(picture.at)}, again in {picture.next_in:.0f} s", "dim"),
        )

    def _bar(self, picture: Picture) -> Text:
        """As long as the terminal is wide: a part for each standing, one cell at least for what there is."""
        width, whole = max(20, self._console.width - 8), max(1, len(picture.servers))
        bar, used = Text(), 0
        counted = [(standing, picture.standings[standing]) for standing in _BAR_ORDER if picture.standings.get(standing)]
        for place, (standing, count) in enumerate(counted):
            left = len(counted) - place - 1
            cells = width - used if not left else max(1, min(width - used - left, round(width * count / whole)))
            bar.append(self._full * cells, _STYLES[standing])
            used += cells
        return bar.append(f" {picture.progress:3.0f}%", "bold")

    def _figures(self, picture: Picture) -> Text:
        text = Text(f"{picture.reached:,}/{len(picture.servers):,} {picture.goal.value}", "bold")
        for standing, count in picture.standings.items():
            if standing.value != picture.goal.value:
                text.append("  ").append(f"{count:,} {standing.value}", _STYLES[standing])
        if picture.late:
            text.append("  ").append(f"{len(picture.late):,} late, by up to {length(picture.late_seconds)}", "bold red")
        return text.append(f"  {picture.throughput_mbps:,.0f} Mbit/s", "bold")

    def _table(self, picture: Picture) -> Table:
        rows = [
            self._row(server, picture) for server in worst(picture, max(_FEWEST_SERVERS, self._console.height - self._rows_around))
        ]
        widths = [
            max([cell_len(title), *(row[place].cell_len for row in rows)], default=0) for place, title in enumerate(_TITLES[:-1])
        ]
        widths[0] = min(widths[0], _WIDEST_NAME)
        room = max(0, self._console.width - sum(widths) - _GAP * len(widths))
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
        for title, width in zip(_TITLES, [*widths, room], strict=True):
            table.add_column(title, width=width, no_wrap=True, justify="right" if title == "Mbit/s" else "left")
        for row in rows:
            row[0].truncate(_WIDEST_NAME, overflow="ellipsis")
            row[-1].truncate(room, overflow="ellipsis")
            table.add_row(*row)
        return table

    def _row(self, server: ServerView, picture: Picture) -> list[Text]:
        late = f"{length(server.late_seconds)} late" if server.late_seconds else ""
        standing = server.standing.value if server.standing is not Standing.UNKNOWN else output.one_line(server.state)
        return [
            Text(output.one_line(server.label)),
            Text(standing, _STYLES[server.standing]),
            Text("" if server.progress is None else f"{server.progress:3.0f}%"),
            Text(output.one_line(server.sub_task).lower().replace("_", " ")),
            Text("" if server.speed_mbps is None else f"{server.speed_mbps:,.0f}"),
            Text(told_time(server.ends_at, picture)),
            Text(output.one_line("  ".join(part for part in (late, server.error_code, server.advice) if part)), "red"),
        ]


def worst(picture: Picture, most: int) -> list[ServerView]:
    """Who needs somebody first, then who ends last; of those that are done, none."""
    ranks = (Standing.FAILED, Standing.GONE, Standing.UNKNOWN)
    open_ones = [server for server in picture.servers if server.standing is not Standing.DONE or server.late_seconds]

    def rank(server: ServerView) -> tuple[int, float, float, int]:
        first = ranks.index(server.standing) if server.standing in ranks else len(ranks)
        is_moving = 0 if server.standing.is_under_way else 1
        return first, -server.late_seconds, -(server.ends_at or 0.0), is_moving

    return sorted(open_ones, key=rank)[:most]


class Above:
    """Lines for the part of the terminal above the picture."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> int:
        """Print it there."""
        self._console.print(Text(text.rstrip("\n")), soft_wrap=True)
        return len(text)

    def flush(self) -> None:
        """It is there already."""
