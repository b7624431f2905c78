"""How a simulator behaves: one frozen set of options, shared by the command line, `waves simulate` and the tests.

Decides defaults and nothing else; `arguments.py` reads them from a command line. Every name and secret here is an example.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE_ACCESS_KEY = "AKEXAMPLE0000000000"
EXAMPLE_SECRET_KEY = "SKEXAMPLE" + "0" * 32
EXAMPLE_USER = "planner"
EXAMPLE_DOMAIN = "example-domain"
EXAMPLE_PASSWORD = "Example-Password-1"  # noqa: S105 - accepted by the simulator only


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One access key that the simulator knows. `security_token` is non-empty for a temporary key, and then it must be sent."""

    access: str = EXAMPLE_ACCESS_KEY
    secret: str = EXAMPLE_SECRET_KEY
    security_token: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """One IAM user that may fetch a token by password."""

    name: str = EXAMPLE_USER
    password: str = EXAMPLE_PASSWORD
    domain: str = EXAMPLE_DOMAIN


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` requests in `seconds`, for each key; `limit` 0 is no throttling.

    A bucket that fills evenly, so that a burst and what it fills meanwhile pass; with `is_window` never more in any such time,
    for each API on its own, as a gateway's policy is bound to one.
    """

    limit: int = 0
    seconds: float = 1.0
    is_window: bool = False


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """Everything that a simulator can be told before it starts. Times are seconds.

    `port` 0 takes a free one. `fleet` is a plan workbook whose sources, targets and templates exist; `sources` adds that many
    made-up source servers; `any_source` and `any_target` accept every id. `guard` is SMS.7605. `lag` hides a new task from
    listings (and, with `lag_detail`, from its own page) for so long. `late_seconds` is how late a late create is performed,
    `slow_seconds` how late a slow answer comes; `latency` is what every answer of the service takes. `migration_seconds` is how
    long a started task copies where no `bandwidth` is given. `bandwidth` (Mbit/s) is the line that all copies share by max-min
    fairness, of which `efficiency` is the share that they really reach; `source_line` is what each source's own line carries (0:
    any). `preparation` and `configuration` are what the sub-tasks before and after the copy take. `change_per_day` is the share
    of a server's bytes that change in a day, copied by rounds of a SYNCING task, one every `sync_seconds` at most. `quirks` is
    the share of the time in which a running task shows speed 0, no progress, or over 100 %. `fail` is what agents suffer
    (agent_faults.py). `refused_operations` are words that an action refuses with 9001, such as `cutover`; `max_running` is how
    many tasks of the account may be RUNNING, 0 for any number; `inconsistent` the share of consistency checks that find
    differences. `list_order` is `newest` (rows shift between pages while tasks are made) or `oldest`. `denied_actions` are IAM
    actions answered with 403 SMS.9004, such as `sms:server:createTask`.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 0
    fleet: Path | None = None
    sources: int = 0
    any_source: bool = False
    any_target: bool = False
    guard: bool = True
    lenient: bool = False
    strict_names: bool = False
    check_floating_ip: bool = False
    lag: float = 0.0
    lag_detail: bool = True
    faults: str = ""
    late_seconds: float = 5.0
    slow_seconds: float = 5.0
    latency: float = 0.0
    retry_after_seconds: int = 1
    rate: Rate = Rate()
    state: Path | None = None
    authentication: bool = True
    access_keys: tuple[AccessKey, ...] = (AccessKey(),)
    users: tuple[User, ...] = (User(),)
    token_seconds: float = 86400.0
    denied_actions: frozenset[str] = frozenset()
    list_order: str = "newest"
    migration_seconds: float = 900.0
    bandwidth: float = 0.0
    efficiency: float = 1.0
    source_line: float = 0.0
    preparation: float = 0.0
    configuration: float = 0.0
    change_per_day: float = 0.0
    sync_seconds: float = 900.0
    quirks: float = 0.0
    fail: str = ""
    refused_operations: frozenset[str] = frozenset()
    max_running: int = 0
    inconsistent: float = 0.0
    delete_seconds: float = 0.0
    until_stdin_eof: bool = False
