"""Bring the scheduled runs of a plan to what its sheet says, for `waves schedule` and the flow `schedule-waves` alike.

Decides which waves are meant, and what refuses the order. What differs is found by changes.py, and done by prefect_schedule.py. The
plan is read and checked before Prefect is asked anything.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.places import as_given, fetch
from flows.scheduling.changes import Do, Needs, Wanted, steps
from flows.scheduling.plan_names import name_for
from flows.scheduling.prefect_door import open_client
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

_DONE = {
    Do.CREATE: "created",
    Do.KEEP: "kept",
    Do.MOVE: "moved",
    Do.CHANGE: "changed",
    Do.CANCEL: "cancelled",
    Do.LEAVE: "left alone",
    Do.MISSED: "missed",
}


@dataclass(frozen=True, slots=True)
class ScheduleOrder:
    """What is to be scheduled: the plan at a path or URL, all of its waves or these. Each field as `waves schedule` says it."""

    plan: str
    waves: tuple[str, ...] = ()
    is_dry_run: bool = False
    follows_sheet: bool = False
    allow_invalid: bool = False
    pool: str = "waves"
    name: str | None = None
    is_moved: bool = False
    credentials: str = ""


class RefusedError(Exception):
    """The order cannot be carried out as it is; its text is one line. `findings` are the plan's."""

    def __init__(self, problem: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(problem)
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the sheet asks for, before Prefect is asked anything. `place` is the plan's, as the workers see it."""

    plan: Plan
    name: str
    place: str
    needs: Needs


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

    @property
    def has_missed(self) -> bool:
        """Whether the window of a wave is over, and nothing has started it."""
        return any(step.do is Do.MISSED for step in self.steps)

    def summary(self) -> str:
        """How many runs are as they were, and how many are not."""
        counted = Counter(step.do for step in self.steps)
        parts = ", ".join(f"{counted[do]} {_DONE[do]}" for do in Do if counted[do]) or "nothing to schedule"
        return f"{parts}; nothing was done (--dry-run)" if self.is_dry_run else f"{parts}: {self.deployment}"

    def waves(self) -> list[dict[str, Any]]:
        """What became of each wave's run, as scripts get it; times are ISO 8601 with their offset."""
        return [
            {
                "wave": step.wave,
                "do": step.do.value,
                "starts_at": _iso(step.start.starts_at if step.start else None),
                "window_ends_at": _iso(step.start.closes_at if step.start else None),
                "was_due_at": _iso(step.there.due if step.there else step.gone[0].due if step.gone else None),
                "run_id": self.run_ids.get(step.wave) or (step.there.run_id if step.there and not step.makes else ""),
                "why": step.why,
            }
            for step in self.steps
        ]


def prepare(order: ScheduleOrder) -> Prepared:
    """Read and check the plan. Raises RefusedError, PlanError, PlaceError."""
    with tempfile.TemporaryDirectory(prefix="waves-") as folder:
        plan = read_plan(fetch(order.plan, Path(folder)))
    waves = _waves(order, plan)
    _check(order, plan, waves)
    planned, unplanned = starts(plan, waves, follows_sheet=order.follows_sheet)
    name, words = name_for(order.plan, order.name), RunWords(as_given(order.plan), order.allow_invalid, order.credentials)
    needs = Needs([Wanted.of(name, start, words) for start in planned], {each.wave: each.why for each in unplanned})
    return Prepared(plan, name, words.plan, needs)


async def bring_about(order: ScheduleOrder, prepared: Prepared) -> Told:
    """Have Prefect's runs as the sheet asks for them. Raises PrefectUnavailableError, NameTakenError.

    The API is the one that Prefect's client finds; nothing of Prefect is imported before this is called.
    """
    from flows.scheduling.plan_deployment import PlanDeployment, have_plan_deployment
    from flows.scheduling.prefect_schedule import carry_out, existing, read_runs

    waves = list(prepared.plan.waves)
    deployment = PlanDeployment(prepared.name, prepared.place, waves, order.pool, order.credentials, order.is_moved)
    run_ids: dict[str, str] = {}
    async with open_client() as client:
        identity, made = await have_plan_deployment(client, deployment, is_made=not order.is_dry_run)
        runs = existing(await read_runs(client, prepared.name))
        todo = steps(prepared.needs, runs, datetime.now(UTC), whole_plan=not order.waves)
        if identity is not None and not order.is_dry_run:
            for step in todo:
                if run_id := await carry_out(client, step, identity):
                    run_ids[step.wave] = run_id
    name = deployment.wanted().full_name
    return Told(prepared.plan.name, name, order.is_dry_run, made, todo, prepared.needs.unplanned, run_ids)


def _waves(order: ScheduleOrder, plan: Plan) -> list[str]:
    for wave in order.waves:
        if wave not in plan.waves:
            raise RefusedError(f"{plan.name} has no wave {wave}: its waves are {', '.join(plan.waves) or 'none'}")
    return list(order.waves or plan.waves)


def _check(order: ScheduleOrder, plan: Plan, waves: Sequence[str]) -> None:
    """An error would refuse the wave in the night: it refuses it now, while somebody is there to mend it."""
    if order.allow_invalid:
        return
    findings = [each for wave in waves if plan.rows(wave) for each in check_plan(plan, wave)] if order.waves else check_plan(plan)
    errors = list(dict.fromkeys(finding for finding in findings if finding.severity is Severity.ERROR))
    if errors:
        many = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        raise RefusedError(f"{plan.name} has {many}: mend them, or give --wave or --allow-invalid: nothing was changed", errors)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
