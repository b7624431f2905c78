"""What the one object of `waves rehearse --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: rehearse_view.py and rehearse_command.py do.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any

from pydantic import BaseModel, Field

from flows.cli.json_schema import Count, schema_of
from inventory.rehearsal_records import Cause, Verdict  # noqa: TC001 - pydantic reads the annotations

_Positive = Annotated[float, Field(ge=0)]
_NEVER = "null where it never came to that."


class RehearsedServer(BaseModel):
    """One server's night. Times are ISO 8601 with their offset."""

    server: str = Field(description="The server as the sheet names it.")
    source_server_id: str = Field(description="Its id at the simulated SMS; empty where it got no task.")
    verdict: Verdict = Field(description="How it ended.")
    cause: Cause | None = Field(description="What made it late or kept it; null where it was in time, or nothing is known.")
    late_seconds: Count = Field(description="How long after its window it was moved; 0 where it was in time, or never was.")
    state: str = Field(description="SMS's last word on its task, or NO_TASK.")
    submitted_at: datetime | None = Field(description=f"When its task was made; {_NEVER}")
    started_at: datetime | None = Field(description=f"When it was started; {_NEVER}")
    copied_at: datetime | None = Field(description=f"When all was copied; {_NEVER}")
    moved_at: datetime | None = Field(description=f"When it was over on the target; {_NEVER}")
    forecast_ends_at: datetime | None = Field(description="When the forecast had it end; null where nobody could tell.")
    restarts: Count = Field(description="How often it was started again.")
    errors: list[str] = Field(description="The codes with which its task failed, in their order.")
    lost_seconds: dict[str, Count] = Field(description="What cost it time beside the forecast, by cause.")


class RehearsedGate(BaseModel):
    """A gate as it was kept."""

    gate: str = Field(description="What the gate opens.")
    decision: str = Field(description="approved, not approved, timed out, or open.")
    seconds: _Positive | None = Field(description="How long somebody was waited for; null where nobody decided.")
    not_met: list[str] = Field(description="The criteria that were not met, a line each.")


class RehearsedWave(BaseModel):
    """One wave's night."""

    wave: str = Field(description="The wave's name.")
    holds: bool = Field(description="Whether everything was moved inside the window.")
    counts: dict[str, Count] = Field(description="How many servers ended how, by verdict.")
    causes: dict[str, Count] = Field(description="What made servers late or kept them, and how many.")
    starts_at: datetime | None = Field(description="When the sheet has it start; null where it says nothing.")
    began_at: datetime | None = Field(description=f"When it began; {_NEVER}")
    submitted_at: datetime | None = Field(description=f"When its tasks were made; {_NEVER}")
    started_at: datetime | None = Field(description=f"When its first server was started; {_NEVER}")
    copied_at: datetime | None = Field(description=f"When all were copied; {_NEVER}")
    approved_at: datetime | None = Field(description=f"When its gate was passed; {_NEVER}")
    moved_at: datetime | None = Field(description=f"When all were moved; {_NEVER}")
    forecast_ends_at: datetime | None = Field(description="When the forecast had it end; null where nobody could tell.")
    window_ends_at: datetime | None = Field(description="When its window closes; null where the sheet does not say.")
    gates: list[RehearsedGate] = Field(description="Its gates.")
    notes: list[str] = Field(description="What else happened, a sentence each.")
    servers: list[RehearsedServer] = Field(description="Its servers, in the sheet's order.")


class RehearseOutput(BaseModel):
    """What `waves rehearse PLAN --json` prints. The same plan, faults and seed give the same object."""

    plan: str = Field(description="The name of the plan's file.")
    plan_sha256: str = Field(description="The digest of its bytes, in hex.")
    seed: int = Field(description="Which of the possible nights it was.")
    faults: str = Field(description="What went wrong, as it was said; empty for the usual.")
    holds: bool = Field(description="Whether everything was moved in its window, nothing twice, and nothing told wrongly.")
    verdict: str = Field(description="How it went, in one sentence.")
    report: str = Field(description="Where the workbook lies.")
    page: str | None = Field(description="Where the page lies; null where none was asked for.")
    duplicates: list[str] = Field(description="The source servers that got two tasks: none, or this tool is wrong.")
    untrue: list[str] = Field(description="What the engine said and the simulator does not: nothing, or this tool is wrong.")
    requests: dict[str, Count] = Field(description="What was asked of SMS, and how often.")
    injected: dict[str, Count] = Field(description="What went wrong, and how often.")
    waves: list[RehearsedWave] = Field(description="The waves, in the plan's order.")


class NotRehearsed(BaseModel):
    """The plan has errors or is none, the call is wrong, or it was interrupted. Exit code 2, or 130."""

    plan: str = Field(description="The name of the plan's file.")
    waves: list[RehearsedWave] = Field(max_length=0, description="Empty.")
    error: str = Field(description="Why, in one line.")


def rehearse_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves rehearse --json` prints."""
    return schema_of("waves rehearse --json", RehearseOutput | NotRehearsed)
