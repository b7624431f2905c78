"""Checks on `Waves` and `Limits`: names, windows, dependencies, how many servers a wave holds.

Decides from the sheets alone and reads no clock: whether a window is past is for whoever schedules it. Called by checks.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from inventory.catalogue import did_you_mean, finding_at, near
from inventory.circles import find_circles, show_circle
from inventory.columns import find_column, normalise
from inventory.limit_checks import check_account
from inventory.server_checks import split_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.findings import Finding
    from inventory.plan import Plan, Wave
    from inventory.server_columns import ServerColumns


def check_waves(servers: ServerColumns) -> Iterator[Finding]:
    """Every problem of the plan's waves and limits."""
    plan = servers.plan
    yield from _once(plan)
    yield from _alike(servers)
    for wave in plan.waves.values():
        if wave.index >= 0:
            yield from _window(wave)
            yield from _size(servers, wave)
    yield from _dependencies(plan)
    yield from _limits(plan)
    yield from check_account(servers)


def _once(plan: Plan) -> Iterator[Finding]:
    for row in plan.sheet_rows("Waves"):
        wave = plan.waves.get(row.text("wave"))
        if wave is not None and wave.index != row.index:
            yield finding_at(row, "wave", "PLAN-401", other=str(wave.cell("wave")))


def _alike(servers: ServerColumns) -> Iterator[Finding]:
    """Names that planners would take for one wave, and waves that `Waves` (where it is filled) does not have."""
    plan = servers.plan
    in_waves = {name for name, wave in plan.waves.items() if wave.index >= 0}
    by_look: dict[str, str] = {}
    first = {row.wave: row for row in reversed(servers.rows) if row.wave}
    for name, wave in plan.waves.items():
        look = by_look.setdefault(normalise(name), name)
        row = first.get(name) or (wave if wave.index >= 0 else None)
        if row is None:
            continue
        if look != name:
            yield finding_at(row, "wave", "PLAN-405", other=f'"{look}"')
        elif in_waves and name not in in_waves:
            guess = near(name, in_waves)
            yield finding_at(row, "wave", "PLAN-406", hint=did_you_mean(guess))


def _window(wave: Wave) -> Iterator[Finding]:
    start, end = wave.starts_at, wave.ends_at
    if start is not None and end is not None and end <= start:
        yield finding_at(wave, "ends_at", "PLAN-402", wave=wave.name, start=wave.table.raw("starts_at", wave.index))
    for name in ("starts_at", "ends_at"):
        moment = wave.moment(name)
        if moment is None or moment.tzinfo is not None:
            continue
        if not wave.text("timezone"):
            if not wave.is_refused("timezone"):
                yield finding_at(wave, name, "PLAN-410", column=name)
            continue
        what = _odd_time(moment, ZoneInfo(wave.text("timezone")))
        if what:
            yield finding_at(wave, name, "PLAN-409", column=name, what=what, timezone=wave.text("timezone"))


def _odd_time(moment: datetime, zone: ZoneInfo) -> str:
    """What is odd about a local time: it does not exist, or comes twice; "" for nearly all."""
    local = moment.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        return "does not exist"
    return "comes twice" if local.utcoffset() != local.replace(fold=1).utcoffset() else ""


def _size(servers: ServerColumns, wave: Wave) -> Iterator[Finding]:
    most = wave.integer("max_servers")
    count = servers.waves.count(wave.name) if most is not None else 0
    if most is not None and count > most:
        yield finding_at(wave, "max_servers", "PLAN-407", wave=wave.name, count=str(count))


def _dependencies(plan: Plan) -> Iterator[Finding]:
    ways = {name: split_names(wave.text("depends_on")) for name, wave in plan.waves.items() if wave.index >= 0}
    circles = find_circles(ways)
    for name, others in ways.items():
        for other in others:
            if other not in plan.waves:
                guess = near(other, plan.waves)
                yield finding_at(plan.waves[name], "depends_on", "PLAN-403", name=f'"{other}"', hint=did_you_mean(guess))
        if name in circles:
            yield finding_at(plan.waves[name], "depends_on", "PLAN-404", wave=name, circle=show_circle(circles[name]))


def _limits(plan: Plan) -> Iterator[Finding]:
    table = plan.tables["Servers"]
    headers = {normalise(header): header for header in table.headers if header}
    for row in plan.sheet_rows("Limits"):
        named = row.text("column")
        column = find_column("Servers", named)
        if named and normalise(named) not in headers and (column is None or column.name not in table.known):
            guess = headers.get(near(normalise(named), headers), "")
            yield finding_at(row, "column", "PLAN-408", hint=did_you_mean(guess))
