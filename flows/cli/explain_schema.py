"""What the one object of `waves explain --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: explain_command.py and explain_entries.py do.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from flows.cli.json_schema import schema_of


class Explained(BaseModel):
    """One code. Exit code 0."""

    code: str = Field(description="The code as it is shown.")
    group: str = Field(description="What it belongs to, in words.")
    weight: str = Field(description="How much it weighs: error, warning, done, not done, or the class of SMS's error.")
    title: str = Field(description="What it is, in a few words.")
    meaning: str = Field(description="What it means; what is filled in stands as <name>.")
    example: str = Field(description="How somebody meets it.")
    remedy: str = Field(description="What to do.")


class AllExplained(BaseModel):
    """Without a code: every one that this tool shows. Exit code 0."""

    codes: list[Explained] = Field(description="Every code, group by group.")


class NotExplained(BaseModel):
    """No code is meant, or several are. Exit code 2."""

    error: str = Field(description="Why, in one line.")
    codes: list[str] = Field(description="The codes that may be meant; empty where none is alike.")


def explain_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves explain --json` prints."""
    return schema_of("waves explain --json", Explained | AllExplained | NotExplained)
