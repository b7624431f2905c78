"""What the one object of `waves plan --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: plan_view.py does.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from flows.cli.json_schema import Count, schema_of

_Positive = Annotated[float, Field(ge=0)]


class WaveProposed(BaseModel):
    """One wave as it is proposed."""

    wave: str = Field(description="The wave's name.")
    servers: Count = Field(description="How many servers it would have, those that it has already among them.")
    bytes: Count = Field(description="How much they hold, as far as that is known.")
    seconds: _Positive | None = Field(description="How long it would take by the forecast; null where nobody can tell.")
    is_at_least: bool = Field(description="Whether it would take longer: of some servers the size is not known.")
    window_seconds: _Positive | None = Field(description="How long its window is; null where it has none.")
    fits: bool | None = Field(description="Whether it ends inside its window; null where nobody can tell, or it has none.")


class ServerProposed(BaseModel):
    """The wave that is proposed for one server."""

    source_server_id: str = Field(description="The source server's id; its name or address where the sheet has no id.")
    row: Count = Field(description="Its row in Servers, counted as the sheet does.")
    wave: str = Field(description="The wave's name.")
    reason: str = Field(description="Why this one, in one line.")


class PlanOutput(BaseModel):
    """Waves for the servers that have none; the plan itself is not written. Exit code 0."""

    plan: str = Field(description="The plan's file name.")
    copy_: str = Field(alias="copy", description="The path of the copy with the proposal; empty where none was asked for.")
    waves: list[WaveProposed] = Field(description="The waves, in their order.")
    servers: list[ServerProposed] = Field(description="Every server that a wave is proposed for, wave by wave.")
    notes: list[str] = Field(description="What else is to be known, a sentence each.")
    missing: list[str] = Field(description="What of the plan's workbook the copy cannot keep.")


class NothingProposed(BaseModel):
    """The plan or the call is wrong, or nothing can be proposed. Exit code 2."""

    plan: str = Field(description="The plan's file name.")
    waves: list[WaveProposed] = Field(max_length=0, description="Empty.")
    error: str = Field(description="Why, in one line.")


def plan_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves plan --json` prints."""
    return schema_of("waves plan --json", PlanOutput | NothingProposed)
