"""How a task looks on the wire: its entry in a listing, its own page, its error (facts 7.1).

Shapes only. What stays between two changes of a task is kept as JSON, so that a listing of thousands that run writes a few numbers
into each. Called by api_tasks.py.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.simulator.answers import json_bytes
from flows.simulator.figures import Figures, figures_of, is_moving, progress_at_rest, with_quirk
from flows.simulator.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.simulator.options import SimulatorOptions
    from flows.simulator.progress import Progress
    from flows.simulator.tasks import Task
    from flows.simulator.work import Work

_COPIED = ("type", "os_type", "priority", "speed_limit", "migration_ip", "syncing", "start_target_server", "need_migration_test")
_BEGUN = frozenset(State) - {State.READY, State.DELETING, State.RESETING, State.SKIPPING}
_FULL = 100


class Listed(NamedTuple):
    """A listing entry between two changes: all of it, or what stands before the figures and how these are written."""

    whole: bytes
    head: bytes
    figures: str


def listed(
    task: Task, progress: Progress, options: SimulatorOptions, now: float, source: Callable[[Task], dict[str, Any]]
) -> bytes:
    """The task as one item of `GET /v3/tasks`, as JSON; `source` makes its source server in the listed shape."""
    kept = task.kept_listed
    if kept is None:
        kept = task.kept_listed = _kept(task, progress, source(task))
    if kept.whole:
        return kept.whole
    figures = with_quirk(figures_of(task, progress, options, now), task, options, now)
    share = "null" if figures.progress is None else figures.progress
    end = "null" if figures.remain is None else int((now + figures.remain) * 1000)
    return kept.head + (kept.figures % (end, figures.speed, share, figures.progress or 0)).encode()


def detail(
    task: Task, progress: Progress, options: SimulatorOptions, now: float, source: dict[str, Any], *, connected: bool
) -> dict[str, Any]:
    """The task as `GET /v3/tasks/{id}` shows it: the listed shape and what only the page of one task has."""
    request = task.request()
    target = request.get("target_server") or {}
    work = progress.work(task)
    figures = with_quirk(figures_of(task, progress, options, now), task, options, now)
    value = _lasting(task, source)
    value |= {
        "estimate_complete_time": None if figures.remain is None else int((now + figures.remain) * 1000),
        "migrate_speed": figures.speed,
        "sub_tasks": [{**each, "migrate_speed": 0, "user_op": None} for each in _sub_tasks(task, work, figures.progress)],
        "subtask_info": sub_task_info(task, work, figures),
    }
    for each in value["sub_tasks"]:
        if each["name"] == work.name and not work.is_over:
            each["migrate_speed"] = figures.speed
    value |= {name: request.get(name) for name in ("region_id", "region_name", "project_id", "project_name", "use_public_ip")}
    value |= {
        "vm_template_id": task.vm_template_id,
        "connected": connected,
        "start_date": in_milliseconds(task.started_at),
        "finish_date": in_milliseconds(task.finished_at),
        "float_ip": request.get("migration_ip"),
        "remain_seconds": None if figures.remain is None else round(figures.remain),
        "target_snapshot_id": None,
        "clone_server": None,
    }
    value["target_server"] = {
        **value["target_server"],
        "disks": target.get("disks") or [],
        "volume_groups": target.get("volume_groups") or [],
        # The published SDK declares a list of texts here, other clients a list of objects (contradiction 23): empty suits both.
        "btrfs_list": [],
    }
    return value


def error_json(task: Task) -> str | None:
    """Why a task failed, as the service writes it: JSON in a text."""
    return None if task.error is None else json.dumps(task.error, ensure_ascii=False)


def sub_task_info(task: Task, work: Work, figures: Figures) -> str | None:
    """The sub-task in hand and its percentage; null before the first start."""
    return f"{work.name}-{figures.progress or 0}" if task.state in _BEGUN or work.runs else None


def in_milliseconds(seconds: float | None) -> int | None:
    """A time as the service writes it."""
    return None if seconds is None else int(seconds * 1000)


def _lasting(task: Task, source: dict[str, Any]) -> dict[str, Any]:
    """All that a listing shows of a task but its figures. Values that the service does not have yet are null, as in its samples."""
    request = task.request()
    value: dict[str, Any] = {"id": task.id, "name": task.name, "state": task.state}
    value.update((name, request.get(name)) for name in _COPIED)
    value["start_target_server"] = request.get("start_target_server", True)
    value["syncing"] = request.get("syncing") or False
    value["priority"] = 1 if request.get("priority") is None else request["priority"]
    is_over = task.finished_at is not None and task.started_at is not None
    return value | {
        "create_date": in_milliseconds(task.created_at),
        "compress_rate": None,
        "error_json": error_json(task),
        "total_time": int(((task.finished_at or 0.0) - (task.started_at or 0.0)) * 1000) if is_over else None,
        "source_server": source,
        "enterprise_project_id": "0",
        "target_server": {"id": task.target_vm_id, "vm_id": task.target_vm_id, "name": task.target_name},
        "log_collect_status": "INIT",
        "network_check_info": None,
        "special_config": [],
    }


def _kept(task: Task, progress: Progress, source: dict[str, Any]) -> Listed:
    work, lasting = progress.work(task), _lasting(task, source)
    if not is_moving(task):
        figures = Figures(progress_at_rest(task), 0.0, None)
        rest = {
            "estimate_complete_time": None,
            "migrate_speed": 0,
            "sub_tasks": _sub_tasks(task, work, figures.progress),
            "subtask_info": sub_task_info(task, work, figures),
        }
        return Listed(json_bytes(lasting | rest), b"", "")
    # Only the names of sub-tasks and times stand in there: nothing that `%` would take for its own.
    shown = json_bytes(_sub_tasks(task, work, None, mark="\x00")).decode().replace('"\\u0000"', "%s")
    figures_text = f',"estimate_complete_time":%s,"migrate_speed":%s,"sub_tasks":{shown},"subtask_info":"{work.name}-%s"}}'
    return Listed(b"", json_bytes(lasting)[:-1], figures_text)


def _sub_tasks(task: Task, work: Work, progress: int | None, mark: str = "") -> list[dict[str, Any]]:
    """The sub-tasks; the one in hand shows `progress`, or a mark. SYNC_* is shown once the task has come to it."""
    has_begun = task.state in _BEGUN or work.runs > 0
    return [
        {
            "id": place,
            "name": name,
            "progress": (mark or progress) if place == work.at and has_begun else _FULL if place < work.at else 0,
            "start_date": in_milliseconds(work.began[place]),
            "end_date": in_milliseconds(work.ended[place]),
            "process_trace": None,
        }
        for place, name in enumerate(work.names)
        if place != work.sync_at or work.began[place] is not None
    ]
