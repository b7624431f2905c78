"""Faults over real sockets: what the client sees of each, and what has happened behind it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import time
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.flows.simulator.bodies import as_bytes, post_task
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    """One simulator for all tests here; each uses sources of its own."""
    with SimulatorProcess(any_source=True, authentication=False, late_seconds=0.2, slow_seconds=0.5) as process:
        yield process


def call(simulator: SimulatorProcess, method: str, path: str, body: bytes = b"") -> tuple[int, bytes, http.client.HTTPMessage]:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=5)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def broken_create(simulator: SimulatorProcess, fault: str) -> tuple[object, int]:
    """What a client sees of a create with that fault (a status or an exception), and how many tasks there are then."""
    source = f"s-{fault}"
    simulator.fault_once(fault, source_server_id=source)
    try:
        seen: object = call(simulator, "POST", "/v3/tasks", as_bytes(post_task(source, f"v-{fault}")))[0]
    except (http.client.HTTPException, OSError) as error:
        seen = type(error)
    return seen, len(simulator.tasks_of(source))


@pytest.mark.parametrize(("phase", "tasks"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("drop", http.client.RemoteDisconnected),
        ("reset", ConnectionResetError),
        ("half", http.client.IncompleteRead),
        ("empty", 200),
        ("malformed", 200),
        ("html", 502),
        ("500", 500),
        ("502", 502),
        ("503", 503),
        ("504", 504),
        ("408", 408),
        ("302", 302),
        ("401", 401),
        ("403", 403),
        ("SMS.6301", 400),
    ],
)
def test_a_fault_looks_the_same_before_and_after_the_effect(
    simulator: SimulatorProcess, kind: str, phase: str, seen: object, tasks: int
) -> None:
    """Only the truth tells: no task before, one after."""
    assert broken_create(simulator, f"{kind}-{phase}") == (seen, tasks)


@pytest.mark.parametrize(("phase", "tasks"), [("before", 0), ("after", 1)])
def test_a_hanging_request_gets_no_byte(simulator: SimulatorProcess, phase: str, tasks: int) -> None:
    """Until the client gives up; the effect is done or not, as ordered."""
    source = f"s-hang-{phase}"
    simulator.fault_once(f"hang-{phase}", source_server_id=source)
    body = as_bytes(post_task(source, source))
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=0.3) as client:
        client.sendall(b"POST /v3/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        with pytest.raises(TimeoutError):
            client.recv(1)
    assert len(simulator.tasks_of(source)) == tasks


@pytest.mark.parametrize(
    ("kind", "retry_after", "words"),
    [("429", None, "1 second"), ("429-retry", "1", "1 second"), ("429-window", None, "limit:200,time:5 minute")],
)
def test_a_429_may_say_when_to_come_back(simulator: SimulatorProcess, kind: str, retry_after: str | None, words: str) -> None:
    """With the header, without, or with a window in the message."""
    simulator.fault_once(kind, source_server_id=f"s-{kind}")
    status, body, headers = call(simulator, "POST", "/v3/tasks", as_bytes(post_task(f"s-{kind}")))
    assert (status, headers["retry-after"], json.loads(body)["error_code"]) == (429, retry_after, "APIGW.0308")
    assert words in json.loads(body)["error_msg"]


def test_a_late_create_is_answered_504_and_done_later(simulator: SimulatorProcess) -> None:
    """The task is there as soon as its moment has come."""
    assert broken_create(simulator, "late") == (504, 0)
    # However long that takes: once the delay is over, the next look at the truth has it.
    while not (tasks := simulator.tasks_of("s-late")):
        time.sleep(0.02)
    assert [task["made_by"] for task in tasks] == ["late"]


def test_a_slow_answer_is_the_true_one(simulator: SimulatorProcess) -> None:
    """The effect is done at once; who waits long enough gets the id, who does not is as wise as before."""
    simulator.fault_once("slow", source_server_id="s-slow")
    body = as_bytes(post_task("s-slow", "v-slow"))
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=5) as client:
        client.sendall(
            b"POST /v3/tasks HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        )
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        (task,) = simulator.tasks_of("s-slow")
        client.settimeout(5)
        assert task["id"].encode() in client.makefile("rb").read()


def test_a_malformed_answer_is_no_json_and_half_an_answer_is_short(simulator: SimulatorProcess) -> None:
    """Both carry part of the true answer."""
    for number, fault in enumerate(("malformed-after", "empty-after")):
        simulator.fault_once(fault, source_server_id=f"s-broken-{number}")
        status, body, _ = call(simulator, "POST", "/v3/tasks", as_bytes(post_task(f"s-broken-{number}", f"v-broken-{number}")))
        assert status == 200
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)


def test_half_a_request_has_no_effect(simulator: SimulatorProcess) -> None:
    """A client that goes away in the middle of its body has made nothing, and nothing was refused."""
    body = as_bytes(post_task("s-cut", "v-cut"))
    before = len(simulator.bodies())
    with socket.create_connection(("127.0.0.1", simulator.port)) as client:
        client.sendall(b"POST /v3/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body[:-1]))
    assert (simulator.tasks_of("s-cut"), len(simulator.bodies())) == ([], before)


async def test_many_at_once_leave_what_the_faults_say() -> None:
    """400 creates, a third of them broken: a task for each but those struck before the effect, and the rest stands."""
    faults = "reset-before=0.06,reset-after=0.06,drop-before=0.05,drop-after=0.05,half-after=0.04,500-after=0.03,503-before=0.03"
    with SimulatorProcess(any_source=True, authentication=False, faults=faults, seed=5) as own:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=16)) as session:

            async def create(number: int) -> None:
                body = as_bytes(post_task(f"s-{number}", f"v-{number}"))
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.post(f"{own.url}/v3/tasks", data=body) as answer:
                        await answer.read()

            await asyncio.gather(*(create(number) for number in range(400)))
        truth = own.truth()
    before = sum(count for fault, count in truth["faults"].items() if fault.endswith("-before"))
    assert (len(truth["tasks"]), truth["duplicates"], before > 20) == (400 - before, [], True)


def test_reads_may_fail_too(simulator: SimulatorProcess) -> None:
    """By route and source; the gateway's page is HTML."""
    simulator.fault_once("html", route="GET /v3/tasks", source_server_id="s-read")
    status, body, headers = call(simulator, "GET", "/v3/tasks?source_server_id=s-read")
    assert (status, headers.get_content_type(), b"Bad Gateway" in body) == (502, "text/html", True)
    assert call(simulator, "GET", "/v3/tasks?source_server_id=s-read")[0] == 200


