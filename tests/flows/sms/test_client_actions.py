"""The calls that change a task: each asked once, and a yes only where SMS says it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from flows.sms.errors import Ambiguous, Refused
from flows.sms.speed_rules import SpeedRule
from tests.flows.sms.sites import Answer, client_of

if TYPE_CHECKING:
    from tests.flows.sms.sites import Seen, ServeHttp

RULE = {"start": "08:00", "end": "18:00", "speed": 200}


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'""', b'"ok"', b"null"])
async def test_an_empty_answer_or_json_is_a_yes(serve_http: ServeHttp, body: bytes) -> None:
    """SMS documents an empty text; anything that is JSON and no error will do."""
    site = await serve_http(lambda _: Answer(200, body, {"x-request-id": "r-1"}))
    async with client_of(site.url) as client:
        assert await client.operate("t/1", "start") == "r-1"
    (asked,) = site.requests
    assert (asked.method, asked.target, json.loads(asked.body)) == ("POST", "/v3/tasks/t%2F1/action", {"operation": "start"})


@pytest.mark.parametrize("answer", [b"<html>sign in</html>", b'{"error_code": "SMS.6301", "error_msg": "DB"}', b"{"])
async def test_a_page_or_an_error_with_status_200_is_in_doubt(serve_http: ServeHttp, answer: bytes) -> None:
    """A proxy's page is no yes of SMS's, and no no either."""
    site = await serve_http(lambda _: Answer(200, answer))
    async with client_of(site.url) as client:
        with pytest.raises(Ambiguous):
            await client.operate("t-1", "stop")
    assert len(site.requests) == 1


async def test_a_deletion_is_a_post_of_one(serve_http: ServeHttp) -> None:
    """A DELETE would be repeated by the transport."""
    site = await serve_http(lambda _: Answer(200, b"{}"))
    async with client_of(site.url) as client:
        await client.delete_task("t-1")
    (asked,) = site.requests
    assert (asked.method, asked.target, json.loads(asked.body)) == ("POST", "/v3/tasks/delete", {"ids": ["t-1"]})


async def test_speed_rules_go_out_as_they_are_read(serve_http: ServeHttp) -> None:
    """What a task has and what is set have one shape; what is no rule is left out; no limit is no rules."""

    def answer(request: Seen) -> Answer:
        if request.method == "POST":
            return Answer(200, b"")
        if "bare" in request.target:
            return Answer(400, b'{"error_code": "SMS.6302", "error_msg": "No speed limit"}')
        return Answer(200, json.dumps({"speed_limit": [RULE, {"start": 8}, None]}).encode())

    site = await serve_http(answer)
    async with client_of(site.url) as client:
        rules = await client.show_speed("t-1")
        assert rules == (SpeedRule("08:00", "18:00", 200.0),)
        assert await client.show_speed("bare") == ()
        await client.set_speed("t-1", (*rules, SpeedRule("22:00", "24:00", 2.5, 10.0)))
    sent = {"start": "22:00", "end": "24:00", "speed": 2.5, "over_speed_threshold": 10}
    assert json.loads(site.requests[-1].body) == {"speed_limit": [RULE, sent]}


async def test_a_refusal_is_a_definite_no(serve_http: ServeHttp) -> None:
    """SMS's own 400 says that nothing was done."""
    site = await serve_http(lambda _: Answer(400, b'{"error_code": "SMS.1038", "error_msg": "The task cannot stop."}'))
    async with client_of(site.url) as client:
        with pytest.raises(Refused, match="The task cannot stop"):
            await client.operate("t-1", "stop")
