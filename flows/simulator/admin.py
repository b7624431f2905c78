"""/admin: what really happened, as a page and as JSON, and the levers that tests and rehearsals pull.

Not part of SMS, so it asks for no credentials; the server listens on this machine only. Levers: faults, foreign tasks, states,
failures, deletion, sources, their connection, the line, denied actions, expired tokens, reset. `/admin/history` tells what
happened to each task there is or was (`Service.history`).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from flows.simulator.adminpage import render_page
from flows.simulator.agent_faults import error_of
from flows.simulator.faults import FaultError, Once, parse_fault, parse_faults
from flows.simulator.fleet import SourceServer
from flows.simulator.layouts import Layout
from flows.simulator.states import State
from flows.simulator.tasks import Task
from flows.simulator.truth import tell_truth

if TYPE_CHECKING:
    from starlette.requests import Request

    from flows.simulator.simulator import Simulator

_SOURCE_FIELDS = ("id", "name", "ip", "os_type", "os_version", "firmware", "connected", "judged", "line_mbps", "has_tc", "line")

Lever = Callable[["Simulator", dict[str, Any]], dict[str, Any]]


def set_faults(simulator: Simulator, order: dict[str, Any]) -> dict[str, Any]:
    """Replace the plan by `{"spec": "14%", "seed": 1}`, or order single faults by `{"once": [{"fault", "times", ...}]}`.

    Either may be absent. A single one may name `route` and `source_server_id` too; it strikes the next `times` (1) requests to
    `route` (POST /v3/tasks).
    """
    if "spec" in order:
        simulator.faults.spec = parse_faults(str(order["spec"]))
    if "seed" in order:
        simulator.faults.seed = int(order["seed"])
    for once in order.get("once", ()):
        simulator.faults.ordered.append(
            Once(
                parse_fault(str(once["fault"])),
                int(once.get("times", 1)),
                str(once.get("route", "POST /v3/tasks")),
                str(once.get("source_server_id", "")),
            )
        )
    return {"ordered": len(simulator.faults.ordered)}


def add_task(simulator: Simulator, order: dict[str, Any]) -> dict[str, Any]:
    """Make somebody else's task, past validation and guard; `visible` false hides it for the usual lag. Answers with its id."""
    now = simulator.service.settle()
    vm_id, name = str(order.get("target_vm_id", "")), str(order.get("name", "foreign-task"))
    target = {"vm_id": vm_id, "name": str(order.get("target_name", "")), "disks": []}
    request = {"name": name, "type": "MIGRATE_FILE", "os_type": "LINUX", "target_server": target, **order.get("body", {})}
    task = Task(
        id=str(order.get("id") or simulator.service.new_id()),
        name=name,
        source_server_id=str(order.get("source_server_id", "")),
        target_vm_id=vm_id,
        target_name=str(target["name"]),
        vm_template_id=str(order.get("vm_template_id", "")),
        created_at=now,
        visible_at=now if order.get("visible", True) else now + simulator.options.lag,
        body=json.dumps(request).encode(),
        made_by="admin",
        state=State(order.get("state", "READY")),
    )
    simulator.service.add(task)
    return {"id": task.id}


def add_source(simulator: Simulator, order: dict[str, Any]) -> dict[str, Any]:
    """Add a source server or replace one: any field of SourceServer but `given`; `disks` and the like give its layout instead."""
    known = {name: order[name] for name in _SOURCE_FIELDS if name in order}
    known["failed_checks"] = tuple(order.get("failed_checks", ()))
    layout = {name: order[name] for name in ("disks", "volume_groups", "btrfs_list") if name in order}
    source = SourceServer(**{"name": str(order["id"]), **known}, given=Layout(**layout) if layout else None)
    simulator.service.fleet.put(source)
    return {"id": source.id}


def add_template(simulator: Simulator, order: dict[str, Any]) -> dict[str, Any]:
    """Add a template, `fields` being what its page shows beside the usual; those that nobody added do not exist then."""
    template_id = str(order["id"])
    simulator.service.fleet.describe_template(template_id, dict(order.get("fields", {})))
    return {"id": template_id}


