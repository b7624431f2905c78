"""What the one object of `waves start --json` holds, and of stop, restart, sync, cutover, delete and speed, which print the same.

The JSON Schema in the docs is made from this. Decides nothing that is printed: operate_view.py and flows.operating do.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from flows.cli.json_schema import Count, schema_of
from flows.cli.submit_schema import Stop  # noqa: TC001 - pydantic reads the annotations
from flows.operating.operations import Ended, Operation


class OrderedServer(BaseModel):
    """How the order ended for one server."""

    row: str = Field(description="The cell of the row's wave in the plan: Servers!A17.")
    server: str = Field(description="The server as the sheet names it.")
    source_server_id: str = Field(description="The source server's id; empty where nobody knows it.")
    task_id: str = Field(description="Its task; empty where it has none.")
    outcome: Ended = Field(
        description="DONE: performed now; ALREADY: it is so already; REFUSED: SMS said no; ILLEGAL: the task's state does not "
        "allow it; UNCERTAIN: nobody can tell; DEFERRED: it may be later; SKIPPED: the planner said so; NO TASK: there is none."
    )
    state: str = Field(description="The task's state as it was seen last, by SMS's word; empty where it was not seen.")
    error_code: str = Field(description="The code of what went wrong; `waves explain` knows it. Empty where nothing did.")
    message: str = Field(description="What was said, in one line.")
    advice: str = Field(description="What to do, in one line; empty where nothing is left to do.")
    note: str = Field(description="What else is to be known, such as what was replaced.")
    sent: Count = Field(description="How many requests may have left for it.")


class OrderEnded(BaseModel):
    """An order that was carried out. Exit code 0: all are done; 1: some are not; 3: SMS refused everything; 130: interrupted."""

    wave: str = Field(description="The wave.")
    operation: Operation = Field(description="What was ordered.")
    run_id: str = Field(description="The run's id in the journal.")
    counts: dict[Ended, Count] = Field(description="How many servers ended how.")
    stop: Stop | None = Field(description="Why it ended early; null where it came to its own end.")
    servers: list[OrderedServer] = Field(description="An outcome for each row that was meant, in the plan's order.")
    notes: list[str] = Field(description="Sentences of the order: what was waited for, what it does not do.")


class ServerPreview(BaseModel):
    """What an order would do with one server."""

    row: str = Field(description="The cell of the row's wave in the plan: Servers!A17.")
    server: str = Field(description="The server as the sheet names it.")
    source_server_id: str = Field(description="The source server's id; empty where nobody knows it.")
    task_id: str = Field(description="Its task; empty where it has none.")
    state: str = Field(description="The task's state, by SMS's word; empty where there is none.")
    would: bool = Field(description="Whether something would be sent, now or when a place is free.")
    says: str = Field(description="What would be done, or why nothing would, in one line.")
    advice: str = Field(description="What to do; empty where there is nothing.")


class OrderPreview(BaseModel):
    """With --dry-run: nothing was sent. Exit code 0."""

    wave: str = Field(description="The wave.")
    operation: Operation = Field(description="What would be ordered.")
    servers: list[ServerPreview] = Field(description="A line for each row that is meant, in the plan's order.")


class NotOrdered(BaseModel):
    """The plan, the call, SMS or the credentials kept the order from beginning. Exit code 2, or 3."""

    wave: str = Field(description="The wave, as it was called for.")
    operation: Operation = Field(description="What was to be ordered.")
    error: str = Field(description="Why, in one line.")


def operate_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what these commands print with --json."""
    title = ", ".join(f"waves {operation} --json" for operation in Operation)
    return schema_of(title, OrderEnded | OrderPreview | NotOrdered)
