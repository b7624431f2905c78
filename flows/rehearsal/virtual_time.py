"""An event loop whose time jumps: when nothing is ready to run, it is at once as late as the next timer says.

Made of asyncio's own loop with a selector that never waits, so that the engine under rehearsal runs on the loop that it knows. What
is given to a thread is done here and now, in the loop's own thread, and its result comes `THREAD_SECONDS` later: a thread's answer
comes whenever the machine pleases, and the same rehearsal would not be the same twice. Called by programme.py.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

THREAD_SECONDS = 0.002
"""How long a thread's work takes: a commit of the journal, above all."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class StuckError(Exception):
    """Nothing will ever happen again: somebody waits for what never comes."""


class _JumpingSelector(selectors.SelectSelector):
    """Passes the time by moving it on. There is no socket to look at but the loop's own, which wakes it for signals."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError("everybody waits, and nothing is on its way")
        if timeout > 0:
            self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. `time()` is seconds since it was made, and passes only while nothing is ready."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """The time that it is in the rehearsal."""
        return self._jumping.now

    def run_in_executor(self, _executor: object, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Do it now, in this thread, and tell the result a little later."""
        told: asyncio.Future[T] = self.create_future()
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - it is whoever awaits it that hears of it
            self.call_later(THREAD_SECONDS, _tell, told, None, error)
        else:
            self.call_later(THREAD_SECONDS, _tell, told, result, None)
        return told


def _tell(told: asyncio.Future[Any], result: object, error: Exception | None) -> None:
    if told.done():
        return
    if error is None:
        told.set_result(result)
    else:
        told.set_exception(error)


def run(main: Coroutine[Any, Any, T]) -> T:
    """What `main` returns, in a loop of its own; raises StuckError where it can never end, and what nobody else caught.

    An error that the loop itself is told of (a callback that failed, a task whose error nobody looked at) is a defect that a real
    night would have too: it ends the rehearsal.
    """
    defects: list[Mapping[str, Any]] = []
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.get_loop().set_exception_handler(lambda _loop, context: defects.append(context))
        result = runner.run(main)
    if defects:
        error = defects[0].get("exception")
        raise RuntimeError(str(defects[0].get("message"))) from (error if isinstance(error, BaseException) else None)
    return result
