"""A simulator in another process, for tests: start it, ask it for the truth, give it faults, and it always ends.

    with SimulatorProcess(any_source=True, faults="14%") as simulator:
        ... simulator.url ...
        assert simulator.truth()["duplicates"] == []

Options are those of SimulatorOptions. The process ends when the block does, and by itself when the test's process dies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from flows.simulator.options import (
    EXAMPLE_ACCESS_KEY,
    EXAMPLE_DOMAIN,
    EXAMPLE_PASSWORD,
    EXAMPLE_SECRET_KEY,
    EXAMPLE_USER,
    AccessKey,
    Rate,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_ROOT = Path(__file__).resolve().parent.parent
_RENAMED = {"rate": "--rate", "retry_after_seconds": "--retry-after", "list_order": "--order", "authentication": "--auth"}
_ON_OFF = frozenset({"guard", "lag_detail", "authentication"})


class SimulatorProcess:
    """One simulator process. Keyword arguments are fields of SimulatorOptions; `port` 0 takes a free one."""

    access_key = EXAMPLE_ACCESS_KEY
    secret_key = EXAMPLE_SECRET_KEY
    user, password, domain = EXAMPLE_USER, EXAMPLE_PASSWORD, EXAMPLE_DOMAIN

    def __init__(self, **options: Any) -> None:
        command = [sys.executable, "-m", "flows.simulator", "--until-stdin-eof", *command_line(**options)]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, env=environment)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("the simulator did not start: its words are on standard error")
        self.port: int = json.loads(line)["port"]
        self.url: str = json.loads(line)["url"]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which `waves` talks to this simulator by access key."""
        return {
            "SMS_ENDPOINT": self.url,
            "CLOUD_SDK_AK": self.access_key,
            "CLOUD_SDK_SK": self.secret_key,
            "SMS_PROJECT_ID": "00000000000000000000000000000001",
        }

    def truth(self, *, bodies: bool = False) -> dict[str, Any]:
        """What really is: tasks (with their requests, if asked for), tasks_by_source, duplicates, requests, faults, warnings."""
        return dict(self.admin("GET", "/admin/truth?bodies=1" if bodies else "/admin/truth"))

    def tasks_of(self, source_id: str) -> list[dict[str, Any]]:
        """The tasks that a source really has."""
        return [task for task in self.truth()["tasks"] if task["source_server_id"] == source_id]

    def bodies(self) -> list[dict[str, Any]]:
        """The creates as they arrived: received_at, status, result (task id or error code), body (text)."""
        return list(self.admin("GET", "/admin/bodies"))

    def arrivals(self, route: str = "POST /v3/tasks") -> list[float]:
        """When requests to a route came in, in seconds of a steady clock, refused ones too."""
        return [each["at"] for each in self.admin("GET", "/admin/arrivals") if each["route"] == route]

    def set_faults(self, spec: str = "", seed: int | None = None) -> None:
        """Replace the plan of faults; no spec is no faults."""
        self.admin("POST", "/admin/faults", {"spec": spec} | ({} if seed is None else {"seed": seed}))

    def fault_once(self, fault: str, times: int = 1, *, source_server_id: str = "", route: str = "POST /v3/tasks") -> None:
        """Have the next requests to a route (of one source only, if named) suffer a fault such as `reset-after`."""
        once = {"fault": fault, "times": times, "source_server_id": source_server_id, "route": route}
        self.admin("POST", "/admin/faults", {"once": [once]})

    def add_task(self, source_server_id: str, **fields: Any) -> str:
        """Make a task of somebody else (target_vm_id, target_name, name, state, vm_template_id, body); its id."""
        return str(self.admin("POST", "/admin/tasks", {"source_server_id": source_server_id, **fields})["id"])

    def add_source(self, source_id: str, **fields: Any) -> None:
        """Add or replace a source server (name, ip, os_type, firmware, connected, judged, failed_checks, disks ...)."""
        self.admin("POST", "/admin/sources", {"id": source_id, **fields})

    def add_template(self, template_id: str, **fields: Any) -> None:
        """Add a template whose page shows `fields` (publicip, name ...); templates that nobody added do not exist then."""
        self.admin("POST", "/admin/templates", {"id": template_id, "fields": fields})

    def delete_task(self, task_id: str) -> None:
        """Have a task gone, whatever its state."""
        self.admin("DELETE", f"/admin/tasks/{task_id}")

    def set_state(self, task_id: str, state: str) -> None:
        """Put a task into a state."""
        self.admin("PUT", f"/admin/tasks/{task_id}", {"state": state})

    def fail(self, task_id: str, code: str = "SMS.0805", **order: Any) -> None:
        """Have a task fail where it is (message, params)."""
        self.admin("PUT", f"/admin/tasks/{task_id}", {"fail": code, **order})

    def set_connection(self, source_id: str, *, connected: bool, seconds: float = 0) -> None:
        """Take a source's agent offline, for so long or (0) until it is told back, or bring it back."""
        self.admin("POST", "/admin/connection", {"source_server_id": source_id, "connected": connected, "seconds": seconds})

    def set_bandwidth(self, mbps: float, line: str = "") -> None:
        """Have the common line carry so many Mbit/s from now on, or the one of that name."""
        self.admin("POST", "/admin/line", {"bandwidth": mbps, "line": line})

    def history(self) -> dict[str, Any]:
        """What has really happened: tasks there are and were with states, operations and bytes, and the outages of sources."""
        return dict(self.admin("GET", "/admin/history"))

    def set_access(self, **order: Any) -> None:
        """Change access: denied_actions=[...], expire_tokens=True."""
        self.admin("POST", "/admin/access", order)

    def reset(self) -> None:
        """Forget all tasks and counts."""
        self.admin("POST", "/admin/reset")

    def admin(self, method: str, path: str, value: object = None) -> Any:
        """Call the admin interface. Raises RuntimeError with its words when it says no."""
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(self.url + path, data=body, method=method)  # noqa: S310 - our own address
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own address
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(f"{method} {path}: {error.read().decode()}") from None

    def stop(self) -> None:
        """End the process as a user would, by closing its input; kill it if that does not do. More than one call is fine."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process.stdout.close()

    def kill(self) -> None:
        """End the process at once, as a power cut would: what is not in its state file is lost."""
        self._process.kill()
        self._process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def command_line(**options: Any) -> list[str]:
    """The arguments of `python -m flows.simulator` for fields of SimulatorOptions."""
    arguments: list[str] = []
    for name, value in options.items():
        flag = _RENAMED.get(name, "--" + name.replace("_", "-"))
        if name in _ON_OFF:
            arguments += [flag, "on" if value else "off"]
        elif isinstance(value, bool):
            arguments += [flag] if value else []
        elif isinstance(value, Rate):
            window = f"limit:{value.limit},time:{value.seconds:.0f} second"
            arguments += [flag, window if value.is_window else f"{value.limit}/{value.seconds}"]
        elif name == "refused_operations":
            arguments += [f"--refuse={operation}" for operation in value]
        elif name in {"access_keys", "users", "denied_actions"}:
            arguments += _repeated(name, value)
        else:
            arguments.append(f"{flag}={value}")
    return arguments


def _repeated(name: str, values: Sequence[AccessKey | User | str]) -> list[str]:
    arguments: list[str] = []
    for value in values:
        match value:
            case AccessKey():
                arguments += [
                    "--access-key",
                    f"{value.access}:{value.secret}" + (f":{value.security_token}" if value.security_token else ""),
                ]
            case User():
                arguments += ["--user", f"{value.name}:{value.password}:{value.domain}"]
            case _:
                arguments += ["--deny", value]
    return arguments
