"""`waves explain`: every code there is, however it is spelt, and no code without an entry or a test that provokes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest

import flows
import inventory
from flows import night_report
from flows.cli.explain_entries import Entry, entries
from flows.cli.explain_lookup import find
from flows.sms.codes import CODES, ErrorClass
from flows.sms.verdict import judge_exception, judge_response
from flows.submission import endings
from flows.submission.events import StopReason
from flows.submission.life import RowState
from tests.flows.cli.command_line import run

if TYPE_CHECKING:
    from collections.abc import Callable

    Capture = pytest.CaptureFixture[str]

TESTS = Path(__file__).resolve().parents[2]
KNOWN = {entry.code: entry for entry in entries()}

_CODE = re.compile(
    r'"((?:PLAN|IMPORT|FORECAST|TEMPLATE|DIFF)-\d{3})"|\b(SMS\.\d{4}|WAVES\.[A-Z_]+|HTTP\.\d{3}|APIGW?\.\d{4}|Common\.\d{4})\b'
)


def a_run(**said: Any) -> Any:
    record = SimpleNamespace(source_server_id="src-1", state=RowState.IDLE, bound_elsewhere=False, task_id="")
    return SimpleNamespace(**{"record": record, "sent": 1, "first_sent_at": None, "last_error": None, "made_task_id": ""} | said)


def a_row() -> Any:
    return SimpleNamespace(skip=False)


A_ROW: Any = SimpleNamespace(row=None)
STOPPED = StopReason.journal("no space left on device")

PROVOKED: dict[str, Callable[[], str]] = {
    "WAVES.CONNECT_TIMEOUT": lambda: judge_exception(aiohttp.ConnectionTimeoutError()).code,
    "WAVES.PROXY": lambda: judge_exception(aiohttp.ClientProxyConnectionError.__new__(aiohttp.ClientProxyConnectionError)).code,
    "WAVES.PROXY_REFUSED": lambda: judge_exception(aiohttp.ClientHttpProxyError.__new__(aiohttp.ClientHttpProxyError)).code,
    "WAVES.NOT_SENT": lambda: judge_exception(RuntimeError("new"), sent=False).code,
    "WAVES.UNKNOWN": lambda: judge_exception(RuntimeError("new")).code,
    "WAVES.GAVE_UP": lambda: endings.gave_up(a_run(), A_ROW, None).error_code,
    "WAVES.UNSETTLED": lambda: endings.uncertain(a_run(), A_ROW).error_code,
    "WAVES.HELD": lambda: endings.left(a_run(held_by="run r1"), A_ROW, STOPPED).error_code,
    "WAVES.JOURNAL": lambda: STOPPED.code,
    "WAVES.NIGHT": lambda: night_report._outcome(a_row(), "src-1", None).error_code,
}
"""What is provoked here; the others are where they belong, by their code."""


@pytest.mark.parametrize(
    "spelt", ["PLAN-112", "plan-112", "plan112", "Plan 112", "PLAN_112", " plan - 112 ", "PLAN-1l2", "PLAN.112"]
)
def test_a_code_is_found_however_it_is_spelt(spelt: str) -> None:
    """Case, signs, and letters that look like digits do not matter."""
    assert find(spelt, entries()) == [KNOWN["PLAN-112"]]


@pytest.mark.parametrize(
    ("spelt", "code"),
    [
        ("7605", "SMS.7605"),
        ("sms 7", "SMS.0007"),
        ("dns", "WAVES.DNS"),
        ("drift", "DRIFT"),
        ("twice", "TWICE"),
        ("http 502", "HTTP.502"),
    ],
)
def test_a_short_form_is_enough_where_it_is_plain(spelt: str, code: str) -> None:
    """The number alone, the name alone."""
    assert find(spelt, entries()) == [KNOWN[code]]


def test_every_code_is_found_by_its_own_spelling() -> None:
    """No entry hides another."""
    assert all(find(code, entries()) == [entry] for code, entry in KNOWN.items())
    assert len(KNOWN) == len(entries())


def test_what_is_told(capsys: Capture) -> None:
    """Code, weight and title; then what it means, an example, and what to do."""
    ran = run(capsys, "explain", "plan", "112")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "PLAN-112  error  Not a number\n"
        "  what     <column> <value> is not a number\n"
        '  example  Servers!F17  speed_limit "12O"\n'
        "  do       give <bounds>\n"
        "  group    A cell or a header\n"
    )


def test_a_code_of_sms_says_whether_a_task_was_made(capsys: Capture) -> None:
    """Its meaning, what became of the request, when the row may be sent again, and the advice of the report."""
    out = run(capsys, "explain", "sms6526").out
    assert out.startswith("SMS.6526  definite no  The target region's quota is used up\n")
    assert "no task was made. The same row may be sent again once that is mended" in out
    assert "do       raise the quota (ECS, EVS or EIP)" in out


def test_an_unknown_code_is_a_wrong_call_and_a_guess_is_made(capsys: Capture) -> None:
    """Exit code 2, one line; a code that a service may have given has advice all the same."""
    ran = run(capsys, "explain", "PLAN-712")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith('error: "PLAN-712" is no code that waves knows: did you mean PLAN-')
    assert "look SMS.9998 up in the SMS error codes" in run(capsys, "explain", "SMS.9998").err
    assert run(capsys, "explain", "\x1b[2J" + "x" * 300).err.count("\n") == 1


def test_a_number_of_several_codes_asks_for_one(capsys: Capture) -> None:
    """Nothing is guessed where two codes end alike."""
    ran = run(capsys, "explain", "101", "--json")
    assert (ran.code, json.loads(ran.out)["codes"]) == (2, ["PLAN-101", "IMPORT-101"])


def test_without_a_code_all_are_listed_by_group(capsys: Capture) -> None:
    """Every code once, under its group."""
    out = run(capsys, "explain").out
    listed = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert listed == list(KNOWN)
    assert [line for line in out.splitlines() if line and not line.startswith(" ")] == list(
        dict.fromkeys(entry.group for entry in entries())
    )


def test_json_of_one_and_of_all(capsys: Capture) -> None:
    """One object with the same keys each."""
    one = json.loads(run(capsys, "explain", "drift", "--json").out)
    assert one == KNOWN["DRIFT"].as_json()
    assert json.loads(run(capsys, "explain", "--json").out)["codes"] == [entry.as_json() for entry in entries()]


def test_every_entry_is_whole() -> None:
    """A meaning, an example and a remedy, without a field of a template left open."""
    assert [code for code, entry in KNOWN.items() if not is_whole(entry)] == []


def is_whole(entry: Entry) -> bool:
    """Whether each of its texts says something, in one line."""
    texts = entry.as_json().values()
    return all(text.strip() and "\n" not in text for text in texts) and not re.search(
        r"\{(?!source_name|wave|sourcename|<field>)", "".join(texts)
    )


def test_every_code_of_the_source_has_an_entry() -> None:
    """A code that is written anywhere in the code, but for the simulator's, which is the other side of the wire."""
    used = set()
    for package in (inventory, flows):
        for path in Path(str(package.__file__)).parent.rglob("*.py"):
            if "simulator" not in path.parts:
                used |= {match[1] or match[2] for match in _CODE.finditer(path.read_text(encoding="utf-8"))}
    assert used - set(KNOWN) == set()


