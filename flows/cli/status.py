"""`waves status`: the command's words. What it does stands in status_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `status` to the app."""
    app.command(name="status", help=status.__doc__)(status)


def status(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")],
    metrics: Annotated[
        Path | None, typer.Option("--metrics", metavar="FILE", help="Write OpenMetrics text, for Prometheus' textfile collector.")
    ] = None,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell the webhook of WAVES_WEBHOOK what is new since it was last told.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """All waves of a plan at a glance: planned, submitted, running, synced, cut over, failed, late; and drift from the sheet.

    Looks at SMS once, with one listing of the account's tasks, and changes nothing there. Drift is whatever the cloud has otherwise
    than the sheet: settings of a task, second tasks, tasks that this journal did not make, rows that have left the sheet. Exit code
    for a monitor: 0 all is well; 1 something needs a person; 2 the plan or the call is wrong; 3 SMS or the credentials refused.

    Example: waves status plan.xlsx --metrics /var/lib/node_exporter/waves.prom
    """
    from flows.cli.status_command import Call, main

    raise typer.Exit(main(Call(plan, metrics, notify, as_json, debug)))
