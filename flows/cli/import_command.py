"""Make a plan of an inventory, for `waves import`: read, join with SMS where asked, write, tell.

Decides the order, and the exit code. Loads neither Prefect nor the network, but with --sources. The plan is written last: a
call that fails leaves nothing behind.
"""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit
from flows.cli.import_view import as_json, show
from flows.command_words import quoted
from inventory.catalogue import PlanError
from inventory.finding_groups import group_findings
from inventory.importers.import_findings import ImportRefusedError
from inventory.importers.mapping import read_mapping
from inventory.importers.plan_sheets import plan_book
from inventory.importers.run import AUTO, import_file
from inventory.plan_writer import PlanWriteError, check_plan_path, write_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flows.cli.import_sources import Joined
    from inventory.findings import Finding
    from inventory.importers.imported import Imported


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves import`, as typed."""

    sheet: Path
    out: Path | None
    format: str
    mapping: Path | None
    sources: bool
    force: bool
    is_json: bool
    is_debug: bool


def main(call: Call) -> int:
    """Import and write; the exit code."""
    try:
        out = _checked_out(call)
        imported = read(call)
        joined = _join(call, imported) if call.sources else None
        if joined is not None:
            imported = joined.imported
        notes = () if joined is None else (joined.summary,)
        write_plan(out, plan_book(imported, _author(), datetime.now(UTC), notes))
    except (PlanError, ImportRefusedError, PlanWriteError) as error:
        return _refuse(call, error)
    except Exception as error:
        if (code := _refused_by_sms(error)) is None:
            raise
        return _refuse(call, error, code)
    if call.is_json:
        output.write_json(as_json(imported, out, joined))
    else:
        show(imported, out, joined, sys.stdout)
    output.hint(f"fill in what the inventory does not say, then `waves check {quoted(str(out))}`")
    return Exit.DONE


def read(call: Call) -> Imported:
    """The inventory, by its mapping where there is one. Raises PlanError and ImportRefusedError."""
    if call.mapping is None:
        return import_file(call.sheet, call.format)
    return import_file(call.sheet, AUTO, read_mapping(call.mapping))


def _checked_out(call: Call) -> Path:
    if call.mapping is not None and call.format != AUTO:
        raise PlanWriteError("--from and --mapping say two things", "leave --from out: the mapping says what each column is")
    if call.out is None:
        raise PlanWriteError("the plan has no name", "say where it goes: --out plan.xlsx")
    check_plan_path(call.out, may_replace=call.force, sources=[call.sheet, *([call.mapping] if call.mapping else [])])
    return call.out


def _join(call: Call, imported: Imported) -> Joined:
    from flows.cli.import_sources import join_with_sms
    from flows.cli.submit_command import quiet

    quiet(is_debug=call.is_debug)
    return join_with_sms(imported)


def _refused_by_sms(error: Exception) -> Exit | None:
    from flows.cli.exits import exit_of_error

    return exit_of_error(error)


def _refuse(call: Call, error: Exception, code: Exit = Exit.WRONG) -> int:
    only: Finding | None = getattr(error, "finding", None)
    found: Sequence[Finding] = getattr(error, "findings", (only,) if only else ())
    if call.is_json:
        output.write_json(
            {
                "format": "",
                "servers": 0,
                "disks": 0,
                "bytes": 0,
                "unmapped": [],
                "findings": [each.as_json() for each in found],
                "error": str(error),
            }
        )
    several = group_findings(found) if len(found) > 1 else ()
    for group in several:
        output.error(group.line())
    output.error(f"{f'{len(found)} mistakes' if several else error}: no plan was written")
    return code


def _author() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
