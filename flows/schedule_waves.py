"""The Prefect flow `schedule-waves`: bring a plan's scheduled runs to what its sheet says, as `waves schedule` does.

Thin: flows.scheduling.schedule_plan does it. A deployment with a schedule of its own keeps the runs to a sheet that is edited; run
again, it changes what the sheet has changed, and nothing else. Called by Prefect.
"""

from __future__ import annotations

import asyncio
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State  # noqa: TC002 - Prefect reads the annotations
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from flows.control_room import MOST_TABLE_ROWS, Breaker, artifact_key
from flows.places import PlaceError
from flows.scheduling import reruns
from flows.scheduling.plan_names import NameTakenError
from flows.scheduling.prefect_door import PrefectUnavailableError
from flows.scheduling.schedule_plan import RefusedError, ScheduleOrder, Told, bring_about, prepare
from flows.scheduling.sign_of_life import signs_of_life
from inventory.plan import PlanError

_REFUSALS = (PlanError, RefusedError, PlaceError, PrefectUnavailableError, NameTakenError)


@flow(name="schedule-waves", flow_run_name="schedule waves", persist_result=False)
async def schedule_waves(
    plan: str,
    waves: list[str] = [],  # noqa: B006 - a form's default; never changed
    follow: bool = False,
    allow_invalid: bool = False,
    pool: str = "waves",
    name: str = "",
    moved: bool = False,
    credentials: str = "",
    dry_run: bool = False,
) -> State[Any]:
    """Have each wave of a plan start by itself at its starts_at: runs are created, moved and cancelled as the sheet says.

    Args:
        plan: The plan workbook: a path, as the machines that run waves see it, or a URL (s3://..., https://...).
        waves: Only these waves; the others are left alone. Empty: all of the plan.
        follow: Start whatever the sheet says then, even if it is edited after this.
        allow_invalid: Schedule waves with errors: their good rows are sent, the others reported.
        pool: The work pool whose workers run the waves.
        name: What the plan's deployment is called. Empty: as the plan's file.
        moved: The plan lies elsewhere now: take over what was scheduled from its old place.
        credentials: The name of a block of SMS credentials for the waves. Empty: those of the machine that runs them.
        dry_run: Say what would be created, moved, changed and cancelled; do nothing.
    """
    if worn_out := reruns.too_many():
        return Failed(message=f"nothing was changed: {worn_out}")
    order = ScheduleOrder(plan, tuple(waves), dry_run, follow, allow_invalid, pool, name or None, moved, credentials)
    async with signs_of_life():
        try:
            told = await bring_about(order, await asyncio.to_thread(prepare, order))
        except _REFUSALS as error:
            return _refused(error)
    await _show(told)
    line = f"{told.plan}: {told.summary()}"
    return Failed(message=f"{line}; a wave has missed its window") if told.has_missed else Completed(message=line)


def _refused(error: Exception) -> State[Any]:
    """The plan's errors in the run's log, and why nothing was changed."""
    if isinstance(error, RefusedError):
        for finding in error.findings[:MOST_TABLE_ROWS]:
            get_run_logger().error(finding.line())
    return Failed(message=f"nothing is scheduled: {error}")


async def _show(told: Told) -> None:
    """What became of each wave, as a table; the runs are as they are, whether or not it can be shown."""
    unplanned = [{"wave": wave, "do": "-", "why": why} for wave, why in told.unplanned.items()]
    table = [*told.waves(), *unplanned][:MOST_TABLE_ROWS]
    if table:
        about = f"The scheduled runs of {told.plan}: {told.summary()}"
        key = f"schedule-{artifact_key(told.plan)}"
        await Breaker(lambda: None).call(lambda: acreate_table_artifact(table, key=key, description=about))
