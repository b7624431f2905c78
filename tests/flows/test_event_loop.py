"""The loop that a wave runs on: uvloop where there is one, and nothing that a wave could notice."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from flows import event_loop


async def _loop_module() -> str:
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_a_wave_runs_on_uvloop_except_where_there_is_none() -> None:
    assert event_loop.run(_loop_module()) == ("asyncio" if sys.platform == "win32" else "uvloop")


def test_what_the_wave_raises_is_raised() -> None:
    async def fails() -> None:
        raise LookupError("of the wave")

    with pytest.raises(LookupError, match="of the wave"):
        event_loop.run(fails())


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_a_handler_of_a_signal_is_called_while_the_wave_runs() -> None:
    async def waits() -> None:
        heard, loop = asyncio.Event(), asyncio.get_running_loop()
        before = signal.signal(signal.SIGUSR1, lambda *_: loop.call_soon_threadsafe(heard.set))
        try:
            signal.raise_signal(signal.SIGUSR1)
            async with asyncio.timeout(10):
                await heard.wait()
        finally:
            signal.signal(signal.SIGUSR1, before)

    event_loop.run(waits())
