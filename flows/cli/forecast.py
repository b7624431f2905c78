"""`waves forecast`: the command's words. What it does stands in forecast_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `forecast` to the app."""
    app.command(name="forecast", help=forecast.__doc__)(forecast)


def forecast(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")],
    wave: Annotated[str | None, typer.Option("--wave", metavar="WAVE", help="Only this wave.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="COLUMN=PATTERN", help="As if these rows were all, with * and ?. Repeatable."),
    ] = None,
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
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="OUT", help="Also draw who is moved when, as .svg or .png.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Tell when each wave ends, whether that is inside its window, which servers make it late, and what would make it fit.

    Reckons from the sheet: bytes to move, speed limits, the wave's bandwidth shared fairly, priorities, dependencies, limits; and
    from what `waves track` saw of earlier waves, once five tasks have shown their speed. What the sheet leaves open is said, and
    never invented. With --overhead 0 --efficiency 1 it is the pure flow of bytes. Exit code 0: told, whether the waves fit or not;
    2: a file that cannot be read as a plan, or a wrong call.

    Example: waves forecast plan.xlsx --wave wave-1
    """
    from flows.cli.forecast_command import Call, main

    raise typer.Exit(main(Call(plan, wave, tuple(where or ()), overhead, efficiency, change, chart, as_json)))
