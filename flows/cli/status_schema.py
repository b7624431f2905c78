"""What the one object of `waves status --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: the programme (flows/programme) does.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from flows.cli.json_schema import Count, schema_of

_Percent = Annotated[float, Field(ge=0, le=100)]
_Positive = Annotated[float, Field(ge=0)]


class WaveStatus(BaseModel):
    """One wave at this moment. Its servers are in exactly one of planned ... unknown. Times are ISO 8601 with their offset."""

    wave: str = Field(description="The wave's name.")
    servers: Count = Field(description="How many servers it has; those that the sheet skips are not counted.")
    planned: Count = Field(description="How many have no task yet.")
    submitted: Count = Field(description="How many have a task that does not copy yet, or that is being changed.")
    running: Count = Field(description="How many copy.")
    synced: Count = Field(description="How many are copied and kept in sync.")
    cut_over: Count = Field(description="How many are done.")
    failed: Count = Field(description="How many have a task that failed, or that others deleted.")
    unknown: Count = Field(description="How many are in a state that this tool does not know.")
    late: list[str] = Field(description="The servers that miss the window, or will, the latest first.")
    late_seconds: Count = Field(description="How far the latest is past the window's end; 0 where none is.")
    starts_at: datetime | None = Field(description="When it starts; null where the sheet does not say.")
    window_ends_at: datetime | None = Field(description="When its window closes; null where the sheet does not say.")
    ends_at: datetime | None = Field(description="When it is expected to end, or ended; null where nobody can tell.")
    progress: _Percent = Field(description="How far it is, in percent of its bytes.")
    throughput_mbps: _Positive = Field(description="How fast its servers copy together.")
    stage: str = Field(description="The stage of its night, as `waves run` names it; empty where it has not begun.")
    stage_state: str = Field(description="How that stage stands; empty where it has not begun.")
    gate: str = Field(description="The gate at which somebody is asked, in words; empty where none is open.")
    done: bool = Field(description="Whether every server is cut over.")
    attention: list[str] = Field(description="What needs a person, a sentence each, the worst first.")


class Difference(BaseModel):
    """One place where the cloud is not what the sheet says."""

    kind: Literal["setting", "second task", "not ours", "left the sheet"] = Field(
        description="setting: a task is set otherwise; second task: a source server has two; not ours: the journal does not know "
        "the task of a row's server; left the sheet: a row was sent, and the sheet has it no more."
    )
    wave: str = Field(description="The wave's name.")
    server: str = Field(description="The server, as the sheet or SMS names it.")
    task_id: str = Field(description="The task that is meant.")
    cell: str = Field(description="Where the sheet says it: Servers!F17; empty where it does not.")
    problem: str = Field(description="What differs, in one line.")


class Status(BaseModel):
    """All waves of a plan. Exit code 0: nothing needs a person; 1: something does."""

    plan: str = Field(description="The plan's file name.")
    at: _Positive = Field(description="When SMS was looked at, in seconds since 1970, UTC.")
    waves: list[WaveStatus] = Field(description="The waves, in the plan's order.")
    drift: list[Difference] = Field(description="Where the cloud is not what the sheet says.")
    attention: bool = Field(description="Whether anything needs a person: exit code 1.")


class NoStatus(BaseModel):
    """The plan or the call is wrong (exit code 2), or SMS cannot be asked or refuses (3)."""

    plan: str = Field(description="The plan's file name.")
    error: str = Field(description="Why, in one line.")


def status_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves status --json` prints."""
    return schema_of("waves status --json", Status | NoStatus)
