"""An error says what happened in one clean line, and what class it is of."""

from __future__ import annotations

import pickle

import pytest

from flows.sms.errors import (
    Ambiguous,
    ErrorClass,
    NotSent,
    Refused,
    SmsError,
    StopRun,
    Throttled,
    ThrottleWindow,
    error_of,
    one_line,
)


@pytest.mark.parametrize(
    ("kind", "error_class", "may_exist"),
    [
        (Refused, ErrorClass.DEFINITE_NO, False),
        (NotSent, ErrorClass.NOT_SENT, False),
        (Throttled, ErrorClass.THROTTLED, False),
        (Ambiguous, ErrorClass.AMBIGUOUS, True),
        (StopRun, ErrorClass.STOP, False),
        (SmsError, ErrorClass.AMBIGUOUS, True),
    ],
)
def test_each_class_says_whether_the_task_may_exist(kind: type[SmsError], error_class: ErrorClass, may_exist: bool) -> None:
    """The one question that the engine asks; what is of no class may hide a task."""
    error = kind("SMS.0001", "words")
    assert (error.error_class, error.may_exist) == (error_class, may_exist)


@pytest.mark.parametrize("error_class", ErrorClass)
def test_each_class_has_its_exception(error_class: ErrorClass) -> None:
    """None is forgotten."""
    assert error_of(error_class, "SMS.0001", "words").error_class is error_class


def test_an_error_is_one_line_with_advice_and_request_id() -> None:
    """Code, words, what to do, and what support asks for."""
    error = Refused("SMS.6302", "No speed limit.", request_id="req-1", http_status=400)
    assert str(error) == "SMS.6302 No speed limit.: set a speed limit for the task before asking for it (request req-1)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\r\nlines\tand  spaces", "two lines and spaces"),
        ("\x1b[31mred\x1b[0m\x00", "[31mred[0m"),
        ("left\u202eright\u200b", "leftright"),
        ("网络超时", "网络超时"),
        ("x" * 300, "x" * 254 + "…"),
        ("", ""),
    ],
)
def test_foreign_text_is_made_one_bounded_line(text: str, shown: str) -> None:
    """Nothing that moves a cursor or turns a line around gets to a terminal."""
    assert one_line(text) == shown


def test_errors_survive_a_process_border() -> None:
    """Prefect pickles what a task run raises."""
    error = Throttled(
        "APIGW.0308", "slow down", request_id="r", http_status=429, retry_after=3.0, window=ThrottleWindow(200, 300.0)
    )
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (str(copy), copy.retry_after, copy.window, copy.http_status) == (str(error), 3.0, ThrottleWindow(200, 300.0), 429)
