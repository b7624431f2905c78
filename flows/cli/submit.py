"""`waves submit`: the command's words. What it does stands in submit_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `submit` to the app."""
    app.command(name="submit", help=submit.__doc__)(submit)


def submit(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")],
    wave: Annotated[str, typer.Option("--wave", metavar="WAVE", help="The wave to submit, as the sheet names it.")],
    report: Annotated[
        Path | None, typer.Option("--report", metavar="OUT.xlsx", help="Where the report goes. Default: beside the plan.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT.html", help="Write the report as one page for a browser, too.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="COLUMN=PATTERN", help="Only rows that fit, with * and ?. Repeatable: all must hold."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each row: create, exists, conflict, blocked. Sends nothing.")
    ] = False,
    allow_invalid: Annotated[
        bool, typer.Option("--allow-invalid", help="Send the good rows; those with errors are reported as INVALID.")
    ] = False,
    retry_rejected: Annotated[
        bool, typer.Option("--retry-rejected", help="Send rows again that SMS rejected for a cause that may be cured by now.")
    ] = False,
    recreate: Annotated[bool, typer.Option("--recreate", help="Send rows again whose task was deleted at SMS.")] = False,
    canary: Annotated[
        int,
        typer.Option("--canary", metavar="N", min=0, help="Send the first N rows alone, the rest only if all of them are done."),
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Create the SMS migration tasks of one wave, exactly one for each server, and write a report of every row.

    Run it again at any time: rows that are done are not sent again. Exit code 0: every row is done; 1: some are not, the report
    says which and why; 2: the plan or the call is wrong, nothing was sent; 3: SMS or the credentials refused the run; 130:
    interrupted, run it again to go on.

    Example: waves submit plan.xlsx --wave wave-1
    """
    from flows.cli.submit_command import Call, main

    call = Call(
        plan, wave, report, tuple(where or ()), dry_run, allow_invalid, retry_rejected, recreate, canary, as_json, debug, html
    )
    raise typer.Exit(main(call))
