"""Checks on the rows of `Servers`: identity, targets, addresses, systems, and what SMS may well accept but better had not.

Decides from the sheet alone. Each check looks at whole columns and makes findings only for the rows that need one. Rows to be
skipped are not looked at. Called by checks.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from inventory.catalogue import did_you_mean, finding_at, near
from inventory.circles import find_circles, show_circle
from inventory.limit_checks import check_hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from inventory.findings import Finding
    from inventory.plan import Plan
    from inventory.rows import ServerRow
    from inventory.server_columns import ServerColumns

MANDATORY = ("region_id", "project_id")
"""What neither SMS nor another column tells (region_name and project_name are taken from region_id where empty)."""

_PRIVATE = re.compile(r"10\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.|127\.|169\.254\.|(?i:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):")


def check_servers(servers: ServerColumns) -> Iterator[Finding]:
    """Every problem of every row that is not skipped, check by check."""
    for check in _CHECKS:
        yield from check(servers)
    yield from check_hosts(servers)


def at(row: ServerRow, name: str, code: str, /, **words: str) -> Finding:
    """A finding at a column of a row of `Servers`, whose words may name the server and its wave."""
    return finding_at(row, name, code, **{"server": row.label, "wave": row.wave, **words})


def _rows_where(servers: ServerColumns, fits: Callable[..., Any], *columns: list[Any]) -> Iterator[ServerRow]:
    for row, *values in zip(servers.rows, *columns, strict=True):
        if fits(*values):
            yield row


def _waves(servers: ServerColumns) -> Iterator[Finding]:
    for row in _rows_where(servers, lambda said: not said, servers.said("wave")):
        yield at(row, "wave", "PLAN-202")


def _identity(servers: ServerColumns) -> Iterator[Finding]:
    columns = (servers.said("source_server_id"), servers.said("source_name"), servers.said("source_ip"))
    for row in _rows_where(servers, lambda *said: not any(said), *columns):
        yield at(row, "source_server_id", "PLAN-203")


def _sources(servers: ServerColumns) -> Iterator[Finding]:
    """A source is its id; rows without one are compared by name, and by address where they have no name either."""
    ids, names, addresses = servers["source_server_id"], servers["source_name"], servers["source_ip"]
    yield from _twice(servers, "source_server_id", ids, "PLAN-204", "PLAN-205")
    if None not in ids:
        return
    unnamed = [
        address if source is None and name is None else None for source, name, address in zip(ids, names, addresses, strict=True)
    ]
    needed = {name for source, name in zip(ids, names, strict=True) if source is None}
    shared = [name if name in needed else None for name in names]
    yield from _twice(servers, "source_name", shared, "PLAN-204", "PLAN-205", unless_differ=ids)
    yield from _twice(servers, "source_ip", unnamed, "PLAN-204", "PLAN-205")


def _targets(servers: ServerColumns) -> Iterator[Finding]:
    yield from _twice(servers, "target_vm_id", servers["target_vm_id"], "PLAN-206", "PLAN-207")


def _twice(
    servers: ServerColumns, name: str, values: list[Any], in_one: str, in_two: str, unless_differ: list[Any] | None = None
) -> Iterator[Finding]:
    """A finding for every row whose value another row has too, each naming the other (the first, or the second at the first)."""
    values = [value if wave else None for value, wave in zip(values, servers.waves, strict=True)]
    present = [value for value in values if value is not None]
    if len({value.casefold() for value in present}) == len(present):
        return
    rows: dict[str, list[int]] = defaultdict(list)
    for place, value in enumerate(values):
        if value is not None:
            rows[value.casefold()].append(place)
    for places in rows.values():
        for place in places if len(places) > 1 else ():
            found = _other(servers, place, places, unless_differ)
            if found is not None:
                row, other = servers.rows[place], servers.rows[found]
                words = {"column": name, "other": str(other.cell(name)), "other_wave": other.wave}
                yield at(row, name, in_one if row.wave == other.wave else in_two, **words)


def _other(servers: ServerColumns, place: int, places: list[int], unless_differ: list[Any] | None) -> int | None:
    """The row that shares a value with the one at `place`: of the same wave if there is one."""
    others = [other for other in places[:1000] if other != place]
    if unless_differ is not None:
        others = [other for other in others if None in (unless_differ[place], unless_differ[other])]
    return next((other for other in others if servers.waves[other] == servers.waves[place]), others[0] if others else None)


def _targets_given(servers: ServerColumns) -> Iterator[Finding]:
    existing, template = servers.said("target_vm_id"), servers.said("vm_template_id")
    for row in _rows_where(servers, lambda vm, made: not vm and not made, existing, template):
        yield at(row, "target_vm_id", "PLAN-208")
    for row in _rows_where(servers, lambda vm, made: vm and made, existing, template):
        yield at(row, "vm_template_id", "PLAN-209")


def _mandatory(servers: ServerColumns) -> Iterator[Finding]:
    said = [servers.said(name) for name in MANDATORY]
    for row in _rows_where(servers, lambda *each: not all(each), *said):
        missing = [name for name in MANDATORY if row.get(name) is None and not row.is_refused(name)]
        yield at(row, missing[0], "PLAN-210", columns=" and no ".join(missing))


def _addresses(servers: ServerColumns) -> Iterator[Finding]:
    def mixed(address: str | None, ipv6: bool | None) -> bool:
        return address is not None and (":" in address) is not (ipv6 is True)

    for row in _rows_where(servers, mixed, servers["migration_ip"], servers["use_ipv6"]):
        if row.is_refused("use_ipv6"):
            continue
        is_six = ":" in row.text("migration_ip")
        said = "yes" if row.flag("use_ipv6") else "no" if row.flag("use_ipv6") is False else "empty"
        words = {
            "version": "6" if is_six else "4",
            "wanted": "4" if is_six else "6",
            "said": said,
            "other": "yes" if is_six else "no",
        }
        yield at(row, "migration_ip", "PLAN-211", **words)


def _windows(servers: ServerColumns) -> Iterator[Finding]:
    systems, limits = servers["os_type"], servers["over_speed_threshold"]
    for row in _rows_where(servers, lambda os, how: os == "WINDOWS" and how == "MIGRATE_FILE", systems, servers["type"]):
        yield at(row, "type", "PLAN-212")
    for row in _rows_where(servers, lambda os, limit: os == "WINDOWS" and limit, systems, limits):
        yield at(row, "over_speed_threshold", "PLAN-503")


def _dependencies(servers: ServerColumns) -> Iterator[Finding]:
    dependent = list(_rows_where(servers, lambda text: text, servers["depends_on"]))
    if not dependent:
        return
    named: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(servers.plan.servers):
        for text in {row.source_name, row.source_server_id, row.source_ip} - {""}:
            named[text].append(place)
    by_case = {text.casefold(): text for text in named}
    for row in dependent:
        for name in split_names(row.text("depends_on")):
            if name in {row.source_name, row.source_server_id, row.source_ip}:
                yield at(row, "depends_on", "PLAN-214")
            elif name not in named:
                guess = by_case.get(name.casefold()) or near(name, named)
                yield at(row, "depends_on", "PLAN-213", name=f'"{name}"', hint=did_you_mean(guess))
    yield from _circles(servers.plan, named)


def _circles(plan: Plan, named: Mapping[str, Sequence[int]]) -> Iterator[Finding]:
    """Servers that wait for each other; one that names itself has its finding already."""
    rows = plan.servers
    ways = {
        place: {other for name in split_names(row.text("depends_on")) for other in named.get(name, ())} - {place}
        for place, row in enumerate(rows)
        if not row.skip
    }
    for place, circle in find_circles(ways).items():
        shown = show_circle([rows[each].label for each in circle])
        yield at(rows[place], "depends_on", "PLAN-215", circle=shown)


def split_names(text: str) -> list[str]:
    """The names of a list separated by `;`, without spaces around them."""
    return [name.strip() for name in text.split(";") if name.strip()]


def _lines(servers: ServerColumns) -> Iterator[Finding]:
    """What SMS takes and the network may not: a missing address, a private one on a public line, IPv6 where it does not work."""
    existing, addresses, six = servers["target_vm_id"], servers["migration_ip"], servers["use_ipv6"]
    for row in _rows_where(servers, lambda vm, said: vm and not said, existing, servers.said("migration_ip")):
        yield at(row, "migration_ip", "PLAN-501")
    private = _PRIVATE.match
    for row in _rows_where(
        servers, lambda ip, public: ip and public is not False and private(ip), addresses, servers["use_public_ip"]
    ):
        yield at(row, "migration_ip", "PLAN-509", said="yes" if row.flag("use_public_ip") else "empty (yes for SMS)")
    for row in _rows_where(servers, lambda ip6, vm, made: ip6 and made and not vm, six, existing, servers["vm_template_id"]):
        yield at(row, "use_ipv6", "PLAN-507")
    for row in _rows_where(servers, lambda ip6, limit: ip6 and limit, six, servers["speed_limit"]):
        yield at(row, "speed_limit", "PLAN-512")


def _doubts(servers: ServerColumns) -> Iterator[Finding]:
    """Values within the API's bounds that the console or older versions of SMS do not take (contradictions 9, 10, 11 and 13)."""
    for row in _rows_where(servers, lambda value: value is not None and value > 2, servers["priority"]):
        yield at(row, "priority", "PLAN-504")
    for row in _rows_where(servers, lambda value: value is not None and value > 1000, servers["speed_limit"]):
        yield at(row, "speed_limit", "PLAN-505")
    for row in _rows_where(
        servers, lambda stop, limit: stop and not limit, servers["over_speed_threshold"], servers.said("speed_limit")
    ):
        yield at(row, "over_speed_threshold", "PLAN-511")
    for row in _rows_where(servers, lambda name: name and not 4 <= len(name) <= 20, servers.own("name")):
        yield at(row, "name", "PLAN-506", length=str(len(row.text("name"))))
    for row in _rows_where(servers, lambda name: name and "{" in name, servers.own("target_name")):
        yield at(row, "target_name", "PLAN-513")
    told = (servers["exist_server"], servers["target_vm_id"], servers["vm_template_id"])
    for row in _rows_where(servers, lambda said, vm, made: said is not None and (vm or made) and said is not bool(vm), *told):
        target = "target_vm_id" if row.text("target_vm_id") else "vm_template_id"
        yield at(row, "exist_server", "PLAN-508", target=target)


_CHECKS: tuple[Callable[[ServerColumns], Iterator[Finding]], ...] = (
    _waves,
    _identity,
    _sources,
    _targets,
    _targets_given,
    _mandatory,
    _addresses,
    _windows,
    _dependencies,
    _lines,
    _doubts,
)
