"""The simulator's own command line, `python -m flows.simulator`: arguments into SimulatorOptions.

Decides nothing but the words. `waves simulate` builds the same options by itself.
"""

from __future__ import annotations

import argparse
import re
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from flows.simulator.agent_faults import parse_fail
from flows.simulator.faults import KINDS, FaultError, parse_faults
from flows.simulator.options import AccessKey, Rate, SimulatorOptions, User
from flows.simulator.states import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_NAMED_WINDOW = re.compile(r"limit:([0-9]+),time:([1-9][0-9]*) (second|minute|hour)s?")
RATE_HELP = "write 50, 200/5m or limit:200,time:5 minute"


def parse_arguments(arguments: Sequence[str]) -> SimulatorOptions:
    """Read a command line (without the program's name). Exits with 2 and one line when it is wrong, as argparse does."""
    known = _parser().parse_args(arguments)
    return SimulatorOptions(
        host=known.host,
        port=known.port,
        seed=known.seed,
        fleet=known.fleet,
        sources=known.sources,
        any_source=known.any_source,
        any_target=known.any_target,
        guard=known.guard == "on",
        lenient=known.lenient,
        strict_names=known.strict_names,
        check_floating_ip=known.check_floating_ip,
        lag=known.lag,
        lag_detail=known.lag_detail == "on",
        faults=known.faults,
        late_seconds=known.late_seconds,
        slow_seconds=known.slow_seconds,
        latency=known.latency,
        retry_after_seconds=known.retry_after,
        rate=known.rate,
        state=known.state,
        authentication=known.auth == "on",
        access_keys=tuple(known.access_key) or (AccessKey(),),
        users=tuple(known.user) or (User(),),
        token_seconds=known.token_seconds,
        denied_actions=frozenset(known.deny),
        list_order=known.order,
        migration_seconds=known.migration_seconds,
        bandwidth=known.bandwidth,
        efficiency=known.efficiency,
        source_line=known.source_line,
        preparation=known.preparation,
        configuration=known.configuration,
        change_per_day=known.change_per_day,
        sync_seconds=known.sync_seconds,
        quirks=known.quirks,
        fail=known.fail,
        refused_operations=frozenset(known.refuse),
        max_running=known.max_running,
        inconsistent=known.inconsistent,
        delete_seconds=known.delete_seconds,
        until_stdin_eof=known.until_stdin_eof,
    )


def parse_rate(text: str) -> Rate:
    """A rate such as `50` (a second), `200/5m`, `100/60`, or a window as the gateway names it. Raises ValueError.

    Such a window is `limit:200,time:5 minute`.
    """
    if named := _NAMED_WINDOW.fullmatch(text):
        return Rate(int(named[1]), int(named[2]) * _UNITS[named[3][0]], is_window=True)
    count, _, window = text.partition("/")
    unit = _UNITS.get(window[-1:], 0.0)
    seconds = (float(window[:-1] or 1) * unit if unit else float(window)) if window else 1.0
    if int(count) < 0 or seconds <= 0:
        raise ValueError(text)
    return Rate(int(count), seconds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m flows.simulator",
        description="SMS v3 on 127.0.0.1: a real HTTP server with state, validation, authentication, throttling and faults.",
        epilog="Faults: " + "; ".join(f"{kind}: {meaning}" for kind, meaning in KINDS.items()) + ".",
    )
    _add_server(parser)
    _add_estate(parser)
    _add_behaviour(parser)
    _add_night(parser)
    _add_access(parser)
    return parser


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 in a container, nowhere else")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 (the default) takes a free one")
    parser.add_argument("--print-port", action="store_true", help="kept for scripts: the first line always tells port and address")
    parser.add_argument("--until-stdin-eof", action="store_true", help="end when standard input is closed")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep tasks in this SQLite file, and take them up again")
    parser.add_argument("--seed", type=int, default=0, help="for ids and faults")


