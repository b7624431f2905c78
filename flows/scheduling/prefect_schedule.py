"""The scheduled runs of a plan, at Prefect: listed by their tags, deleted, created. Decides nothing: changes.py does.

Prefect takes a key that it knows for the run that it knows, and ignores a new time and new parameters; a deleted run frees its key.
So what is to be different is deleted first and made anew. Called by the command `waves schedule`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from flows.scheduling.changes import Existing
from flows.scheduling.plan_names import plan_tag
from flows.scheduling.prefect_setup import TAG

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun

    from flows.scheduling.changes import Step

SCHEDULED_TAG = "waves-schedule"
"""On every run that `waves schedule` makes, and on no other."""
_PAGE = 200


async def read_runs(client: PrefectClient, schedule: str) -> list[FlowRun]:
    """Every run that `waves schedule` made for this plan, whatever became of it, the earliest first."""
    chosen = FlowRunFilter(tags=FlowRunFilterTags(all_=[SCHEDULED_TAG, plan_tag(schedule)]))
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=chosen, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=_PAGE, offset=len(found)
        )
        found += page
        if len(page) < _PAGE:
            return found


def existing(runs: Iterable[FlowRun]) -> list[Existing]:
    """The runs, as changes.py looks at them."""
    return [
        Existing(
            run_id=str(run.id),
            wave=str(run.parameters.get("wave", "")),
            key=run.idempotency_key or "",
            state_type=run.state_type.value if run.state_type else "",
            state_name=run.state_name or "",
            due=run.next_scheduled_start_time or run.expected_start_time,
            message=(run.state.message if run.state else "") or "",
        )
        for run in runs
    ]


async def carry_out(client: PrefectClient, step: Step, deployment_id: UUID) -> str:
    """Delete what is not wanted any more, and make what is; the new run's id, "" where none was made."""
    for run in step.gone:
        try:
            await client.delete_flow_run(UUID(run.run_id))
        except ObjectNotFound:  # somebody else was faster
            continue
    wanted = step.wanted
    if wanted is None or not step.makes:
        return ""
    made = await client.create_flow_run_from_deployment(
        deployment_id,
        parameters=dict(wanted.parameters),
        state=Scheduled(scheduled_time=wanted.start.moment),
        name=f"{wanted.wave} {wanted.start.starts_at:%Y-%m-%d %H:%M}",
        tags=[TAG, SCHEDULED_TAG, plan_tag(wanted.schedule), f"wave:{wanted.wave}"],
        idempotency_key=wanted.key,
    )
    return str(made.id)
