"""Talk to SMS v3: creates that are sent once, and reads that are retried by rule.

Decides how a request goes out and how its answer is read. What a failure means is verdict.py's, when a read is repeated
retry.py's, how a listing is read listing.py's; whether a create may be repeated `flows.submission` decides alone. Made and called
by the engine.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import quote

import httpx

from flows.sms.bodies import is_plain_yes, json_object
from flows.sms.consistency import latest_of
from flows.sms.errors import Refused, SmsError, Throttled
from flows.sms.listing import PASSES, Page, RowT, read_listing
from flows.sms.models import Created, TaskSummary, TemplateSummary, task_of, template_of
from flows.sms.retry import READ_RULES, RetryRule, Sleep, reader
from flows.sms.speed_rules import SpeedRule, body_of, rules_of
from flows.sms.task_sight import TaskSight, sight_of
from flows.sms.transport import HANDED_OVER, WireTransport, forget_headers, make_transport
from flows.sms.verdict import judge_exception, judge_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from flows.settings import Settings
    from flows.sms.consistency import ConsistencyResult
    from flows.sms.error_class import ErrorClass
    from inventory.source_server import SourceServer

_SPARE_CONNECTIONS = 8
_LONGEST_ID = 255


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Where SMS is and how patient to be.

    `endpoint` is a scheme and a host. `max_connections` should exceed the creates in flight by some, so that looks do not queue
    behind them.
    """

    endpoint: str
    read_timeout_seconds: float = 30.0
    connect_timeout_seconds: float = 10.0
    max_connections: int = 40
    user_agent: str = "migration-waves"

    @property
    def deadline_seconds(self) -> float:
        """The one deadline of a request over connect, write and read: what a lease must outlive."""
        return self.connect_timeout_seconds + self.read_timeout_seconds

    @classmethod
    def of(cls, settings: Settings) -> ClientOptions:
        """The options that the settings ask for."""
        return cls(
            endpoint=settings.endpoint,
            read_timeout_seconds=settings.read_timeout_seconds,
            connect_timeout_seconds=settings.connect_timeout_seconds,
            max_connections=settings.concurrency + _SPARE_CONNECTIONS,
            user_agent=settings.user_agent,
        )


class Pace(Protocol):
    """What holds the account's rate: every read asks first, every 429 that a read gets is told."""

    async def acquire(self) -> object:
        """Return when one more read may be sent."""

    def on_throttled(self, error: Throttled) -> None:
        """Learn of a 429."""


class NoPace:
    """Holds nothing back."""

    async def acquire(self) -> None:
        """Return at once."""

    def on_throttled(self, error: Throttled) -> None:
        """Forget it."""


