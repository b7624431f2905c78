"""What really is, for the admin page and for tests: tasks seen or not, sources with two of them, requests, faults.

Reads everything and changes nothing, but for letting happen what is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.simulator.simulator import Simulator


def tell_truth(simulator: Simulator, *, with_bodies: bool = False) -> dict[str, Any]:
    """The truth as one JSON object. `duplicates` are the sources with more than one live task, DELETING ones included."""
    now = simulator.service.settle()
    tasks = list(simulator.service.tasks())
    by_source: dict[str, list[str]] = {}
    for task in tasks:
        by_source.setdefault(task.source_server_id, []).append(task.id)
    ledger = simulator.ledger
    return {
        "now": now,
        "tasks": [task.truth(with_body=with_bodies) for task in tasks],
        "tasks_by_source": by_source,
        "duplicates": [source_id for source_id, ids in by_source.items() if len(ids) > 1],
        "requests": dict(ledger.requests),
        "refusals": dict(ledger.refusals),
        "faults": dict(simulator.faults.injected),
        "warnings": [f"{text} ({count} times)" for text, count in ledger.warnings.items()],
        "accounts": dict(ledger.accounts),
    }
