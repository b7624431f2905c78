"""The admin page: one self-contained HTML page of what really happened, for people.

Renders the truth that truth.py tells; no scripts, nothing from elsewhere; reloads itself every few seconds.
"""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NEWEST = 200
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1d2433;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #dde2ea;font-variant-numeric:tabular-nums}
.bad{color:#b3261e;font-weight:600}.good{color:#1b6e3c;font-weight:600}.muted{color:#667085}
@media(prefers-color-scheme:dark){body{color:#e6e9f0;background:#12161f}th,td{border-color:#2c3444}.bad{color:#ff8a80}.good{color:#7bd89b}}
"""


def render_page(truth: Mapping[str, Any]) -> str:
    """The page as HTML."""
    tasks, duplicates = truth["tasks"], truth["duplicates"]
    verdict = (
        f'<p class="bad">{len(duplicates)} source servers have two tasks or more.</p>'
        if duplicates
        else '<p class="good">No source server has two tasks.</p>'
    )
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta http-equiv=refresh content=5>",
        f"<title>SMS simulator: {len(tasks)} tasks</title><style>{_STYLE}</style></head><body>",
        f"<h1>SMS simulator: {len(tasks)} tasks</h1>{verdict}",
        _counts("Tasks by state", Counter(task["state"] for task in tasks)),
        _counts("Sources with two tasks", {source: ", ".join(truth["tasks_by_source"][source]) for source in duplicates}),
        _counts("Requests", truth["requests"]),
        _counts("Refusals", truth["refusals"]),
        _counts("Faults injected", truth["faults"]),
        _counts("Warnings", dict.fromkeys(truth["warnings"], "")),
        _newest(tasks),
        "</body></html>",
    ]
    return "".join(parts)


def _counts(title: str, counts: Mapping[str, object]) -> str:
    return f"<h2>{title}</h2>" + _table((), counts.items())


def _newest(tasks: Sequence[Mapping[str, Any]]) -> str:
    columns = ("id", "name", "source_server_id", "target_vm_id", "target_name", "vm_template_id", "state", "made_by")
    rows = [[task[name] for name in columns] for task in reversed(tasks[-_NEWEST:])]
    return f"<h2>Newest tasks ({len(rows)} of {len(tasks)})</h2>" + _table(columns, rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    cells = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    if not cells:
        return '<p class="muted">none</p>'
    return "<table><tr>" + "".join(f"<th>{escape(name)}</th>" for name in head) + f"</tr>{cells}</table>"
