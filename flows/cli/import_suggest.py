"""Print a mapping to begin with, for `waves import --suggest`: YAML on standard output, to be read and mended. Writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit
from inventory.catalogue import PlanError
from inventory.importers.import_findings import ImportRefusedError
from inventory.importers.source_file import read_source
from inventory.importers.suggest import suggest_mapping

if TYPE_CHECKING:
    from flows.cli.import_command import Call


def main(call: Call) -> int:
    """Propose and print; the exit code."""
    try:
        proposed = suggest_mapping(read_source(call.sheet))
    except (PlanError, ImportRefusedError) as error:
        if call.is_json:
            output.write_json({"mapping": "", "findings": [error.finding.as_json()], "error": str(error)})
        output.error(str(error))
        return Exit.WRONG
    if call.is_json:
        output.write_json({"mapping": proposed, "findings": []})
    else:
        output.write(proposed)
    output.hint("save it, mend it, and give it to waves import --mapping")
    return Exit.DONE
