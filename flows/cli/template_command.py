"""Write an empty plan, for `waves template`. Loads openpyxl, and no Prefect, no network, no database."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit
from flows.command_words import quoted
from inventory.template_file import TemplateError, write_template
from inventory.template_forms import FORMS
from inventory.template_rows import worked_rows

if TYPE_CHECKING:
    from pathlib import Path


def main(plan: Path, *, force: bool, is_json: bool) -> int:
    """Write it and say what comes next; the exit code."""
    now = datetime.now().astimezone()
    servers = worked_rows(now.date())["Servers"]
    try:
        write_template(plan, _commands(plan.name, servers[0]["wave"]), now, replace=force)
    except TemplateError as error:
        if is_json:
            output.write_json({"plan": str(plan), "error": str(error)})
        output.error(str(error))
        return Exit.WRONG
    if is_json:
        output.write_json({"plan": str(plan), "sheets": ["Guide", *FORMS], "servers": len(servers)})
    else:
        output.write(f"{plan}: a plan with {len(servers)} worked rows; its first sheet tells how it is filled in")
    output.hint(f"fill it in, save, and run `{_commands(str(plan), '')[0]}`")
    return Exit.DONE


def _commands(plan: str, wave: str) -> tuple[str, str]:
    """The commands that come next: check, and send a wave."""
    name = quoted(plan)
    return f"waves check {name}", f"waves submit {name} --wave {quoted(wave)}"
