"""The report proves what it says: every request, when it left and against which window, digests of what was planned and sent."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from inventory.forecast import forecast_plan
from inventory.forecast_terms import terms_of
from inventory.outcomes import Outcome, Status
from inventory.plan import read_plan
from inventory.report import WaveReport
from inventory.report_facts import steps, verdict
from inventory.report_journal import JOURNAL_COLUMNS, PROVENANCE_COLUMNS
from inventory.report_records import Attempt, NightTold, TaskTold
from inventory.report_timeline import TIMELINE_COLUMNS
from tests.inventory.test_report import STARTED, cells, report_of, written
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = {"starts_at": "2027-01-10 03:00", "ends_at": "2027-01-10 06:00", "timezone": "Asia/Singapore", "bandwidth_mbps": 100}
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def attempt_of(number: int = 1, **values: Any) -> Attempt:
    """A request for the first server, a second after the run began, answered 1.5 s later."""
    sent = STARTED + timedelta(seconds=number)
    given: dict[str, Any] = {"source_server_id": "src-0001-a1b2", "server": "web-01", "number": number, "run_id": "run-1"}
    given |= {
        "sent_at": sent,
        "answered_at": sent + timedelta(seconds=1.5),
        "body_digest": f"{number:064x}",
        "answer": "task task-0",
    }
    return Attempt(**given | values)


def planned(folder: Path, wave: dict[str, Any], sent: dict[int, datetime]) -> WaveReport:
    """A report on a wave with a window, two servers of which were submitted at the given times."""
    path = make_plan(folder / "plan.xlsx", [server(1), server(2)], disks=[disk(1), disk(2)], waves=[{"wave": "wave-1", **wave}])
    plan = read_plan(path)
    outcomes = [
        Outcome(row, row.source_server_id, Status.CREATED, submitted_at=sent.get(place)) for place, row in enumerate(plan.servers)
    ]
    return WaveReport(plan, "wave-1", "run-1", "planner", STARTED, STARTED + timedelta(seconds=9), outcomes)


def test_every_request_is_told_in_its_order(tmp_path: Path) -> None:
    """When it left, what came back, what was decided and why; one without an answer says so."""
    lost = attempt_of(1, answered_at=None, answer="no answer was written down", decided="look at SMS", reason="nobody knows")
    made = attempt_of(2, http_status=200, request_id="req-2", decided="done", reason="SMS answered", result="task task-0")
    head, first, second = cells(written(tmp_path, report_of(tmp_path, [server()], attempts=[lost, made])), "Journal")
    assert head == list(JOURNAL_COLUMNS)
    told = dict(zip(head, first, strict=True))
    assert (told["sent_at"], told["answered_at"], told["answer"]) == (
        "2027-01-09T20:00:01.000Z",
        None,
        "no answer was written down",
    )
    assert (told["decision"], told["reason"], told["body_sha256"]) == ("look at SMS", "nobody knows", f"{1:064x}")
    told = dict(zip(head, second, strict=True))
    assert (told["attempt"], told["answered_at"], told["http_status"]) == (2, "2027-01-09T20:00:03.500Z", 200)
    assert (told["request_id"], told["result"], told["run_id"]) == ("req-2", "task task-0", "run-1")


def test_a_wave_that_sent_nothing_has_a_journal_that_says_so(tmp_path: Path) -> None:
    """An empty sheet would look like a mistake."""
    assert cells(written(tmp_path, report_of(tmp_path, [server()])), "Journal")[1][0] == "No request was sent."


def test_digests_can_be_reckoned_again(tmp_path: Path) -> None:
    """The row's is of its cells as written; the body's and the request's id are those of the last request."""
    report = report_of(
        tmp_path, [server(1, note="+1", Owner="Zoë"), server(2)], attempts=[attempt_of(1), attempt_of(2, request_id="r2")]
    )
    head, first, second = cells(written(tmp_path, report), "Provenance")
    assert head == list(PROVENANCE_COLUMNS)
    pairs = [[name, str(value)] for name, value in server(1, note="+1", Owner="Zoë").items()]
    digest = hashlib.sha256(json.dumps(pairs, separators=(",", ":")).encode()).hexdigest()
    assert first == ["Servers!A2", "web-01", "src-0001-a1b2", "task-0", "r2", digest, f"{2:064x}"]
    assert second[4:] == [None, second[5], None]
    assert second[5] != digest


