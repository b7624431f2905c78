"""Run a simulator for `waves simulate`: say how to reach it, serve until Ctrl-C, and end in one line where it cannot start.

Decides the account that it plays. A simulator that forgets its tasks is another account each time, so that the journal does not
take them for deleted; with a state file it stays the same one.
"""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit
from flows.simulator.server import serve
from inventory.catalogue import PlanError

if TYPE_CHECKING:
    from flows.simulator.options import SimulatorOptions


@dataclass(frozen=True, slots=True)
class Pointer:
    """What points `waves` at a simulator: its address and the environment to set."""

    url: str
    environment: dict[str, str]

    @property
    def admin(self) -> str:
        """The page that tells what really happened."""
        return f"{self.url}/admin"

    def lines(self) -> list[str]:
        """What a person reads and pastes, for a POSIX shell and for PowerShell."""
        posix = " ".join(f"{name}={value}" for name, value in self.environment.items())
        powershell = "; ".join(f'$env:{name}="{value}"' for name, value in self.environment.items())
        return [
            f"SMS is simulated at {self.url} until Ctrl-C; what really happens there: {self.admin}",
            "point `waves` at it, in another terminal:",
            f"  export {posix}",
            "or, in PowerShell:",
            f"  {powershell}",
        ]


def main(options: SimulatorOptions, *, is_json: bool) -> int:
    """Serve until told to end; the exit code: 2 where it cannot start."""

    def announce(port: int, url: str) -> None:
        pointer = point_at(url, options)
        if is_json:
            output.write_json({"port": port, "url": url, "admin": pointer.admin, "environment": pointer.environment})
        else:
            output.write("\n".join(pointer.lines()))

    try:
        serve(options, announce)
    except PlanError as error:
        return _refuse(str(error))
    except sqlite3.DatabaseError:
        return _refuse(f"{options.state} is no state file of a simulator: name another file, or delete it")
    except OSError as error:
        return _refuse(
            f"port {options.port} cannot be used ({error.strerror or error}): give another with --port, 0 for a free one"
        )
    return Exit.DONE


def point_at(url: str, options: SimulatorOptions) -> Pointer:
    """The environment in which `waves` talks to a simulator at `url` by its first access key."""
    key = options.access_keys[0]
    environment = {
        "SMS_ENDPOINT": url,
        "CLOUD_SDK_AK": key.access,
        "CLOUD_SDK_SK": key.secret,
        "SMS_PROJECT_ID": _project(options),
    }
    return Pointer(url, environment)


def _project(options: SimulatorOptions) -> str:
    if options.state is None:
        return uuid.uuid4().hex
    return hashlib.blake2b(str(options.state.resolve()).encode(), digest_size=16).hexdigest()


def _refuse(text: str) -> int:
    output.error(text)
    return Exit.WRONG
