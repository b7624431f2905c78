"""The report as one page for a browser: nothing from elsewhere, and nothing of it that can run but our own script.

Decides what stands on the page, and that no text can become anything but text: all of it is escaped here, or packed as data
(report_html_data.py), and the page's policy allows this style and this script alone, by their digests. Styles and behaviour are
report_html.css and report_html.js. Called by report.py.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING

from inventory.outcomes import Status
from inventory.report_facts import all_notes, problem_groups, run_facts, steps, subject, totals, verdict, zone_of
from inventory.report_html_data import packed_actions, packed_findings, packed_servers, packed_tasks
from inventory.report_html_night import night_lists, night_path
from inventory.report_html_text import element, escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.report import WaveReport

_NAMED_SERVERS = 5
_FEWEST_WAVES = 2
_FEWEST_STEPS = 2
_MOST_GROUPS = 30
_NUMERIC = frozenset({"Servers", "Share", "Done"})
_NUMBERS = ' class="n"'
_BAR_WIDTH, _BAR_HEIGHT = 100, 10
_PACE_WIDTH, _PACE_HEIGHT = 600, 90


def page_of(report: WaveReport) -> Iterator[bytes]:
    """The page in UTF-8, piece by piece."""
    return (piece.encode() for piece in _pieces(report))


def _pieces(report: WaveReport) -> Iterator[str]:
    style, script = _own("report_html.css"), _own("report_html.js")
    yield from _start(report, style, script)
    yield from _summary(report)
    yield _servers(report)
    if report.night is not None:
        yield from night_lists(report.night)
    yield from _findings(report)
    yield "</main>\n"
    yield from _data("servers", packed_servers(report))
    if report.night is not None:
        yield from _data("tasks", packed_tasks(report.night.tasks, zone_of(report)))
        yield from _data("actions", packed_actions(report.night.actions, zone_of(report)))
    yield from _data("findings", packed_findings(report.findings))
    yield f"<script>{script}</script>\n</body>\n</html>\n"


def _own(name: str) -> str:
    return resources.files("inventory").joinpath(name).read_text(encoding="utf-8")


def _start(report: WaveReport, style: str, script: str) -> Iterator[str]:
    policy = f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'; form-action 'none'"
    told = verdict(report)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escaped(policy)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
    yield '<meta name="referrer" content="no-referrer">\n'
    yield element("title", f"Migration report \N{MIDDLE DOT} {report.wave}")
    yield f"\n<style>{style}</style>\n</head>\n<body>\n<header>\n"
    yield f'<h1>Migration report <span class="dot">\N{MIDDLE DOT}</span> {element("bdi", report.wave)}</h1>\n'
    yield f'<p class="what">{subject(report)}</p>\n'
    yield element("p", told.text, f"verdict {told.tone.value}")
    yield "\n</header>\n<main>\n"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _summary(report: WaveReport) -> Iterator[str]:
    yield '<div class="pair">\n<section aria-labelledby="h-run"><h2 id="h-run">The run</h2>\n<dl class="facts">\n'
    for name, value in run_facts(report):
        yield f"{element('dt', name)}<dd>{element('bdi', value or '-')}</dd>\n"
    yield "</dl></section>\n"
    yield from _outcomes(report)
    yield "</div>\n"
    yield from _waves(report)
    if report.night is not None:
        yield from night_path(report.night, zone_of(report))
    yield '<section aria-labelledby="h-next"><h2 id="h-next">What to do next</h2>\n'
    yield element("pre", report.next_command, "command") if report.next_command else "<p>Nothing: no row of the wave is left.</p>"
    yield "</section>\n"
    yield from _problems(report)
    yield from _pace(report)
    if notes := all_notes(report):
        yield '<section aria-labelledby="h-notes"><h2 id="h-notes">Notes</h2><ul>\n'
        yield from (f"<li>{element('bdi', note)}</li>\n" for note in notes)
        yield "</ul></section>\n"


def _outcomes(report: WaveReport) -> Iterator[str]:
    """How many servers ended with each status, and what that means."""
    tally, whole = Counter(outcome.status for outcome in report.outcomes), len(report.outcomes)
    yield '<section aria-labelledby="h-outcomes"><h2 id="h-outcomes">Servers by outcome</h2>\n<table class="bars">'
    yield _table_head("Status", "Servers", "Share", "What it means")
    for status in Status:
        if count := tally[status]:
            yield f'<tr><th scope="row">{_status(status)}</th><td class="n">{count:,}</td><td class="n">{count / whole:.1%}</td>'
            yield f"<td>{_bar(status, count / whole)}{_span(status.meaning, 'meaning')}</td></tr>\n"
    yield "</tbody></table></section>\n"


def _bar(status: Status, share: float) -> str:
    width = max(share * _BAR_WIDTH, 0.6)
    return (
        f'<svg class="bar {status.value}" viewBox="0 0 {_BAR_WIDTH} {_BAR_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{width:.2f}" height="{_BAR_HEIGHT}"/></svg>'
    )


def _waves(report: WaveReport) -> Iterator[str]:
    """How each wave went, where there are several."""
    waves = totals(report.outcomes)
    if len(waves) < _FEWEST_WAVES:
        return
    yield '<section aria-labelledby="h-waves"><h2 id="h-waves">By wave</h2>\n<table class="plain">'
    yield _table_head("Wave", "Servers", "Done", "What became of them")
    for wave, tally in waves.items():
        done = sum(count for status, count in tally.items() if status.is_done)
        told = ", ".join(f"{tally[status]:,} {status.value}" for status in Status if tally[status])
        yield f'<tr><th scope="row">{element("bdi", wave or "-")}</th><td class="n">{tally.total():,}</td>'
        yield f'<td class="n">{done / tally.total():.1%}</td><td>{escaped(told)}</td></tr>\n'
    yield "</tbody></table></section>\n"


def _problems(report: WaveReport) -> Iterator[str]:
    """What is not done, by reason, the most frequent first."""
    groups = problem_groups(report.outcomes)
    if not groups:
        return
    yield '<section aria-labelledby="h-problems"><h2 id="h-problems">What needs attention</h2>\n<table class="plain cards">'
    yield _table_head("Status", "Code", "Servers", "What to do", "For example")
    for group in groups[:_MOST_GROUPS]:
        yield f'<tr><td data-name="Status">{_status(group.status)}</td>'
        yield f'<td data-name="Code">{element("bdi", group.code or "-")}</td>'
        yield f'<td class="n" data-name="Servers">{len(group.servers):,}</td>'
        yield f'<td data-name="What to do">{element("bdi", group.todo)}</td>'
        yield f'<td data-name="For example">{element("bdi", group.examples(_NAMED_SERVERS))}</td></tr>\n'
    yield "</tbody></table>\n"
    if len(groups) > _MOST_GROUPS:
        yield f"<p>{len(groups) - _MOST_GROUPS:,} more reasons: see Servers.</p>\n"
    yield "</section>\n"


def _pace(report: WaveReport) -> Iterator[str]:
    """How many servers were submitted when, where the run was long enough to show it."""
    found = steps(outcome.submitted_at for outcome in report.outcomes if outcome.submitted_at is not None)
    if len(found) < _FEWEST_STEPS:
        return
    zone, most, wide = zone_of(report), max(count for _, count in found), _PACE_WIDTH / len(found)
    first, last = (f"{found[place][0].astimezone(zone):%H:%M:%S}" for place in (0, -1))
    label = f"Servers submitted from {first} to {last}, {most:,} at most in one step of {len(found)}"
    yield '<section aria-labelledby="h-pace"><h2 id="h-pace">Servers submitted, by time</h2>\n'
    box = f"0 0 {_PACE_WIDTH} {_PACE_HEIGHT}"
    yield f'<svg class="pace" role="img" aria-label="{label}" viewBox="{box}" preserveAspectRatio="none">'
    for place, (moment, count) in enumerate(found):
        tall = count / most * _PACE_HEIGHT
        yield f'<rect x="{place * wide:.1f}" y="{_PACE_HEIGHT - tall:.1f}" width="{max(wide - 1, 0.5):.1f}" height="{tall:.1f}">'
        yield f"<title>{moment.astimezone(zone):%H:%M:%S}: {count:,}</title></rect>"
    yield f'</svg>\n<p class="axis"><span>{first}</span><span>at most {most:,} in a step</span><span>{last}</span></p></section>\n'


def _servers(report: WaveReport) -> str:
    """The list's frame: the script fills it from the data."""
    tally = Counter(outcome.status for outcome in report.outcomes)
    chips = "".join(
        f'<button type="button" class="chip status {status.value}" aria-pressed="false" data-status="{status.value}">'
        f"{status.value} <b>{tally[status]:,}</b></button>"
        for status in Status
        if tally[status]
    )
    hint = "name, id, address, code, any cell \N{HORIZONTAL ELLIPSIS}"
    return (
        '<section aria-labelledby="h-servers" id="servers"><h2 id="h-servers">Servers</h2>\n'
        "<noscript><p>The list needs JavaScript; the workbook of the same run has it too.</p></noscript>\n"
        '<form class="tools" role="search"><label for="q">Find</label>\n'
        f'<input id="q" type="search" autocomplete="off" spellcheck="false" placeholder="{hint}"> <kbd>/</kbd>\n'
        f'<div class="chips" role="group" aria-label="Only these statuses">{chips}</div></form>\n'
        '<p id="count" role="status"></p>\n'
        '<table class="list cards" id="list"><thead></thead><tbody></tbody></table>\n'
        '<p><button type="button" id="more" hidden>Show more</button></p></section>\n'
    )


def _findings(report: WaveReport) -> Iterator[str]:
    if not report.findings:
        return
    yield '<section aria-labelledby="h-findings"><h2 id="h-findings">Findings</h2>\n'
    yield '<table class="list cards" id="found"><thead></thead><tbody></tbody></table>\n'
    yield '<p><button type="button" id="more-found" hidden>Show more</button></p></section>\n'


def _table_head(*titles: str) -> str:
    cells = "".join(f'<th scope="col"{_NUMBERS if title in _NUMERIC else ""}>{title}</th>' for title in titles)
    return f"<thead><tr>{cells}</tr></thead><tbody>\n"


def _status(status: Status) -> str:
    return _span(status.value, f"status {status.value}")


def _span(text: str, kind: str) -> str:
    return element("span", text, kind)


def _data(name: str, pieces: Iterator[str]) -> Iterator[str]:
    yield f'<script type="application/json" id="data-{name}">'
    yield from pieces
    yield "</script>\n"
