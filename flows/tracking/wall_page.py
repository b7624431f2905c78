"""A wave as a page for the wall: read across a room, written anew at each look, refreshing itself; nothing from elsewhere.

Decides what stands on the page, and that no text can become anything but text: it is escaped here, or packed as data, and the
page's policy allows this style and this script alone, by their digests. Looks and behaviour are wall_page.css and wall_page.js; the
figures stand on the page without a script, too. Called by whoever tracks with `--html`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from flows.tracking.standing import Standing
from inventory.forecast_words import length, size
from inventory.report_html_text import element, escaped, visible
from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flows.tracking.events import Change
    from flows.tracking.picture import Picture, ServerView

COLUMNS = (
    ("server", "Server"),
    ("standing", "Standing"),
    ("progress", "Progress"),
    ("doing", "Doing"),
    ("speed", "Mbit/s"),
    ("ends", "Ends"),
    ("forecast", "Forecast"),
    ("todo", "What to do"),
)
"""The columns of the list, by their key for the script and their title."""

_STILL_TO_COME = {Standing.NO_TASK, Standing.WAITING, Standing.CHANGING, Standing.UNKNOWN}
_TONES = {
    Standing.DONE: "done",
    Standing.SYNCING: "syncing",
    Standing.RUNNING: "running",
    Standing.CHANGING: "changing",
    Standing.WAITING: "waiting",
    Standing.NO_TASK: "none",
    Standing.UNKNOWN: "unknown",
    Standing.FAILED: "failed",
    Standing.GONE: "failed",
}
_BAR = 1000
_MINUTE = 60.0
_LEAST_REFRESH = 5


def write_wall_page(path: Path, picture: Picture) -> None:
    """Put the page in place of the one before, whole. Raises OSError."""
    write_whole(path, lambda stream: stream.writelines(page_of(picture)))


class WallPage:
    """A watcher that writes the page at each look; one that cannot be written is said once, and tried again at the next."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self._path = path
        self._say = say
        self._is_said = False

    def picture(self, picture: Picture) -> None:
        """Put the page in place of the one before."""
        try:
            write_wall_page(self._path, picture)
        except OSError as error:
            if not self._is_said:
                self._say(
                    f"{self._path} cannot be written ({str(error.strerror or error).lower()}): it is tried again at each look"
                )
            self._is_said = True
        else:
            self._is_said = False

    def change(self, change: Change) -> None:
        """The picture shows it."""

    def remark(self, text: str) -> None:
        """It is for who sits before a screen with a keyboard."""

    def close(self) -> None:
        """The page stays as the last look left it."""


def page_of(picture: Picture) -> Iterator[bytes]:
    """The page in UTF-8, piece by piece."""
    return (piece.encode() for piece in _pieces(picture))


def _pieces(picture: Picture) -> Iterator[str]:
    style, script = _own("wall_page.css"), _own("wall_page.js")
    zone = picture.zone or datetime.now().astimezone().tzinfo or UTC
    refresh = max(_LEAST_REFRESH, round(picture.next_in))
    yield from _head(picture, style, script, refresh)
    yield from _header(picture, zone)
    yield from _tiles(picture, zone)
    yield _bar(picture)
    yield _list(picture)
    yield f'</main>\n<script type="application/json" id="data">{_packed(picture, zone, refresh)}</script>\n'
    yield f"<script>{script}</script>\n</body>\n</html>\n"


@cache
def _own(name: str) -> str:
    return resources.files("flows.tracking").joinpath(name).read_text(encoding="utf-8")


@cache
def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _head(picture: Picture, style: str, script: str, refresh: int) -> Iterator[str]:
    policy = f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'; form-action 'none'"
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escaped(policy)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
    yield f'<noscript><meta http-equiv="refresh" content="{refresh}"></noscript>\n'
    yield element("title", f"{picture.line()} \N{MIDDLE DOT} {picture.wave}")
    yield f"\n<style>{style}</style>\n</head>\n<body>\n"


def _header(picture: Picture, zone: tzinfo) -> Iterator[str]:
    at = f"{datetime.fromtimestamp(picture.at, zone):%H:%M:%S %Z}"
    told = element("p", verdict(picture, zone), f"verdict {_tone(picture)}")
    yield f"<header><h1>{element('bdi', picture.wave)}</h1>{told}"
    yield f'<p class="at" role="status">Looked at {escaped(at)}<span id="age"></span></p></header>\n<main>\n'
    if picture.problem:
        yield element("p", f"SMS cannot be looked at, and is asked again: {picture.problem}", "problem")


def verdict(picture: Picture, zone: tzinfo) -> str:
    """How the wave stands against its window, in one sentence."""
    if picture.is_reached:
        missed = f", {len(picture.late)} past the window" if picture.late else ""
        return f"All {len(picture.servers):,} servers are {picture.goal.value}{missed}."
    if picture.late:
        who = f"{len(picture.late):,} server{'s' if len(picture.late) > 1 else ''}"
        return f"{who} will miss the window, by up to {length(picture.late_seconds)}."
    if picture.ends_at is None:
        return "Nobody can tell when it ends."
    closes = picture.window_ends_at
    room = f", {length(closes - picture.ends_at)} before the window closes" if closes is not None else ""
    return f"Ends about {_time(picture.ends_at, zone, picture.at)}{room}."


def _tone(picture: Picture) -> str:
    if picture.late or picture.lost:
        return "failed" if picture.late else "waiting"
    return "done" if picture.is_reached else "running"


