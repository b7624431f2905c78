"""`waves approve`: the command's words. What it does stands in approve_command.py, which is imported when it is called."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Said(StrEnum):
    """What can be decided, as it is typed."""

    APPROVED = "approved"
    NOT_APPROVED = "not-approved"


def register(app: typer.Typer) -> None:
    """Add `approve` to the app."""
    app.command(name="approve", help=approve.__doc__)(approve)


def approve(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan of the wave; its file name is enough.")],
    wave: Annotated[str, typer.Option("--wave", metavar="WAVE", help="The wave that waits, as the sheet names it.")],
    decision: Annotated[
        Said | None, typer.Option("--decision", help="What is decided. Default: it is asked for, on a terminal.")
    ] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides. Default: the user of this machine.")] = "",
    comment: Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why; it goes into the report.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing, even where a figure is not as wanted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Decide at the gate of a wave whose night waits: it shows the figures, and asks.

    The night goes on, or ends with its report, within seconds. The first decision counts, here or in Prefect's UI; who decided
    what, when and on which figures is in the journal and in the report. Exit code 0: it is decided; 2: the call is wrong, nobody is
    asked, or it was decided before; 130: interrupted, nothing is decided.

    Example: waves approve plan.xlsx --wave wave-1
    """
    from flows.cli.approve_command import Call, main

    raise typer.Exit(main(Call(plan, wave, decision.value if decision is not None else "", by, comment, yes, as_json, debug)))
