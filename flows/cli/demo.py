"""`waves demo`: the command's words. What it does stands in demo_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_FOLDER = Path("waves-demo")


def register(app: typer.Typer) -> None:
    """Add `demo` to the app."""
    app.command(name="demo", help=demo.__doc__)(demo)


def demo(
    folder: Annotated[Path, typer.Option("--folder", metavar="FOLDER", help="Where plan, journal and report go.")] = _FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Submit a wave of the example plan to a simulator that breaks requests on purpose, and check the report against the truth.

    Needs nothing but this command: no account, no network. It starts the simulator, runs `waves submit` as you would, and ends
    what it started. Exit code 1: the report and the simulator's truth disagree, or rows are not done.

    Example: waves demo
    """
    from flows.cli.demo_command import main

    raise typer.Exit(main(folder, is_json=as_json))
