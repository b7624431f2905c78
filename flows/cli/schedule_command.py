"""Bring the scheduled runs of a plan to what its sheet says, for `waves schedule`: flows.scheduling.schedule_plan does it.

Decides the exit code, and how a refusal is told.
"""

from __future__ import annotations

import asyncio
import sys

from flows.cli import output
from flows.cli.exits import Exit, exit_of_error
from flows.cli.schedule_view import as_json, show
from flows.cli.submit_command import quiet
from flows.cli.submit_view import show_refusal
from flows.places import PlaceError, name_of
from flows.scheduling.plan_names import NameTakenError
from flows.scheduling.prefect_door import PrefectUnavailableError, find_api
from flows.scheduling.schedule_plan import RefusedError, ScheduleOrder, bring_about, prepare


def main(order: ScheduleOrder, *, is_json: bool) -> int:
    """Schedule and show; the exit code."""
    quiet(is_debug=False)
    try:
        prepared = prepare(order)
        find_api()  # before Prefect is imported: its client reads where the API is
        told = asyncio.run(bring_about(order, prepared))
    except Exception as error:
        if not (code := _refusal(error)):
            raise
        show_refusal(getattr(error, "findings", ()), sys.stderr)
        output.error(str(error))
        if is_json:
            output.write_json({"plan": name_of(order.plan), "waves": [], "error": str(error)})
        return code
    if is_json:
        output.write_json(as_json(told))
    else:
        show(told, sys.stdout)
    return Exit.NOT_DONE if told.has_missed else Exit.DONE


def _refusal(error: Exception) -> Exit | None:
    """The exit code of what a person can mend; None of a defect."""
    ours = isinstance(error, (RefusedError, PlaceError, PrefectUnavailableError, NameTakenError))
    return Exit.WRONG if ours else exit_of_error(error)
