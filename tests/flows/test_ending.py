"""A flow hears that it is to end wherever the signal lands: in the loop, in a task beside it, in a callback."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, NoReturn

import pytest
from prefect.exceptions import TerminationSignal

from flows.ending import TOLD_TO_END, beside, hears_its_end

if TYPE_CHECKING:
    from collections.abc import Callable


def told() -> NoReturn:
    """What Prefect's signal handler does, wherever the main thread is."""
    raise TerminationSignal(signal.SIGTERM)


async def in_a_task() -> None:
    await asyncio.sleep(0)
    told()


async def in_a_task_of_a_task() -> None:
    await asyncio.gather(beside(in_a_task()), return_exceptions=True)
    await asyncio.sleep(60)


async def flow(land: Callable[[], object]) -> str:
    """A flow that follows something which lasts; how it ended, and that what it does then is done in peace."""
    with hears_its_end():
        land()
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.get_running_loop().create_future()), 20)
        except TOLD_TO_END:
            await asyncio.sleep(0.01)
            return "the report is written"
    return "nobody told it"


@pytest.mark.parametrize(
    "land",
    [
        lambda: beside(in_a_task()),
        lambda: beside(in_a_task_of_a_task()),
        lambda: asyncio.get_running_loop().call_soon(told),
    ],
    ids=["task", "task of a task", "callback"],
)
async def test_a_signal_is_heard_wherever_it_lands(land: Callable[[], object]) -> None:
    assert await flow(land) == "the report is written"


async def test_a_defect_beside_the_flow_does_not_end_it() -> None:
    async def fail() -> None:
        raise RuntimeError("a defect")

    async def follow() -> str:
        with hears_its_end():
            failing = beside(fail())
            await asyncio.wait([failing])
            await asyncio.sleep(0.01)
            return str(failing.exception())

    assert await follow() == "a defect"


async def test_errors_of_others_go_where_they_went_before() -> None:
    loop, seen = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _loop, context: seen.append(context["message"]))
    with hears_its_end():
        loop.call_exception_handler({"message": "of a callback"})
    loop.call_exception_handler({"message": "afterwards"})
    assert seen == ["of a callback", "afterwards"]
