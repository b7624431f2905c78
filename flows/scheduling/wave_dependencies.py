"""Which waves that another one depends on are not done yet, by the journal.

A wave has its report when a run that worked on it has ended and each of its rows has an outcome that is final: done, or one that
a person has to do something about. DEFERRED and UNCERTAIN are not: the next run takes such a row up again. A wave whose whole night
was begun has its report at the end of its path, and not while it waits for a person. Called by at_start.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from flows.night.path import Stage
from flows.night.stages import StageState, read
from flows.submission import history, schema
from flows.submission.wave_key import WaveKey
from inventory.outcomes import Status
from inventory.server_checks import split_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from inventory.plan import Plan

_OPEN = frozenset({Status.DEFERRED.value, Status.UNCERTAIN.value})


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A wave without its report: how many of its rows have no final outcome yet, or where its night is."""

    wave: str
    rows: int
    of: int
    stage: str = ""

    def line(self) -> str:
        """In words."""
        if self.stage:
            return f"{self.wave} (its night is at {self.stage})"
        return f"{self.wave} ({self.rows} of {self.of} rows have no final outcome)"


def waves_before(plan: Plan, wave: str) -> list[str]:
    """The waves that this one depends on directly, as far as the plan has them and they have rows."""
    named = split_names(plan.waves[wave].text("depends_on")) if wave in plan.waves else []
    return [name for name in named if plan.rows(name)]


def unfinished(connection: Connection, account: str, plan: Plan, waves: Sequence[str]) -> list[Unfinished]:
    """Those of `waves` that have no report yet."""
    placed = history.placed(connection, account, plan.sha256)
    found = []
    for wave in waves:
        rows = [row for row in plan.rows(wave) if not row.skip]
        sources = [row.source_server_id or placed.get(row.position, "") for row in rows]
        known = [source for source in sources if source]
        latest = _latest(connection, account, known)
        left = [source for source in known if latest.get(source, "") in {*_OPEN, ""}]
        unnamed = len(sources) - len(known)
        missing = max(0, unnamed - _others(connection, account, plan.name, wave, set(known))) if unnamed else 0
        stage = _night(connection, WaveKey(account, plan.name, wave))
        if left or missing or stage:
            found.append(Unfinished(wave, len(left) + missing, len(rows), stage))
    return found


def _night(connection: Connection, wave: WaveKey) -> str:
    """The stage at which a night that has begun, and has not come to its report, is; "" for any other wave."""
    stages = read(connection, wave)
    held = next((stage for stage, record in stages.items() if record.state is StageState.HELD), None)
    report = stages.get(Stage.REPORT)
    if not stages or (held is None and report is not None and report.ended_at is not None):
        return ""
    return str(held or list(stages)[-1])


def _latest(connection: Connection, account: str, sources: Sequence[str]) -> Mapping[str, str]:
    """What the last submission that ended said of each source server; orders given since make and lose no task of theirs."""
    if not sources:
        return {}
    outcome, run = schema.outcome.c, schema.run.c
    query = select(outcome.source_server_id, outcome.status).join(schema.run, run.run_id == outcome.run_id)
    told = connection.execute(
        query.where(run.account == account, run.kind == history.SUBMIT).order_by(outcome.decided_at, run.started_at)
    )
    wanted = set(sources)
    return {one.source_server_id: one.status for one in told if one.source_server_id in wanted}


def _others(connection: Connection, account: str, plan_name: str, wave: str, known: set[str]) -> int:
    """How many further rows of the wave its last run to end has finished: those whose server the sheet does not name by its id."""
    run, outcome = schema.run.c, schema.outcome.c
    ours = (run.account == account) & (run.plan_name == plan_name) & (run.wave == wave) & run.ended_at.is_not(None)
    ours &= run.kind == history.SUBMIT
    last = connection.execute(select(run.run_id).where(ours).order_by(run.ended_at.desc()).limit(1)).scalar()
    told = connection.execute(select(outcome.source_server_id, outcome.status).where(outcome.run_id == last))
    return sum(one.source_server_id not in known and one.status not in {*_OPEN, Status.SKIPPED.value} for one in told)
