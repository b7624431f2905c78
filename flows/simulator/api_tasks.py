"""/v3/tasks: create, list, show, change, operate, limit, delete (facts section 4).

Reads the request, asks core.py, shapes the answer. Each function takes the simulator, the request and the ids of its path.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.simulator.answers import JSON_TYPE, Answer, Refusal, json_answer
from flows.simulator.fleet import SourceServer
from flows.simulator.ledger import Received
from flows.simulator.request import Request, bad_parameter, page
from flows.simulator.source_shapes import listed_source
from flows.simulator.task_shapes import detail, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.simulator.simulator import Simulator
    from flows.simulator.tasks import Task

CREATE = "POST /v3/tasks"
_MOST_RULES = 5
_FASTEST_RULE = 1000
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def create_task(simulator: Simulator, request: Request) -> Answer:
    """POST /v3/tasks: 200 with the id, or a Refusal; either way the body is kept for the admin page."""
    now = simulator.service.settle()
    try:
        task = make_task(simulator, request.body, now)
    except Refusal as refusal:
        simulator.ledger.bodies.append(Received(now, request.body, refusal.status, refusal.code))
        raise
    simulator.ledger.bodies.append(Received(now, request.body, 200, task.id))
    return Answer(200, f'{{"id":"{task.id}"}}'.encode(), JSON_TYPE)


def make_task(simulator: Simulator, body: bytes, now: float, made_by: str = "create") -> Task:
    """Validate a body and make its task as of `now`. Raises Refusal."""
    value, unknown = simulator.validator.read(body)
    if unknown:
        simulator.ledger.warn_unknown(CREATE, unknown)
    source = simulator.service.fleet.find(value["source_server"]["id"])
    if source is not None:
        simulator.validator.check_against(value, source)
    return simulator.service.create(value, body, now, made_by)


def list_tasks(simulator: Simulator, request: Request) -> Answer:
    """GET /v3/tasks: one page of the visible tasks that match; `count` is the number of all that match."""
    service, query = simulator.service, request.query()
    offset, limit = page(query, 100, 200)
    now = service.settle()
    rows = service.listed(now, query.get("source_server_id", ""))
    if any(query.get(name) for name in ("state", "name", "id")):
        rows = [task for task in rows if _matches(task, query)]
    count = len(rows)
    if simulator.options.list_order == "newest":
        rows = rows[max(0, count - offset - limit) : max(0, count - offset)][::-1]
    else:
        rows = rows[offset : offset + limit]
    source = partial(_source_of, simulator)
    items = b",".join([listed(task, service.progress, service.options, now, source) for task in rows])
    return Answer(200, b'{"count":%d,"tasks":[%s]}' % (count, items), JSON_TYPE)


def show_task(simulator: Simulator, _request: Request, task_id: str) -> Answer:
    """GET /v3/tasks/{id}."""
    service = simulator.service
    task = service.task(task_id)
    source = service.fleet.find(task.source_server_id)
    connected = source is None or source.connected
    shown = detail(task, service.progress, service.options, service.clock(), _source_of(simulator, task), connected=connected)
    return json_answer(shown)


def update_task(simulator: Simulator, request: Request, task_id: str) -> Answer:
    """PUT /v3/tasks/{id}: every field is optional."""
    task = simulator.service.task(task_id)
    changes = request.json_object()
    name = changes.get("name")
    if name is not None and (type(name) is not str or not 1 <= len(name) <= 64):
        raise Refusal("SMS.7711", "The task name is illegal.", params=["name: must have 1 to 64 characters"])
    simulator.service.change(task, changes)
    return json_answer({"id": task.id})


def delete_task(simulator: Simulator, _request: Request, task_id: str) -> Answer:
    """DELETE /v3/tasks/{id}: an empty 200."""
    with _told(simulator, task_id, "delete"):
        task = simulator.service.check_deletable(task_id)
    simulator.service.delete(task)
    return Answer(200)


def delete_tasks(simulator: Simulator, request: Request) -> Answer:
    """POST /v3/tasks/delete: all or none, which is one reading of a page that does not say."""
    ids = request.json_object().get("ids")
    if type(ids) is not list or not all(type(each) is str for each in ids):
        raise bad_parameter("ids: must be an array of strings")
    tasks = [simulator.service.check_deletable(each) for each in dict.fromkeys(ids)]
    for task in tasks:
        with _told(simulator, task.id, "delete"):
            pass
        simulator.service.delete(task)
    return json_answer({})


def operate_task(simulator: Simulator, request: Request, task_id: str) -> Answer:
    """POST /v3/tasks/{id}/action: an empty 200."""
    operation = request.json_object().get("operation")
    if type(operation) is not str:
        raise bad_parameter("operation: is mandatory")
    with _told(simulator, task_id, operation):
        simulator.service.operate(task_id, operation, checks=request.json_object().get("is_need_consistency_check") is True)
    return Answer(200)


def show_consistency(simulator: Simulator, _request: Request, task_id: str) -> Answer:
    """GET /v3/tasks/{id}/consistency-result: objects (contradiction 22); none where none was asked for."""
    task = simulator.service.task(task_id)
    return json_answer({"task_id": task.id, "result_list": simulator.service.progress.work(task).results})


def show_speed_limit(simulator: Simulator, _request: Request, task_id: str) -> Answer:
    """GET /v3/tasks/{id}/speed-limit."""
    return json_answer({"speed_limit": simulator.service.task(task_id).speed_limits})


def set_speed_limit(simulator: Simulator, request: Request, task_id: str) -> Answer:
    """POST /v3/tasks/{id}/speed-limit: replaces all rules; an empty 200."""
    with _told(simulator, task_id, "speed"):
        task = simulator.service.task(task_id)
        rules = request.json_object().get("speed_limit")
        if type(rules) is not list or len(rules) > _MOST_RULES:
            raise bad_parameter(f"speed_limit: must be an array of at most {_MOST_RULES} rules")
        for index, rule in enumerate(rules):
            _check_rule(rule, f"speed_limit[{index}]")
        task.speed_limits = rules
        simulator.service.change(task, {})
    return Answer(200)


@contextmanager
def _told(simulator: Simulator, task_id: str, operation: str) -> Iterator[None]:
    """Note in a task's history what it is told, and whether that was done."""
    task, now = simulator.service.any_task(task_id), simulator.service.now()
    note = {"operation": operation, "at": now, "performed": True, "code": "", "answer": "heard"}
    if task is not None:
        task.operations.append(note)
    try:
        yield
    except Refusal as refusal:
        note |= {"performed": False, "code": refusal.code}
        raise


def _check_rule(rule: object, path: str) -> None:
    if type(rule) is not dict:
        raise bad_parameter(f"{path}: must be an object")
    for name in ("start", "end"):
        if not _TIME.fullmatch(str(rule.get(name))):
            raise bad_parameter(f"{path}.{name}: must be a time such as 08:30")
    speed = rule.get("speed", 0)
    if type(speed) is not int or not 0 <= speed <= _FASTEST_RULE:
        raise bad_parameter(f"{path}.speed: must be 0 to {_FASTEST_RULE}")


def _matches(task: Task, query: dict[str, str]) -> bool:
    # Whether the real name filter wants the whole name is not known: a part is the reading that catches a careless client.
    return (
        query.get("id", "") in {"", task.id}
        and query.get("state", "") in {"", str(task.state)}
        and query.get("name", "") in task.name
    )


def _source_of(simulator: Simulator, task: Task) -> dict[str, Any]:
    source_id = task.source_server_id
    source = simulator.service.fleet.find(source_id) or SourceServer(source_id, source_id)
    return listed_source(source, simulator.service.source_state(source_id))
