"""`waves run`: the command's words. What it does stands in run_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `run` to the app."""
    app.command(name="run", help=run.__doc__)(run)


def run(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")],
    wave: Annotated[str, typer.Option("--wave", metavar="WAVE", help="The wave to run, as the sheet names it.")],
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="COLUMN=PATTERN", help="Only rows that fit, with * and ?. Repeatable: all must hold."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="OUT.xlsx", help="Where the report goes. Default: beside the plan.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT.html", help="Write the report as one page for a browser, too.")
    ] = None,
    allow_invalid: Annotated[
        bool, typer.Option("--allow-invalid", help="Go on with the good rows; those with errors are reported as INVALID.")
    ] = False,
    canary: Annotated[
        int,
        typer.Option("--canary", metavar="N", min=0, help="Send the first N rows alone, the rest only if all of them are done."),
    ] = 0,
    gate_hours: Annotated[
        float | None,
        typer.Option("--gate-hours", metavar="H", min=0.0, help="How long a gate waits. Default: until the window ends, or 12."),
    ] = None,
    interval: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", min=1.0, max=3600.0, help="How often SMS is looked at.")
    ] = 30.0,
    anew: Annotated[bool, typer.Option("--anew", help="Walk the whole path again, also stages that are done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Run the whole night of one wave: preflight, submit, start, synced, approve, cutover, verify, report.

    At its gate (needs_approval) the night waits until somebody decides: `waves approve`, or the form in Prefect's UI. Run it again
    at any time: what is done is not done again. Exit code 0: every stage is done; 1: some servers are not, or the wave was not
    approved; 2: the plan or the call is wrong, nothing was sent; 3: SMS or the credentials refused; 130: interrupted, the report is
    written, run it again to go on.

    Example: waves run plan.xlsx --wave wave-1 --html night.html
    """
    from flows.cli.run_command import Call, main

    call = Call(plan, wave, tuple(where or ()), report, html, allow_invalid, canary, gate_hours, interval, anew, as_json, debug)
    raise typer.Exit(main(call))
