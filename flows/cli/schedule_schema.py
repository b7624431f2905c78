"""What the one object of `waves schedule --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: schedule_view.py, schedule_command.py and scheduling/schedule_plan.py do.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Any

from pydantic import BaseModel, Field

from flows.cli.json_schema import schema_of
from flows.scheduling.changes import Do  # noqa: TC001 - pydantic reads the annotations


class ScheduledWave(BaseModel):
    """What became of the scheduled run of one wave. Times are ISO 8601 with their offset."""

    wave: str = Field(description="The wave's name.")
    do: Do = Field(
        description="create, keep, move (another time), change (other rows or words), cancel, leave (it runs already), missed (its "
        "window is over)."
    )
    starts_at: datetime | None = Field(description="When it starts by the sheet; null where the sheet asks for none.")
    window_ends_at: datetime | None = Field(description="When its window closes; null where the sheet does not say.")
    was_due_at: datetime | None = Field(description="When its run was due before; null where there was none.")
    run_id: str = Field(description="The id of its flow run at Prefect; empty where there is none.")
    why: str = Field(description="Why, where that is to be said.")


class UnplannedWave(BaseModel):
    """A wave of the plan that no run can be scheduled for."""

    wave: str = Field(description="The wave's name.")
    why: str = Field(description="Why, in one line.")


class Scheduled(BaseModel):
    """Prefect has the runs that the sheet asks for, or would have. Exit code 0; 1 where a wave has missed its window."""

    plan: str = Field(description="The plan's file name.")
    deployment: str = Field(description="The plan's deployment: flow and name.")
    dry_run: bool = Field(description="Whether nothing was done (--dry-run).")
    made: list[str] = Field(description="What had to be made first, or would have to be, in words.")
    waves: list[ScheduledWave] = Field(description="What became of each wave's run.")
    unplanned: list[UnplannedWave] = Field(description="The waves that are not scheduled.")


class NotScheduled(BaseModel):
    """The plan, the call or Prefect's API does not do, and nothing was changed. Exit code 2."""

    plan: str = Field(description="The plan's file name.")
    waves: list[ScheduledWave] = Field(max_length=0, description="Empty.")
    error: str = Field(description="Why, in one line.")


def schedule_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves schedule --json` prints."""
    return schema_of("waves schedule --json", Scheduled | NotScheduled)
