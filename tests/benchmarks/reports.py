"""What the reports of a large wave cost: the workbook against the same cells written bare, the page in a real browser.

    python -m tests.benchmarks.reports workbook|windowed|bare|page FOLDER

Prints one measurement, of this process alone: seconds, and its peak of memory. `windowed` is the workbook of a wave whose sheet
says when it starts: the forecast that its Timeline shows is made, too.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook, load_workbook

from inventory.forecast import forecast_plan
from inventory.forecast_terms import terms_of
from inventory.outcomes import Outcome, Status
from inventory.plan import read_plan
from inventory.report import WaveReport, write_page, write_report
from inventory.report_records import Attempt
from tests.benchmarks.measure import Figure, in_own_process, in_turn, peak_megabytes, ratio_of
from tests.browser import CHROMIUM, chromium, new_tab
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inventory.plan import Plan

ROWS = 20_000
MOST_RATIO = 1.3
MOST_MEGABYTES = 350
MOST_FILTER_SECONDS = 0.5
SENT = datetime(2027, 1, 9, 14, 0, tzinfo=UTC)
_KEYS = {
    Status.REJECTED: ("SMS.6526", "the quota of the target region is used up", "raise the quota, then run this again"),
    Status.CONFLICT: ("SMS.7605", "the source is bound to another task", "finish or delete that task, then run this again"),
}


def figures() -> Iterator[Figure]:
    """The figures of the reports, one after another."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        _make_plans(folder)
        found: dict[str, list[dict[str, Any]]] = {"workbook": [], "windowed": [], "bare": []}

        def measured(what: str) -> float:
            found[what].append(in_own_process("reports", what, folder))
            return float(found[what][-1]["seconds"])

        measured("workbook")
        times = in_turn({what: partial(measured, what) for what in found})
        ours, bare, ratio = ratio_of(times["workbook"], times["bare"])
        yield Figure(f"report of {ROWS:,} rows", f"{ours:.1f} s", f"bare openpyxl, same cells {bare:.1f} s", ratio, MOST_RATIO)
        forecast, _, more = ratio_of(times["windowed"], times["workbook"])
        what = f"report of {ROWS:,} rows with a disk each and a window, with its forecast"
        yield Figure(what, f"{forecast:.1f} s", f"report without a window {ours:.1f} s", more)
        peak = max(one["megabytes"] for what in ("workbook", "windowed") for one in found[what])
        yield Figure(
            f"peak memory of a report of {ROWS:,} rows", f"{peak:.0f} MB", f"{MOST_MEGABYTES} MB", peak / MOST_MEGABYTES, 1.0
        )
        page = in_own_process("reports", "page", folder)
        yield Figure(f"page of {ROWS:,} rows", f"{page['seconds']:.1f} s", f"{page['megabytes_of_page']:.1f} MB on disk")
        if CHROMIUM:
            yield from _in_browser(folder / "report.html")


def _in_browser(page: Path) -> Iterator[Figure]:
    seen = asyncio.run(_used(page))
    yield Figure(f"page of {ROWS:,} rows in Chromium, until it can be used", f"{seen['load']:.2f} s")
    slowest = max(seen["text"], seen["status"], seen["sort"])
    told = f"text {seen['text']:.2f} s, status {seen['status']:.2f} s, sorted {seen['sort']:.2f} s"
    yield Figure("the slowest filter of its page in Chromium", told, f"{MOST_FILTER_SECONDS} s", slowest / MOST_FILTER_SECONDS, 1.0)


async def _used(page: Path) -> dict[str, float]:
    """Seconds until the page stands, and for each thing that a reader does with it, until it is drawn."""
    async with chromium() as browser, new_tab(browser) as tab:
        begun = time.perf_counter()
        await tab.page.goto(page.as_uri())
        seen = {"load": time.perf_counter() - begun}
        for name, what in (
            ("text", "document.getElementById('q').value = 'team-3 web-19'; document.getElementById('q').form.requestSubmit()"),
            ("status", "document.getElementById('q').value = ''; document.querySelector('[data-status=REJECTED]').click()"),
            ("sort", "document.querySelector('[data-status=REJECTED]').click(); document.querySelectorAll('.sort')[5].click()"),
        ):
            drawn = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
            seen[name] = await tab.page.evaluate(
                f"(async () => {{ const t = performance.now(); {what}; await {drawn}; return performance.now() - t }})()"
            )
            seen[name] /= 1000
        return seen


