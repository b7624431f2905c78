"""One migration task: what it is made of, what has happened to it, and what really is, for the admin page.

Changes no state: core.py does, by states.py, and progress.py as time passes. How clients see it stands in task_shapes.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.simulator.task_shapes import Listed
    from flows.simulator.work import Work


@dataclass(slots=True, eq=False)
class Task:
    """A task as the service holds it. Times are seconds since the epoch by the simulator's clock, None where not yet.

    `body` is the create request as received. `made_by` says who made it: `create`, `late` or `admin`. `error` is why it failed, in
    the service's own keys. `states` is its history: `{"state", "at", "why"}`; `operations` what it was told to do:
    `{"operation", "at", "performed", "code", "answer"}`.
    """

    id: str
    name: str
    source_server_id: str
    target_vm_id: str
    target_name: str
    vm_template_id: str
    created_at: float
    visible_at: float
    body: bytes
    made_by: str = "create"
    state: str = "READY"
    started_at: float | None = None
    changes_at: float | None = None
    finished_at: float | None = None
    work: Work | None = None
    error: dict[str, Any] | None = None
    speed_limits: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    states: list[dict[str, Any]] = field(default_factory=list)
    operations: list[dict[str, Any]] = field(default_factory=list)
    kept_listed: Listed | None = None
    _syncs: bool | None = None

    def forget_listed(self) -> None:
        """Drop the listing entry that is kept ready: call it after any change."""
        self.kept_listed = None

    def tell_state(self, now: float, why: str = "") -> None:
        """Note in its history that it has come into its state."""
        self.states.append({"state": str(self.state), "at": now, "why": why})

    def request(self) -> dict[str, Any]:
        """The create request, with what PUT has changed since."""
        return {**json.loads(self.body or b"{}"), **self.changes}

    @property
    def syncs(self) -> bool:
        """Whether it stays in sync after its copy, until its cutover."""
        if self._syncs is None:
            self._syncs = bool(self.request().get("syncing"))
        return self._syncs

    def history(self) -> dict[str, Any]:
        """What has really happened to it.

        `states`: `{"state", "at", "why"}`, the `why` being an error's code, `by hand`, or empty. `operations`: `{"operation", "at",
        "performed", "code", "answer"}`: an action's word, `speed` or `delete`; the code of a refusal; `heard`, `late`, or the fault
        that lost the answer (performed) or the request (not performed). `error` is that of its last run, in the service's keys.
        """
        return {
            "id": self.id,
            "name": self.name,
            "source_server_id": self.source_server_id,
            "target_vm_id": self.target_vm_id,
            "made_by": self.made_by,
            "created_at": self.created_at,
            "state": str(self.state),
            "states": [dict(each) for each in self.states],
            "operations": [dict(each) for each in self.operations],
            "error": self.error,
            "speed_limits": self.speed_limits,
        }

    def truth(self, *, with_body: bool = False) -> dict[str, Any]:
        """The task as the admin page tells it: what really is, visible to clients or not."""
        value: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "source_server_id": self.source_server_id,
            "target_vm_id": self.target_vm_id,
            "target_name": self.target_name,
            "vm_template_id": self.vm_template_id,
            "state": self.state,
            "created_at": self.created_at,
            "made_by": self.made_by,
        }
        if with_body:
            value["body"] = json.loads(self.body or b"{}")
        return value
