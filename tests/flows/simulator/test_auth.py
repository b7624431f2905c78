"""Who may call: tokens and their end, signatures, the lock after five wrong ones."""

from __future__ import annotations

import json
import time

import pytest

from flows.simulator.options import EXAMPLE_PASSWORD, EXAMPLE_SECRET_KEY, AccessKey
from flows.simulator.signature import ALGORITHM, sign
from tests.flows.simulator.inmemory import InMemory

SIGNED = ("host", "x-sdk-date")


def signature(box: InMemory, *, secret: str = EXAMPLE_SECRET_KEY, late: float = 0.0, **more: str) -> dict[str, str]:
    """Headers of a signed GET /v3/tasks, dated `late` seconds after the simulator's clock."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(box.now + late))
    headers = {"host": "sms.example.com", "x-sdk-date": date, **more}
    found = sign(secret, "GET", "/v3/tasks", "", headers, SIGNED, b"")
    access = more.get("access", "AKEXAMPLE0000000000")
    return {**headers, "authorization": f"{ALGORITHM} Access={access}, SignedHeaders={';'.join(SIGNED)}, Signature={found}"}


def refused(box: InMemory, headers: dict[str, str]) -> str:
    """The message of a 401 for GET /v3/tasks; empty for a 200. A 401 is in the gateway's shape."""
    answer = box.call("GET", "/v3/tasks", headers=headers)
    if answer.status == 200:
        return ""
    value = json.loads(answer.body)
    assert (answer.status, value["error_code"], len(value["request_id"])) == (401, "APIGW.0301", 32)
    return str(value["error_msg"]).partition(": ")[2]


def login(**changes: object) -> dict[str, object]:
    """The body of POST /v3/auth/tokens."""
    user = {"name": "planner", "password": EXAMPLE_PASSWORD, "domain": {"name": "example-domain"}} | changes
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": {"name": "ap-southeast-3"}}}}


def token_of(box: InMemory) -> str:
    """A fresh token."""
    answer = box.call("POST", "/v3/auth/tokens", login())
    assert answer.status == 201
    return dict(answer.headers)[b"x-subject-token"].decode()


def test_a_signed_call_is_let_in() -> None:
    """The right secret, and headers added after signing do not matter."""
    box = InMemory(authentication=True)
    assert refused(box, signature(box)) == ""
    assert refused(box, signature(box) | {"x-project-id": "added-later"}) == ""


def test_nobody_is_not_let_in() -> None:
    """No header, an unknown key, a wrong secret, an unsigned date: each has its message."""
    box = InMemory(authentication=True)
    assert refused(box, {}) == "x-auth-token not found"
    assert "ak not exist" in refused(box, signature(box, access="AKOTHER"))
    assert refused(box, signature(box, secret="wrong")) == "verify aksk signature fail"
    unsigned = signature(box)
    unsigned["authorization"] = unsigned["authorization"].replace("host;x-sdk-date", "host")
    assert refused(box, unsigned) == "x-sdk-date must be among the signed headers"


@pytest.mark.parametrize(("late", "let_in"), [(-900, True), (-901, False), (900, True), (901, False)])
def test_a_clock_may_be_fifteen_minutes_off(late: float, *, let_in: bool) -> None:
    """Fifteen minutes either way are taken, a second more is not."""
    box = InMemory(authentication=True)
    assert (refused(box, signature(box, late=late)) == "") is let_in


def test_five_wrong_signatures_lock_the_key_for_five_minutes() -> None:
    """Then even the right one is refused, until exactly five minutes have passed."""
    box = InMemory(authentication=True)
    for _ in range(5):
        refused(box, signature(box, secret="wrong"))
    assert "reach the limit" in refused(box, signature(box))
    box.now += 299
    assert "reach the limit" in refused(box, signature(box))
    box.now += 1
    assert refused(box, signature(box)) == ""


def test_a_right_signature_between_wrong_ones_starts_the_count_anew() -> None:
    """Only failures in a row lock a key."""
    box = InMemory(authentication=True)
    for secret in ["wrong"] * 4 + [EXAMPLE_SECRET_KEY] + ["wrong"] * 4:
        refused(box, signature(box, secret=secret))
    assert refused(box, signature(box)) == ""


def test_a_temporary_key_needs_its_security_token() -> None:
    """Without it, or with another, the key is refused."""
    key = AccessKey("AKTEMPORARY", EXAMPLE_SECRET_KEY, "st-1")
    box = InMemory(authentication=True, access_keys=(key,))
    assert "x-security-token" in refused(box, signature(box, access="AKTEMPORARY"))
    assert refused(box, signature(box, access="AKTEMPORARY") | {"x-security-token": "st-1"}) == ""


def test_a_token_lets_in_until_it_expires() -> None:
    """At its last moment it still does; then the message says what to do."""
    box = InMemory(authentication=True, token_seconds=100.0)
    token = {"x-auth-token": token_of(box)}
    box.now += 99
    assert refused(box, token) == ""
    box.now += 1
    assert refused(box, token) == "The token must be updated"


def test_a_new_token_does_not_end_an_older_one() -> None:
    """Both let in, until every token is ended."""
    box = InMemory(authentication=True)
    tokens = [{"x-auth-token": token_of(box)} for _ in range(2)]
    assert [refused(box, token) for token in tokens] == ["", ""]
    box.simulator.authenticator.expire_tokens()
    assert [refused(box, token) for token in tokens] == ["The token must be updated"] * 2


def test_iam_refuses_in_its_own_shape() -> None:
    """A wrong password is 401, a body that is no login 400; both as `{"error": ...}`."""
    box = InMemory(authentication=True)
    wrong, broken = box.call("POST", "/v3/auth/tokens", login(password="x")), box.call("POST", "/v3/auth/tokens", {"auth": {}})
    assert (wrong.status, json.loads(wrong.body)["error"]["code"]) == (401, 401)
    assert (broken.status, json.loads(broken.body)["error"]["title"]) == (400, "Bad Request")
    both = login()
    both["auth"]["scope"]["domain"] = {"name": "d"}  # type: ignore[index]
    assert box.call("POST", "/v3/auth/tokens", both).status == 400


def test_a_missing_permission_is_a_403_as_the_page_shows_it() -> None:
    """SMS.9004 names the action, in error_param and details too."""
    box = InMemory(denied_actions=frozenset({"sms:server:listTask"}))
    answer = box.call("GET", "/v3/tasks")
    value = json.loads(answer.body)
    assert (answer.status, value["error_code"], value["details"][0]["error_code"]) == (403, "SMS.9004", "SMS.9004")
    assert "sms:server:listTask" in value["error_param"][0]
    assert box.call("GET", "/v3/sources").status == 200
