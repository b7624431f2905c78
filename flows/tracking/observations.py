"""What forecasts learn from tasks that were followed: the speed that each reached, what it was due, and its overhead.

Only from what was really seen: a task whose copy's beginning or end nobody saw, whose bytes the plan does not know, or that no line
and no limit bounded, teaches nothing. Called by `waves forecast`, `waves track` and the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from flows.submission import schema
from flows.tracking.sights import trace_of
from inventory.forecast_terms import Observation

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from flows.tracking.trace import Trace

_SECONDS_A_MINUTE = 60.0
_LONGEST_AGO_SECONDS = 180 * 86_400.0
_SHORTEST_COPY_SECONDS = 60.0
"""A copy that took less says little of the line: its times are known to some seconds only."""


def observed(connection: Connection, account: str | None, now: float, *, but: tuple[str, str] | None = None) -> list[Observation]:
    """What the tasks of an account (None: of all) teach, of every plan and wave of the last half year, the oldest first.

    `but` is a plan's name and a wave of it that are left out: what was to be expected of a wave must not change by how it goes.
    """
    sight = schema.sight.c
    query = select(schema.sight).where(sight.copied_at > now - _LONGEST_AGO_SECONDS)
    if account is not None:
        query = query.where(sight.account == account)
    if but is not None:
        query = query.where((sight.plan_name != but[0]) | (sight.wave != but[1]))
    found = connection.execute(query.order_by(sight.copied_at, sight.task_id)).mappings()
    taught = (observation_of(trace_of(dict(row)), row["wave"]) for row in found)
    return [each for each in taught if each is not None]


def observation_of(trace: Trace, wave: str) -> Observation | None:
    """What one task teaches; None where it does not.

    The overhead is half before the copy and half after it, as the forecast has it. A task that syncs is cut over when people want
    it: of such a task only the half before is seen, and counts twice.
    """
    started, copying, copied = trace.started_at, trace.copying_at, trace.copied_at
    if started is None or copying is None or copied is None or not trace.due_mbps or not trace.speed_mbps:
        return None
    if not started <= copying or copied - copying < _SHORTEST_COPY_SECONDS:
        return None
    before = copying - started
    if trace.is_syncing:
        after = before
    elif trace.finished_at is not None and trace.finished_at >= copied:
        after = trace.finished_at - copied
    else:
        return None
    return Observation(wave, trace.speed_mbps, trace.due_mbps, (before + after) / _SECONDS_A_MINUTE)
