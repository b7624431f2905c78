"""What each attempt led to is told by the rules that the engine itself goes by, and by what the journal has after it."""

from __future__ import annotations

from typing import Any

import pytest

from flows.sms.errors import ErrorClass
from flows.submission.decisions import decisions, standing
from flows.submission.history import OutcomeStory, RowStory
from flows.submission.life import RowState
from flows.submission.records import AttemptEnd, AttemptRecord, AttemptStart, RowRecord


def attempt(number: int, answer: str | None, run_id: str = "r1", code: str = "SMS.6526", **end: Any) -> AttemptRecord:
    start = AttemptStart(number, run_id, "digest", float(number))
    return AttemptRecord(start, None if answer is None else AttemptEnd(number, number + 0.5, answer, error_code=code, **end))


def outcome(status: str, run_id: str = "r1", task_id: str = "", at: float = 100.0) -> OutcomeStory:
    return OutcomeStory(run_id, status, task_id, "", "", at)


def told(attempts: list[AttemptRecord], *outcomes: OutcomeStory) -> list[tuple[str, str]]:
    return [(one.decided, one.result) for one in decisions(RowStory("src-1", None, None, attempts, outcomes))]


@pytest.mark.parametrize("before", [[], ["ambiguous"]])
@pytest.mark.parametrize("code", ["SMS.6526", "SMS.7605"])
@pytest.mark.parametrize("error_class", ErrorClass)
def test_every_answer_has_its_words_with_and_without_a_doubt(before: list[str], code: str, error_class: ErrorClass) -> None:
    """Whatever the engine can decide after an attempt is told, and why."""
    answers = [*before, error_class.value]
    story = RowStory("src-1", attempts=[attempt(number, answer, code=code) for number, answer in enumerate(answers, 1)])
    assert all(one.decided and one.reason for one in decisions(story))


def test_a_no_after_a_doubt_is_not_told_as_a_no() -> None:
    """The same answer leads elsewhere after an attempt that may have made the task; a look in between ends the doubt."""
    ambiguous, no = attempt(1, "ambiguous"), attempt(2, "definite no")
    assert told([attempt(1, "definite no")], outcome("REJECTED"))[0][0] == "rejected"
    assert told([ambiguous, no], outcome("REJECTED"))[1][0] == "look at SMS before the no is believed"
    later = attempt(2, "definite no", "r2")
    assert told([ambiguous, later], outcome("DEFERRED"), outcome("REJECTED", "r2"))[1][0] == "rejected"
    assert (
        told([ambiguous, later], outcome("UNCERTAIN"), outcome("REJECTED", "r2"))[1][0] == "look at SMS before the no is believed"
    )


def test_what_a_look_found_is_what_came_after() -> None:
    """Another request of the run: nothing was found. The run's outcome: found, deferred, or not to be known."""
    sent_again = told([attempt(1, "ambiguous"), attempt(2, "made", task_id="t-1")], outcome("CREATED", task_id="t-1"))
    assert [result for _, result in sent_again] == ["no task was found: sent again", "task t-1"]
    assert told([attempt(1, "ambiguous")], outcome("CREATED", task_id="t-1"))[0][1].startswith("CREATED: task t-1 was found")
    assert told([attempt(1, "ambiguous")], outcome("UNCERTAIN"))[0][1] == "UNCERTAIN"


def test_a_run_that_died_is_told_by_the_run_that_settled_it() -> None:
    """No answer, no outcome: what the next run made of it; nothing yet where there was none."""
    dead = attempt(1, None)
    assert told([dead]) == [("look at SMS before anything is sent again", "")]
    assert told([dead], outcome("EXISTS", "r2", "t-1"))[0][1] == (
        "its run ended without a word; run r2 settled it: EXISTS: task t-1 was found"
    )
    again = told([dead, attempt(2, "made", "r2", task_id="t-1")], outcome("CREATED", "r2", "t-1"))
    assert again[0][1] == "its run ended without a word; run r2 sent again"


def test_an_intent_whose_request_did_not_leave_is_told_so() -> None:
    """The run was stopped between the intent and the request."""
    assert told([attempt(1, None)], outcome("DEFERRED"))[0][1].startswith("DEFERRED: the request did not leave")


def test_an_answer_of_a_later_version_is_not_relied_on() -> None:
    """A class that this version does not know may hide a task."""
    assert told([attempt(1, "never heard of")])[0][0] == "look at SMS, and send again only where no task is found"


def test_every_state_has_its_words() -> None:
    """No two alike."""
    words = [standing(None), *(standing(RowRecord("a", "s", "r", state)) for state in RowState)]
    words.append(standing(RowRecord("a", "s", "r", RowState.REFUSED, error_code="SMS.7605")))
    assert len(set(words)) == len(words)
