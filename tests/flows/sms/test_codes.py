"""The table of error codes covers the facts, and every row helps."""

from __future__ import annotations

import pytest

from flows.sms.codes import CODES, advice_for, is_service_code, may_be_cured, row_for
from flows.sms.errors import ErrorClass, error_of

FACTS = """
0007 0201 0203 0202 0205 0204 0206 0207 0208 0210 0211 0219 0212 0303 0304 0306 0410 0412 0515 0601 6517 0609 6303 0805 0806 0807
1104 1105 1106 1113 1107 1204 1205 1351 1352 1353 1402 1414 1404 1807 2802 1901 1902 1903 1904 3102 3205 3802 3803 3804 3805 3806
5102 5105 5108 5112 5113 6030 6031 6032 6033 6102 6103 6301 6302 6504 6509 6511 6520 6531 6533 6537 6563 6564 6616 6617 6519 6539
6614 6526 6528 6562 6601 6610 6602 6603 7101 7111 7602 7605 7703 7711 7712 8115 9001 9004 9007
1038 1039 1040 2002 2003 2004 2005 2006 2007 2009 2013 2015 2206 2216 2248 2252
"""
GATEWAY = ["APIGW.0101", "APIGW.0301", "APIGW.0308", "APIG.0308", "Common.0013"]
ACTIONS = """
    accept add attach check choose compare complete configure correct delete detach enlarge enter exclude fill free give grant
    install let load look lower mend open put raise read rebuild register reinstall remount remove repair restart run set shorten
    shrink start stop submit take unmount update upgrade use wait
"""


def test_the_table_covers_every_code_of_the_facts() -> None:
    """Ranges are written out: nobody looks up 1902 under 1901."""
    known = {f"SMS.{number}" for number in FACTS.split()} | set(GATEWAY)
    assert known - set(CODES) == set()


@pytest.mark.parametrize("code", [*CODES, "SMS.9999", "APIGW.9999", "HTTP.302", "HTTP.418", "gibberish", ""])
def test_every_code_has_a_class_a_meaning_and_an_action(code: str) -> None:
    """Also a code that nobody has seen: its advice begins with what to do."""
    row = row_for(code)
    assert row.error_class in ErrorClass
    assert row.meaning
    assert row.advice.split()[0] in ACTIONS.split()
    assert not row.advice.endswith(".")


def test_no_two_errors_render_alike() -> None:
    """Neither as a whole nor in their meaning."""
    shown = [str(error_of(row.error_class, row.code, row.meaning)) for row in CODES.values()]
    assert len(set(shown)) == len(shown)
    meanings = [row.meaning for row in CODES.values()]
    assert len(set(meanings)) == len(meanings)


def test_classes_follow_the_protocol() -> None:
    """What may hide a task, what stops the run, what is a plain no."""
    flat = {
        code: row_for(code).error_class
        for code in ("SMS.6301", "SMS.9004", "APIGW.0301", "APIGW.0308", "SMS.7605", "SMS.9999", "HTTP.418")
    }
    assert list(flat.values()) == [
        ErrorClass.AMBIGUOUS,
        ErrorClass.STOP,
        ErrorClass.STOP,
        ErrorClass.THROTTLED,
        ErrorClass.DEFINITE_NO,
        ErrorClass.DEFINITE_NO,
        ErrorClass.AMBIGUOUS,
    ]


@pytest.mark.parametrize(
    ("code", "is_service"), [("SMS.7605", True), ("APIGW.0308", True), ("404", False), ("HTTP.404", False), ("", False)]
)
def test_only_a_service_s_own_code_is_one(code: str, is_service: bool) -> None:
    """A proxy's status in JSON is no service's word."""
    assert is_service_code(code) is is_service


def test_advice_is_the_row_s() -> None:
    """`waves explain` and the errors give the same advice."""
    assert advice_for("SMS.6526") == CODES["SMS.6526"].advice


@pytest.mark.parametrize(
    ("code", "may"),
    [
        ("SMS.6526", True),
        ("SMS.6603", True),
        ("SMS.6520", True),
        ("SMS.6610", False),
        ("SMS.7712", False),
        ("SMS.9001", False),
        ("SMS.9999", True),
        ("", True),
    ],
)
def test_a_rejection_may_be_cured_unless_the_row_itself_is_at_fault(code: str, may: bool) -> None:
    """A quota can be raised and a source connected; a wrong type stays wrong until the sheet says another. The unknown may be."""
    assert may_be_cured(code) is may


def test_what_is_never_cured_is_not_advised_to_be_retried_as_it_is() -> None:
    """Who is told to start an agent or to complete a template must be able to send the row again."""
    kept = [row.advice for row in CODES.values() if row.error_class is ErrorClass.DEFINITE_NO and not may_be_cured(row.code)]
    assert [advice for advice in kept if "agent" in advice or "retry" in advice.split()] == []