def _row(number: int) -> dict[str, Any]:
    return server(
        number, Owner=f"team-{number % 9}", esx_host=f"esx-{number % 40:02}.example.net", priority=number % 3, speed_limit=500
    )


def _make_plans(folder: Path) -> None:
    """The same servers twice: alone, and with what a forecast needs, their disks and the wave's window and line."""
    rows = [_row(number) for number in range(1, ROWS + 1)]
    make_plan(folder / "plan.xlsx", rows)
    night = {"wave": "wave-1", "starts_at": "2027-01-09 14:00", "ends_at": "2027-01-11 14:00", "bandwidth_mbps": 10_000}
    make_plan(folder / "plan-windowed.xlsx", rows, disks=[disk(number) for number in range(1, ROWS + 1)], waves=[night])


def _report(plan: Plan) -> WaveReport:
    """A wave most of whose rows are made, each with its request."""
    chance = random.Random(1)
    outcomes, attempts = [], []
    for place, row in enumerate(plan.servers):
        status = chance.choices((Status.CREATED, Status.EXISTS, *_KEYS), (90, 5, 3, 2))[0]
        task = f"{chance.getrandbits(128):032x}" if status.is_done else ""
        sent = SENT + timedelta(milliseconds=3 * place)
        outcomes.append(Outcome(row, row.source_server_id, status, task, *_KEYS.get(status, ("", "", "")), 1, sent))
        attempts.append(_attempt(outcomes[-1], sent, chance))
    return WaveReport(plan, "wave-1", "run-1", "planner", SENT, SENT + timedelta(minutes=2), outcomes, attempts=attempts)


def _attempt(outcome: Outcome, sent: datetime, chance: random.Random) -> Attempt:
    answer = f"task {outcome.task_id}" if outcome.task_id else f"rejected: {outcome.error_code} {outcome.error_message}"
    return Attempt(
        outcome.source_server_id,
        outcome.row.label,
        1,
        "run-1",
        sent,
        sent + timedelta(milliseconds=300),
        f"{chance.getrandbits(256):064x}",
        answer,
        200 if outcome.task_id else 400,
        f"{chance.getrandbits(128):032x}",
        "done" if outcome.task_id else "rejected",
        "SMS answered with the id of the task" if outcome.task_id else "SMS said no, and no earlier attempt can have made the task",
        answer if outcome.task_id else "REJECTED",
    )


def main(what: str, folder: Path) -> dict[str, float]:
    """One measurement; what is made ready for it does not count."""
    path = folder / ("report.html" if what == "page" else f"{what}.xlsx")
    if what == "bare":
        book = load_workbook(folder / "workbook.xlsx", read_only=True)
        sheets = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}
        seconds = _seconds(lambda: _write_bare(path, sheets))
    else:
        report = _report(read_plan(folder / ("plan-windowed.xlsx" if what == "windowed" else "plan.xlsx")))
        seconds = _seconds(lambda: _WRITE[what](path, report))
    return {"seconds": seconds, "megabytes": peak_megabytes(), "megabytes_of_page": path.stat().st_size / 1e6}


def _write_windowed(path: Path, report: WaveReport) -> None:
    """As wave_job.py does at the end of a run."""
    forecast = next(iter(forecast_plan(report.plan, terms_of(), wave=report.wave, is_advising=False)))
    if forecast.seconds is None:
        raise RuntimeError("nothing was forecast: the figure would be worthless")
    write_report(path, replace(report, forecast=forecast))


_WRITE: dict[str, Callable[[Path, WaveReport], None]] = {"workbook": write_report, "windowed": _write_windowed, "page": write_page}


def _seconds(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _write_bare(path: Path, sheets: dict[str, list[list[Any]]]) -> None:
    """The same values, without any look, by openpyxl's fastest way."""
    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
