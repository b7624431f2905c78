"""The agreement can fail: a night that is told truly agrees, and one in which any figure is another is caught, by its topic."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from flows.night.approvals import Approval, Decision
from flows.night.criteria import Criterion
from flows.operating.action_records import Action, ActionKey
from flows.operating.evidence import Before, Verdict
from flows.operating.operations import Operation
from tests.night.agreement import Truth, check
from tests.night.told import Decided, Report, WaveTold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.night.agreement import Agreement

T = 1_800_000_000.0
MOVED, FAILED = "src-1", "src-2"
MB = 1_000_000
GATE = (
    Criterion("copied", "1 of 2 (50%)", "all that have not failed", holds=True),
    Criterion("failed", "1", "none", holds=False, servers=("web-2",)),
    Criterion("consistency", "1 of 1 checked and good", "no file missing or different", holds=True),
    Criterion("window", "5 min left", "open", holds=True),
)


def told(at: float) -> str:
    """A time as reports tell it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


CREATES = {MOVED: 1, FAILED: 2}


def truth() -> dict[str, Any]:
    """One server that is moved, late, after a start whose answer was lost; and one that has failed."""

    def steps(*times: float | None) -> list[dict[str, Any]]:
        names = ("SSL_CONFIG", "MIGRATE_LINUX_FILE", "SYNC_LINUX_FILE", "CONFIGURE_LINUX_FILE")
        return [{"name": name, "began": times[n], "ended": times[n + 1]} for n, name in enumerate(names)]

    def task(number: int, state: str, **values: Any) -> dict[str, Any]:
        own = {"id": f"t-{number}", "source_server_id": f"src-{number}", "made_by": "create", "state": state, "error": None}
        return own | {"bytes": 100 * MB, "bytes_copied": 101 * MB, "checks": []} | values

    def done(word: str, at: float, answer: str = "heard") -> dict[str, Any]:
        return {"operation": word, "at": at, "performed": True, "code": "", "answer": answer}

    good = {"consistency_result": [{"num_different_files": 0, "num_target_miss_files": 0}]}
    moved = task(
        1,
        "MIGRATE_SUCCESS",
        states=[{"state": "RUNNING", "at": T + 10, "why": ""}, {"state": "MIGRATE_SUCCESS", "at": T + 900, "why": ""}],
        operations=[done("start", T + 10, "reset-after"), done("cutover", T + 890)],
        sub_tasks=steps(T + 10, T + 12, T + 20, T + 890, T + 900),
        checks=[good],
    )
    failed = task(
        2,
        "MIGRATE_FAIL",
        bytes_copied=0,
        states=[{"state": "RUNNING", "at": T + 11, "why": ""}, {"state": "MIGRATE_FAIL", "at": T + 12, "why": "SMS.6564"}],
        operations=[done("start", T + 11) | {"performed": False, "answer": "drop-before"}, done("start", T + 11.92)],
        sub_tasks=steps(T + 12, None, None, None, None),
        error={"error_code": "SMS.6564"},
    )
    return {"tasks": [moved, failed]}


def action(number: int, order: int, operation: Operation, at: float, verdict: Verdict, answer: str = "performed") -> Action:
    """An action of the journal, known a second after its intent."""
    key, before = ActionKey("me", f"t-{number}", order), Before("READY")
    known: dict[str, Any] = {"answered_at": at + 0.5, "answer": answer, "verdict": verdict, "settled_at": at + 1}
    return Action(key, f"src-{number}", "run-1", operation, before, at, **known)


ACTIONS = (
    action(1, 1, Operation.START, T + 9.9, Verdict.DONE, "ambiguous"),
    action(1, 2, Operation.CUTOVER, T + 889.9, Verdict.DONE),
    action(2, 1, Operation.START, T + 10.9, Verdict.NOT_DONE, "ambiguous"),
    action(2, 2, Operation.START, T + 11.91, Verdict.DONE),
)


