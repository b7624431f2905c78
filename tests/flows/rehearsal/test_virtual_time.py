"""Time that jumps: nobody waits, everything comes in its order, and who waits for nothing is told so."""

from __future__ import annotations

import asyncio
import time

import pytest

from flows.rehearsal import virtual_time
from flows.rehearsal.clock import RehearsalClock
from flows.rehearsal.virtual_time import THREAD_SECONDS, StuckError


def test_a_night_passes_while_nobody_waits() -> None:
    async def night() -> tuple[float, float]:
        clock = RehearsalClock(asyncio.get_running_loop(), begins_at=1_800_000_000.0)
        await clock.sleep(100 * 24 * 3600.0)
        return clock.steady(), clock.wall()

    assert virtual_time.run(night()) == (8_640_000.0, 1_808_640_000.0)


def test_what_waits_beside_each_other_comes_in_the_order_of_time() -> None:
    async def night() -> list[tuple[str, float]]:
        loop, seen = asyncio.get_running_loop(), []

        async def wait(name: str, *seconds: float) -> None:
            for each in seconds:
                await asyncio.sleep(each)
                seen.append((name, loop.time()))

        await asyncio.gather(wait("slow", 10.0), wait("fast", 3.0, 3.0, 3.0, 3.0))
        return seen

    assert virtual_time.run(night()) == [("fast", 3.0), ("fast", 6.0), ("fast", 9.0), ("slow", 10.0), ("fast", 12.0)]


def test_time_stands_while_there_is_work() -> None:
    async def night() -> float:
        loop = asyncio.get_running_loop()
        loop.call_later(5.0, lambda: None)
        for _ in range(1000):
            await asyncio.sleep(0)
        return loop.time()

    assert virtual_time.run(night()) == 0.0


def test_a_deadline_strikes_at_its_time() -> None:
    async def night() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(40.0):
                await asyncio.get_running_loop().create_future()
        return asyncio.get_running_loop().time()

    assert virtual_time.run(night()) == 40.0


def test_the_work_of_a_thread_is_done_in_its_turn_and_takes_its_time() -> None:
    async def night() -> tuple[str, float]:
        done = await asyncio.to_thread(time.strftime, "%Y", time.gmtime(0))
        return done, asyncio.get_running_loop().time()

    assert virtual_time.run(night()) == ("1970", THREAD_SECONDS)


def test_an_error_of_a_thread_is_raised_where_it_is_awaited() -> None:
    async def night() -> None:
        await asyncio.to_thread(int, "no number")

    with pytest.raises(ValueError, match="no number"):
        virtual_time.run(night())


def test_waiting_for_what_never_comes_is_an_error_and_no_hanging_process() -> None:
    async def night() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StuckError):
        virtual_time.run(night())


def test_an_error_that_nobody_looked_at_ends_the_rehearsal() -> None:
    async def night() -> None:
        asyncio.get_running_loop().call_soon(int, "no number")
        await asyncio.sleep(1.0)

    with pytest.raises(RuntimeError) as caught:
        virtual_time.run(night())
    assert isinstance(caught.value.__cause__, ValueError)
