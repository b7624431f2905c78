"""What an answer, and what a look, means for a row; all of it decided without a network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sms.errors import ErrorClass, SmsError, error_of
from flows.sms.models import TaskSummary
from flows.submission.protocol import (
    Aim,
    Conclusion,
    Sight,
    Sighting,
    Step,
    after_error,
    aim_of_inherited,
    conclude,
    has_target,
    in_two_tasks,
    recognise,
    with_two_sources,
)
from flows.submission.records import RowRecord, Target

TARGET = Target("vm-1", "web-01-hw")


def row(**fields: object) -> RowRecord:
    return RowRecord("account", "src-1", "run-1", task_name="web-01", target=TARGET, **fields)  # type: ignore[arg-type]


def in_doubt(**fields: object) -> RowRecord:
    return row(doubt_run_id="run-1", **fields)


def error(kind: ErrorClass, code: str = "SMS.6526") -> SmsError:
    return error_of(kind, code, "words")


def task(task_id: str = "t-1", **fields: str) -> TaskSummary:
    given_fields = {"name": "web-01", "source_server_id": "src-1", "target_vm_id": "vm-1", "target_name": "web-01-hw", **fields}
    return TaskSummary(task_id, **given_fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "code", "fresh", "doubtful"),
    [
        (ErrorClass.DEFINITE_NO, "SMS.6526", (Step.REFUSED, None), (Step.SETTLE, Aim.REFUSE)),
        (ErrorClass.DEFINITE_NO, "SMS.7605", (Step.SETTLE, Aim.WHO_HOLDS_IT), (Step.SETTLE, Aim.WHO_HOLDS_IT)),
        (ErrorClass.NOT_SENT, "WAVES.CONNECT", (Step.AGAIN, None), (Step.AGAIN, None)),
        (ErrorClass.THROTTLED, "APIGW.0308", (Step.AGAIN, None), (Step.AGAIN, None)),
        (ErrorClass.AMBIGUOUS, "WAVES.TIMEOUT", (Step.SETTLE, Aim.SEND_AGAIN), (Step.SETTLE, Aim.SEND_AGAIN)),
        (ErrorClass.STOP, "APIGW.0301", (Step.STOP, None), (Step.STOP_IN_DOUBT, None)),
    ],
)
def test_each_answer_calls_for_one_step(
    kind: ErrorClass, code: str, fresh: tuple[Step, Aim | None], doubtful: tuple[Step, Aim | None]
) -> None:
    """The table of design 5.3 and 5.4: what follows each class of error, without and with an earlier attempt in doubt."""
    assert after_error(row(), error(kind, code)) == fresh
    assert after_error(in_doubt(), error(kind, code)) == doubtful


@given(kind=st.sampled_from(ErrorClass), code=st.sampled_from(["SMS.7605", "SMS.6526", "SMS.6301", "HTTP.418", "never seen"]))
def test_no_answer_to_a_row_in_doubt_is_final(kind: ErrorClass, code: str) -> None:
    """While an attempt is in doubt, no error ends the row by itself: a look, another attempt, or uncertainty follows."""
    step, _ = after_error(in_doubt(), error(kind, code))
    assert step in {Step.SETTLE, Step.AGAIN, Step.STOP_IN_DOUBT}


def test_a_new_task_with_name_and_target_is_ours() -> None:
    """What was not there before the intent and has its target and name is what the attempt made."""
    assert recognise(row(prior_task_ids=("t-0",)), [task("t-0"), task("t-1")], ()) == Sight(Sighting.OURS, task("t-1"))


def test_a_task_that_was_there_before_is_never_adopted_as_ours() -> None:
    """A task noted at the intent is the same one, not the work of the attempt."""
    assert recognise(row(prior_task_ids=("t-1",)), [task("t-1")], ()).kind is Sighting.SAME


@pytest.mark.parametrize(
    ("seen", "of_target", "expected"),
    [
        ([task(name="other name")], [], Sighting.SAME),
        ([task(target_vm_id="vm-9")], [], Sighting.OTHER_TASK_OF_SOURCE),
        ([task(state="DELETING")], [], Sighting.NOTHING),
        ([], [task(source_server_id="src-2")], Sighting.OTHER_TASK_OF_TARGET),
        ([], [task(source_server_id="src-2", state="DELETING")], Sighting.NOTHING),
        ([], [], Sighting.NOTHING),
        ([task("t-8", target_vm_id="vm-9"), task("t-1")], [], Sighting.OURS),
    ],
)
def test_what_a_look_shows(seen: list[TaskSummary], of_target: list[TaskSummary], expected: Sighting) -> None:
    """Another name is the same task, another target another one; what is being deleted is not seen; ours is seen among others."""
    assert recognise(row(), seen, of_target).kind is expected


@pytest.mark.parametrize(
    ("target", "fields", "fits"),
    [
        (Target("vm-1", "a"), {"target_vm_id": "vm-1", "target_name": "b"}, True),
        (Target("vm-1", "a"), {"target_vm_id": "vm-2", "target_name": "a"}, False),
        (Target("", "a", "tpl"), {"target_vm_id": "", "target_name": "a"}, True),
        (Target("", "a", "tpl"), {"target_vm_id": "vm-made-since", "target_name": "a"}, True),
        (Target("", "a", "tpl"), {"target_vm_id": "", "target_name": "b"}, False),
        (Target("", "a", "tpl"), {"target_vm_id": "", "target_name": ""}, True),
    ],
)
def test_a_target_is_known_by_its_id_or_in_template_mode_by_its_name(target: Target, fields: dict[str, str], fits: bool) -> None:
    """An existing target is its vm_id; a target that a template makes has only its name, until SMS has made it."""
    assert has_target(task(**fields), target) is fits


def test_while_in_doubt_only_our_own_task_ends_the_settling_early() -> None:
    """Ours may be listed later than somebody else's: nothing else is believed before the settle time is over."""
    for kind in Sighting:
        early = conclude(in_doubt(), Aim.SEND_AGAIN, Sight(kind, task()), settled=False)
        assert early is (Conclusion.MADE_BY_US if kind is Sighting.OURS else Conclusion.LOOK_AGAIN)


