"""Bring the scheduled runs of a plan to what its sheet says, for `waves schedule`.

Decides which waves are meant, what refuses the call, and the exit code. What differs is found by scheduling/changes.py, and done by
scheduling/prefect_schedule.py. The plan is read and checked before Prefect is asked anything.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit, exit_of_error
from flows.cli.schedule_view import as_json, show
from flows.cli.submit_command import quiet
from flows.cli.submit_view import show_refusal
from flows.places import PlaceError, as_given, fetch, name_of
from flows.scheduling.changes import Do, Needs, Wanted, steps
from flows.scheduling.plan_names import NameTakenError, name_for
from flows.scheduling.prefect_door import PrefectUnavailableError, find_api, open_client
from flows.scheduling.scheduled_flow import RunWords
from flows.scheduling.timetable import starts
from inventory.checks import check_plan
from inventory.findings import Severity
from inventory.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.scheduling.changes import Step
    from inventory.findings import Finding
    from inventory.plan import Plan


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves schedule`, as typed."""

    plan: str
    waves: tuple[str, ...] = ()
    is_dry_run: bool = False
    follows_sheet: bool = False
    allow_invalid: bool = False
    pool: str = "waves"
    name: str | None = None
    is_moved: bool = False
    credentials: str = ""
    is_json: bool = False


class RefusedError(Exception):
    """The call cannot be done as it is; its text is one line. `findings` are the plan's."""

    def __init__(self, problem: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(problem)
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Told:
    """What was done, or would be. `made` are the things that had to be made first; `run_ids` the new runs, by wave."""

    plan: str
    deployment: str
    is_dry_run: bool
    made: Sequence[str]
    steps: Sequence[Step]
    unplanned: Mapping[str, str]
    run_ids: dict[str, str] = field(default_factory=dict)


def main(call: Call) -> int:
    """Schedule and show; the exit code."""
    quiet(is_debug=False)
    try:
        prepared = _prepare(call)
        find_api()  # before Prefect is imported: its client reads where the API is
        told = asyncio.run(_bring_about(call, prepared))
    except Exception as error:
        if not (code := _refusal(error)):
            raise
        return _refused(call, error, code)
    if call.is_json:
        output.write_json(as_json(told))
    else:
        show(told, sys.stdout)
    return Exit.NOT_DONE if any(step.do is Do.MISSED for step in told.steps) else Exit.DONE


def _refusal(error: Exception) -> Exit | None:
    """The exit code of what a person can mend; None of a defect."""
    ours = isinstance(error, (RefusedError, PlaceError, PrefectUnavailableError, NameTakenError))
    return Exit.WRONG if ours else exit_of_error(error)


def _refused(call: Call, error: Exception, code: Exit) -> Exit:
    """Say why nothing was done."""
    show_refusal(getattr(error, "findings", ()), sys.stderr)
    output.error(str(error))
    if call.is_json:
        output.write_json({"plan": name_of(call.plan), "waves": [], "error": str(error)})
    return code


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the sheet asks for, before Prefect is asked anything."""

    plan: Plan
    name: str
    place: str
    needs: Needs


def _prepare(call: Call) -> Prepared:
    with tempfile.TemporaryDirectory(prefix="waves-") as folder:
        plan = read_plan(fetch(call.plan, Path(folder)))
    waves = _waves(call, plan)
    _check(call, plan, waves)
    planned, unplanned = starts(plan, waves, follows_sheet=call.follows_sheet)
    name, words = name_for(call.plan, call.name), RunWords(as_given(call.plan), call.allow_invalid, call.credentials)
    needs = Needs([Wanted.of(name, start, words) for start in planned], {each.wave: each.why for each in unplanned})
    return Prepared(plan, name, words.plan, needs)


async def _bring_about(call: Call, prepared: Prepared) -> Told:
    from flows.scheduling.plan_deployment import PlanDeployment, have_plan_deployment
    from flows.scheduling.prefect_schedule import carry_out, existing, read_runs

    waves = list(prepared.plan.waves)
    deployment = PlanDeployment(prepared.name, prepared.place, waves, call.pool, call.credentials, call.is_moved)
    run_ids: dict[str, str] = {}
    async with open_client() as client:
        identity, made = await have_plan_deployment(client, deployment, is_made=not call.is_dry_run)
        runs = existing(await read_runs(client, prepared.name))
        todo = steps(prepared.needs, runs, datetime.now(UTC), whole_plan=not call.waves)
        if identity is not None and not call.is_dry_run:
            for step in todo:
                if run_id := await carry_out(client, step, identity):
                    run_ids[step.wave] = run_id
    name = deployment.wanted().full_name
    return Told(prepared.plan.name, name, call.is_dry_run, made, todo, prepared.needs.unplanned, run_ids)


def _waves(call: Call, plan: Plan) -> list[str]:
    for wave in call.waves:
        if wave not in plan.waves:
            raise RefusedError(f"{plan.name} has no wave {wave}: its waves are {', '.join(plan.waves) or 'none'}")
    return list(call.waves or plan.waves)


def _check(call: Call, plan: Plan, waves: Sequence[str]) -> None:
    """An error would refuse the wave in the night: it refuses it now, while somebody is there to mend it."""
    if call.allow_invalid:
        return
    findings = [each for wave in waves if plan.rows(wave) for each in check_plan(plan, wave)] if call.waves else check_plan(plan)
    errors = list(dict.fromkeys(finding for finding in findings if finding.severity is Severity.ERROR))
    if errors:
        many = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        raise RefusedError(f"{plan.name} has {many}: mend them, or give --wave or --allow-invalid: nothing was changed", errors)
