"""Rehearse a plan for `waves rehearse`: read it, play it, write the report, say how it went.

Decides what may be rehearsed and the exit code. Touches no setting, no journal of the user's and no network.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - part of a record's type
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit
from flows.cli.forecast_command import CallError, share_of
from flows.cli.rehearse_view import Shown, as_json, show
from flows.rehearsal.programme import Order, rehearse
from flows.rehearsal.trouble import parse_trouble
from flows.simulator.faults import FaultError
from inventory.catalogue import PlanError
from inventory.checks import check_plan
from inventory.findings import Severity
from inventory.forecast_terms import terms_of
from inventory.forecast_words import count
from inventory.plan import read_plan
from inventory.report_file import ReportError, check_page_path, check_report_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.plan import Plan
    from inventory.rehearsal_records import Rehearsal

_INTERRUPTED = "interrupted: no report was written"
_NO_TIME = 1_893_456_000.0
"""2030-01-01: when a programme is played whose waves have no time; any other would do."""


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves rehearse`, as typed."""

    plan: Path
    faults: str
    seed: int
    report: Path | None
    is_html: bool
    overhead: float | None
    efficiency: str | None
    change: str | None
    is_json: bool

    @property
    def report_path(self) -> Path:
        """Where the report goes."""
        return self.report if self.report is not None else self.plan.with_name(f"{self.plan.stem}.rehearsal.xlsx")

    @property
    def page_path(self) -> Path | None:
        """Where the page goes, if one is wanted."""
        return self.report_path.with_suffix(".html") if self.is_html else None


def main(call: Call) -> int:
    """Rehearse and show; the exit code."""
    try:
        order = _order(call)
        began = time.monotonic()
        found = rehearse(order, _teller())
        seconds = time.monotonic() - began
        _write(call, found)
    except (PlanError, FaultError, CallError, ReportError) as error:
        if call.is_json:
            output.write_json({"plan": call.plan.name, "waves": [], "error": str(error)})
        output.error(str(error))
        return Exit.WRONG
    except KeyboardInterrupt:
        if call.is_json:
            output.write_json({"plan": call.plan.name, "waves": [], "error": _INTERRUPTED})
        output.error(_INTERRUPTED)
        return Exit.INTERRUPTED
    shown = Shown(found, seconds, call.report_path, call.page_path)
    if call.is_json:
        output.write_json(as_json(shown))
    else:
        show(shown, sys.stdout)
    return Exit.DONE if found.is_good else Exit.NOT_DONE


def _order(call: Call) -> Order:
    """What is to be rehearsed. Raises PlanError, FaultError, CallError, ReportError."""
    trouble = parse_trouble(call.faults)
    terms = terms_of(call.overhead, share_of("--efficiency", call.efficiency), share_of("--change", call.change, may_be_zero=True))
    check_report_path(call.report_path, call.plan)
    if call.page_path is not None:
        check_page_path(call.page_path, call.plan)
    plan = read_plan(call.plan)
    _check(plan, call)
    return Order(plan, terms, trouble, call.faults, call.seed, _NO_TIME)


def _check(plan: Plan, call: Call) -> None:
    errors = [each for each in check_plan(plan) if each.severity is Severity.ERROR]
    if errors:
        raise CallError(f"{plan.name} has {count(len(errors), 'error')}, such as {errors[0].line()}: mend them (`waves check`)")
    if not any(row.wave and not row.skip for row in plan.servers):
        raise CallError(f"{plan.name} has no server in a wave: give some a wave, or let `waves plan {call.plan}` propose them")


def _write(call: Call, found: Rehearsal) -> None:
    from inventory.rehearsal_report import write_rehearsal

    write_rehearsal(call.report_path, call.plan, found)
    if call.page_path is not None:
        from inventory.rehearsal_page import write_rehearsal_page

        write_rehearsal_page(call.page_path, call.plan, found)


def _teller() -> Callable[[str], None]:
    """What tells how far it is: a line for each wave, on standard error."""

    def tell(text: str) -> None:
        output.say(output.Word.NOTE, text)

    return tell
