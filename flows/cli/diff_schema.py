"""What the one object of `waves diff --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: diff_view.py does. A cell is an Excel reference with its sheet (Servers!F17), "" where there is
none; values are texts as a spreadsheet shows them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from flows.cli.json_schema import schema_of


class DiffServer(BaseModel):
    """A server that differs."""

    source_server_id: str = Field(description="The source server's id; empty where the sheet has none.")
    server: str = Field(description="The server as the sheet names it.")


class CameOrWent(DiffServer):
    """A row that one of the two plans has alone."""

    wave: str = Field(description="Its wave.")
    cell: str = Field(description="The cell of its wave, in the plan that has it.")


class Moved(DiffServer):
    """A row that is in another wave."""

    from_: str = Field(alias="from", description="The wave in the old plan.")
    to: str = Field(description="The wave in the new plan.")
    old_cell: str = Field(description="The cell of its wave in the old plan.")
    new_cell: str = Field(description="The cell of its wave in the new plan.")


class Edit(BaseModel):
    """A value that differs."""

    column: str = Field(description="The column.")
    before: str = Field(description="The value in the old plan; empty where it has none.")
    after: str = Field(description="The value in the new plan; empty where it has none.")
    old_cell: str = Field(description="Where the old plan says it; a default or a wave's value where the row takes it from there.")
    new_cell: str = Field(description="Where the new plan says it.")


class Changed(DiffServer, Edit):
    """A value of a row that differs."""

    wave: str = Field(description="Its wave.")


class PartDiff(BaseModel):
    """A disk, a wave or a limit that differs."""

    sheet: str = Field(description="The sheet that has it.")
    name: str = Field(description="What it is called.")
    kind: Literal["added", "gone", "changed"] = Field(description="What became of it.")
    old_cell: str = Field(description="Where it begins in the old plan; empty where that has none.")
    new_cell: str = Field(description="Where it begins in the new plan; empty where that has none.")
    changes: list[Edit] = Field(description="What differs, where it changed.")


class DiskDiff(DiffServer, PartDiff):
    """A disk, a volume or a file system of a server that differs."""


class SentDiff(DiffServer):
    """What an edit means for a row that was sent already, by the journal."""

    cell: str = Field(description="The row's cell; of the old plan where the new one has no such row.")
    kind: Literal["drift", "conflict", "gone", "exists", "as sent", "in doubt", "again"] = Field(
        description="drift: the task stays as it is; conflict: another target; gone: a task without a row; exists: a task for a "
        "row that came, moved or is skipped; as sent: edited back; in doubt: nobody knows yet; again: it was refused."
    )
    task_id: str = Field(description="Its task; empty where none is known.")
    columns: list[str] = Field(description="The columns that differ and are sent.")
    means: str = Field(description="What it means, in one line.")


class JournalRead(BaseModel):
    """Whose journal was read."""

    account: str = Field(description="The account; empty where none was read.")
    note: str = Field(description="Why nothing is known of what was sent; empty where it is.")


class DiffOutput(BaseModel):
    """What an edited plan changes. Exit code 0: the same; 1: they differ."""

    old: str = Field(description="The old plan's file name.")
    new: str = Field(description="The new plan's file name.")
    wave: str = Field(description="The wave that was asked for; empty for all.")
    same: bool = Field(description="Whether nothing differs.")
    added: list[CameOrWent] = Field(description="Rows that the new plan has alone.")
    gone: list[CameOrWent] = Field(description="Rows that the old plan has alone.")
    moved: list[Moved] = Field(description="Rows that are in another wave.")
    changed: list[Changed] = Field(description="Values of rows that differ, each by itself.")
    disks: list[DiskDiff] = Field(description="Disks, volumes and file systems that differ.")
    waves: list[PartDiff] = Field(description="Rows of Waves that differ.")
    limits: list[PartDiff] = Field(description="Rows of Limits that differ.")
    sent: list[SentDiff] = Field(description="What that means for rows that were sent.")
    journal: JournalRead = Field(description="Whose journal was read.")


class NotCompared(BaseModel):
    """One of the two is no plan, or neither has the wave. Exit code 2."""

    old: str = Field(description="The old plan's file name.")
    new: str = Field(description="The new plan's file name.")
    error: str = Field(description="Why, in one line.")


def diff_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves diff --json` prints."""
    return schema_of("waves diff --json", DiffOutput | NotCompared)
