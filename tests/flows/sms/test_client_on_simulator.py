"""The client and the simulator, over real HTTP between two processes: what both sides know afterwards agrees."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from flows.settings import Settings
from flows.sms.auth import AkSkAuth, make_auth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.errors import Ambiguous, Refused, SmsError, StopRun, Throttled, ThrottleWindow
from inventory.post_task import PostTask
from tests.flows.sms.sites import no_sleep
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx


@pytest.fixture(scope="module")
def shared() -> Iterator[SimulatorProcess]:
    """One simulator for the module: starting one costs most of a second."""
    with SimulatorProcess(any_source=True, any_target=True) as simulator:
        yield simulator


@pytest.fixture
def simulator(shared: SimulatorProcess) -> SimulatorProcess:
    """Without tasks and faults."""
    shared.reset()
    shared.set_faults("")
    return shared


def connect(simulator: SimulatorProcess, auth: httpx.Auth | None = None) -> SmsClient:
    """A client with the simulator's access key."""
    auth = auth or AkSkAuth(simulator.access_key, simulator.secret_key, project_id="p0")
    return SmsClient(ClientOptions(simulator.url, read_timeout_seconds=10.0), auth, sleep=no_sleep)


def body(number: int) -> bytes:
    """A create for source and target of that number."""
    partition = {
        "name": "/dev/vda1",
        "size": 10,
        "used_size": 5,
        "index": 0,
        "device_use": "OS",
        "file_system": "ext4",
        "mount_point": "/",
    }
    disk = {"name": "/dev/vda", "size": 20, "used_size": 5, "device_use": "BOOT", "physical_volumes": [partition]}
    task = {
        "name": f"task-{number}",
        "type": "MIGRATE_FILE",
        "os_type": "LINUX",
        "region_name": "r0",
        "region_id": "r0",
        "project_name": "p0",
        "project_id": "p0",
        "migration_ip": "192.168.0.1",
        "source_server": {"id": f"source-{number}"},
        "target_server": {"vm_id": f"target-{number}", "name": f"web-{number}", "disks": [disk]},
    }
    return PostTask.model_validate(task).to_json()


async def test_what_is_created_is_listed_and_shown(simulator: SimulatorProcess) -> None:
    """By access key: every task that the simulator has, with source, target and state."""
    async with connect(simulator) as client:
        created = await asyncio.gather(*(client.create_task(body(number)) for number in range(450)))
        listed = await client.list_tasks()
        [of_source] = await client.list_tasks("source-7")
        shown = await client.show_task(of_source.id)
        missing = await client.show_task("no-such-task")
    assert {task.id for task in listed} == {task.task_id for task in created} == {task["id"] for task in simulator.truth()["tasks"]}
    assert (of_source.name, of_source.target_vm_id, of_source.target_name, of_source.state) == (
        "task-7",
        "target-7",
        "web-7",
        "READY",
    )
    assert shown is not None
    assert (shown.id, missing) == (of_source.id, None)


async def test_a_second_task_of_a_source_is_refused(simulator: SimulatorProcess) -> None:
    """SMS.7605, with the request id that support asks for."""
    async with connect(simulator) as client:
        await client.create_task(body(1))
        with pytest.raises(Refused, match=r"SMS\.7605") as caught:
            await client.create_task(body(1))
    assert caught.value.request_id
    assert len(simulator.truth()["tasks"]) == 1


@pytest.mark.parametrize("fault", ["reset-after", "drop-after"])
async def test_a_lost_answer_is_ambiguous_and_the_task_is_there(fault: str, simulator: SimulatorProcess) -> None:
    """Sent once, made once, not known here."""
    simulator.fault_once(fault)
    async with connect(simulator) as client:
        with pytest.raises(Ambiguous):
            await client.create_task(body(1))
        [task] = await client.list_tasks("source-1")
    assert [task.id] == [found["id"] for found in simulator.tasks_of("source-1")]


async def test_reads_outlive_faults(simulator: SimulatorProcess) -> None:
    """Three reads in ten fail, all listings are whole."""
    async with connect(simulator) as client:
        await asyncio.gather(*(client.create_task(body(number)) for number in range(30)))
        simulator.set_faults("read-drop=0.1,read-500=0.1,read-html=0.1", seed=3)
        listings = [await client.list_tasks() for _ in range(10)]
    assert [len(tasks) for tasks in listings] == [30] * 10


async def test_a_wrong_secret_costs_one_refused_call() -> None:
    """Five lock the key: a first read that is refused is not repeated."""
    with SimulatorProcess() as simulator:
        async with connect(simulator, AkSkAuth(simulator.access_key, "wrong-secret")) as client:
            with pytest.raises(StopRun, match=r"APIGW\.0301"):
                await client.list_sources()
        assert sum(simulator.truth()["requests"].values()) == 1


async def test_a_token_from_iam_is_renewed_when_it_lapses(simulator: SimulatorProcess) -> None:
    """The tokens are revoked in the middle of a run, and every create is made once."""
    login = {
        "iam_endpoint": simulator.url,
        "iam_username": simulator.user,
        "iam_password": simulator.password,
        "iam_domain": simulator.domain,
    }
    settings = Settings(endpoint=simulator.url, **login)  # type: ignore[arg-type]
    async with SmsClient(ClientOptions.of(settings), make_auth(settings)) as client:
        await client.create_task(body(0))
        simulator.set_access(expire_tokens=True)
        await asyncio.gather(*(client.create_task(body(number)) for number in range(1, 20)))
    assert simulator.truth()["duplicates"] == []
    assert len(simulator.truth()["tasks"]) == 20


async def test_a_throttle_names_its_window() -> None:
    """200 in five minutes are not 200 a second."""
    from flows.simulator.options import Rate

    with SimulatorProcess(any_source=True, any_target=True, rate=Rate(2, 300.0)) as simulator:
        options = ClientOptions(simulator.url)
        auth = AkSkAuth(simulator.access_key, simulator.secret_key)
        async with SmsClient(options, auth) as client:
            for number in range(2):
                await client.create_task(body(number))
            with pytest.raises(Throttled) as caught:
                await client.create_task(body(2))
    assert caught.value.window == ThrottleWindow(2, 300.0)
    assert caught.value.code == "APIGW.0308"


async def test_sources_are_read(simulator: SimulatorProcess) -> None:
    """The list, and one with its disks; one that SMS does not know is None."""
    simulator.add_source("source-a", name="web-a", ip="10.0.0.1")
    async with connect(simulator) as client:
        listed = {source.id: source.name for source in await client.list_sources()}
        shown = await client.show_source("source-a")
    assert listed["source-a"] == "web-a"
    assert shown is not None
    assert shown.name == "web-a"


async def test_bad_json_is_a_definite_no(simulator: SimulatorProcess) -> None:
    """SMS.9001, and nothing is made."""
    async with connect(simulator) as client:
        with pytest.raises(SmsError) as caught:
            await client.create_task(json.dumps({"name": "x"}).encode())
    assert isinstance(caught.value, Refused)
    assert simulator.truth()["tasks"] == []