def report() -> Report:
    """The report of that night."""

    def row(server: int, **values: Any) -> dict[str, Any]:
        return {"source_server_id": f"src-{server}", "task_id": f"t-{server}", **values}

    def acted(each: Action) -> dict[str, Any]:
        own = row(int(each.source_server_id[-1]), number=each.key.number, operation=each.operation.value)
        shown = {"sent_at": each.intent_at, "answered_at": each.answered_at, "ordered_by": "a person"}
        return own | shown | {"performed": each.verdict.value if each.verdict else ""}

    done = {"started": told(T + 10), "copied": told(T + 20)}
    night = [("start", "done", 5, 15, "1 DONE"), ("approve", "done", 300, 400, "approved by Ann")]
    night += [("verify", "failed", 900, 901, "1 of 2 moved")]
    return Report(
        summary=[(), (2, 1, 1, 0.5), ("servers", "done", "need attention", "of the wave is done"), ("CREATED", 2, 1, "made")],
        outcomes=[row(1, status="CREATED", attempts=1), row(2, status="CREATED", attempts=2)],
        timeline=[row(1, **done, ended=told(T + 900)), row(2, started=told(T + 12), copied=None, ended=None)],
        night=[
            dict(zip(("stage", "state", "began", "ended", "what came of it"), (a, b, told(T + c), told(T + d), e), strict=True))
            for a, b, c, d, e in night
        ],
        tasks=[
            row(1, **done, state="MIGRATE_SUCCESS", finished=told(T + 900), speed_mbps=100.0, late_minutes=5.0, error=None),
            row(2, state="MIGRATE_FAIL", started=told(T + 12), error="SMS.6564 no grub")
            | dict.fromkeys(("copied", "finished", "speed_mbps", "late_minutes")),
        ],
        actions=[acted(each) for each in ACTIONS],
        attempts=[{"source_server_id": source} for source in (MOVED, FAILED, FAILED)],
        gates=[
            "gate before cutover: approved by Ann",
            f"asked {told(T + 300)}, decided {told(T + 400)}",
            *(each.line() for each in GATE),
            "comment: go on",
        ],
    )


def wave() -> WaveTold:
    """All that was told of it."""

    def server(number: int, state: str, started: float, finished: float | None, late: int = 0) -> dict[str, Any]:
        own = {"source_server_id": f"src-{number}", "task_id": f"t-{number}", "state": state, "is_ours": True}
        return own | {"started_at": started, "finished_at": finished, "late_seconds": late}

    servers = [server(1, "MIGRATE_SUCCESS", T + 10, T + 900, 300), server(2, "MIGRATE_FAIL", T + 12, None)]
    columns = dict.fromkeys(("planned", "submitted", "running", "synced", "cut_over", "failed", "unknown"), 0)
    status = columns | {"servers": 2, "cut_over": 1, "failed": 1, "done": False, "late": ["web-1"], "late_seconds": 300}
    held = {"stage": "approve", "stage_state": "held", "gate": "cutover, since 2 min"}
    at_gate = columns | {"servers": 2, "synced": 1, "failed": 1, "done": False} | held
    found = report()
    return WaveTold(
        name="wave-1",
        sources=[MOVED, FAILED],
        report=found,
        track={
            "states": {"MIGRATE_SUCCESS": 1, "MIGRATE_FAIL": 1},
            "standings": {"done": 1, "failed": 1},
            "done": False,
            "throughput_mbps": 0,
            "late": [MOVED],
            "servers": servers,
        },
        status=status,
        run={
            "done": False,
            "servers": copy.deepcopy(servers),
            "stages": [{"stage": row["stage"], "state": row["state"], "line": row["what came of it"]} for row in found.night],
            "approvals": [{"gate": "cutover", "decision": "approved", "approver": "Ann", "comment": "go on"}],
        },
        actions=ACTIONS,
        approvals=[Approval("cutover", 1, "run-1", GATE, T + 300, T + 600, Decision.APPROVED, "Ann", "go on", T + 400)],
        decided=[
            Decided("cutover", "Ann", "go on", "approved", T + 399, T + 401, {MOVED: "SYNCING", FAILED: "MIGRATE_FAIL"}, at_gate)
        ],
        checked=frozenset({MOVED}),
        window_ends_at=T + 600,
    )


def held(told: WaveTold, history: Mapping[str, Any] | None = None) -> Agreement:
    """What was told, against the truth."""
    return check(Truth(history or truth(), CREATES), [told])


def test_a_night_that_is_told_truly_agrees() -> None:
    found = held(wave())
    assert found.disagreements == []
    assert set(found.compared) >= {"tasks a server", "outcomes", "times", "lateness", "actions performed", "approvals"}


TABLES: dict[str, dict[str, Any]] = {
    "outcomes": {"source_server_id": "src-9", "task_id": "t-9", "status": "UNCERTAIN", "attempts": 7},
    "timeline": {"source_server_id": "src-9", "started": told(T + 15), "copied": told(T + 15), "ended": told(T + 15)},
    "night": {"began": told(T + 2000), "ended": told(T + 1), "state": "running", "what came of it": "2 of 2 moved"},
    "tasks": {
        "source_server_id": "src-9",
        "task_id": "t-9",
        "state": "SYNCING",
        "started": told(T + 8),
        "copied": told(T + 22),
        "finished": told(T + 905),
        "speed_mbps": 90.0,
        "late_minutes": 4.0,
        "error": "SMS.0805 partition",
    },
    "actions": {
        "source_server_id": "src-9",
        "task_id": "t-9",
        "number": 9,
        "operation": "stop",
        "performed": "unknown",
        "ordered_by": "by itself",
        "sent_at": T + 1,
        "answered_at": T + 1,
    },
    "attempts": {"source_server_id": "src-9"},
}
"""For each sheet of the report, each figure that is held, and another value for it."""