def _tiles(picture: Picture, zone: tzinfo) -> Iterator[str]:
    """The figures that are read across a room."""
    counted = picture.standings
    waits = sum(counted.get(standing, 0) for standing in _STILL_TO_COME)
    closes = (
        f"window until {_time(picture.window_ends_at, zone, picture.at)}" if picture.window_ends_at is not None else "no window"
    )
    total = sum(server.bytes or 0.0 for server in picture.servers)
    copied = sum((server.bytes or 0.0) * (server.progress or 0.0) / 100 for server in picture.servers)
    yield '<dl class="tiles">\n'
    yield _tile(picture.goal.value, f"{picture.reached:,}", f"of {len(picture.servers):,}", "done")
    yield _tile("running", f"{counted.get(Standing.RUNNING, 0):,}", f"{counted.get(Standing.SYNCING, 0):,} syncing", "running")
    yield _tile("waiting", f"{waits:,}", f"{counted.get(Standing.WAITING, 0):,} for us", "waiting" if waits else "")
    yield _tile("failed", f"{len(picture.lost):,}", _most_frequent(picture), "failed" if picture.lost else "")
    yield _tile("late", f"{len(picture.late):,}", closes, "failed" if picture.late else "")
    yield _tile("Mbit/s", f"{picture.throughput_mbps:,.0f}", f"{size(copied)} of {size(total)}" if total else "", "")
    yield "</dl>\n"


def _tile(name: str, figure: str, beside: str, tone: str) -> str:
    return (
        f'<div class="tile {tone}"><dt>{escaped(name)}</dt><dd><b>{escaped(figure)}</b><span>{escaped(beside)}</span></dd></div>\n'
    )


def _most_frequent(picture: Picture) -> str:
    codes = [server.error_code for server in picture.lost if server.error_code]
    return max(sorted(set(codes)), key=codes.count) if codes else ""


def _bar(picture: Picture) -> str:
    """The wave as one bar: how many servers stand where, and how much of their bytes is over there."""
    parts, at = [], 0.0
    for tone in ("done", "syncing", "running", "changing", "waiting", "none", "unknown", "failed"):
        count = sum(n for standing, n in picture.standings.items() if _TONES[standing] == tone)
        width = _BAR * count / max(1, len(picture.servers))
        if count:
            parts.append(f'<rect class="{tone}" x="{at:.1f}" width="{width:.1f}" height="10"><title>{count} {tone}</title></rect>')
        at += width
    label = ", ".join(f"{count} {standing.value}" for standing, count in picture.standings.items())
    return (
        f'<svg class="bar" role="img" aria-label="{escaped(label)}" viewBox="0 0 {_BAR} 10" preserveAspectRatio="none">'
        f"{''.join(parts)}</svg>\n"
        f'<p class="axis"><span>{picture.progress:.0f}% copied and done</span><span>{escaped(label)}</span></p>\n'
    )


def _list(picture: Picture) -> str:
    told = [(_TONES[standing], standing.value, count) for standing, count in picture.standings.items()]
    told += [("failed", "late", len(picture.late))] if picture.late else []
    chips = "".join(
        f'<button type="button" class="chip {tone}" aria-pressed="false" data-standing="{name}">{name} <b>{count:,}</b></button>'
        for tone, name, count in told
    )
    return (
        '<section aria-labelledby="h-servers"><h2 id="h-servers">Servers</h2>\n'
        "<noscript><p>The list needs JavaScript; `waves track --json` has it too.</p></noscript>\n"
        '<form class="tools" role="search"><label for="q">Find</label>\n'
        '<input id="q" type="search" autocomplete="off" spellcheck="false" placeholder="name, id, state, code"> <kbd>/</kbd>\n'
        f'<div class="chips" role="group" aria-label="Only these">{chips}</div></form>\n'
        '<p id="count" role="status"></p>\n'
        '<table id="list"><thead></thead><tbody></tbody></table>\n'
        '<p><button type="button" id="more" hidden>Show more</button></p></section>\n'
    )


def _packed(picture: Picture, zone: tzinfo, refresh: int) -> str:
    """The rows for the script. No text in them can end the element: `<`, `>` and `&` are escapes."""
    clock = _Clock(zone, picture.at)
    data = {
        "at": picture.at,
        "refresh": refresh,
        "columns": COLUMNS,
        "rows": [_row(server, clock) for server in picture.servers],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


class _Clock:
    """Times of day in a zone, with the day where it is not that of the look; each minute's reckoned once."""

    def __init__(self, zone: tzinfo, today: float) -> None:
        self._zone = zone
        self._today = today
        self._known: dict[int, str] = {}

    def told(self, at: float | None) -> str:
        if at is None:
            return ""
        minute = int(at // _MINUTE)
        text = self._known.get(minute)
        if text is None:
            text = self._known[minute] = _time(minute * _MINUTE, self._zone, self._today)
        return text


def _row(server: ServerView, clock: _Clock) -> list[object]:
    why = " ".join(part for part in (server.error_code, server.error_message) if part)
    todo = server.advice
    return [
        visible(server.label),
        visible(server.identity),
        server.standing.value,
        _TONES[server.standing],
        visible(server.state),
        round(server.progress or 0.0, 1),
        visible(server.sub_task.lower().replace("_", " ")),
        None if server.speed_mbps is None else round(server.speed_mbps, 1),
        server.ends_at,
        clock.told(server.ends_at),
        server.expected_end,
        clock.told(server.expected_end),
        length(server.late_seconds) if server.late_seconds else "",
        visible(f"{why}: {todo}" if why and todo and server.standing is Standing.FAILED else todo),
    ]


def _time(at: float, zone: tzinfo, today: float) -> str:
    moment = datetime.fromtimestamp(at, zone)
    return f"{moment:%H:%M}" if moment.date() == datetime.fromtimestamp(today, zone).date() else f"{moment:%a %H:%M}"
