"""The night on the report's page: its stages and gates, and the frames of the lists of tasks and operations.

The script fills the lists from the data (report_html_data.py). Called by report_html.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.report_facts import decision_text, shown_time, stages_told
from inventory.report_html_text import element

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from inventory.report_records import DecisionTold, NightTold

_TITLES = ("Stage", "State", "Began", "Ended", "What came of it")
_TONES = {"done": "CREATED", "failed": "REJECTED", "held": "CONFLICT", "running": "DEFERRED"}


def night_path(night: NightTold, zone: tzinfo) -> Iterator[str]:
    """The stages, one line each, and below them each gate with its figures and who decided what."""
    yield '<section aria-labelledby="h-night" id="night"><h2 id="h-night">The night</h2>\n<table class="plain cards"><thead><tr>'
    yield "".join(f'<th scope="col">{title}</th>' for title in _TITLES)
    yield "</tr></thead><tbody>\n"
    for stage in stages_told(night):
        yield f'<tr><th scope="row" data-name="Stage">{element("bdi", stage.stage)}</th>'
        yield f'<td data-name="State">{element("span", stage.state, f"status {_TONES[stage.state]}")}</td>'
        yield f'<td data-name="Began">{_time(stage.began_at, zone)}</td><td data-name="Ended">{_time(stage.ended_at, zone)}</td>'
        yield f'<td data-name="What came of it">{element("bdi", stage.line or stage.meaning)}</td></tr>\n'
    yield "</tbody></table>\n"
    for decision in night.decisions:
        yield from _gate(decision, zone)
    yield "</section>\n"


def _gate(decision: DecisionTold, zone: tzinfo) -> Iterator[str]:
    yield element("h3", f"The gate before {decision.gate}: {decision_text(decision)}")
    decided = f", decided {_time(decision.decided_at, zone)}" if decision.decided_at else ""
    yield f"<p>Asked {_time(decision.asked_at, zone)}{decided}, on these figures:</p>\n<ul>"
    yield "".join(f"<li>{element('bdi', line)}</li>" for line in decision.criteria)
    yield "</ul>\n"


def night_lists(night: NightTold) -> Iterator[str]:
    """The frames of the lists; the box above the servers filters them, too."""
    for name, title, rows in (("tasks", "Tasks", night.tasks), ("actions", "Operations", night.actions)):
        hidden = "" if rows else "<p>None.</p>"
        yield f'<section aria-labelledby="h-{name}"><h2 id="h-{name}">{title}</h2>{hidden}\n'
        yield f'<table class="list cards" id="{name}"><thead></thead><tbody></tbody></table>\n'
        yield f'<p><button type="button" id="more-{name}" hidden>Show more</button></p></section>\n'


def _time(moment: datetime | None, zone: tzinfo) -> str:
    return shown_time(moment, zone) if moment is not None else "-"
