"""One row, each kind of answer, and an event at each write and each call in turn: never two tasks, never an untrue outcome."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.flows.submission.clocks import MovedClock
from tests.flows.submission.scripted import EVENTS, Script, Scripted, lies, plan_of, told

if TYPE_CHECKING:
    from inventory.plan import Plan

ANSWERS = ("made", "lost", "never", "late", "429", "not-sent", "401", "no", "bound")


@dataclass
class Explorer:
    """Runs one row through one schedule after another and keeps every lie that an outcome told."""

    plan: Plan
    schedules: int = 0
    lies: list[str] = field(default_factory=list)

    async def every_event(self, answers: tuple[str, ...], second: tuple[str, ...] = (), *, guard: bool, lag: float) -> None:
        """Each event at each step of a run with these answers; `second` are those of the run after it."""
        steps = await self.schedule(answers, second, guard=guard, lag=lag)
        for event, at in itertools.product(EVENTS, range(steps)):
            await self.schedule(answers, second, guard=guard, lag=lag, event=event, at=at)

    async def some_events(self, random: Random, schedules: int) -> None:
        """So many schedules drawn at random: two broken runs, the first of them ended by an event, and one in peace."""
        for _ in range(schedules):
            answers, second = random.choices(ANSWERS, k=random.randint(1, 3)), random.choices(ANSWERS, k=random.randint(0, 2))
            event, at = random.choice(EVENTS), random.randrange(40)
            guard, lag = random.random() < 0.5, random.choice((0.0, 4.0))
            await self.schedule(tuple(answers), tuple(second), guard=guard, lag=lag, event=event, at=at)

    async def schedule(
        self,
        answers: tuple[str, ...],
        second: tuple[str, ...] = (),
        *,
        guard: bool,
        lag: float,
        event: str = "",
        at: int | None = None,
    ) -> int:
        """Three runs of one wave, `event` at one step of the first: after each run, outcome against truth. Steps of the first."""
        self.schedules += 1
        with tempfile.TemporaryDirectory() as folder:
            night = Scripted(Path(folder), self.plan, Script(MovedClock(), guard=guard, lag_seconds=lag, answers=list(answers)))
            found = [f"run 1: {lie}" for lie in lies(await night.run(event=event, at=at), night.sms)]
            steps = night.sms.steps.taken
            night.sms.answers = list(second)
            again = await night.run()
            found += [f"run 2: {lie}" for lie in lies(again, night.sms)]
            night.sms.answers, sent = [], len(night.sms.bodies)
            last = await night.run()
            found += [f"run 3: {lie}" for lie in lies(last, night.sms)]
            if len(night.sms.of()) > 1:
                found.append(f"{len(night.sms.of())} tasks")
            if set(told(again)) <= {"CREATED", "EXISTS"} and (told(last), len(night.sms.bodies)) != (["EXISTS"], sent):
                found.append(f"done, and then {told(last)} after {len(night.sms.bodies) - sent} more creates")
        named = f"{event} at {at} ({steps[at]})" if at is not None and at < len(steps) else event
        self.lies += [f"{answers} {second} guard={guard} lag={lag} {named}: {lie}" for lie in found]
        return len(steps)


@pytest.fixture(scope="session")
def plan_of_one(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A plan of one row."""
    return plan_of(tmp_path_factory.mktemp("plan"), 1)


@pytest.mark.parametrize("answer", ["made", "lost"])
async def test_whatever_happens_at_whichever_step_one_task_and_a_true_outcome(plan_of_one: Plan, answer: str) -> None:
    """A create that is answered, and one whose answer is lost: killed, stopped, cancelled, the journal lost, at each step."""
    explorer = Explorer(plan_of_one)
    await explorer.every_event((answer,), guard=False, lag=0.0)
    assert explorer.lies == []
    assert explorer.schedules > 40


async def test_any_answers_and_any_event_make_one_task_and_true_outcomes(plan_of_one: Plan) -> None:
    """Answers of all kinds in two runs, with the guard and without, listed at once or late: sixty schedules of very many."""
    explorer = Explorer(plan_of_one)
    await explorer.some_events(Random(20), 60)
    assert explorer.lies == []