@pytest.mark.parametrize(("sheet", "column"), [(sheet, column) for sheet, columns in TABLES.items() for column in columns])
def test_each_figure_of_the_report_is_held_in_each_row(sheet: str, column: str) -> None:
    for place in range(len(getattr(report(), sheet))):
        if sheet == "night" and column == "what came of it" and report().night[place]["stage"] == "start":
            continue  # its tally is of orders, which are held one by one; what `waves run` printed of it has to be the same
        told_wave = wave()
        getattr(told_wave.report, sheet)[place][column] = TABLES[sheet][column]
        assert held(told_wave).disagreements, (sheet, column, place)


@pytest.mark.parametrize("sheet", TABLES)
def test_a_row_that_is_missing_or_stands_twice_is_caught(sheet: str) -> None:
    for place in range(len(getattr(report(), sheet))):
        short, twice = wave(), wave()
        del getattr(short.report, sheet)[place]
        rows = getattr(twice.report, sheet)
        rows.append(dict(rows[place]))
        assert held(short).disagreements, (sheet, place)
        assert held(twice).disagreements, (sheet, place)


@pytest.mark.parametrize(
    ("source", "field", "value"),
    [
        ("track", "states", {"MIGRATE_SUCCESS": 2}),
        ("track", "standings", {"done": 2}),
        ("track", "done", True),
        ("track", "throughput_mbps", 800),
        ("track", "late", []),
        ("status", "servers", 3),
        ("status", "planned", 1),
        ("status", "submitted", 1),
        ("status", "running", 1),
        ("status", "synced", 1),
        ("status", "cut_over", 2),
        ("status", "failed", 0),
        ("status", "unknown", 1),
        ("status", "done", True),
        ("status", "late", []),
        ("status", "late_seconds", 200),
        ("run", "done", True),
        ("run", "stages", []),
        ("run", "approvals", []),
    ],
)
def test_each_figure_that_a_command_prints_of_a_wave_is_held(source: str, field: str, value: object) -> None:
    told_wave = wave()
    getattr(told_wave, source)[field] = value
    assert held(told_wave).disagreements


@pytest.mark.parametrize("source", ["track", "run"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("task_id", "t-9"),
        ("state", "SYNCING"),
        ("is_ours", False),
        ("started_at", T + 5),
        ("finished_at", T + 905),
        ("late_seconds", 200),
    ],
)
def test_each_figure_that_a_command_prints_of_a_server_is_held(source: str, field: str, value: object) -> None:
    for place in range(2):
        told_wave = wave()
        getattr(told_wave, source)["servers"][place][field] = value
        assert held(told_wave).disagreements, place


@pytest.mark.parametrize(("field", "value"), [("synced", 2), ("failed", 0), ("stage", "start"), ("gate", "start, since 2 min")])
def test_what_status_said_at_the_gate_is_held(field: str, value: object) -> None:
    told_wave = wave()
    at_gate = told_wave.decided[0].status
    assert isinstance(at_gate, dict)
    at_gate[field] = value
    assert [each.topic for each in held(told_wave).disagreements] == ["status at the gate"]


def test_the_summary_counts_servers_that_are_moved_and_not_those_that_have_a_task() -> None:
    told_wave = wave()
    told_wave.report.summary[1] = (2, 2, 0, 1)  # type: ignore[index]
    assert [each.topic for each in held(told_wave).disagreements] == ["counts"]


def test_a_report_that_says_nothing_is_left_to_do_where_something_is_is_caught() -> None:
    told_wave = wave()
    told_wave.report.summary.append(("Nothing: no row of the wave is left.",))  # type: ignore[attr-defined]
    assert [each.topic for each in held(told_wave).disagreements] == ["counts"]


