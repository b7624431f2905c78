"""`waves rehearse`: the command's words. What it does stands in rehearse_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `rehearse` to the app."""
    app.command(name="rehearse", help=rehearse.__doc__)(rehearse)


def rehearse(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")],
    faults: Annotated[
        str,
        typer.Option(
            "--faults",
            metavar="LIST",
            help="What goes wrong: none, or shares of agents, offline, slow, network, throttling, outage: agents=10%,slow=0.",
        ),
    ] = "",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Which of the possible nights: the same one is the same.")] = 1,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="OUT.xlsx", help="Where the report goes; beside the plan unless said otherwise."),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="Also as a page for a browser, beside the report.")] = False,
    overhead: Annotated[
        float | None,
        typer.Option("--overhead", metavar="MINUTES", min=0, help="Preparation and cutover of a server beside its copy (15)."),
    ] = None,
    efficiency: Annotated[
        str | None,
        typer.Option("--efficiency", metavar="SHARE", help="The share of the line that copies really reach (70%)."),
    ] = None,
    change: Annotated[
        str | None,
        typer.Option("--change", metavar="SHARE", help="How much changes in a day, which syncing copies on (5%)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Play the whole programme on a simulated SMS, weeks in seconds: who is late, why, and which gate holds.

    Nothing is sent anywhere and nothing is kept but the report. The engine is the real one; agents fail, lines are slow or down,
    requests are lost, and an approver takes a while, as often as --faults says. Exit code 0: every wave ends inside its window with
    everything moved; 1: some do not; 2: a plan that cannot be read or has errors, or a wrong call.

    Example: waves rehearse plan.xlsx
    """
    from flows.cli.rehearse_command import Call, main

    raise typer.Exit(main(Call(plan, faults, seed, report, html, overhead, efficiency, change, as_json)))
