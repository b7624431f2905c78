"""How often one run may begin: a crash runs it again by itself, and something that crashes it each time must not go on for ever.

Called by the flow, first thing.
"""

from __future__ import annotations

from prefect.context import FlowRunContext

MOST_RUNS = 10
"""Crashes and presses of Retry together."""


def too_many() -> str:
    """Why this run may not begin once more, in one line; "" where it may."""
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    if run is None or run.run_count <= MOST_RUNS:
        return ""
    return f"this run has begun {MOST_RUNS} times already: see in its log what ends it, then start another from the form"
