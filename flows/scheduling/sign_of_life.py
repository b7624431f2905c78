"""Tell Prefect, as long as a run's process lives, that it does: more often than Prefect's own heartbeat can (every 30 s at most).

An event every few seconds, sent by a thread of Prefect's. Nothing waits for it, and nothing but an automation goes by it
(automations.py): the journal's leases keep two runs apart, whatever is thought of who is alive. Used by every flow.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from prefect.context import FlowRunContext
from prefect.events import emit_event

from flows.ending import beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from prefect.client.schemas.objects import FlowRun

SIGN = "migration-waves.alive"
"""The event's name; its resource is the flow run, its related resources the run's tags."""
SIGN_SECONDS = 10.0


@asynccontextmanager
async def signs_of_life() -> AsyncIterator[None]:
    """Give signs of life of the run that is on, from now to the end of the block. A run without a deployment needs none."""
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    if run is None or run.deployment_id is None:
        yield
        return
    beat = beside(_beat(run))
    try:
        yield
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat


async def _beat(run: FlowRun) -> None:
    resource = {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name}
    related = [{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in run.tags]
    while True:
        with suppress(Exception):  # nothing of a wave's depends on it
            emit_event(event=SIGN, resource=resource, related=related)
        await asyncio.sleep(SIGN_SECONDS)
