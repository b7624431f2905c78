"""How a source server looks on the wire: its listing entry, inside a task's, its checks, its disks as a target, its current task.

Shapes only (facts section 6); which sources are asked for is api_sources.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.simulator.figures import figures_of, with_quirk
from flows.simulator.task_shapes import in_milliseconds, sub_task_info

if TYPE_CHECKING:
    from flows.simulator.fleet import SourceServer
    from flows.simulator.simulator import Simulator

_CYCLE = {
    "waiting": "setting",
    "replicate": "replicating",
    "syncing": "syncing",
    "cutovering": "cutovering",
    "finished": "cutovered",
}
_TARGET_DISK = ("name", "device_use", "size", "used_size")
_TARGET_VOLUME = ("name", "device_use", "file_system", "mount_point", "index", "size", "used_size", "uuid", "inode_size")


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


def network_of(source: SourceServer) -> dict[str, Any]:
    """Its one network card."""
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


def listed_source(source: SourceServer, state: str) -> dict[str, Any]:
    """A source as it stands inside a task's listing entry."""
    return {
        "id": source.id,
        "ip": source.ip,
        "name": source.name,
        "os_type": source.os_type,
        "os_version": source.shown_os_version,
        "oem_system": False,
        "state": state,
    }


def source_summary(simulator: Simulator, source: SourceServer) -> dict[str, Any]:
    """A source as `GET /v3/sources` lists it; its own page has this and more."""
    state, layout = simulator.service.source_state(source.id), source.layout
    tasks, used = simulator.service.tasks_of(source.id)[-1:], sum(disk["used_size"] or 0 for disk in layout.disks)
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
        "replicatesize": int(sum(simulator.service.progress.copied(task, simulator.service.clock()) for task in tasks)),
        "totalsize": int(sum(simulator.service.progress.work(task).whole for task in tasks)) or used,
        "last_visit_time": None,
        "stage_action_time": None,
        "state_action_time": None,
        "migration_cycle": _CYCLE.get(state, "checking"),
        "is_consistency_result_exist": any(task.work is not None and task.work.results for task in tasks),
        "has_tc": source.has_tc,
        "start_type": "MANUAL",
    }


def _target_disk(disk: dict[str, Any]) -> dict[str, Any]:
    volumes = [{name: volume.get(name) for name in _TARGET_VOLUME} for volume in disk["physical_volumes"]]
    return {**{name: disk.get(name) for name in _TARGET_DISK}, "physical_volumes": volumes}


def _current_task(simulator: Simulator, source: SourceServer) -> dict[str, Any] | None:
    seen = simulator.service.listed(simulator.service.clock(), source.id)
    if not seen:
        return None
    task, service = seen[-1], simulator.service
    request, now = task.request(), service.clock()
    figures = with_quirk(figures_of(task, service.progress, service.options, now), task, service.options, now)
    return {
        "id": task.id,
        "name": task.name,
        "type": request.get("type"),
        "state": task.state,
        "start_date": in_milliseconds(task.started_at),
        "speed_limit": request.get("speed_limit"),
        "migrate_speed": figures.speed,
        "remain_seconds": None if figures.remain is None else round(figures.remain),
        "estimate_complete_time": None if figures.remain is None else in_milliseconds(now + figures.remain),
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
        "subtask_info": sub_task_info(task, service.progress.work(task), figures),
    }
