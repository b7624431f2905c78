"""The report of a rehearsal as one page for a browser: each wave drawn against its window, who was late and why, every server.

Decides what stands on the page; the words are rehearsal_facts.py's, the style is that of a run's report. Nothing on it comes from
elsewhere and nothing on it runs; every text is escaped. Called by `waves rehearse --html`.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC
from importlib import resources
from typing import TYPE_CHECKING

from inventory.outcomes import Status
from inventory.rehearsal_facts import (
    TONES,
    against_forecast,
    cause_groups,
    facts,
    fault_lines,
    gate_line,
    shown,
    truth_lines,
    verdict_of,
    wave_verdict,
)
from inventory.rehearsal_records import Verdict
from inventory.report_file import put_page
from inventory.report_html_text import element, escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from inventory.rehearsal_records import Rehearsal, ServerRecord, WaveRecord

_STYLE = """
.night { display: block; width: 100%; height: 54px; }
.night .window { fill: var(--paper); stroke: var(--line); }
.night .forecast { stroke: var(--EXISTS-bar); stroke-width: 2; }
.night text { fill: var(--muted); font-size: 9px; }
.plain thead th { overflow-wrap: normal; }
details summary { cursor: pointer; color: var(--brand); padding: 6px 0; }
"""
_EMPTY = ' class="empty"'
_WIDE, _TALL = 1000.0, 40.0
_SERVER_TITLES = ("Server", "How it ended", "Why", "Submitted", "Started", "Copied", "Moved", "Forecast", "Restarts", "Note")


def write_rehearsal_page(path: Path, plan: Path, found: Rehearsal) -> None:
    """Write the page to `path`, in place of what is there; raises ReportError, and then what was there is there still."""
    put_page(path, plan, lambda stream: stream.writelines(piece.encode() for piece in page_of(found)))


def page_of(found: Rehearsal) -> Iterator[str]:
    """The page, piece by piece."""
    style = resources.files("inventory").joinpath("report_html.css").read_text(encoding="utf-8") + _STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escaped(policy)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
    yield '<meta name="referrer" content="no-referrer">\n'
    yield element("title", f"Rehearsal \N{MIDDLE DOT} {found.plan}")
    yield f"\n<style>{style}</style>\n</head>\n<body>\n<header>\n"
    yield f'<h1>Rehearsal <span class="dot">\N{MIDDLE DOT}</span> {element("bdi", found.plan)}</h1>\n'
    yield '<p class="what">The whole programme on a simulated SMS</p>\n'
    yield element("p", verdict_of(found), f"verdict {(Status.CREATED if found.is_good else Status.REJECTED).value}")
    yield "\n</header>\n<main>\n"
    yield from _waves(found)
    yield from _causes(found)
    yield from _lists(found)
    yield from _servers(found)
    yield "</main>\n</body>\n</html>\n"


def _waves(found: Rehearsal) -> Iterator[str]:
    yield from _begin("waves", "The waves")
    yield '<table class="plain cards">'
    yield _head("Wave", "Servers", "In time", "Late", "Not moved", "How it went")
    for wave in found.waves:
        tally = wave.tally
        tone = Status.CREATED if wave.is_good else Status.REJECTED
        yield f'<tr><th scope="row"><span class="status {tone.value}">{element("bdi", wave.name)}</span></th>'
        yield _number("Servers", len(wave.servers) - tally[Verdict.SKIPPED])
        for title, verdict in (("In time", Verdict.MOVED), ("Late", Verdict.LATE), ("Not moved", Verdict.NOT_MOVED)):
            yield _number(title, tally[verdict])
        told = f"{escaped(wave_verdict(wave))}<br>{escaped(against_forecast(wave))}{_night(wave)}"
        yield f'<td data-name="How it went">{told}</td></tr>\n'
    yield "</tbody></table></section>\n"


def _night(wave: WaveRecord) -> str:
    """A wave drawn: its window, a bar for each hour in which servers were moved, and its forecast's end."""
    begin, closes = wave.planned_at or wave.began_at, wave.window_ends_at
    moved = sorted(_at(server.moved_at) for server in wave.servers if server.moved_at is not None)
    if begin is None or closes is None or not moved or _at(closes) <= _at(begin):
        return ""
    since = _at(begin)
    until = max([*moved, _at(closes), *([_at(wave.forecast_ends_at)] if wave.forecast_ends_at is not None else [])])
    scale = _WIDE / max(1.0, until - since)
    label = f"window from {shown(begin)} to {shown(closes)}; {len(moved)} servers moved; {against_forecast(wave)}"
    pieces = [
        f'<svg class="night" role="img" aria-label="{escaped(label)}" viewBox="0 0 {_WIDE:.0f} 54" preserveAspectRatio="none">',
        f'<rect class="window" x="0" y="0" width="{(_at(closes) - since) * scale:.1f}" height="{_TALL:.0f}"/>',
    ]
    for at, share, tone in _steps(moved, since, until, _at(closes)):
        tall = max(2.0, share * _TALL)
        pieces.append(
            f'<rect class="{tone.value}" x="{(at - since) * scale:.1f}" y="{_TALL - tall:.1f}" width="7" height="{tall:.1f}"/>'
        )
    if wave.forecast_ends_at is not None:
        x = (_at(wave.forecast_ends_at) - since) * scale
        pieces.append(f'<line class="forecast" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_TALL:.0f}"/>')
    return "".join([*pieces, "</svg>"])


