"""What the one object of `waves track --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: the picture (flows/tracking/picture.py) and track_command.py do.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any

from pydantic import BaseModel, Field

from flows.cli.json_schema import Count, schema_of
from flows.tracking.standing import Goal, Standing  # noqa: TC001 - pydantic reads the annotations

_Percent = Annotated[float, Field(ge=0, le=100)]
_Positive = Annotated[float, Field(ge=0)]


class TrackedServer(BaseModel):
    """One server as it was last seen. Times are ISO 8601 with their offset."""

    source_server_id: str = Field(description="The source server's id; empty where nobody knows it yet.")
    server: str = Field(description="The server as the planner names it.")
    task_id: str = Field(description="Its task; empty where there is none.")
    state: str = Field(description="SMS's own word for where its task is, or NO_TASK, or GONE where others deleted it.")
    standing: Standing = Field(description="Who has to do something next.")
    progress: _Percent | None = Field(description="How far its task is, in percent; null where SMS does not tell.")
    sub_task: str = Field(description="What its task does now.")
    speed_mbps: _Positive | None = Field(description="How fast it copies; null where it does not.")
    started_at: datetime | None = Field(description="When its task began; null where nobody saw.")
    finished_at: datetime | None = Field(description="When its task was done; null where it is not, or nobody saw.")
    expected_end: datetime | None = Field(description="When it was to end by the forecast; null where nobody can tell.")
    ends_at: datetime | None = Field(description="When it is expected to end by all that is known now, or when it ended.")
    late_seconds: Count = Field(description="How far that is past the window's end; 0 where it is not.")
    is_ours: bool = Field(description="Whether the journal knows the task as made for this row.")
    is_offline: bool = Field(description="Whether SMS has lost the agent on the source server.")
    error_code: str = Field(description="The code of the task's error.")
    error_message: str = Field(description="What SMS says of it.")
    advice: str = Field(description="What to do about it; empty where there is nothing to do.")


class Tracked(BaseModel):
    """A wave as the last look showed it. Exit code 0: all as far as --until says, in time; 1: some are not; 130: interrupted."""

    wave: str = Field(description="The wave's name.")
    plan: str = Field(description="The plan's file name.")
    until: Goal = Field(description="Until when it was followed.")
    at: datetime = Field(description="When SMS was last looked at.")
    states: dict[str, Count] = Field(description="How many servers are in which state, by SMS's words.")
    standings: dict[Standing, Count] = Field(description="How many servers stand where.")
    late: list[str] = Field(description="The servers that miss the window, or will, the latest first.")
    done: bool = Field(description="Whether every server is as far as --until says.")
    progress: _Percent = Field(description="How far the wave is, in percent of its bytes.")
    throughput_mbps: _Positive = Field(description="How fast all of them copy together.")
    window_ends_at: datetime | None = Field(description="When the window closes; null where the sheet does not say.")
    expected_end: datetime | None = Field(description="When the wave was to end by the forecast.")
    ends_at: datetime | None = Field(description="When it is expected to end by all that is known now.")
    polls: Count = Field(description="How often SMS was looked at.")
    servers: list[TrackedServer] = Field(description="Every server that was followed, in the sheet's order.")


class NotTracked(BaseModel):
    """The plan or the call is wrong (exit code 2), or SMS cannot be asked or refuses (3)."""

    wave: str = Field(description="The wave that was asked for.")
    error: str = Field(description="Why, in one line.")


def track_schema() -> dict[str, Any]:
    """The JSON Schema of `waves track --json`."""
    return schema_of("waves track --json", Tracked | NotTracked)