def test_every_finding_and_code_of_ours_is_provoked_by_a_test() -> None:
    """An entry that nothing provokes may be a kind that is never found."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py"))
    named = set(re.findall(r"\b(?:[A-Z]+[.-][0-9A-Z_]+|DRIFT|TWICE)\b", tests))
    ours = {code for code in KNOWN if re.match(r"[A-Z]+-|WAVES|DRIFT|TWICE", code)}
    assert ours - named == set()


@pytest.mark.parametrize("code", PROVOKED)
def test_a_code_of_ours_is_given(code: str) -> None:
    """What ends in it says so."""
    assert PROVOKED[code]() == code


@pytest.mark.parametrize("code", [code for code in CODES if not code.startswith("WAVES.")])
def test_a_code_of_a_service_is_recognised_in_its_answer(code: str) -> None:
    """The answer as SMS, its gateway or a proxy gives it has that code, and the class of its entry unless the status says more."""
    if code.startswith("HTTP."):
        error = judge_response(httpx.Response(int(code.removeprefix("HTTP.")), text="a page"))
        assert error.code == code
        return
    error = judge_response(httpx.Response(400, json={"error_code": code, "error_msg": "no"}))
    assert (error.code, error.advice) == (code, KNOWN[code].remedy)
    assert error.error_class.value == KNOWN[code].weight or error.error_class is ErrorClass.STOP
