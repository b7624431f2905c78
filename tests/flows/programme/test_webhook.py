"""Notifications: one documented JSON each, once, and again where nobody took it. The receiver is a real one on this machine."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from flows.programme.occasions import Event, Occasion
from flows.programme.webhook import Notification, Notifier, Webhook, WebhookError
from flows.submission.clock import SystemClock
from flows.submission.journal import open_journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from flows.submission.journal import Journal
    from tests.flows.submission.places import Place


class Receiver:
    """A receiver of webhooks; `answers` are the statuses of the next requests, 204 after them."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answers.pop(0) if receiver.answers else 204
                if status == 204:
                    receiver.taken.append(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?token=secret"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Listen no more; a second time does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


async def test_no_log_has_the_address(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """It may hold a secret, and the HTTP client logs every request."""
    caplog.set_level("DEBUG")
    sent = Notification("a", "plan.xlsx", "wave-1", Event.DONE, 1.0, "wave-1 is done", ("",))
    async with Webhook(receiver.url, asyncio.sleep) as webhook:
        await webhook.send(sent)
    assert len(receiver.taken) == 1
    assert "secret" not in caplog.text


@pytest.fixture
async def journal(place: Place) -> AsyncIterator[Journal]:
    async with open_journal(place.url, SystemClock(), print) as opened:
        yield opened


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


FAILED = Occasion(Event.FAILED, "wave-1", {"t-1/SMS.0805": "web-01", "t-2/SMS.0805": "web-02"}, "failed (SMS.0805)")
MORE = Occasion(Event.FAILED, "wave-1", {**FAILED.keys, "t-3/SMS.0805": "web-03"}, "failed (SMS.0805)")


async def tell(url: str, journal: Journal, *told: Occasion, remarks: list[str] | None = None) -> int:
    async with Webhook(url, at_once) as webhook:
        said = [] if remarks is None else remarks
        return await Notifier(webhook, journal, SystemClock(), "account-1", "plan.xlsx", said.append).tell(told)


async def test_each_thing_is_told_once_and_what_is_new_by_itself(receiver: Receiver, journal: Journal) -> None:
    assert await tell(receiver.url, journal, FAILED) == 1
    assert await tell(receiver.url, journal, FAILED) == 0
    assert await tell(receiver.url, journal, MORE) == 1
    first, second = receiver.taken
    assert set(first) == {"version", "id", "event", "plan", "wave", "at", "text", "servers"}
    assert (first["event"], first["wave"], first["plan"], first["version"]) == ("failed", "wave-1", "plan.xlsx", 1)
    assert first["text"] == "wave-1: web-01 and web-02 failed (SMS.0805)"
    assert (first["servers"], second["servers"]) == (["web-01", "web-02"], ["web-03"])
    assert first["id"] != second["id"]


async def test_a_receiver_that_is_away_for_a_moment_is_asked_again(receiver: Receiver, journal: Journal) -> None:
    receiver.answers = [503, 429]
    assert await tell(receiver.url, journal, FAILED) == 1
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("answers", [[500, 500, 500], [404]])
async def test_what_nobody_took_is_told_at_the_next_occasion(receiver: Receiver, journal: Journal, answers: list[int]) -> None:
    remarks: list[str] = []
    receiver.answers = list(answers)
    assert await tell(receiver.url, journal, FAILED, remarks=remarks) == 0
    assert remarks == [
        f"warning: nobody was told that wave-1: web-01 and web-02 failed (SMS.0805): the webhook answered {answers[-1]}"
    ]
    assert not receiver.answers
    assert await tell(receiver.url, journal, FAILED) == 1


async def test_a_receiver_that_is_not_there_is_said_without_its_address(receiver: Receiver) -> None:
    receiver.close()
    told = Notification("account-1", "plan.xlsx", "wave-1", Event.DONE, 0.0, "wave-1 is done", ("",))
    async with Webhook(receiver.url, at_once) as webhook:
        with pytest.raises(WebhookError, match="cannot be reached") as caught:
            await webhook.send(told)
    assert "secret" not in str(caught.value)


def test_the_same_thing_has_the_same_id_whoever_tells_it_when() -> None:
    def of(at: float, *keys: str) -> str:
        return Notification("account-1", "plan.xlsx", "wave-1", Event.LATE, at, "late", keys).id

    assert of(1.0, "a", "b") == of(2.0, "b", "a") != of(1.0, "a")