def _steps(moved: list[float], since: float, until: float, closes: float) -> Iterator[tuple[float, float, Status]]:
    """How many were moved in each hundredth of the time, as a share of the most, and whether that was in the window."""
    step = max(1.0, (until - since) / 100)
    tally: dict[int, int] = {}
    for at in moved:
        tally[int((at - since) / step)] = tally.get(int((at - since) / step), 0) + 1
    most = max(tally.values())
    for place, many in sorted(tally.items()):
        at = since + place * step
        yield at, many / most, Status.CREATED if at < closes else Status.CONFLICT


def _causes(found: Rehearsal) -> Iterator[str]:
    groups = cause_groups(found.servers)
    if not groups:
        return
    yield from _begin("causes", "Who was late or left, and why")
    yield '<table class="plain cards">'
    yield _head("How they ended", "Servers", "Why", "What to do", "For example")
    for group in groups:
        yield f'<tr><td data-name="How they ended">{_word(group.verdict)}</td>{_number("Servers", len(group.servers))}'
        yield f'<td data-name="Why">{escaped(group.full_name)}</td><td data-name="What to do">{escaped(group.meaning)}</td>'
        yield f'<td data-name="For example">{element("bdi", group.examples())}</td></tr>\n'
    yield "</tbody></table></section>\n"


def _lists(found: Rehearsal) -> Iterator[str]:
    yield '<div class="pair">\n'
    yield from _bullets("gates", "Gates", [f"{wave.name}: {gate_line(gate)}" for wave in found.waves for gate in wave.gates])
    yield from _bullets(
        "wrong", "What went wrong on purpose", [f"{words}: {many:,} ({told})" for words, many, told in fault_lines(found)]
    )
    yield from _bullets("proof", "What it proves of the tool", truth_lines(found))
    yield from _begin("facts", "The rehearsal")
    yield '<dl class="facts">\n'
    for name, value in facts(found):
        yield f"{element('dt', name)}<dd>{element('bdi', value)}</dd>\n"
    yield "</dl></section>\n</div>\n"
    yield from _bullets("notes", "Notes", [f"{wave.name}: {note}" for wave in found.waves for note in wave.notes])


def _bullets(name: str, title: str, lines: Iterable[str]) -> Iterator[str]:
    items = "".join(f"<li>{element('bdi', line)}</li>\n" for line in lines)
    if items:
        yield from _begin(name, title)
        yield f"<ul>\n{items}</ul></section>\n"


def _servers(found: Rehearsal) -> Iterator[str]:
    """Every server, a table a wave, folded up."""
    yield from _begin("servers", "Servers")
    for wave in found.waves:
        yield f"<details><summary>{element('bdi', wave.name)}: {escaped(wave_verdict(wave))}</summary>\n"
        yield '<table class="plain cards">' + _head(*_SERVER_TITLES)
        for server in wave.servers:
            yield _server(server)
        yield "</tbody></table></details>\n"
    yield "</section>\n"


def _server(server: ServerRecord) -> str:
    cells = (
        server.cause.value if server.cause is not None else "",
        *(shown(at) for at in (server.submitted_at, server.started_at, server.copied_at, server.moved_at, server.forecast_ends_at)),
        str(server.restarts) if server.restarts else "",
        server.note,
    )
    told = "".join(
        f'<td data-name="{title}"{"" if text else _EMPTY}>{element("bdi", text)}</td>'
        for title, text in zip(_SERVER_TITLES[2:], cells, strict=True)
    )
    first = f'<tr><th scope="row">{element("bdi", server.server)}</th><td data-name="How it ended">{_word(server.verdict)}</td>'
    return f"{first}{told}</tr>\n"


def _begin(name: str, title: str) -> Iterator[str]:
    yield f'<section aria-labelledby="h-{name}"><h2 id="h-{name}">{title}</h2>\n'


def _head(*titles: str) -> str:
    cells = "".join(f'<th scope="col">{title}</th>' for title in titles)
    return f"<thead><tr>{cells}</tr></thead><tbody>\n"


def _number(title: str, value: int) -> str:
    return f'<td data-name="{title}">{value:,}</td>'


def _word(verdict: Verdict) -> str:
    return element("span", verdict.value, f"status {TONES[verdict].value}")


def _at(moment: datetime) -> float:
    return moment.astimezone(UTC).timestamp()