@pytest.mark.parametrize(
    ("aim", "fresh", "doubtful"),
    [
        (Aim.SEND_AGAIN, Conclusion.SEND_AGAIN, Conclusion.SEND_AGAIN),
        (Aim.REFUSE, Conclusion.REFUSED, Conclusion.REFUSED),
        (Aim.GIVE_UP, Conclusion.NOTHING_MADE, Conclusion.NOTHING_MADE),
        (Aim.WHO_HOLDS_IT, Conclusion.BOUND_TO_ANOTHER, Conclusion.UNKNOWN),
    ],
)
def test_what_is_concluded_where_nothing_is_seen(aim: Aim, fresh: Conclusion, doubtful: Conclusion) -> None:
    """After the settle time; and "already bound" with no task to be found is never a reason to send again."""
    assert conclude(row(), aim, Sight(Sighting.NOTHING), settled=True) is fresh
    assert conclude(in_doubt(), aim, Sight(Sighting.NOTHING), settled=True) is doubtful


def test_without_an_attempt_in_doubt_a_new_task_is_not_ours() -> None:
    """A task that turns up while nothing of ours is in doubt was made by somebody else: EXISTS, never CREATED."""
    assert conclude(row(), Aim.WHO_HOLDS_IT, Sight(Sighting.OURS, task()), settled=False) is Conclusion.ALREADY_THERE


def test_a_row_that_was_told_it_is_bound_is_never_sent_blindly_by_a_later_run() -> None:
    """The 7605 that a dead run got is remembered."""
    assert aim_of_inherited(in_doubt(bound_elsewhere=True)) is Aim.WHO_HOLDS_IT
    assert aim_of_inherited(in_doubt()) is Aim.SEND_AGAIN


def test_sources_with_two_tasks_are_named() -> None:
    """Whoever made them; a task that is being deleted does not count."""
    tasks = [
        task("t-1"),
        task("t-2"),
        task("t-3", source_server_id="src-2"),
        task("t-4", source_server_id="src-2", state="DELETING"),
    ]
    assert in_two_tasks(tasks) == {"src-1": ["t-1", "t-2"]}


def test_targets_that_two_sources_are_to_fill_are_named() -> None:
    """Two tasks of one source are told as such; a task that is being deleted, or that makes its server anew, fills none."""
    tasks = [
        task("t-1", target_vm_id="vm-1"),
        task("t-2", target_vm_id="vm-1", source_server_id="src-2"),
        task("t-3", target_vm_id="vm-2"),
        task("t-4", target_vm_id="vm-2"),
        task("t-5", target_vm_id="vm-3"),
        task("t-6", target_vm_id="vm-3", source_server_id="src-2", state="DELETING"),
        task("t-7", target_vm_id=""),
        task("t-8", target_vm_id="", source_server_id="src-2"),
    ]
    assert with_two_sources(tasks) == {"vm-1": ["t-1", "t-2"]}
