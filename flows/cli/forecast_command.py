"""Read a plan and forecast its waves, for `waves forecast`.

Decides which rows and terms are meant, and the exit code. Loads no Prefect, no network, a database only where a journal is that may
teach it something (forecast_learned.py), and rich on a terminal alone.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit
from flows.cli.forecast_learned import learned
from flows.cli.forecast_view import as_json, show
from flows.command_words import quoted
from flows.where import WhereError, parse_where, rows_that_fit
from inventory.catalogue import PlanError
from inventory.checks import check_plan
from inventory.findings import Severity
from inventory.forecast import forecast_plan
from inventory.forecast_terms import terms_of
from inventory.forecast_words import count
from inventory.plan import read_plan

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.forecast import WaveForecast
    from inventory.forecast_terms import Range
    from inventory.plan import Plan


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves forecast`, as typed."""

    plan: Path
    wave: str | None
    where: tuple[str, ...]
    overhead: float | None
    efficiency: str | None
    change: str | None
    chart: Path | None
    is_json: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What was forecast, from which terms; `waveless` are the servers that no wave moves."""

    plan: str
    waves: tuple[WaveForecast, ...]
    terms: Range
    waveless: int
    unreadable: int


class CallError(Exception):
    """An option that cannot be meant; its text is one line."""


def main(call: Call) -> int:
    """Forecast and show; the exit code."""
    try:
        told = tell(call)
        if call.chart is not None:
            _draw(call.chart, call.plan, told)
    except (PlanError, WhereError, CallError) as error:
        if call.is_json:
            output.write_json({"plan": call.plan.name, "waves": [], "error": str(error)})
        output.error(str(error))
        return Exit.WRONG
    if call.is_json:
        output.write_json(as_json(told))
    else:
        show(told, sys.stdout)
    _warn(call, told)
    return Exit.DONE


def tell(call: Call) -> Told:
    """The forecast that is asked for. Raises PlanError, WhereError, CallError."""
    efficiency, change = share_of("--efficiency", call.efficiency), share_of("--change", call.change, may_be_zero=True)
    observations = () if call.overhead is not None and efficiency is not None else learned()
    terms = terms_of(call.overhead, efficiency, change, observations)
    if call.chart is not None:
        _check_chart(call.chart, call.plan)
    where = parse_where(call.where)
    plan = read_plan(call.plan)
    if call.wave is not None and not plan.rows(call.wave):
        raise CallError(check_plan(plan, call.wave)[0].line())
    if where:
        plan = replace(plan, servers=rows_that_fit(plan, plan.servers, where))
    forecasts = forecast_plan(plan, terms, wave=call.wave)
    return Told(plan.name, tuple(forecasts), terms, _waveless(plan), _unreadable(plan))


def share_of(option: str, text: str | None, *, may_be_zero: bool = False) -> float | None:
    """A share as typed: `0.7` or `70%`. Raises CallError."""
    if text is None:
        return None
    try:
        share = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not (0 < share <= 1 or (may_be_zero and share == 0)):
        bounds = "from 0 to 1" if may_be_zero else "above 0, at most 1"
        raise CallError(f'{option} "{text}" is not a share: give a number {bounds}, such as 0.7 or 70%')
    return share


def _waveless(plan: Plan) -> int:
    return sum(not row.wave and not row.skip for row in plan.servers)


def _unreadable(plan: Plan) -> int:
    return sum(each.severity is Severity.ERROR for each in plan.findings)


def _check_chart(path: Path, plan: Path) -> None:
    if path.suffix.lower() not in {".svg", ".png"}:
        raise CallError(f"{path} is no name for a chart: give a name that ends in .svg or .png")
    if not path.parent.is_dir() or path.is_dir():
        raise CallError(f"{path} cannot be written: its folder does not exist, or it is a folder itself")
    if path.exists() and plan.exists() and path.samefile(plan):
        raise CallError(f"{path} is the plan itself, which is never written: give the chart another name")


def _draw(path: Path, plan: Path, told: Told) -> None:
    from inventory.forecast_chart import write_chart

    try:
        write_chart(path, told.waves, plan.name)
    except OSError as error:
        raise CallError(f"{path} cannot be written ({str(error.strerror).lower()}): choose another name with --chart") from error
    output.say(output.Word.NOTE, f"chart: {path}")


def _warn(call: Call, told: Told) -> None:
    plan = quoted(str(call.plan))
    if told.unreadable:
        say = f"{count(told.unreadable, 'error')} in the sheet {'counts' if told.unreadable == 1 else 'count'} as not said"
        output.say(output.Word.WARNING, f"{say}: `waves check {plan}` tells more")
    if told.waveless and call.wave is None:
        have = f"{count(told.waveless, 'server')} {'has' if told.waveless == 1 else 'have'} no wave"
        output.hint(f"{have}: `waves plan {plan} --waves N --out COPY.xlsx` proposes one")
    if any(each.fits is False for each in told.waves):
        output.hint(f"change the plan, save, and run `waves forecast {plan}` again")