def test_a_connection_is_kept_alive(simulator: SimulatorProcess) -> None:
    """Several requests on one connection, each answer with its request id and length."""
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=5)
    ids = set()
    for _ in range(3):
        connection.request("GET", "/v3/tasks?limit=1")
        answer = connection.getresponse()
        ids.add(answer.headers["x-request-id"])
        assert len(answer.read()) == int(answer.headers["content-length"])
    connection.close()
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("fault", "seen", "state"),
    [
        ("drop-after", http.client.RemoteDisconnected, "RUNNING"),
        ("reset-after", ConnectionResetError, "RUNNING"),
        ("504-after", 504, "RUNNING"),
        ("reset-before", ConnectionResetError, "READY"),
        ("429-retry", 429, "READY"),
    ],
)
def test_an_operation_is_broken_as_a_create_is(simulator: SimulatorProcess, fault: str, seen: object, state: str) -> None:
    """Performed and not heard, or not performed; other tasks' operations are let through, and the history tells."""
    hit, spared = (
        json.loads(call(simulator, "POST", "/v3/tasks", as_bytes(post_task(f"{each}-{fault}", f"{each}-{fault}")))[1])["id"]
        for each in ("hit", "spared")
    )
    simulator.fault_once(fault, source_server_id=f"hit-{fault}", route="POST /v3/tasks/{id}/action")
    body = as_bytes({"operation": "start"})
    assert call(simulator, "POST", f"/v3/tasks/{spared}/action", body)[0] == 200
    try:
        got: object = call(simulator, "POST", f"/v3/tasks/{hit}/action", body)[0]
    except (http.client.HTTPException, OSError) as error:
        got = type(error)
    told = next(task for task in simulator.history()["tasks"] if task["id"] == hit)
    assert (got, told["state"]) == (seen, state)
    (note,) = told["operations"]
    assert (note["performed"], note["answer"].startswith(fault)) == (state == "RUNNING", True)
