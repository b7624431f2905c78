"""What the one object of `waves push --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: push_command.py does.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from flows.cli.json_schema import schema_of


class Pushed(BaseModel):
    """The plan lies where the workers reach it, and each of its waves has a form. Exit code 0."""

    plan: str = Field(description="Where the plan lies now: a path, or a URL.")
    deployment: str = Field(description="The plan's deployment: flow and name.")
    made: list[str] = Field(description="What had to be made first, in words.")
    forms: dict[str, str] = Field(description="The link to the form that runs a wave, by the wave's name.")


class NotPushed(BaseModel):
    """The plan, the place or Prefect's API does not do. Exit code 2."""

    plan: str = Field(description="The plan's file name.")
    error: str = Field(description="Why, in one line.")


def push_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves push --json` prints."""
    return schema_of("waves push --json", Pushed | NotPushed)