class SmsClient:
    """A connection to one account of SMS; an async context manager, to be entered in the event loop that uses it.

    Creates are for the caller to pace; reads go through `pace`. A task cancelled in the middle of a create leaves that create
    ambiguous: CancelledError passes through. Every other failure is an SmsError.
    """

    def __init__(
        self,
        options: ClientOptions,
        auth: httpx.Auth,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        pace: Pace | None = None,
        sleep: Sleep = asyncio.sleep,
        rules: Mapping[ErrorClass, RetryRule] = READ_RULES,
    ) -> None:
        self.options = options
        self._auth = auth
        self._pace: Pace = pace or NoPace()
        self._retrying = reader(rules, sleep)
        self._tasks_url = httpx.URL(f"{options.endpoint}/v3/tasks")
        self._headers = [("accept", "application/json"), ("accept-encoding", "gzip, deflate"), ("user-agent", options.user_agent)]
        self._create_headers = httpx.Headers(
            [("host", self._tasks_url.netloc.decode("ascii")), *self._headers, ("content-type", "application/json")]
        )
        timeout = httpx.Timeout(
            options.read_timeout_seconds, connect=options.connect_timeout_seconds, pool=options.connect_timeout_seconds
        )
        self._timeout = timeout.as_dict()
        self._wire = WireTransport(transport or make_transport(options.endpoint, options.max_connections))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._wire.aclose()

    async def create_task(self, body: bytes) -> Created:
        """Send one create, exactly once; `body` is a PostTask as JSON.

        Raises an SmsError; only where its `may_exist` is true can there be a task all the same. A token fetched from IAM is
        renewed once on a 401, and the create sent again then: a 401 made nothing.
        """
        response = await self._send(self._create_request(body))
        answer = json_object(response.content) if response.is_success else None
        task_id = answer.get("id") if answer else None
        if isinstance(task_id, str) and 0 < len(task_id) <= _LONGEST_ID and task_id.isprintable():
            return Created(task_id, response.headers.get("x-request-id", ""))
        raise self._judged(response)

    def _create_request(self, body: bytes) -> httpx.Request:
        """A create, its headers copied ready-made: deriving them anew from `content=` took longer than to sign it."""
        request = httpx.Request("POST", self._tasks_url, headers=self._create_headers, stream=httpx.ByteStream(body))
        request.read()
        return request

    async def operate(self, task_id: str, operation: str) -> str:
        """Have SMS perform an operation on a task (`start`, `stop` ...; facts 7.3), asked once; the request id.

        Raises an SmsError; only where its `may_exist` is true can it have been performed all the same.
        """
        return await self._act(f"/v3/tasks/{quote(task_id, safe='')}/action", json.dumps({"operation": operation}).encode())

    async def set_speed(self, task_id: str, rules: tuple[SpeedRule, ...]) -> str:
        """Replace all speed rules of a task, asked once; the request id. Raises as `operate`."""
        return await self._act(f"/v3/tasks/{quote(task_id, safe='')}/speed-limit", body_of(rules))

    async def delete_task(self, task_id: str) -> str:
        """Delete a task, asked once; the request id. Raises as `operate`.

        By the call for several, of one: a DELETE is repeated by the transport when a kept connection drops, a POST never is.
        """
        return await self._act("/v3/tasks/delete", json.dumps({"ids": [task_id]}).encode())

    async def _act(self, path: str, body: bytes) -> str:
        """Send one request that changes a task; SMS answers with nothing, or with JSON that is no error."""
        url = httpx.URL(self.options.endpoint + path)
        response = await self._send(httpx.Request("POST", url, headers=self._create_headers, content=body))
        if response.is_success and is_plain_yes(response.content):
            return str(response.headers.get("x-request-id", ""))
        raise self._judged(response)

    async def show_speed(self, task_id: str) -> tuple[SpeedRule, ...]:
        """The speed rules of a task; none also where SMS says that it has no limit (SMS.6302)."""
        try:
            answer = await self._read(f"/v3/tasks/{quote(task_id, safe='')}/speed-limit", {}, "speed_limit")
        except Refused as error:
            if error.code == "SMS.6302":
                return ()
            raise
        return rules_of(answer["speed_limit"])

    async def list_tasks(self, source_server_id: str = "", *, vm_id: str = "") -> list[TaskSummary]:
        """All tasks, or those of one source server or one target ECS, each id once.

        Both filters are applied here too: what SMS's own filter means is not certain, and it has none for targets. Pages shift
        while they are read: absence from the list is no proof that a task does not exist. Raises an SmsError when SMS cannot be
        asked.
        """
        filters = {"source_server_id": source_server_id} if source_server_id else {}
        tasks = await self._list("/v3/tasks", "tasks", filters, task_of)
        if source_server_id:
            tasks = [task for task in tasks if task.source_server_id == source_server_id]
        return [task for task in tasks if task.target_vm_id == vm_id] if vm_id else tasks

    async def show_task(self, task_id: str) -> TaskSummary | None:
        """The task; None only where SMS itself says that it does not exist. Raises an SmsError for everything else."""
        answer = await self._show(f"/v3/tasks/{quote(task_id, safe='')}", "SMS.7703")
        return task_of(answer)

    async def list_sights(self) -> list[TaskSight]:
        """All tasks as they get on, each id once, by one pass over the listing: 200 rows a call, whatever runs.

        A task that moved between two pages may be missing: ask for its id before saying that it is gone.
        """
        return await self._list("/v3/tasks", "tasks", {}, sight_of, passes=1)

    async def show_sight(self, task_id: str) -> TaskSight | None:
        """The task as it gets on; None only where SMS itself says that it does not exist."""
        return sight_of(await self._show(f"/v3/tasks/{quote(task_id, safe='')}", "SMS.7703"))

    async def show_consistency(self, task_id: str) -> ConsistencyResult | None:
        """What the latest consistency check of a task found; None where none is finished, or there is no such task."""
        answer = await self._show(f"/v3/tasks/{quote(task_id, safe='')}/consistency-result", "SMS.7703", key="result_list")
        return None if answer is None else latest_of(answer["result_list"] or [])

    async def list_sources(self) -> list[SourceServer]:
        """All source servers, each id once, without the disks that only `show_source` has; see `list_tasks` on absence."""
        from inventory.source_server import SourceServer

        def source_of(row: object) -> SourceServer | None:
            return SourceServer.model_validate(row) if isinstance(row, dict) and _holds(row, "id") else None

        return await self._list("/v3/sources", "source_servers", {}, source_of)

    async def show_source(self, source_server_id: str) -> SourceServer | None:
        """The source server with its disks; None only where SMS itself says that it does not exist."""
        from inventory.source_server import SourceServer

        answer = await self._show(f"/v3/sources/{quote(source_server_id, safe='')}", "SMS.7602")
        return SourceServer.model_validate(answer) if answer is not None else None

    async def show_template(self, template_id: str) -> TemplateSummary | None:
        """The template that target servers are made from; None only where SMS itself says that it does not exist (SMS.7101)."""
        answer = await self._show(f"/v3/vm/templates/{quote(template_id, safe='')}", "SMS.7101", key="template")
        return template_of(template_id, answer["template"]) if answer is not None else None

    async def _list(
        self, path: str, key: str, filters: Mapping[str, str], read_row: Callable[[object], RowT | None], passes: int = PASSES
    ) -> list[RowT]:
        async def fetch(offset: int, limit: int) -> Page[RowT]:
            answer = await self._read(path, {**filters, "limit": str(limit), "offset": str(offset)}, key)
            count, rows = answer.get("count"), answer[key] or []
            return Page(
                count if isinstance(count, int) else None, len(rows), [kept for row in rows if (kept := read_row(row)) is not None]
            )

        return await read_listing(fetch, passes)

    async def _show(self, path: str, absent_code: str, key: str = "id") -> dict[str, Any] | None:
        try:
            return await self._read(path, {}, key)
        except Refused as error:
            if error.code == absent_code or (error.http_status == httpx.codes.NOT_FOUND and error.code.startswith("SMS.")):
                return None
            raise

    async def _read(self, path: str, query: Mapping[str, str], key: str) -> dict[str, Any]:
        """The answer to a GET, a JSON object that has `key`; retried by rule."""
        text = "&".join(f"{name}={quote(value, safe='~')}" for name, value in query.items())
        url = httpx.URL(self.options.endpoint + path + ("?" + text if text else ""))
        # A copy each: tenacity keeps a call's state in the object.
        answer: dict[str, Any] = await self._retrying.copy()(self._read_once, url, key)
        return answer

    async def _read_once(self, url: httpx.URL, key: str) -> dict[str, Any]:
        await self._pace.acquire()
        response = await self._send(httpx.Request("GET", url, headers=self._headers))
        answer = json_object(response.content) if response.is_success else None
        if answer is not None and _holds(answer, key):
            return answer
        error = self._judged(response)
        if isinstance(error, Throttled):
            self._pace.on_throttled(error)
        raise error

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send the request within its one deadline and read its answer whole; whatever stops that is judged."""
        request.extensions["timeout"] = self._timeout
        try:
            async with asyncio.timeout(self.options.deadline_seconds):
                return await self._exchange(request)
        except SmsError:
            raise
        except Exception as exc:  # noqa: BLE001 - every failure, of any class, is judged and raised anew
            sent = HANDED_OVER in request.extensions
            raise judge_exception(exc, sent=sent, secrets=self._secrets()) from forget_headers(exc)

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        """Send the request through authentication and transport, as `httpx.AsyncClient.send` does, and read the answer whole.

        Not by that client, whose cookies, redirects and hooks nobody wants here: they were half of what a call costs.
        """
        flow = self._auth.async_auth_flow(request)
        try:
            request = await anext(flow)
            while True:
                response = await self._wire.handle_async_request(request)
                response.request = request
                try:
                    await response.aread()
                except BaseException:
                    await response.aclose()
                    raise
                try:
                    request = await flow.asend(response)
                except StopAsyncIteration:
                    return response
        finally:
            await flow.aclose()

    def _judged(self, response: httpx.Response) -> SmsError:
        return judge_response(response, secrets=self._secrets())

    def _secrets(self) -> Sequence[str]:
        """What no error may show, as the authentication has it at this moment."""
        return getattr(self._auth, "secrets", ())


def _holds(answer: Mapping[str, Any], key: str) -> bool:
    """Whether the answer is what was asked for: a listing with its rows (null is none), an object with its id, or a template."""
    value = answer.get(key)
    if key == "id":
        return isinstance(value, str) and bool(value)
    if key == "template":
        return isinstance(value, dict)
    return isinstance(value, list) or (value is None and key in answer)