def test_the_timeline_stands_in_the_waves_own_zone(tmp_path: Path) -> None:
    """Each submission inside the window, before it or after it; what was not sent has no time."""
    report = planned(tmp_path, NIGHT, {0: STARTED, 1: STARTED - timedelta(hours=2)})
    head, first, second = cells(written(tmp_path, replace(report, attempts=[attempt_of(1)])), "Timeline")[:3]
    assert tuple(head[: len(TIMELINE_COLUMNS)]) == TIMELINE_COLUMNS
    assert [*first[:6], first[11]] == [
        "web-01",
        "src-0001-a1b2",
        "CREATED",
        "2027-01-10 04:00:00+08:00",
        "2027-01-10 04:00:02+08:00",
        "inside",
        2.5,
    ]
    assert second[3:7] == ["2027-01-10 02:00:00+08:00", None, "before", None]
    late = planned(tmp_path, NIGHT, {0: STARTED + timedelta(hours=3)})
    assert [row[3:6] for row in cells(written(tmp_path, late), "Timeline")[1:3]] == [
        ["2027-01-10 07:00:00+08:00", None, "after"],
        [None, None, None],
    ]


def test_what_was_forecast_stands_beside_what_happened(tmp_path: Path) -> None:
    """The timeline has the forecast's own times, and the summary whether the wave was to fit; without a forecast neither."""
    report = planned(tmp_path, NIGHT, {0: STARTED})
    (forecast,) = forecast_plan(report.plan, terms_of(0, 1), wave="wave-1")
    book = written(tmp_path, replace(report, forecast=forecast))
    told = [row[6:8] for row in cells(book, "Timeline")[1:]]
    expected = [[forecast.case.moment(span.start), forecast.case.moment(span.end)] for span in forecast.spans]
    assert told == [[moment and moment.isoformat(sep=" ", timespec="seconds") for moment in pair] for pair in expected]
    (line,) = [row[2] for row in cells(book, "Summary") if row[1] == "Forecast"]
    assert "inside the window" in line
    assert [row for row in cells(written(tmp_path, report), "Summary") if row[1] == "Forecast"] == []


def test_what_really_became_of_it_stands_behind_the_forecast(tmp_path: Path) -> None:
    """When its task began, had copied and ended, and by how many minutes that is behind; of a task that nobody followed nothing."""
    report = planned(tmp_path, NIGHT, {0: STARTED, 1: STARTED})
    (forecast,) = forecast_plan(report.plan, terms_of(0, 1), wave="wave-1")
    ended = forecast.case.moment(forecast.spans[0].end)
    assert ended is not None
    times = (STARTED, STARTED + timedelta(minutes=9), ended + timedelta(minutes=12.5))
    task = TaskTold("web-01", report.outcomes[0].source_server_id, "t-1", "MIGRATE_SUCCESS", *times, 100.0, "", "")
    told = replace(report, forecast=forecast, night=NightTold(tasks=(task,)))
    head, first, second = cells(written(tmp_path, told), "Timeline")[:3]
    assert head[8:13] == ["started", "copied", "ended", "seconds", "behind_minutes"]
    assert first[9] == "2027-01-10 04:09:00+08:00"
    assert (first[12], second[8:13]) == (12.5, [None] * 5)


def test_a_wide_sheet_is_printed_on_several_pages_that_name_the_server(tmp_path: Path) -> None:
    """Not pressed together until nobody can read it: as many pages beside each other as it takes, names and headers on each."""
    many = {f"column {number:02}": "some text that is rather long" for number in range(20)}
    outcomes = written(tmp_path, report_of(tmp_path, [server(1, **many)]))["Outcomes"]
    assert (outcomes.page_setup.orientation, outcomes.page_setup.fitToHeight) == ("landscape", 0)
    assert (outcomes.page_setup.fitToWidth or 0) > 3
    assert (outcomes.print_title_rows, outcomes.print_title_cols) == ("$1:$1", "$A:$C")


def test_several_waves_are_added_up_each(tmp_path: Path) -> None:
    """Where a report tells of more than one; a single wave needs no table of its own."""
    rows = [server(1), server(2, wave="wave-2"), server(3, wave="wave-2")]
    said = cells(written(tmp_path, report_of(tmp_path, rows)), "Summary")
    assert ["wave-1", 1, 1, "1 CREATED"] in [row[1:5] for row in said]
    assert ["wave-2", 2, 0.5, "1 EXISTS, 1 CONFLICT"] in [row[1:5] for row in said]
    assert "By wave" not in [row[1] for row in cells(written(tmp_path, report_of(tmp_path, [server()])), "Summary")]


@given(st.lists(MOMENTS, max_size=60))
def test_the_steps_hold_every_submission_and_fit_a_chart(moments: list[datetime]) -> None:
    """Whatever the clock said: they follow each other evenly, add up, and each holds what was sent in it."""
    found = steps(moments)
    assert sum(count for _, count in found) == len(moments)
    assert len(found) <= 31
    if len(found) > 1:
        width = found[1][0] - found[0][0]
        assert {later[0] - earlier[0] for earlier, later in pairwise(found)} == {width}
        tally = Counter((moment - found[0][0]) // width for moment in moments)
        assert [count for _, count in found] == [tally[place] for place in range(len(found))]


def test_the_verdict_counts(tmp_path: Path) -> None:
    """One sentence, right for one and for many."""
    assert verdict(report_of(tmp_path, [server(1), server(2), server(3)])).text == "2 of 3 servers are done; 1 needs attention."
