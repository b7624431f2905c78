"""What the one object of `waves check --json` holds, key by key: the JSON Schema in the docs is made from this.

Decides nothing that is printed: check_view.py does.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from flows.cli.json_schema import Count, schema_of
from inventory.findings import Severity  # noqa: TC001 - pydantic reads the annotations


class FoundOne(BaseModel):
    """One problem at one place."""

    code: str = Field(description="What kind of problem it is; `waves explain CODE` tells about it.")
    severity: Severity = Field(description="An error keeps its wave from being sent, a warning never does.")
    sheet: str = Field(description="The sheet, by its name in the workbook; empty where the file as a whole is meant.")
    cell: str = Field(description="An Excel reference (F17, or H2:H9), empty where the problem has no cell of its own.")
    value: str = Field(description="The value as it was typed; empty where there is none.")
    problem: str = Field(description="What is wrong, in one line.")
    remedy: str = Field(description="What to do, in one line.")


class FoundAlike(BaseModel):
    """Findings that have one cause, as the terminal shows them: in one line."""

    code: str = Field(description="As in `findings`.")
    severity: Severity = Field(description="As in `findings`.")
    sheet: str = Field(description="As in `findings`.")
    cells: str = Field(description="The cells and ranges of the group, separated by commas: H2:H301,H305.")
    count: int = Field(ge=1, description="How many findings the group stands for.")
    value: str = Field(description="The value that all of them have.")
    problem: str = Field(description="The problem of the first, and how many more there are like it.")
    remedy: str = Field(description="What to do, the same for all.")


class CheckOutput(BaseModel):
    """The one object that `waves check PLAN --json` prints on standard output. More keys may come; none of these goes.

    A command line that is wrong in itself (an unknown option) prints its `error` alone, with exit code 2.
    """

    plan: str = Field(description="The plan's file name.")
    wave: str = Field(description="The wave that was asked for with --wave; empty for all of them.")
    servers: Count = Field(description="How many rows of Servers were looked at; 0 where the file is no plan.")
    errors: Count = Field(description="How many of the findings are errors.")
    warnings: Count = Field(description="How many of the findings are warnings.")
    findings: list[FoundOne] = Field(description="Every finding, errors first, each kind in the order of the workbook.")
    groups: list[FoundAlike] = Field(description="The same findings, those with one cause together; every finding is in one group.")
    annotated: str = Field(description="The path of the annotated copy; empty where none was asked for, or could be written.")
    error: str = Field(
        default="",
        description="Only where nothing could be checked, or not all: why, in one line. Exit code 2, or 3 where SMS is meant.",
    )


def check_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `waves check --json` prints."""
    return schema_of("waves check --json", CheckOutput)
