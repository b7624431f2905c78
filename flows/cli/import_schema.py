"""What the one object of `waves import --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: import_view.py, import_command.py and import_suggest.py do.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from flows.cli.check_schema import FoundOne  # noqa: TC001 - pydantic reads the annotations
from flows.cli.json_schema import Count, schema_of


class ColumnTaken(BaseModel):
    """One column of the inventory, and what became of it."""

    sheet: str = Field(description="The sheet that it stands on.")
    column: str = Field(description="Its header, as it stands there.")
    cell: str = Field(description="The header's cell: D1.")
    became: str = Field(description="The plan's sheet and column that it became, or why it became none.")
    unit: str = Field(description="The unit that its numbers were read in (GiB, MiB, bytes); empty where it has none.")
    filled: Count = Field(description="How many of its cells hold anything.")


class JoinedSources(BaseModel):
    """With --sources: which of the servers SMS knows, by the labels that the inventory has for them."""

    joined: list[str] = Field(description="Those that one source of SMS fits: their source_server_id is filled in.")
    ambiguous: list[str] = Field(description="Those that several sources fit, or that share one: left open, a finding says which.")
    missing: list[str] = Field(description="Those that SMS does not know.")


class Imported(BaseModel):
    """The plan is written. Exit code 0."""

    format: str = Field(description="The format that it was read as: rvtools, azure-migrate, generic, ...")
    servers: Count = Field(description="How many servers came in.")
    disks: Count = Field(description="How many disks they have, those too that the inventory only counts.")
    bytes: Count = Field(description="The size of all disks together, in bytes, as far as the inventory tells.")
    unmapped: list[str] = Field(description="The headers of the columns that became no column of the plan, each once.")
    findings: list[FoundOne] = Field(description="What is to be known of it, by the inventory's cells; the plan has them, too.")
    columns: list[ColumnTaken] = Field(description="Every column of the inventory, in its order.")
    plan: str = Field(description="The path of the plan that was written.")
    sources: JoinedSources | None = Field(default=None, description="Only with --sources.")


class Refused(BaseModel):
    """No plan was written. Exit code 2, or 3 where SMS is why."""

    format: Literal[""] = Field(description="Empty.")
    servers: Literal[0] = Field(description="0.")
    disks: Literal[0] = Field(description="0.")
    bytes: Literal[0] = Field(description="0.")
    unmapped: list[str] = Field(max_length=0, description="Empty.")
    findings: list[FoundOne] = Field(description="What keeps the file from being read as an inventory, where that is why.")
    error: str = Field(description="Why, in one line.")


class Suggested(BaseModel):
    """With --suggest: no plan is written. Exit code 0, or 2 with `error`."""

    mapping: str = Field(description="A mapping to begin with, as YAML; empty where the file cannot be read.")
    findings: list[FoundOne] = Field(description="What keeps the file from being read, where it does.")
    error: str = Field(default="", description="Only where the file cannot be read: why, in one line.")


def import_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves import --json` prints."""
    return schema_of("waves import --json", Imported | Refused | Suggested)
