"""Have a flow hear that it is to end, wherever Prefect's signal lands.

Prefect raises TerminationSignal in the main thread, out of a signal handler. Where that is in the loop itself, asyncio cancels
every task, the flow's too; where it is in the step of another task, or in a callback, asyncio keeps it there, and the flow would go
on until its process is killed, 30 seconds later, without its report. Its own handler cannot be replaced: without it Prefect takes a
cancelled run for a crashed one. Used by every flow that follows something.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from prefect.exceptions import TerminationSignal

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

TOLD_TO_END = (asyncio.CancelledError, TerminationSignal)
"""What a flow that awaits something gets when it is cancelled in the UI, or told to end."""

_FLOW: ContextVar[asyncio.Task[Any] | None] = ContextVar("_FLOW", default=None)


@contextmanager
def hears_its_end() -> Iterator[None]:
    """Inside, a signal that lands in a callback, or in a task that `beside` made, cancels the task that entered here."""
    flow, loop = asyncio.current_task(), asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if flow is not None and isinstance(context.get("exception"), TerminationSignal):
            flow.cancel()
        elif before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    token = _FLOW.set(flow)
    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(before)
        _FLOW.reset(token)


def beside(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task beside the flow's; a signal that lands in it cancels the flow, as one that lands in the loop does."""
    flow = _FLOW.get() or asyncio.current_task()
    task = asyncio.create_task(work)

    def pass_on(done: asyncio.Task[None]) -> None:
        if flow is not None and not done.cancelled() and isinstance(done.exception(), TerminationSignal):
            flow.cancel()

    task.add_done_callback(pass_on)
    return task
