"""What the one object of `waves forecast --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: forecast_view.py and forecast_command.py do.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any

from pydantic import BaseModel, Field

from flows.cli.json_schema import Count, schema_of

_Positive = Annotated[float, Field(ge=0)]
_Share = Annotated[float, Field(ge=0, le=1)]


class WaveForecast(BaseModel):
    """What is to be expected of one wave. Times are ISO 8601 with their offset."""

    wave: str = Field(description="The wave's name.")
    servers: Count = Field(description="How many servers it moves.")
    bytes: Count = Field(description="How many bytes, as far as the sheet tells.")
    starts_at: datetime | None = Field(
        description="When it really starts, after what it depends on; null where the sheet has no time."
    )
    ends_at: datetime | None = Field(description="When it ends (P50 where a range is known); null where nobody can tell.")
    ends_at_p90: datetime | None = Field(description="When it ends in 9 of 10 nights; null where nothing was observed yet.")
    window_ends_at: datetime | None = Field(description="When its window closes; null where the sheet does not say.")
    seconds: _Positive | None = Field(description="How long it takes; null where nobody can tell.")
    is_at_least: bool = Field(description="Whether bytes or speeds are missing: it then ends no sooner.")
    fits: bool | None = Field(description="Whether it ends inside its window; null where that cannot be told.")
    fits_p90: bool | None = Field(description="The same of `ends_at_p90`.")
    late: list[str] = Field(description="The servers that make it late, by their source_server_id or what else names them.")
    unknown: list[str] = Field(description="The servers whose bytes or speed are not known, named likewise.")
    suggestions: list[str] = Field(description="What would make it fit; each was forecast again before it is said.")
    notes: list[str] = Field(description="What is assumed or missing, a sentence each.")


class Forecast(BaseModel):
    """A forecast. Exit code 0, whether or not the waves fit."""

    plan: str = Field(description="The plan's file name.")
    overhead_minutes: _Positive = Field(description="Preparation and cutover that were reckoned with, in minutes a server.")
    efficiency: _Share = Field(description="The share of the line that copies were taken to reach.")
    changes_per_day: _Positive = Field(description="The share of a syncing server's data that was taken to change in a day.")
    said_from: list[str] = Field(description="Where these figures are from: given, defaults, or what earlier waves showed.")
    waves: list[WaveForecast] = Field(description="Every wave, or that of --wave.")


class NotForecast(BaseModel):
    """The file is no plan, or the call is wrong. Exit code 2."""

    plan: str = Field(description="The plan's file name.")
    waves: list[WaveForecast] = Field(max_length=0, description="Empty.")
    error: str = Field(description="Why, in one line.")


def forecast_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves forecast --json` prints."""
    return schema_of("waves forecast --json", Forecast | NotForecast)
