"""/v3/sources, /v3/errors: source servers as SMS reports them (facts section 6).

A listing lacks the disks but for `init_target_server`; the page of one source has all. Each function takes the simulator, the
request and the ids of its path.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flows.simulator.answers import Answer, Refusal, json_answer
from flows.simulator.request import Request, page, whole
from flows.simulator.source_shapes import network_of, source_summary
from flows.simulator.task_shapes import error_json

if TYPE_CHECKING:
    from flows.simulator.fleet import SourceServer
    from flows.simulator.simulator import Simulator
    from flows.simulator.tasks import Task

_COUNTED = (
    "waiting", "replicate", "syncing", "stopped", "deleting", "cutovering", "unavailable", "stopping", "skipping", "finished",
    "initialize", "error", "cloning", "unconfigured",
)  # fmt: skip
_MOST = 1000
_UNTOLD = '{"error_code":"SMS.0805","error_param":[]}'
"""What is shown of a task that was put into a failed state by hand."""


def list_sources(simulator: Simulator, request: Request) -> Answer:
    """GET /v3/sources: one page of the sources that match, `count` of all that match."""
    query = request.query()
    offset, limit = page(query, 200, 200)
    simulator.service.settle()
    rows = [source for source in simulator.service.fleet.sources() if _matches(simulator, source, query)]
    shown = [source_summary(simulator, source) for source in rows[offset : offset + limit]]
    return json_answer({"count": len(rows), "source_servers": shown})


def show_source(simulator: Simulator, _request: Request, source_id: str) -> Answer:
    """GET /v3/sources/{id}: with disks, volume groups, Btrfs and networks."""
    simulator.service.settle()
    source = simulator.service.fleet.find(source_id)
    if source is None:
        raise Refusal("SMS.7602", f"SourceServer {source_id} does not exist.", status=404)
    layout = source.layout
    value = source_summary(simulator, source)
    value |= {
        "hostname": source.name,
        "firmware": source.firmware,
        "disks": layout.disks,
        "volume_groups": layout.volume_groups,
        "btrfs_list": layout.btrfs_list,
        "networks": [network_of(source)],
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


def _error(simulator: Simulator, task: Task) -> dict[str, Any]:
    source = simulator.service.fleet.find(task.source_server_id)
    return {
        "error_json": error_json(task) or _UNTOLD,
        "host_name": source.name if source else "",
        "name": source.name if source else "",
        "source_id": task.source_server_id,
        "source_ip": source.ip if source else "",
        "target_ip": task.request().get("migration_ip") or "",
    }