def _add_estate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fleet", type=Path, metavar="PLAN", help="the sources, targets and templates of this plan exist")
    parser.add_argument("--sources", type=int, default=0, metavar="N", help="add N made-up source servers")
    parser.add_argument("--any-source", action="store_true", help="accept every source server id")
    parser.add_argument("--any-target", action="store_true", help="accept every target server and template id, with --fleet too")


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--guard", choices=("on", "off"), default="on", help="refuse a second task of a source or target (SMS.7605)"
    )
    parser.add_argument("--lenient", action="store_true", help="require only what the official SDK requires")
    parser.add_argument("--strict-names", action="store_true", help="require task names of 4-20 characters")
    parser.add_argument(
        "--check-floating-ip", action="store_true", help="refuse a private migration_ip with use_public_ip (SMS.6602)"
    )
    parser.add_argument("--lag", type=float, default=0.0, metavar="SECONDS", help="show a new task only after so long")
    parser.add_argument("--lag-detail", choices=("on", "off"), default="on", help="whether the lag hides a task's own page too")
    parser.add_argument("--order", choices=("newest", "oldest"), default="newest", help="which tasks a listing shows first")
    parser.add_argument(
        "--faults", type=_faults, default="", metavar="SPEC", help="such as 14%%, or reset-after=0.03,read-drop=0.02"
    )
    parser.add_argument("--late-seconds", type=float, default=5.0, help="how late the fault `late` performs its create")
    parser.add_argument("--slow-seconds", type=float, default=5.0, help="how late the answer of the fault `slow` comes")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="what every answer takes")
    parser.add_argument(
        "--retry-after", type=int, default=1, metavar="SECONDS", help="Retry-After of a 429; 0 leaves it out when throttled"
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        default=Rate(),
        metavar="N[/WINDOW]",
        help="requests a key: 50, 200/5m, 100/60; limit:200,time:5 minute: never more in any such time, each API on its own",
    )
    parser.add_argument("--delete-seconds", type=float, default=0.0, help="how long a deleted task is DELETING")


def _add_night(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--migration-seconds", type=float, default=900.0, help="how long a started task copies where no bandwidth is given"
    )
    parser.add_argument(
        "--bandwidth", type=_amount, default=0.0, metavar="MBPS", help="the line that all copies share, each a fair part of it"
    )
    parser.add_argument(
        "--efficiency", type=_efficiency, default=1.0, metavar="SHARE", help="the share of a line's rate that copies really reach"
    )
    parser.add_argument("--source-line", type=_amount, default=0.0, metavar="MBPS", help="what each source's own line carries")
    parser.add_argument("--preparation", type=_amount, default=0.0, metavar="SECONDS", help="what the sub-tasks before a copy take")
    parser.add_argument("--configuration", type=_amount, default=0.0, metavar="SECONDS", help="what the one after it takes")
    parser.add_argument(
        "--change-per-day", type=_amount, default=0.0, metavar="SHARE", help="the share of a server's bytes that change in a day"
    )
    parser.add_argument(
        "--sync-seconds", type=_amount, default=900.0, metavar="SECONDS", help="a syncing task copies what has changed so often"
    )
    parser.add_argument(
        "--quirks", type=_share, default=0.0, metavar="SHARE", help="how often a running task shows speed 0, no progress or > 100"
    )
    parser.add_argument("--fail", type=_fail, default="", metavar="SPEC", help="what agents suffer: 5%%, or SMS.0805=0.02,away=0.1")
    parser.add_argument(
        "--refuse", choices=[*OPERATIONS], action="append", default=[], help="refuse this operation with SMS.9001; repeatable"
    )
    parser.add_argument(
        "--max-running",
        type=int,
        default=0,
        metavar="N",
        help="refuse a start while so many tasks run (SMS.6526); 0 for any number",
    )
    parser.add_argument(
        "--inconsistent", type=_share, default=0.0, metavar="SHARE", help="how many consistency checks find differences"
    )


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value < inf:
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return value


def _share(text: str) -> float:
    value = _amount(text)
    if value > 1:
        raise argparse.ArgumentTypeError(f"{text} is more than 1")
    return value


def _efficiency(text: str) -> float:
    value = _share(text)
    if value == 0:
        raise argparse.ArgumentTypeError("nothing would ever be copied")
    return value


def _add_access(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--auth", choices=("on", "off"), default="on", help="whether to check tokens and signatures")
    parser.add_argument(
        "--access-key", type=_access_key, action="append", default=[], metavar="AK:SK[:SECURITY_TOKEN]", help="repeatable"
    )
    parser.add_argument("--user", type=_user, action="append", default=[], metavar="NAME:PASSWORD:DOMAIN", help="repeatable")
    parser.add_argument("--token-seconds", type=float, default=86400.0, help="how long a token is valid")
    parser.add_argument("--deny", action="append", default=[], metavar="ACTION", help="answer this IAM action with 403; repeatable")


def _faults(text: str) -> str:
    try:
        parse_faults(text)
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _fail(text: str) -> str:
    try:
        parse_fail(text)
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _rate(text: str) -> Rate:
    try:
        return parse_rate(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate: {RATE_HELP}") from None


def _access_key(text: str) -> AccessKey:
    access, colon, rest = text.partition(":")
    secret, _, token = rest.partition(":")
    if not (access and colon and secret):
        raise argparse.ArgumentTypeError("an access key is AK:SK or AK:SK:SECURITY_TOKEN")
    return AccessKey(access, secret, token)


def _user(text: str) -> User:
    parts = text.split(":")
    if len(parts) != 3 or not all(parts):
        raise argparse.ArgumentTypeError("a user is NAME:PASSWORD:DOMAIN")
    return User(*parts)
