"""`waves deploy`: the command's words. What it does stands in deploy_command.py, which is imported when it is called."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `deploy` to the app."""
    app.command(name="deploy", help=deploy.__doc__)(deploy)


def deploy(
    pool: Annotated[
        str, typer.Option("--pool", metavar="NAME", help="The work pool whose workers run the flows. Default: waves.")
    ] = "waves",
    credentials: Annotated[
        str, typer.Option("--credentials", metavar="BLOCK", help="Save this environment's SMS credentials as a block of that name.")
    ] = "",
    webhook: Annotated[
        str, typer.Option("--webhook", metavar="URL", help="Where a run that no worker takes in time is told, as JSON.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is missing or differs; do nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Make what Prefect needs to run waves: a work pool, a deployment of each flow, the credentials' form, and automations.

    Run it again after every update: what is there is left alone or brought up to date, nothing is made twice. The automations: a
    run that gives no sign of life becomes Crashed and is run again; a run that no worker takes is told to the webhook. Exit code 0:
    it is all there; 2: Prefect's API does not do; 3: --credentials without credentials.

    Example: waves deploy --pool waves
    """
    from flows.cli.deploy_command import Call, main

    raise typer.Exit(main(Call(pool, credentials, webhook, dry_run, as_json)))
