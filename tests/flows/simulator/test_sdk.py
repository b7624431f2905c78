"""The official SDK, unchanged, over real HTTP: the client that nobody here wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdksms import v3

from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    """One process with four known sources and both authentications checked."""
    with SimulatorProcess(sources=4) as process:
        yield process


def client(simulator: SimulatorProcess, secret: str = "") -> Any:
    """The SDK's client with the simulator as its endpoint."""
    credentials = BasicCredentials(simulator.access_key, secret or simulator.secret_key, "p-1")
    return v3.SmsClient.new_builder().with_credentials(credentials).with_endpoint(simulator.url).build()


def create_request(source_id: str, vm_id: str) -> Any:
    """A create with one disk."""
    volume = v3.PhysicalVolumes(name="/dev/vda1", size=10, used_size=5, index=0)
    disk = v3.TargetDisks(name="/dev/vda", size=10, used_size=5, device_use="BOOT", physical_volumes=[volume])
    body = v3.PostTask(
        name="MigrationTask",
        type="MIGRATE_FILE",
        os_type="LINUX",
        region_id="region-1",
        region_name="region-1",
        project_id="p-1",
        project_name="project-1",
        source_server=v3.SourceServerByTask(id=source_id),
        target_server=v3.TargetServerByTask(name="target-1", vm_id=vm_id, disks=[disk], btrfs_list=[], volume_groups=[]),
    )
    return v3.CreateTaskRequest(body=body)


def test_a_task_lives_its_life(simulator: SimulatorProcess) -> None:
    """Created, listed, shown, limited, started, stopped, deleted."""
    sms = client(simulator)
    source_id = sms.list_servers(v3.ListServersRequest()).source_servers[0].id
    task_id = sms.create_task(create_request(source_id, "v-1")).id
    assert [task.id for task in sms.list_tasks(v3.ListTasksRequest(source_server_id=source_id)).tasks] == [task_id]
    shown = sms.show_task(v3.ShowTaskRequest(task_id=task_id))
    assert (shown.state, shown.source_server.id, shown.target_server.vm_id) == ("READY", source_id, "v-1")
    assert shown.target_server.disks[0].physical_volumes[0].size == 10
    rule = v3.SpeedLimitlJson(start="00:00", end="23:59", speed=100)
    sms.update_speed(v3.UpdateSpeedRequest(task_id=task_id, body=v3.SpeedLimit(speed_limit=[rule])))
    assert sms.shows_speed_limits(v3.ShowsSpeedLimitsRequest(task_id=task_id)).speed_limit[0].speed == 100
    sms.update_task_status(v3.UpdateTaskStatusRequest(task_id=task_id, body=v3.UpdateTaskStatusReq(operation="start")))
    assert sms.show_server(v3.ShowServerRequest(source_id=source_id)).current_task.state == "RUNNING"
    simulator.set_state(task_id, "ABORT")
    sms.delete_task(v3.DeleteTaskRequest(task_id=task_id))
    assert sms.list_tasks(v3.ListTasksRequest()).count == 0


def test_a_refusal_carries_code_and_request_id(simulator: SimulatorProcess) -> None:
    """A bound source, and a task that there is not, as the SDK's own exceptions."""
    sms = client(simulator)
    source_id = sms.list_servers(v3.ListServersRequest()).source_servers[1].id
    sms.create_task(create_request(source_id, "v-2"))
    with pytest.raises(ClientRequestException) as bound:
        sms.create_task(create_request(source_id, "v-3"))
    assert (bound.value.status_code, bound.value.error_code, len(bound.value.request_id)) == (400, "SMS.7605", 32)
    with pytest.raises(ClientRequestException) as missing:
        sms.show_task(v3.ShowTaskRequest(task_id="unknown"))
    assert (missing.value.status_code, missing.value.error_code) == (404, "SMS.7703")


def test_the_rest_of_the_catalogue_is_read_by_the_sdk(simulator: SimulatorProcess) -> None:
    """Overview, errors, configuration, templates, batch deletion."""
    sms = client(simulator)
    assert sms.show_overview(v3.ShowOverviewRequest()).unconfigured >= 1
    assert sms.list_error_servers(v3.ListErrorServersRequest(offset=0)).count == 0
    assert sms.show_config(v3.ShowConfigRequest()).config["mainRegion"]
    assert sms.list_templates(v3.ListTemplatesRequest()).count == 0
    ids = [task.id for task in sms.list_tasks(v3.ListTasksRequest(limit=200)).tasks]
    sms.delete_tasks(v3.DeleteTasksRequest(body=v3.DeleteTasksReq(ids=ids)))
    assert sms.list_tasks(v3.ListTasksRequest()).count == 0


def test_five_wrong_secrets_lock_the_key() -> None:
    """The right secret is then refused too: a client must not retry a 401."""
    with SimulatorProcess() as own:
        for secret in ["wrong"] * 5 + [own.secret_key]:
            with pytest.raises(ClientRequestException, match=r"APIGW\.0301") as caught:
                client(own, secret).list_tasks(v3.ListTasksRequest())
        assert "reach the limit" in caught.value.error_msg


def test_the_sdk_finds_its_project_by_the_region(simulator: SimulatorProcess) -> None:
    """Credentials without a project: the SDK asks IAM, here the simulator, and goes on."""
    credentials = BasicCredentials(simulator.access_key, simulator.secret_key).with_iam_endpoint(simulator.url)
    sms = v3.SmsClient.new_builder().with_credentials(credentials).with_region(Region("region-1", simulator.url)).build()
    assert sms.list_tasks(v3.ListTasksRequest()).count == 0
    assert simulator.truth()["requests"]["GET /v3/projects"] == 1
