"""Store a plan where workers reach it, and make the form that runs its waves, for `waves push`.

Decides where the plan goes, and the exit code. What is no plan is not stored; what has errors is, and the form's run will say so.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from flows.cli import output
from flows.cli.exits import Exit, exit_of_error
from flows.cli.submit_command import quiet
from flows.command_words import quoted
from flows.places import PlaceError, as_given, put, shown
from flows.scheduling.plan_names import NameTakenError, name_for
from flows.scheduling.prefect_door import PrefectUnavailableError, find_api, open_client
from inventory.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves push`, as typed."""

    plan: Path
    to: str | None
    pool: str
    name: str | None
    is_moved: bool
    credentials: str
    is_json: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Where the plan lies now, its deployment, what was made, and the link to the form of each wave."""

    place: str
    deployment: str
    made: Sequence[str]
    links: dict[str, str]


def main(call: Call) -> int:
    """Store, make the form, and show; the exit code."""
    quiet(is_debug=False)
    try:
        waves = list(read_plan(call.plan).waves)
        find_api()  # before Prefect is imported: its client reads where the API is
        told = asyncio.run(_push(call, waves))
    except Exception as error:
        code = Exit.WRONG if isinstance(error, (PlaceError, PrefectUnavailableError, NameTakenError)) else exit_of_error(error)
        if code is None:
            raise
        output.error(str(error))
        if call.is_json:
            output.write_json({"plan": call.plan.name, "error": str(error)})
        return code
    if call.is_json:
        output.write_json({"plan": told.place, "deployment": told.deployment, "made": list(told.made), "forms": told.links})
        return Exit.DONE
    lines = [f"plan: {shown(told.place)}", *(f"made {what}" for what in told.made)]
    lines += [f"{output.one_line(wave)}: {link}" for wave, link in told.links.items()]
    output.write("\n".join(lines))
    output.hint(f"the waves start by themselves after `waves schedule {quoted(told.place)}`")
    return Exit.DONE


async def _push(call: Call, waves: Sequence[str]) -> Told:
    from prefect.settings import get_current_settings

    from flows.scheduling.plan_deployment import PlanDeployment, check_name, have_plan_deployment

    place = _target(call)
    deployment = PlanDeployment(name_for(place, call.name), place, waves, call.pool, call.credentials, call.is_moved)
    async with open_client() as client:
        await check_name(client, deployment)  # before anything is stored
        if call.to is not None:
            await asyncio.to_thread(put, call.plan, place)
        identity, made = await have_plan_deployment(client, deployment, is_made=True)
    ui = get_current_settings().ui_url or ""
    return Told(place, deployment.wanted().full_name, made, {wave: form_link(ui, identity, wave) for wave in waves})


def _target(call: Call) -> str:
    """Where the plan goes: into the folder that was named, under its own name; or it stays where it is."""
    if call.to is None:
        return as_given(str(call.plan))
    folder = call.to.rstrip("/")
    is_file = folder.lower().endswith(call.plan.suffix.lower()) and bool(call.plan.suffix)
    return as_given(folder if is_file else f"{folder}/{call.plan.name}")


def form_link(ui: str, deployment: UUID | None, wave: str) -> str:
    """The form with the wave chosen. Prefect's page decodes its parameters twice, so they are encoded twice."""
    parameters = quote(quote(json.dumps({"wave": wave}), safe=""), safe="")
    return f"{ui.rstrip('/')}/deployments/deployment/{deployment}/run?parameters={parameters}"
