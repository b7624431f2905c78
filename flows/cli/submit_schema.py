"""What the one object of `waves submit --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: submit_view.py and submit_command.py do.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from flows.cli.check_schema import FoundOne  # noqa: TC001 - pydantic reads the annotations
from flows.cli.json_schema import Count, schema_of
from flows.submission.events import StopKind  # noqa: TC001 - pydantic reads the annotations
from flows.submission.preview import Decision  # noqa: TC001 - pydantic reads the annotations
from inventory.outcomes import Status  # noqa: TC001 - pydantic reads the annotations


class RowOutcome(BaseModel):
    """What became of one row of the wave: its one true outcome."""

    source_server_id: str = Field(description="The source server's id in SMS; empty where it could not be found there.")
    status: Status = Field(description="What became of the row; README tells what each status means.")
    task_id: str = Field(description="The id of the task that is there; empty where none is.")
    error_code: str = Field(description="The code of SMS, or of waves itself, where the row is not done; `waves explain` knows it.")
    error_message: str = Field(description="What was said, in one line; empty where the row is done.")
    advice: str = Field(description="What to do, in one line; empty where nothing is left to do.")
    attempts: Count = Field(description="How many requests to create were sent for it in this run.")
    row: str = Field(description="The cell of the row's wave in the plan: Servers!A17.")


class Stop(BaseModel):
    """Why the run ended before all rows were done."""

    kind: StopKind = Field(description="What kind of reason it is.")
    code: str = Field(description="Its code; `waves explain CODE` tells about it.")
    message: str = Field(description="The reason, in one line.")


class WaveEnded(BaseModel):
    """A run that has ended, however it ended: every row of the wave has its outcome. Exit code 0, 1, 3 or 130."""

    wave: str = Field(description="The wave.")
    run_id: str = Field(description="The run's id in the journal and in the report.")
    rows: Count = Field(description="How many rows the run was for: as many as there are outcomes.")
    report: str = Field(description="The report's path; empty where it could not be written.")
    html: str = Field(description="The page's path; empty where none was asked for, or could be written.")
    counts: dict[Status, Count] = Field(description="How many rows ended with each status that any row has.")
    stop: Stop | None = Field(description="Null where the run came to its own end.")
    outcomes: list[RowOutcome] = Field(description="An outcome for each row, in the plan's order.")
    findings: list[FoundOne] = Field(description="Of the plan, then of the run: what differs at SMS, servers with two tasks.")
    notes: list[str] = Field(description="Sentences of the run: what was waited for, how fast it went.")


class RowPreview(BaseModel):
    """What a run would begin with for one row."""

    source_server_id: str = Field(description="The source server's id in SMS; empty where it could not be found there.")
    decision: Decision = Field(
        description="create: it would be sent; exists: the task is there; conflict: another task is; blocked: nothing would be "
        "sent; settle: an earlier request is in doubt and looked for first; skip: the planner said so."
    )
    detail: str = Field(description="Why, where it is not `create`.")
    task_id: str = Field(description="The task that is there; empty where none is.")
    row: str = Field(description="The cell of the row's wave in the plan: Servers!A17.")
    canary: bool = Field(description="Whether it would go alone first (--canary).")


class DryRun(BaseModel):
    """With --dry-run: nothing was sent. Exit code 0 or 1."""

    wave: str = Field(description="The wave.")
    counts: dict[Decision, Count] = Field(description="How many rows have each decision that any row has.")
    rows: list[RowPreview] = Field(description="A decision for each row, in the plan's order.")


class NothingSent(BaseModel):
    """The plan, the call, SMS or the credentials kept the run from starting. Exit code 2, 3, or 130 where it was interrupted."""

    wave: str = Field(description="The wave, as it was called for.")
    error: str = Field(description="Why, in one line.")
    findings: list[FoundOne] = Field(description="What was found in the plan, where that is why.")


def submit_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves submit --json` prints."""
    return schema_of("waves submit --json", WaveEnded | DryRun | NothingSent)