DECIDED: dict[str, Callable[[Approval], Approval]] = {
    "another approver": lambda kept: replace(kept, approver="Bob"),
    "another decision": lambda kept: replace(kept, decision=Decision.NOT_APPROVED),
    "another comment": lambda kept: replace(kept, comment="stop"),
    "another gate": lambda kept: replace(kept, gate="start"),
    "at another time": lambda kept: replace(kept, decided_at=T + 500),
    "asked at another time": lambda kept: replace(kept, asked_at=T + 100),
    "nobody": lambda kept: replace(kept, decision=None, decided_at=None),
    **{
        f"other figures: {name}": lambda kept, place=place: replace(  # type: ignore[misc]
            kept, criteria=(*kept.criteria[:place], replace(kept.criteria[place], value="2 of 2"), *kept.criteria[place + 1 :])
        )
        for place, name in enumerate(("copied", "failed", "consistency", "window"))
    },
}


@pytest.mark.parametrize("change", DECIDED)
def test_who_decided_what_when_and_on_which_figures_is_held(change: str) -> None:
    told_wave = wave()
    changed = replace(told_wave, approvals=[DECIDED[change](told_wave.approvals[0])])
    assert {each.topic for each in held(changed).disagreements} == {"approvals"}


def test_a_decision_that_is_not_in_the_report_is_caught() -> None:
    for place in range(len(report().gates)):
        told_wave = wave()
        del told_wave.report.gates[place]  # type: ignore[attr-defined]
        assert held(told_wave).disagreements, place


ACTED: dict[str, Callable[[list[Action]], None]] = {
    "performed, and the journal says not": lambda kept: kept.__setitem__(0, replace(kept[0], verdict=Verdict.NOT_DONE)),
    "not performed, and the journal says so": lambda kept: kept.__setitem__(2, replace(kept[2], verdict=Verdict.DONE)),
    "nobody knows": lambda kept: kept.__setitem__(0, replace(kept[0], verdict=None)),
    "performed, and not in the journal": lambda kept: kept.pop(1),  # type: ignore[dict-item]
    "arrived, and not in the journal": lambda kept: kept.pop(2),  # type: ignore[dict-item]
    "twice in the journal": lambda kept: kept.append(replace(kept[1], key=ActionKey("me", "t-1", 3))),
    "another operation": lambda kept: kept.__setitem__(1, replace(kept[1], operation=Operation.STOP)),
    "of another task": lambda kept: kept.__setitem__(1, replace(kept[1], key=ActionKey("me", "t-9", 2))),
    "intended after it was performed": lambda kept: kept.__setitem__(1, replace(kept[1], intent_at=T + 895)),
    "settled before it was performed": lambda kept: kept.__setitem__(1, replace(kept[1], answered_at=T + 1, settled_at=T + 1)),
}


@pytest.mark.parametrize("change", ACTED)
def test_an_action_that_is_not_as_it_was_is_caught(change: str) -> None:
    kept = list(ACTIONS)
    ACTED[change](kept)
    assert "actions performed" in {each.topic for each in held(replace(wave(), actions=kept)).disagreements}


def test_what_is_sent_again_at_once_is_not_taken_for_what_was_sent_before() -> None:
    """An action that never left is settled, and the next one leaves within the same instant."""
    history = truth()
    del history["tasks"][1]["operations"][0]
    assert held(wave(), history).disagreements == []


def test_a_second_task_of_a_server_is_caught() -> None:
    history = truth()
    history["tasks"].append(history["tasks"][0] | {"id": "t-3", "operations": []})
    assert any(each.topic == "tasks a server" and each.truth == 1 for each in held(wave(), history).disagreements)


def test_a_task_of_a_server_that_no_wave_has_is_caught() -> None:
    history = truth()
    history["tasks"].append(history["tasks"][0] | {"id": "t-3", "source_server_id": "src-3", "operations": []})
    assert [each.topic for each in held(wave(), history).disagreements] == ["tasks a server"]


def test_an_operation_that_was_performed_twice_is_caught() -> None:
    history = truth()
    operations = history["tasks"][0]["operations"]
    operations.append(dict(operations[-1]))
    assert [each.topic for each in held(wave(), history).disagreements] == ["actions performed"]


def test_more_creates_than_the_journal_has_attempts_are_caught() -> None:
    found = check(Truth(truth(), CREATES | {MOVED: 2}), [wave()])
    assert [each.topic for each in found.disagreements] == ["outcomes"]


def test_a_server_that_is_done_without_all_its_bytes_is_caught() -> None:
    history = truth()
    history["tasks"][0]["bytes_copied"] = 99 * MB
    assert [each.topic for each in held(wave(), history).disagreements] == ["bytes by time"]


def test_what_does_not_agree_is_named() -> None:
    told_wave = wave()
    told_wave.report.tasks[0]["state"] = "SYNCING"
    [only] = held(told_wave).disagreements
    assert str(only) == "tasks' ends: wave-1 Tasks src-1 state: it says 'SYNCING', and it is 'MIGRATE_SUCCESS'"
