"""What runs need at Prefect: a work pool, and deployments. Made where it is missing, brought up to date where it differs.

A plan that is scheduled, or pushed, has a deployment of its own, whose form offers the plan's own waves in a drop-down.
Called by `waves schedule`, `waves push` and `waves deploy`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.utilities.callables import parameter_schema
from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

    from flows.scheduling.scheduled_flow import FlowPlace

TAG = "migration-waves"
"""On every deployment and run of this project; the automations go by it."""
POOL_TYPE = "process"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment as it shall be. `waves` are the values that its form offers for `wave`; none leave the field as it is."""

    flow: FlowPlace
    name: str
    pool: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    waves: Sequence[str] = ()
    tags: Sequence[str] = ()

    @property
    def full_name(self) -> str:
        """As Prefect's commands name it."""
        return f"{self.flow.name}/{self.name}"

    def schema(self) -> dict[str, Any]:
        """The schema of its form. A drop-down has a default: without one, the form shows its first value and sends none."""
        schema = parameter_schema(self.flow.load()).model_dump(exclude_unset=True)
        if self.waves:
            schema["properties"]["wave"] |= {"enum": list(self.waves), "default": self.waves[0]}
        return schema

    def values(self) -> dict[str, Any]:
        """What the form is filled in with."""
        return {**self.parameters, **({"wave": self.waves[0]} if self.waves else {})}


async def have_pool(client: PrefectClient, name: str, *, is_made: bool = True) -> str:
    """Have a work pool for processes; what was missing. Without `is_made` it is only told."""
    try:
        await client.read_work_pool(name)
    except ObjectNotFound:
        if is_made:
            template = await get_default_base_job_template_for_infrastructure_type(POOL_TYPE) or {}
            await client.create_work_pool(WorkPoolCreate(name=name, type=POOL_TYPE, base_job_template=template))
        return f'work pool "{name}" ({POOL_TYPE})'
    return ""


async def find_deployment(client: PrefectClient, full_name: str) -> DeploymentResponse | None:
    """The deployment of that name, if there is one."""
    try:
        return await client.read_deployment_by_name(full_name)
    except ObjectNotFound:
        return None


async def have_deployment(client: PrefectClient, wanted: Deployment, there: DeploymentResponse | None) -> UUID:
    """Have a deployment as it is wanted, where `there` is what there is; its id. `told` says what that does."""
    if there is not None and not differs(wanted, there):
        return there.id
    flow_id = await client.create_flow_from_name(wanted.flow.name)
    return await client.create_deployment(
        flow_id=flow_id,
        name=wanted.name,
        work_pool_name=wanted.pool,
        parameters=wanted.values(),
        description=wanted.description,
        tags=_tags(wanted),
        entrypoint=_entrypoint(wanted.flow),
        parameter_openapi_schema=wanted.schema(),
        enforce_parameter_schema=True,
        pull_steps=[],
        job_variables={},
    )


def told(wanted: Deployment, there: DeploymentResponse | None) -> str:
    """What `have_deployment` does, in words; "" for nothing."""
    if there is None:
        return f'deployment "{wanted.full_name}"'
    return f'deployment "{wanted.full_name}", brought up to date' if differs(wanted, there) else ""


def differs(wanted: Deployment, there: DeploymentResponse) -> bool:
    """Whether the deployment is not as it shall be."""
    return (
        there.parameters != wanted.values()
        or there.parameter_openapi_schema != wanted.schema()
        or there.work_pool_name != wanted.pool
        or there.entrypoint != _entrypoint(wanted.flow)
        or there.description != wanted.description
        or sorted(there.tags) != sorted(_tags(wanted))
    )


def _tags(wanted: Deployment) -> list[str]:
    return [TAG, *wanted.tags]


def _entrypoint(flow: FlowPlace) -> str:
    """By module: a run imports the package as everything else does, and needs no copy of its files."""
    return f"{flow.module}.{flow.function}"
