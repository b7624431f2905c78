"""How far a wave is on its path, as the journal keeps it: so that whoever takes the wave up again begins where it was left.

Functions of a connection, as the journal's others; the tables are in `flows.submission.schema`. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from flows.night.path import Stage
from flows.submission import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from flows.submission.wave_key import WaveKey


class StageState(StrEnum):
    """How a stage stands."""

    RUNNING = "running"
    DONE = "done"
    HELD = "held"
    """It waits for a person, or a person said no."""
    FAILED = "failed"
    """Some of its servers are not where they should be; the report says which."""


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage of a wave. `detail` are its figures, for people and for the report; `ended_at` None: it goes on, or was left."""

    stage: Stage
    run_id: str
    state: StageState
    began_at: float
    ended_at: float | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def begin(connection: Connection, wave: WaveKey, stage: Stage, run_id: str, now: float) -> None:
    """A stage begins, or is taken up again by another run: it keeps the moment at which it began first."""
    table = schema.stage
    chosen = wave.of(table) & (table.c.stage == stage.value)
    changed = {"run_id": run_id, "state": StageState.RUNNING.value, "ended_at": None}
    if connection.execute(update(table).where(chosen).values(**changed)).rowcount:
        return
    connection.execute(insert(table).values(**wave._asdict(), stage=stage.value, began_at=now, detail="{}", **changed))


def end(connection: Connection, wave: WaveKey, stage: Stage, state: StageState, detail: Mapping[str, Any], now: float) -> None:
    """A stage that began has ended so; a held one goes on, and has no end."""
    table = schema.stage
    ended_at = None if state is StageState.HELD else now
    told = json.dumps(detail, ensure_ascii=False, sort_keys=True)
    chosen = wave.of(table) & (table.c.stage == stage.value)
    connection.execute(update(table).where(chosen).values(state=state.value, detail=told, ended_at=ended_at))


def read(connection: Connection, wave: WaveKey) -> dict[Stage, StageRecord]:
    """The stages of a wave that ever began, in the order of the path; those that this version does not know are left out."""
    table = schema.stage
    found = {row["stage"]: row for row in connection.execute(select(table).where(wave.of(table))).mappings()}
    return {
        stage: StageRecord(
            stage=stage,
            run_id=found[stage]["run_id"],
            state=StageState(found[stage]["state"]),
            began_at=found[stage]["began_at"],
            ended_at=found[stage]["ended_at"],
            detail=json.loads(found[stage]["detail"]),
        )
        for stage in Stage
        if stage in found
    }


def forget(connection: Connection, wave: WaveKey) -> None:
    """The wave's path begins anew: what was written of its stages goes, what was decided at its gates stays."""
    connection.execute(delete(schema.stage).where(wave.of(schema.stage)))
