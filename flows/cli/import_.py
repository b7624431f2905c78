"""`waves import`: the command's words. What it does stands in import_command.py, which is imported when it is called."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


class From(StrEnum):
    """The formats that can be named; `auto` finds one."""

    AUTO = "auto"
    AZURE_MIGRATE = "azure-migrate"
    AWS_CMF = "aws-cmf"
    AWS_MGN = "aws-mgn"
    GOOGLE_M2VM = "google-m2vm"
    RVTOOLS = "rvtools"
    GENERIC = "generic"


def register(app: typer.Typer) -> None:
    """Add `import` to the app."""
    app.command(name="import", help=import_inventory.__doc__)(import_inventory)


def import_inventory(
    sheet: Annotated[
        Path,
        typer.Argument(metavar="SHEET", help="Another tool's inventory (.xlsx, .xls, .ods, .csv), or a folder of RVTools CSVs."),
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="PLAN.xlsx", help="The plan to write.")] = None,
    from_: Annotated[From, typer.Option("--from", metavar="FORMAT", help=f"One of {', '.join(From)}.")] = From.AUTO,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="MAP.yaml", help="Which column is which field, for any other sheet.")
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Print a mapping to begin with, from headers and values. Writes no plan.")
    ] = False,
    sources: Annotated[
        bool, typer.Option("--sources", help="Ask SMS for its source servers and fill in source_server_id by id, name or address.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a plan that is there already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Make a plan of another tool's inventory: servers, disks, waves, and an account of what every column became.

    What the inventory does not say is left empty for you; nothing is invented, sizes are never rounded down, and what is not
    taken is listed in the plan. Exit code 0: the plan is written; 2: this is no list of servers, or the call is wrong, and
    nothing is written; 3: SMS refused, or cannot be reached (--sources).

    Example: waves import RVTools_export.xlsx --out plan.xlsx
    """
    from flows.cli.import_command import Call, main

    call = Call(sheet, out, from_.value, mapping, sources, force, as_json, debug)
    if suggest:
        from flows.cli.import_suggest import main as suggest_main

        raise typer.Exit(suggest_main(call))
    raise typer.Exit(main(call))
