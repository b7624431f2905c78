"""Make what Prefect needs to run waves, for `waves deploy`: pool, deployments, blocks, automations; each once.

Decides in which order, and the exit code. How each is looked up and made stands in flows.scheduling.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit, exit_of_error
from flows.cli.submit_command import quiet
from flows.scheduling.prefect_door import PrefectUnavailableError, find_api, open_client
from flows.scheduling.scheduled_flow import FLOWS
from flows.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prefect.client.orchestration import PrefectClient

    from flows.settings import Settings

POOLED = "pool"
"""What the deployments for a work pool are called: `submit-wave/pool`."""


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves deploy`, as typed."""

    pool: str
    credentials: str
    webhook: str
    is_dry_run: bool
    is_json: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What was made, or is missing, and what is there now: the deployments by their full names."""

    made: Sequence[str]
    deployments: Sequence[str]


def main(call: Call) -> int:
    """Make it and show; the exit code."""
    quiet(is_debug=False)
    try:
        settings = load_settings() if call.credentials else None
        find_api()  # before Prefect is imported: its client reads where the API is
        told = asyncio.run(_deploy(call, settings))
    except Exception as error:
        code = Exit.WRONG if isinstance(error, PrefectUnavailableError) else exit_of_error(error)
        if code is None:
            raise
        output.error(str(error))
        if call.is_json:
            output.write_json({"made": [], "deployments": [], "error": str(error)})
        return code
    if call.is_json:
        output.write_json({"dry_run": call.is_dry_run, "made": list(told.made), "deployments": list(told.deployments)})
        return Exit.DONE
    verb = "would make" if call.is_dry_run else "made"
    output.write("\n".join([f"{verb} {what}" for what in told.made] or ["all is there already"]))
    output.hint(f"start a worker on each machine: prefect worker start --pool {call.pool} --type process")
    return Exit.DONE


async def _deploy(call: Call, settings: Settings | None) -> Told:
    from flows.scheduling.prefect_setup import Deployment, find_deployment, have_deployment, have_pool, told

    is_made = not call.is_dry_run
    async with open_client() as client:
        made = [await have_pool(client, call.pool, is_made=is_made)]
        wanted = [Deployment(flow, POOLED, call.pool, flow.what) for flow in FLOWS]
        for deployment in wanted:
            there = await find_deployment(client, deployment.full_name)
            made.append(told(deployment, there))
            if is_made:
                await have_deployment(client, deployment, there)
        made += await _blocks(call, settings)
        made += await _automations(call, client)
    return Told([what for what in made if what], [deployment.full_name for deployment in wanted])


async def _blocks(call: Call, settings: Settings | None) -> list[str]:
    """The form of credentials in Prefect's UI, and one filled in from this environment where that is asked for."""
    from flows.credentials import SmsCredentials

    if not call.is_dry_run:
        await SmsCredentials.aregister_type_and_schema()
    if settings is None:
        return []
    if not call.is_dry_run:
        await SmsCredentials.of(settings).save(call.credentials, overwrite=True)
    return [f'block "{call.credentials}" of SMS credentials, from this environment']


async def _automations(call: Call, client: PrefectClient) -> list[str]:
    from flows.scheduling.automations import WEBHOOK_BLOCK, crash_automation, have_automations, have_webhook, late_automation
    from flows.scheduling.automations import rerun_automation as rerun

    is_made = not call.is_dry_run
    told = await have_automations(client, [crash_automation(), rerun()], is_made=is_made)
    if call.webhook and not is_made:
        return [*told, f'block "{WEBHOOK_BLOCK}" and the automation that calls it']
    if call.webhook:
        told += await have_automations(client, [late_automation(await have_webhook(call.webhook))])
    return told
