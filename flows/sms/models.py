"""What SMS says of a task and of a create, as far as the engine needs it; everything else in an answer is ignored.

Built by hand from the answer's dict, not by pydantic: an end-of-run listing has 20,000 of them, and SMS answers null for what has
not happened yet, in any field. A value of another type than the API's is taken as not said, never as an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DELETING = "DELETING"

TOLD_SETTINGS = (
    "priority",
    "speed_limit",
    "migration_ip",
    "start_target_server",
    "syncing",
    "need_migration_test",
    "use_public_ip",
    "use_ipv6",
    "exist_server",
    "auto_start",
    "start_network_check",
    "over_speed_threshold",
    "is_need_consistency_check",
    "clonevm_template_id",
    "region_id",
    "project_id",
)
"""Settings of a task that SMS may tell under the names of the create: some in a listing, more on the task's own page."""


@dataclass(frozen=True, slots=True)
class Created:
    """The answer to a create: the new task's id, and the request id (empty where the gateway gave none)."""

    task_id: str
    request_id: str = ""


@dataclass(slots=True, unsafe_hash=True)
class TaskSummary:
    """A task as a listing or a detail shows it; texts are empty and numbers None where SMS says nothing. Treat it as read-only.

    `target_vm_id` is empty in template mode until the target server is made. `vm_template_id` comes with the detail only.
    `settings` are the values of `TOLD_SETTINGS` as they came, of any type, None where SMS says nothing; two sights of a task are
    equal whatever they are. `created_at_ms` is epoch milliseconds. Unknown values of `state` are states that are not final (facts
    7.2).
    """

    id: str
    name: str = ""
    state: str = ""
    type: str = ""
    os_type: str = ""
    source_server_id: str = ""
    source_name: str = ""
    source_ip: str = ""
    target_vm_id: str = ""
    target_name: str = ""
    vm_template_id: str = ""
    created_at_ms: int | None = None
    migrate_speed_mbps: float | None = None
    remain_seconds: int | None = None
    error_json: str = ""
    settings: tuple[object, ...] = field(default=(), compare=False)

    @property
    def is_deleting(self) -> bool:
        """Whether the task is on its way out: such a task is never adopted."""
        return self.state == DELETING


@dataclass(frozen=True, slots=True)
class TemplateSummary:
    """A template as its page shows it. `has_public_ip` is None where SMS does not say; without one the line is private (6562).

    `region_id` is the region in which it makes servers, "" where SMS does not say.
    """

    id: str
    name: str = ""
    has_public_ip: bool | None = None
    region_id: str = ""


def _text(value: object) -> str:
    return value if type(value) is str else ""


def _number(value: object) -> float | None:
    return value if type(value) in (int, float) else None  # type: ignore[return-value]


def _whole(value: object) -> int | None:
    return value if type(value) is int else None


_NOTHING: Mapping[str, Any] = {}


def _nested(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def task_of(row: object) -> TaskSummary | None:
    """The task that one element of a listing, or a detail, describes; None for what has no id, and is no task therefore."""
    if not isinstance(row, dict) or not (task_id := _text(row.get("id"))):
        return None
    get = row.get
    source = _nested(get("source_server"))
    target = _nested(get("target_server"))
    return TaskSummary(
        task_id,
        _text(get("name")),
        _text(get("state")),
        _text(get("type")),
        _text(get("os_type")),
        _text(source.get("id")),
        _text(source.get("name")),
        _text(source.get("ip")),
        _text(target.get("vm_id")),
        _text(target.get("name")),
        _text(get("vm_template_id")),
        _whole(get("create_date")),
        _number(get("migrate_speed")),
        _whole(get("remain_seconds")),
        _text(get("error_json")),
        tuple(map(get, TOLD_SETTINGS)),
    )


def template_of(template_id: str, template: Mapping[str, Any]) -> TemplateSummary:
    """The template that was asked for by its id, as its page describes it."""
    has_public_ip = bool(_nested(template.get("publicip"))) if "publicip" in template else None
    return TemplateSummary(template_id, _text(template.get("name")), has_public_ip, _text(template.get("region")))