def change_task(simulator: Simulator, task: Task, order: dict[str, Any]) -> None:
    """`{"state"}` puts a task into a state; `{"fail": "SMS.0805", "message", "params": [...]}` has it fail where it is."""
    if "fail" in order:
        params = tuple(str(each) for each in order.get("params", ()))
        simulator.service.fail(task, error_of(str(order["fail"]), message=str(order.get("message", "")), params=params))
    else:
        simulator.service.set_state(task, State(order["state"]))


def set_access(simulator: Simulator, order: dict[str, Any]) -> dict[str, Any]:
    """`{"denied_actions": [...]}` answers these with 403 from now on; `{"expire_tokens": true}` ends every token."""
    if "denied_actions" in order:
        simulator.denied_actions = {str(each) for each in order["denied_actions"]}
    if order.get("expire_tokens"):
        simulator.authenticator.expire_tokens()
    return {"denied_actions": sorted(simulator.denied_actions)}


def set_connection(simulator: Simulator, order: dict[str, Any]) -> dict[str, Any]:
    """`{"source_server_id", "connected": false, "seconds": 600}` takes a source's agent offline, for so long.

    Without `seconds` until `connected` true brings it back. Raises KeyError where there is no such source.
    """
    service, source_id = simulator.service, str(order["source_server_id"])
    if service.fleet.find(source_id) is None:
        raise KeyError(f"no such source: {source_id}")
    now = service.settle()
    if order.get("connected", False):
        service.bring_online(source_id, now)
    else:
        service.take_offline(source_id, now, float(order.get("seconds", 0)))
    return {"source_server_id": source_id}


def set_line(simulator: Simulator, order: dict[str, Any]) -> dict[str, Any]:
    """`{"bandwidth": 500}` has the common line, or the one that `line` names, carry so many Mbit/s from now on."""
    simulator.service.set_bandwidth(float(order["bandwidth"]), str(order.get("line", "")))
    return {"bandwidth": float(order["bandwidth"])}


def reset(simulator: Simulator, _order: dict[str, Any]) -> dict[str, Any]:
    """Forget all tasks and counts."""
    simulator.reset()
    return {}


LEVERS: dict[str, Lever] = {
    "/admin/faults": set_faults,
    "/admin/tasks": add_task,
    "/admin/sources": add_source,
    "/admin/templates": add_template,
    "/admin/access": set_access,
    "/admin/connection": set_connection,
    "/admin/line": set_line,
    "/admin/reset": reset,
}


def make_admin(simulator: Simulator) -> Starlette:
    """The admin application of one simulator."""

    async def page(_request: Request) -> Response:
        return HTMLResponse(render_page(tell_truth(simulator)))

    async def truth(request: Request) -> Response:
        return JSONResponse(tell_truth(simulator, with_bodies=request.query_params.get("bodies") == "1"))

    async def bodies(_request: Request) -> Response:
        return JSONResponse([each.shown() for each in simulator.ledger.bodies])

    async def arrivals(_request: Request) -> Response:
        return JSONResponse([{"at": at, "route": route} for at, route in simulator.ledger.arrivals])

    async def one_task(request: Request) -> Response:
        task = simulator.service.any_task(request.path_params["id"])
        if task is None:
            return JSONResponse({"error": "no such task"}, 404)
        if request.method == "DELETE":
            simulator.service.remove(task)
        else:
            change_task(simulator, task, await request.json())
        return JSONResponse({"id": task.id})

    async def history(_request: Request) -> Response:
        return JSONResponse(simulator.service.history())

    routes = [
        Route("/admin", page),
        Route("/admin/history", history),
        Route("/admin/truth", truth),
        Route("/admin/bodies", bodies),
        Route("/admin/arrivals", arrivals),
        Route("/admin/tasks/{id}", one_task, methods=["DELETE", "PUT"]),
    ]
    routes += [Route(path, _pull(simulator, lever), methods=["POST"]) for path, lever in LEVERS.items()]
    return Starlette(routes=routes)


def _pull(simulator: Simulator, lever: Lever) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(lever(simulator, json.loads(await request.body() or b"{}")))
        except (FaultError, KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return endpoint
