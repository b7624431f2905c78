"""How a run is asked to stop: once with grace, twice without, and the first reason counts."""

from __future__ import annotations

import asyncio

from flows.submission.clock import SystemClock
from flows.submission.events import StopKind, StopReason, StopSignal
from tests.flows.submission.clocks import PLENTY


async def test_the_first_reason_counts() -> None:
    """What comes later hurries, and does not rename it."""
    stop = StopSignal()
    assert not stop.is_set
    stop.request(StopReason.journal("disk full"))
    stop.request(StopReason.interrupted(), at_once=True)
    assert stop.reason is not None
    assert stop.reason.kind is StopKind.JOURNAL


async def test_a_sleep_ends_when_the_run_is_asked_to_stop() -> None:
    """However long it was to be."""
    stop = StopSignal()
    sleeping = asyncio.create_task(stop.sleep(3600, SystemClock()))
    await asyncio.sleep(0)
    stop.request(StopReason.interrupted())
    await asyncio.wait_for(sleeping, PLENTY)


async def test_grace_ends_early_when_it_is_refused() -> None:
    """A second Ctrl-C does not wait for what is on the wire."""
    stop = StopSignal()
    waiting = asyncio.create_task(stop.grace_over(3600, SystemClock()))
    stop.request(StopReason.interrupted())
    await asyncio.sleep(0)
    assert not waiting.done()
    stop.request(StopReason.interrupted(), at_once=True)
    await asyncio.wait_for(waiting, PLENTY)


async def test_a_read_is_given_up_when_the_run_is_asked_to_stop() -> None:
    """A listing that is repeated for minutes must not keep a run that was told to stop; one that is done is given."""
    stop = StopSignal()

    async def answered() -> str:
        return "tasks"

    async def hanging() -> str:
        await asyncio.Event().wait()
        return "never"

    assert await stop.unless_set(answered(), SystemClock()) == "tasks"
    reading = asyncio.create_task(stop.unless_set(hanging(), SystemClock()))
    await asyncio.sleep(0)
    stop.request(StopReason.interrupted())
    assert await asyncio.wait_for(reading, PLENTY) is None
    assert await stop.unless_set(answered(), SystemClock()) is None
