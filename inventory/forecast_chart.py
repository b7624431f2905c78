"""Draw a forecast: for each wave who is prepared, copied and cut over when, beside its window. As .svg or .png.

Decides what stands where; how a rectangle or a text gets into a file is drawing.py's business. Rows get thinner where there are
many servers, so that a picture stays one that people can open. Called by `waves forecast --chart`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from math import inf
from typing import TYPE_CHECKING

from inventory.drawing import Drawing
from inventory.forecast_words import count, length, moment, total

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inventory.forecast import WaveForecast
    from inventory.forecast_load import Load
    from inventory.forecast_run import Span

WIDTH, LABELS, MARGIN = 1280, 190, 28
TALLEST_ROW, SMALLEST_NAMED_ROW, TALLEST_PICTURE = 18.0, 10.0, 14_000.0
INK, MUTED, LINE, PAPER = "1F2A37", "6B7280", "D5DBE3", "FFFFFF"
WINDOW, OVERHEAD, OVERHEAD_LATE, COPY, COPY_LATE = "EAF4EE", "A9C7E8", "F2B8B5", "2F6FB0", "C93A3A"
_STEPS_MINUTES = (15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200)
_MOST_TICKS = 12
_HEAD, _AXIS, _GAP = 44.0, 26.0, 26.0


@dataclass(frozen=True, slots=True)
class _Panel:
    """Where a wave stands, and how long a second is."""

    wave: WaveForecast
    top: float
    row: float
    seconds: float

    def x(self, seconds: float) -> float:
        left = MARGIN + LABELS
        return left + min(max(seconds, 0.0), self.seconds) / self.seconds * (WIDTH - left - MARGIN)

    @property
    def bottom(self) -> float:
        return self.top + _HEAD + self.row * self.wave.servers


def write_chart(path: Path, waves: Sequence[WaveForecast], title: str) -> None:
    """Write the chart; the name's ending says as what. Raises OSError."""
    servers = sum(wave.servers for wave in waves)
    row = min(TALLEST_ROW, TALLEST_PICTURE / max(1, servers))
    height = 84 + sum(_HEAD + row * wave.servers + _AXIS + _GAP for wave in waves)
    drawing = Drawing(WIDTH, height, PAPER)
    drawing.text(MARGIN, 38, f"Forecast of {title}", 20, INK, is_bold=True)
    _legend(drawing, 62)
    top = 84.0
    for wave in waves:
        panel = _Panel(wave, top, row, _seconds_of(wave))
        _draw(drawing, panel)
        top = panel.bottom + _AXIS + _GAP
    drawing.write(path)


def _legend(drawing: Drawing, y: float) -> None:
    x = float(MARGIN)
    for colour, words in (
        (WINDOW, "window"),
        (OVERHEAD, "prepared, cut over"),
        (COPY, "copied"),
        (COPY_LATE, "not done when the window closes"),
    ):
        drawing.rectangle(x, y - 10, 14, 11, colour)
        drawing.text(x + 19, y, words, 11, MUTED)
        x += 40 + 6.2 * len(words)


def _seconds_of(wave: WaveForecast) -> float:
    window = wave.case.window_seconds
    ends = [span.end for span in wave.spans if span.end < inf]
    return max([1.0, *ends, window if 0 < window < inf else 0.0]) * 1.01


def _draw(drawing: Drawing, panel: _Panel) -> None:
    wave, window = panel.wave, panel.wave.case.window_seconds
    drawing.text(MARGIN, panel.top + 16, wave.wave, 14, INK, is_bold=True)
    drawing.text(MARGIN, panel.top + 33, _told(wave), 11, "9B1C1C" if wave.fits is False else MUTED)
    top = panel.top + _HEAD
    if 0 < window < inf:
        drawing.rectangle(panel.x(0), top, panel.x(window) - panel.x(0), panel.bottom - top, WINDOW)
    _axis(drawing, panel)
    late = {load.row.position for load in wave.late}
    order = sorted(range(wave.servers), key=lambda place: (wave.spans[place].start, wave.spans[place].end, place))
    for number, place in enumerate(order):
        load = wave.case.loads[place]
        _server(drawing, panel, top + number * panel.row, load, wave.spans[place], is_late=load.row.position in late)
    if 0 < window < inf:
        drawing.rectangle(panel.x(window) - 0.75, top, 1.5, panel.bottom - top, "0B5A2B")


def _told(wave: WaveForecast) -> str:
    words = [count(wave.servers, "server"), total([load.size for load in wave.case.loads]), f"starts {moment(wave.starts_at)}"]
    words.append(f"ends {'at least ' if wave.is_at_least and wave.ends_at else ''}{moment(wave.ends_at)}")
    if wave.case.window_ends_at is not None:
        words.append(f"window until {moment(wave.case.window_ends_at)}")
    return " \N{MIDDLE DOT} ".join(words)


def _server(drawing: Drawing, panel: _Panel, top: float, load: Load, span: Span, *, is_late: bool) -> None:
    tall = max(panel.row * 0.7, panel.row - 5)
    if panel.row >= SMALLEST_NAMED_ROW:
        middle = top + tall / 2 + 3.5
        drawing.text(MARGIN, middle, drawing.cut(load.row.label, 10, LABELS - 10), 10, COPY_LATE if is_late else INK)
        if not panel.wave.case.is_known(load):
            what = "bytes unknown" if load.size is None else "speed unknown"
            drawing.text(panel.x(min(span.end, panel.seconds)) + 5, middle, what, 10, MUTED)
    if span.start == inf:
        return
    end = span.end if span.end < inf else panel.seconds
    copy, copied = min(span.copy, end), min(span.copied, end)
    drawing.rectangle(panel.x(span.start), top, panel.x(end) - panel.x(span.start), tall, OVERHEAD_LATE if is_late else OVERHEAD)
    drawing.rectangle(panel.x(copy), top, panel.x(copied) - panel.x(copy), tall, COPY_LATE if is_late else COPY)


def _axis(drawing: Drawing, panel: _Panel) -> None:
    """Ticks at full hours of the wave's own clock; lengths of time where nobody knows when it starts."""
    minutes = next((step for step in _STEPS_MINUTES if panel.seconds / 60 / step <= _MOST_TICKS), _STEPS_MINUTES[-1])
    starts_at, step = panel.wave.starts_at, minutes * 60.0
    first = 0.0
    if starts_at is not None:
        into_day = starts_at.hour * 3600 + starts_at.minute * 60 + starts_at.second
        first = -into_day % step if step <= 86400 else -into_day % 86400
    at = first
    while at <= panel.seconds:
        x = panel.x(at)
        drawing.rectangle(x - 0.5, panel.top + _HEAD, 1, panel.bottom - panel.top - _HEAD + 4, LINE)
        if x < WIDTH - MARGIN - 30:
            if starts_at is None:
                drawing.text(x + 2, panel.bottom + 16, length(at) if at else "start", 10, MUTED)
            else:
                there = (starts_at.astimezone(UTC) + timedelta(seconds=at)).astimezone(starts_at.tzinfo)
                form = "%a %d %b" if there.hour == there.minute == 0 else "%H:%M"
                drawing.text(x + 2, panel.bottom + 16, there.strftime(form), 10, MUTED)
        at += step
