"""The deployment of one plan: a form with the plan's own waves, and what its scheduled runs are runs of.

It is called after the plan's file, so that two plans of one name could take each other's runs: a name that belongs to a plan in
another place is refused, unless a person says that the plan has moved. Called by `waves schedule` and `waves push`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.command_words import quoted
from flows.places import shown
from flows.scheduling.plan_names import NameTakenError, plan_tag
from flows.scheduling.prefect_setup import Deployment, find_deployment, have_deployment, have_pool, told
from flows.scheduling.scheduled_flow import SCHEDULED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.responses import DeploymentResponse


@dataclass(frozen=True, slots=True)
class PlanDeployment:
    """What is wanted: for the plan at `place`, as workers see it, with these waves; `credentials` names a block, or is empty."""

    name: str
    place: str
    waves: Sequence[str]
    pool: str
    credentials: str = ""
    is_moved: bool = False

    def wanted(self) -> Deployment:
        """As Prefect shall have it."""
        said = {"plan": self.place} | ({"credentials": self.credentials} if self.credentials else {})
        description = f"{SCHEDULED.what} The waves are those of {shown(self.place)}."
        return Deployment(SCHEDULED, self.name, self.pool, description, said, self.waves, [plan_tag(self.name)])


async def check_name(client: PrefectClient, plan: PlanDeployment) -> DeploymentResponse | None:
    """The deployment of that name, if there is one. Raises NameTakenError where it is that of a plan in another place."""
    there = await find_deployment(client, plan.wanted().full_name)
    before = str(there.parameters.get("plan", "")) if there is not None else plan.place
    if before != plan.place and not plan.is_moved:
        raise NameTakenError(
            f'"{plan.name}" is the deployment of the plan at {shown(before)}: if that is this plan, moved, say --moved; if it is '
            f"another, give this one a name: --name {quoted(plan.name + '-2')}"
        )
    return there


async def have_plan_deployment(client: PrefectClient, plan: PlanDeployment, *, is_made: bool) -> tuple[UUID | None, list[str]]:
    """Have the deployment, and its pool; its id, and what was made. Without `is_made` only tell it, with the id of what is there.

    Raises NameTakenError.
    """
    wanted, there = plan.wanted(), await check_name(client, plan)
    pool = await have_pool(client, plan.pool, is_made=is_made)
    made = [each for each in (pool, told(wanted, there)) if each]
    if is_made:
        return await have_deployment(client, wanted, there), made
    return there.id if there else None, made
