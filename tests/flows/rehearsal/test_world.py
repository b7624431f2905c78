"""The engine in a rehearsal's world: it makes each task once whatever the network does, and the night is the same twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.rehearsal import virtual_time
from flows.rehearsal.network import ENDPOINT, Outage
from flows.rehearsal.trouble import Trouble, parse_trouble
from flows.rehearsal.world import ACCOUNT, Party, Setting, World, open_world
from flows.simulator.truth import tell_truth
from flows.submission.desk import Desk, Options
from flows.submission.events import Silent, StopSignal
from flows.submission.survey import WaveRequest
from flows.submission.throttle import Throttle
from flows.submission.wave_run import submit_wave
from inventory.forecast_terms import Terms
from inventory.outcomes import Status
from inventory.plan import read_plan
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from flows.submission.wave_run import WaveResult
    from inventory.plan import Plan

BEGINS_AT = 1_800_000_000.0


def plan_of(folder: Path, servers: int, **values: object) -> Plan:
    numbers = range(1, servers + 1)
    rows = [server(number, **values) for number in numbers]
    return read_plan(make_plan(folder / "plan.xlsx", rows, disks=[disk(number) for number in numbers]))


async def submit(world: World, party: Party) -> WaveResult:
    plan = world.setting.plan
    request = WaveRequest(plan, "wave-1", plan.rows("wave-1"), ACCOUNT, "me@here", {}, Options())
    async with world.open_journal() as journal:
        desk = Desk.open(
            request,
            client=party.client,
            journal=journal,
            throttle=Throttle(world.clock),
            clock=world.clock,
            random=world.setting.chance("engine"),
            watcher=Silent(),
            stop=StopSignal(),
        )
        return await submit_wave(request, desk)


def submitted(
    plan: Plan, trouble: Trouble, seed: int = 1, outages: tuple[Outage, ...] = (), runs: int = 1
) -> tuple[list[WaveResult], World, int]:
    async def night() -> tuple[list[WaveResult], World, int]:
        async with open_world(Setting(plan, Terms(), trouble, seed, BEGINS_AT)) as world:
            party = world.party("wave-1", outages)
            results = []
            for _ in range(runs):
                results.append(await submit(world, party))
                await world.clock.sleep(60.0)
            return results, world, party.network.refused

    return virtual_time.run(night())


def test_every_row_has_its_task_once_however_many_requests_are_lost(tmp_path: Path) -> None:
    [result], world, _ = submitted(plan_of(tmp_path, 60), parse_trouble("none,network=20%,throttling=5%"))
    truth = tell_truth(world.simulator)
    assert [outcome.status for outcome in result.outcomes] == [Status.CREATED] * 60
    assert {outcome.source_server_id: [outcome.task_id] for outcome in result.outcomes} == truth["tasks_by_source"]
    assert truth["duplicates"] == []
    assert sum(truth["faults"].values()) > 10


def test_what_an_outage_leaves_undone_the_next_run_does_and_nothing_twice(tmp_path: Path) -> None:
    outage = Outage(BEGINS_AT + 0.3, BEGINS_AT + 20.0)
    [first, second], world, refused = submitted(plan_of(tmp_path, 200), parse_trouble("none"), outages=(outage,), runs=2)
    assert refused > 0
    assert {outcome.status for outcome in first.outcomes} == {Status.CREATED, Status.DEFERRED}
    assert {outcome.status for outcome in second.outcomes} == {Status.CREATED, Status.EXISTS}
    assert [len(ids) for ids in tell_truth(world.simulator)["tasks_by_source"].values()] == [1] * 200


def test_rows_that_name_their_server_without_an_id_find_it(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 3, source_server_id=None)
    [result], world, _ = submitted(plan, parse_trouble("none"))
    known = {source.name: source.id for source in world.simulator.service.fleet.sources()}
    assert [outcome.status for outcome in result.outcomes] == [Status.CREATED] * 3
    assert [outcome.source_server_id for outcome in result.outcomes] == [known[row.source_name] for row in plan.servers]


def test_the_same_seed_is_the_same_night_and_another_is_another(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 40)

    def night(seed: int) -> object:
        [result], world, _ = submitted(plan, parse_trouble("none,network=20%"), seed)
        faults = world.simulator.faults.injected
        return [outcome.task_id for outcome in result.outcomes], world.clock.steady(), faults

    assert night(1) == night(1)
    assert night(1) != night(2)


def test_a_rehearsal_calls_an_address_that_leads_nowhere() -> None:
    assert ENDPOINT.endswith(".rehearsal")
