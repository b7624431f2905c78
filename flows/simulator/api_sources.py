"""/v3/sources, /v3/errors: source servers as SMS reports them (facts section 6).

A listing lacks the disks but for `init_target_server`; the page of one source has all. Each function takes the simulator, the
request and the ids of its path.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flows.simulator.answers import Answer, Refusal, json_answer
from flows.simulator.request import Request, page, whole

if TYPE_CHECKING:
    from flows.simulator.fleet import SourceServer
    from flows.simulator.simulator import Simulator
    from flows.simulator.tasks import Task

_COUNTED = (
    "waiting", "replicate", "syncing", "stopped", "deleting", "cutovering", "unavailable", "stopping", "skipping", "finished",
    "initialize", "error", "cloning", "unconfigured",
)  # fmt: skip
_MOST = 1000
_CYCLE = {"waiting": "setting", "replicate": "replicating", "syncing": "syncing", "finished": "cutovered"}
_TARGET_DISK = ("name", "device_use", "size", "used_size")
_TARGET_VOLUME = ("name", "device_use", "file_system", "mount_point", "index", "size", "used_size", "uuid", "inode_size")


def list_sources(simulator: Simulator, request: Request) -> Answer:
    """GET /v3/sources: one page of the sources that match, `count` of all that match."""
    query = request.query()
    offset, limit = page(query, 200, 200)
    simulator.service.settle()
    rows = [source for source in simulator.service.fleet.sources() if _matches(simulator, source, query)]
    return json_answer({"count": len(rows), "source_servers": [_summary(simulator, row) for row in rows[offset : offset + limit]]})


def show_source(simulator: Simulator, _request: Request, source_id: str) -> Answer:
    """GET /v3/sources/{id}: with disks, volume groups, Btrfs and networks."""
    simulator.service.settle()
    source = simulator.service.fleet.find(source_id)
    if source is None:
        raise Refusal("SMS.7602", f"SourceServer {source_id} does not exist.", status=404)
    layout = source.layout
    value = _summary(simulator, source)
    value |= {
        "hostname": source.name,
        "firmware": source.firmware,
        "disks": layout.disks,
        "volume_groups": layout.volume_groups,
        "btrfs_list": layout.btrfs_list,
        "networks": [
            {
                "id": "0",
                "name": "eth0",
                "ip": source.ip,
                "ipv6": None,
                "netmask": "255.255.255.0",
                "gateway": "",
                "mtu": 1500,
                "mac": "",
            }
        ],
        "agent_version": "25.2.0",
    }
    return json_answer(value)


def show_overview(simulator: Simulator, _request: Request) -> Answer:
    """GET /v3/sources/overview: how many sources are in each state, 1,000 at most."""
    simulator.service.settle()
    counts = Counter(_overview_state(simulator, source) for source in simulator.service.fleet.sources())
    return json_answer({name: min(_MOST, counts[name]) for name in _COUNTED})


def list_errors(simulator: Simulator, request: Request) -> Answer:
    """GET /v3/errors: the tasks that failed; `offset` is mandatory here."""
    query = request.query()
    offset, limit = whole(query, "offset", 0, 65535, None), whole(query, "limit", 0, 100, 50) or 50
    simulator.service.settle()
    rows = [_error(simulator, task) for task in simulator.service.tasks() if str(task.state) in {"MIGRATE_FAIL", "SYNC_FAIL"}]
    return json_answer({"count": len(rows), "migration_errors": rows[offset : offset + limit]})


def _checks(source: SourceServer) -> list[dict[str, Any]]:
    failed = source.failed_checks
    return [
        {
            "id": number,
            "params": [],
            "name": name,
            "result": "ERROR" if name in failed else "OK",
            "error_code": "SMS.6504" if name in failed else "",
            "error_or_warn": "",
            "error_params": "",
        }
        for number, name in enumerate(dict.fromkeys(("OS_VERSION", "FIRMWARE", *failed)), start=1)
    ]


def _network(source: SourceServer) -> dict[str, Any]:
    return {
        "id": "0",
        "name": "eth0",
        "ip": source.ip,
        "ipv6": None,
        "netmask": "255.255.255.0",
        "gateway": "",
        "mtu": 1500,
        "mac": "",
    }


def _overview_state(simulator: Simulator, source: SourceServer) -> str:
    state = simulator.service.source_state(source.id)
    return "unconfigured" if state == "waiting" and not simulator.service.tasks_of(source.id) else state


def _matches(simulator: Simulator, source: SourceServer, query: dict[str, str]) -> bool:
    return (
        query.get("name", "") in source.name
        and query.get("id", "") in {"", source.id}
        and query.get("ip", "") in {"", source.ip}
        # Its page calls it "sources that lost connection"; taken here as the field's value, which clients must check (facts 4.1).
        and query.get("connected", "").lower() in {"", str(source.connected).lower()}
        and query.get("state", "") in {"", simulator.service.source_state(source.id)}
    )


def _summary(simulator: Simulator, source: SourceServer) -> dict[str, Any]:
    state, layout = simulator.service.source_state(source.id), source.layout
    return {
        "id": source.id,
        "ip": source.ip,
        "name": source.name,
        "enterprise_project_id": "0",
        "add_date": 1_700_000_000_000,
        "os_type": source.os_type,
        "os_version": source.shown_os_version,
        "oem_system": False,
        "state": state,
        "connected": source.connected,
        "cpu_quantity": 4,
        "memory": 8 << 30,
        "current_task": _current_task(simulator, source),
        "checks": _checks(source),
        "init_target_server": {"disks": [_target_disk(disk) for disk in layout.disks], "volume_groups": layout.volume_groups},
        "replicatesize": 0,
        "totalsize": sum(disk["used_size"] or 0 for disk in layout.disks),
        "last_visit_time": None,
        "stage_action_time": None,
        "state_action_time": None,
        "migration_cycle": _CYCLE.get(state, "checking"),
        "is_consistency_result_exist": False,
        "has_tc": True,
        "start_type": "MANUAL",
    }


def _target_disk(disk: dict[str, Any]) -> dict[str, Any]:
    volumes = [{name: volume.get(name) for name in _TARGET_VOLUME} for volume in disk["physical_volumes"]]
    return {**{name: disk.get(name) for name in _TARGET_DISK}, "physical_volumes": volumes}


def _current_task(simulator: Simulator, source: SourceServer) -> dict[str, Any] | None:
    seen = simulator.service.listed(simulator.service.clock(), source.id)
    if not seen:
        return None
    task = seen[-1]
    request = task.request()
    return {
        "id": task.id,
        "name": task.name,
        "type": request.get("type"),
        "state": task.state,
        "start_date": None if task.started_at is None else int(task.started_at * 1000),
        "speed_limit": request.get("speed_limit"),
        "migrate_speed": 0,
        "start_target_server": request.get("start_target_server", True),
        "vm_template_id": task.vm_template_id,
        "region_id": request.get("region_id"),
        "project_name": request.get("project_name"),
        "project_id": request.get("project_id"),
        "target_server": {"vm_id": task.target_vm_id, "name": task.target_name},
        "log_collect_status": "INIT",
        "exist_server": request.get("exist_server", bool(task.target_vm_id)),
        "use_public_ip": request.get("use_public_ip", True),
        "clone_server": None,
        "subtask_info": None,
    }


def _error(simulator: Simulator, task: Task) -> dict[str, Any]:
    source = simulator.service.fleet.find(task.source_server_id)
    return {
        "error_json": '{"error_code":"SMS.0805","error_param":[]}',
        "host_name": source.name if source else "",
        "name": source.name if source else "",
        "source_id": task.source_server_id,
        "source_ip": source.ip if source else "",
        "target_ip": task.request().get("migration_ip") or "",
    }
