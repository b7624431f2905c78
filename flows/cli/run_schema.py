"""What the one object of `waves run --json` holds, and of `waves approve --json`: the JSON Schemas in the docs are made from this.

Decides nothing that is printed: run_view.py, run_command.py and approve_command.py do. Times are ISO 8601 in UTC, "" where there is
none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from flows.cli.check_schema import FoundOne  # noqa: TC001 - pydantic reads the annotations
from flows.cli.json_schema import Count, schema_of
from flows.cli.track_schema import TrackedServer  # noqa: TC001 - pydantic reads the annotations
from flows.night.approvals import Decision  # noqa: TC001 - pydantic reads the annotations
from flows.night.path import Stage  # noqa: TC001 - pydantic reads the annotations
from flows.night.stages import StageState  # noqa: TC001 - pydantic reads the annotations
from flows.submission.events import StopKind  # noqa: TC001 - pydantic reads the annotations

_Moment = datetime | Literal[""]


class GateCriterion(BaseModel):
    """One figure beside a question at a gate."""

    name: str = Field(description="What is meant.")
    value: str = Field(description="What it was when somebody was asked, or decided.")
    wanted: str = Field(description="What it should be.")
    holds: bool | None = Field(description="Whether it is so; null where nobody knows.")
    servers: list[str] = Field(description="The servers that it hangs on.")


class GateAsked(BaseModel):
    """A question at a gate, and what came of it."""

    gate: str = Field(description="The stage that the gate opens.")
    number: Count = Field(description="Which question of this gate it is.")
    asked_at: _Moment = Field(description="When it was asked.")
    closes_at: _Moment = Field(description="When it closes as not approved; empty where it does not.")
    decision: Decision | Literal[""] = Field(description="What was decided; empty while nobody has.")
    approver: str = Field(description="Who decided.")
    comment: str = Field(description="What they said.")
    decided_at: _Moment = Field(description="When.")
    criteria: list[GateCriterion] = Field(description="The figures on which it was decided.")


class NightStage(BaseModel):
    """One stage of the path."""

    stage: Stage = Field(description="Its name.")
    state: StageState = Field(description="How it stands; `running` is one that was left.")
    line: str = Field(description="What it came to, in one line.")
    began_at: _Moment = Field(description="When it began.")
    ended_at: _Moment = Field(description="When it ended; empty where it was left.")


class NightEnded(BaseModel):
    """A night as it ended. Exit code 0: all is done; 1: it is not; 3: SMS refuses everything; 130: interrupted."""

    wave: str = Field(description="The wave.")
    done: bool = Field(description="Whether all is done, and the report is written.")
    ends_at: Stage | Literal[""] = Field(description="The stage that the night did not get past; empty where there is none.")
    stop: StopKind | Literal[""] = Field(description="Why it ended early; empty where it came to its own end.")
    stages: list[NightStage] = Field(description="The stages that it came to, in their order.")
    approvals: list[GateAsked] = Field(description="What was asked at its gates, and decided.")
    servers: list[TrackedServer] = Field(description="Every server as it was last seen; empty where none was looked at.")
    report: str = Field(description="The report's path; empty where it could not be written.")
    html: str = Field(description="The page's path; empty where none was asked for, or could be written.")
    problem: str = Field(description="Why the report or the page could not be written; empty where they are.")
    next: str = Field(description="The command that goes on from there; empty where all is done.")


class NightNotBegun(BaseModel):
    """The plan, the call, SMS or the credentials kept the night from beginning. Exit code 2, 3, or 130."""

    wave: str = Field(description="The wave, as it was called for.")
    error: str = Field(description="Why, in one line.")
    findings: list[FoundOne] = Field(description="What was found in the plan, where that is why.")


class GateDecided(GateAsked):
    """The gate is decided. Exit code 0."""

    wave: str = Field(description="The wave.")


class GateDecidedBefore(GateDecided):
    """Somebody decided it before. Exit code 2."""

    error: str = Field(description="Who, and what.")


class GateNotDecided(BaseModel):
    """Nobody is asked there, or nobody said what to decide. Exit code 2."""

    wave: str = Field(description="The wave, as it was called for.")
    error: str = Field(description="Why, in one line.")


def run_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves run --json` prints."""
    return schema_of("waves run --json", NightEnded | NightNotBegun)


def approve_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves approve --json` prints."""
    return schema_of("waves approve --json", GateDecided | GateDecidedBefore | GateNotDecided)
