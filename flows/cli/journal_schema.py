"""What the one object of `waves journal --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: journal_view.py and journal_actions.py do. Times are ISO 8601 with their offset.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Any, Literal

from pydantic import BaseModel, Field

from flows.cli.json_schema import Count, schema_of
from flows.operating.operations import Operation  # noqa: TC001 - pydantic reads the annotations

_NO_ANSWER = "null where no answer was written down."


class JournalRun(BaseModel):
    """A run that any of these rows had a part in."""

    run_id: str = Field(description="The run's id.")
    kind: str = Field(description="What it was to do: submit, or an operation.")
    wave: str = Field(description="The wave that it was for.")
    plan: str = Field(description="The file name of the plan that it was for.")
    author: str = Field(description="Who ran it, and where.")
    started_at: datetime = Field(description="When it began.")
    ended_at: datetime | None = Field(description="When it ended; null where it goes on, or died.")
    ending: str = Field(description="How it ended: finished, interrupted, or the rule that stopped it; empty where it did not.")
    is_alive: bool = Field(description="Whether it has shown a sign of life within its lease.")
    counts: dict[str, Count] = Field(description="How many of its rows ended how.")


class JournalAttempt(BaseModel):
    """One request to create a task, and what was decided after it."""

    number: Count = Field(description="Which attempt of the source server it is, from 1.")
    run_id: str = Field(description="The run that sent it.")
    intent_at: datetime = Field(description="When the intent was durable; only after that anything is sent.")
    answered_at: datetime | None = Field(description=f"When it was answered; {_NO_ANSWER}")
    body_digest: str = Field(description="The digest of what was sent.")
    answer: str = Field(description="What kind of answer it was; empty where none was written down.")
    http_status: int | None = Field(description="The status of the answer; null where there was none.")
    request_id: str = Field(description="The id by which SMS knows the request; empty where nobody knows it.")
    error_code: str = Field(description="The code of the answer; empty where a task was made.")
    error_message: str = Field(description="What was said, in one line.")
    task_id: str = Field(description="The task that was made; empty where none was.")
    decision: str = Field(description="What was decided, in words.")
    reason: str = Field(description="Why, in words.")
    result: str = Field(description="What that came to; empty where nothing has come of it yet.")


class JournalOutcome(BaseModel):
    """What a run said of the row at its end."""

    run_id: str = Field(description="The run.")
    status: str = Field(description="What became of the row: a status of a submission, or an outcome of an order.")
    task_id: str = Field(description="The task; empty where there is none.")
    error_code: str = Field(description="The code of what went wrong; empty where nothing did.")
    error_message: str = Field(description="What was said, in one line.")
    decided_at: datetime = Field(description="When.")


class JournalAction(BaseModel):
    """One operation on the row's task, as it was intended, answered and settled."""

    task_id: str = Field(description="The task.")
    number: Count = Field(description="Which action on this task it is, from 1.")
    run_id: str = Field(description="The run that sent it.")
    operation: Operation = Field(description="What was ordered.")
    is_automatic: bool = Field(description="Whether the tool did it by itself: the restart of a failed task.")
    state_before: str = Field(description="The task's state before it.")
    rules: list[str] = Field(description="The speed rules that were to be set, in words.")
    intent_at: datetime = Field(description="When the intent was durable; only after that anything is sent.")
    answered_at: datetime | None = Field(description=f"When it was answered; {_NO_ANSWER}")
    answer: str = Field(description="What kind of answer it was; empty where none was written down.")
    http_status: int | None = Field(description="The status of the answer; null where there was none.")
    request_id: str = Field(description="The id by which SMS knows the request; empty where nobody knows it.")
    error_code: str = Field(description="The code of the answer; empty where it was performed.")
    error_message: str = Field(description="What was said, in one line.")
    verdict: Literal["done", "not done", "unknown", ""] = Field(description="Whether it was performed; empty while it is in doubt.")
    settled_at: datetime | None = Field(description="When that was known; null while it is in doubt.")


class JournalRow(BaseModel):
    """One row of the plan, and all that was ever sent for its source server on this account."""

    row: str = Field(description="The cell of the row's wave: Servers!A17; empty for a server that the plan lacks.")
    source_server_id: str = Field(description="The source server's id; empty where nobody can say which one is meant.")
    server: str = Field(description="The server as the sheet names it.")
    recognised: str = Field(description="By what the server was recognised where the sheet has no id, or that it was not.")
    state: Literal["idle", "sending", "unsettled", "bound", "refused", ""] = Field(description="How the journal holds the row.")
    standing: str = Field(description="The same in words.")
    held_by: str = Field(description="The run that works on it now; empty where none does.")
    since: datetime | None = Field(description="Since when it is so; null where nothing was sent.")
    task_id: str = Field(description="Its task; empty where none is known.")
    task_name: str = Field(description="The task's name.")
    target: str = Field(description="The target that was sent; empty where nothing was.")
    error_code: str = Field(description="The code of the last error; empty where there is none.")
    error_message: str = Field(description="What was said, in one line.")
    attempts: list[JournalAttempt] = Field(description="What was sent to make its task, in order.")
    outcomes: list[JournalOutcome] = Field(description="What each run said of it at its end, in order.")
    actions: list[JournalAction] = Field(description="What was done to its tasks, in order.")


class JournalOutput(BaseModel):
    """What was sent for each row, what came back, and what was decided. Exit code 0."""

    plan: str = Field(description="The plan's file name.")
    wave: str = Field(description="The wave that was asked for; empty for all.")
    journal: str = Field(description="Where the journal is, without its password.")
    account: str = Field(description="The account that is told of; empty where the journal has none yet.")
    accounts: list[str] = Field(description="The accounts that the journal knows.")
    runs: list[JournalRun] = Field(description="The runs that any of these rows had a part in.")
    rows: list[JournalRow] = Field(description="The rows that were asked for, in the plan's order.")


class NothingTold(BaseModel):
    """The plan or the call is wrong, or there is no journal. Exit code 2, or 3 where the settings are."""

    plan: str = Field(description="The plan's file name.")
    wave: str = Field(description="The wave that was asked for; empty for all.")
    error: str = Field(description="Why, in one line.")


def journal_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves journal --json` prints."""
    return schema_of("waves journal --json", JournalOutput | NothingTold)
