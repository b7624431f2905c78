"""`waves plan`: the command's words. What it does stands in plan_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `plan` to the app."""
    app.command(name="plan", help=plan.__doc__)(plan)


def plan(
    workbook: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook, or its servers as .csv.")],
    waves: Annotated[int | None, typer.Option("--waves", metavar="N", min=1, help="So many waves, balanced.")] = None,
    per_wave: Annotated[
        int | None, typer.Option("--per-wave", metavar="N", min=1, help="At most so many servers in a wave.")
    ] = None,
    window: Annotated[
        str | None, typer.Option("--window", metavar="LENGTH", help="Each wave ends in so long a window: 8h, 90m, 1d, 7h30m.")
    ] = None,
    bandwidth: Annotated[
        float | None,
        typer.Option(
            "--bandwidth", metavar="MBPS", min=0.001, help="The line of a wave, where the sheet has no bandwidth_mbps for it."
        ),
    ] = None,
    overhead: Annotated[
        float | None,
        typer.Option("--overhead", metavar="MINUTES", min=0, help="Preparation and cutover of a server beside its copy (15)."),
    ] = None,
    efficiency: Annotated[
        str | None, typer.Option("--efficiency", metavar="SHARE", help="The share of the line that copies really reach (70%).")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="COPY.xlsx", help="Write the proposal, with its reasons, beside Servers in a copy."),
    ] = None,
    fill: Annotated[bool, typer.Option("--fill", help="Also put the waves into the column wave of the copy.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a copy that is there already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Propose waves for the servers that have none: balanced by forecast time, what depends on each other together.

    Waves of the sheet that hold no server yet come first, then new ones; max_servers is kept. The plan itself is never written:
    the proposal goes into a copy, in columns of its own, with rows of Waves for waves that have none, and is yours to take. Exit
    code 0: proposed; 2: nothing to propose, a file that cannot be read as a plan, or a wrong call.

    Example: waves plan plan.xlsx --per-wave 50 --window 8h --bandwidth 1000 --out proposal.xlsx
    """
    from flows.cli.plan_command import Call, main

    call = Call(workbook, waves, per_wave, window, bandwidth, overhead, efficiency, out, fill, force, as_json)
    raise typer.Exit(main(call))
