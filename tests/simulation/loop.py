"""An event loop on virtual time with a seeded scheduler: the same seed, the same order of every step.

Nothing sleeps: when nothing is ready, time jumps to the next timer. Which of the ready steps runs next is drawn. Every step belongs
to an `Actor` (a simulated process) or to the world, by its context: those of a dead actor are dropped, those of a paused one held.
"""

from __future__ import annotations

import asyncio
import heapq
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable
    from random import Random

ACTOR: ContextVar[Actor | None] = ContextVar("ACTOR", default=None)
"""Whose steps run in a context; None is the world: the network, the server, and whoever breaks things."""

_TICK_SECONDS = 1e-6
MOST_STEPS = 300_000


class StuckError(Exception):
    """Nothing will ever happen again, or too much does: somebody waits for what never comes, or turns in a circle."""


@dataclass(eq=False)
class Actor:
    """One simulated process as the loop sees it. `asleep_seconds` is how long its machine was suspended: its steady clock stood."""

    name: str
    is_dead: bool = False
    is_paused: bool = False
    was_paused: bool = False
    asleep_seconds: float = 0.0
    steps: int = 0
    held: list[Any] = field(default_factory=list)


class _Task(asyncio.Task[Any]):
    """A task with a hash that does not depend on where it lies in memory, so that a set of them has one order."""

    _numbers = 0

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls, *args, **kwargs)
        _Task._numbers += 1
        made.number = _Task._numbers
        return made

    number: int
    _log_destroy_pending: bool

    def forsake(self) -> Any:
        """Its coroutine, which nobody will go on with and nobody shall be warned about."""
        self._log_destroy_pending = False
        return self.get_coro()

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop. `now` is true time in seconds since the scenario began; `time()` is that of the actor that asks."""

    _ready: deque[Any]
    _scheduled: list[Any]

    def __init__(self, random: Random, *, is_shuffled: bool) -> None:
        super().__init__()
        self.now = 0.0
        self.steps = 0
        self.current: Actor | None = None
        self.after_step: Callable[[], None] | None = None
        self.defects: list[str] = []
        self._draw = random.random if is_shuffled else None
        self._world = Context()
        self._tasks: list[_Task] = []
        _Task._numbers = 0
        self.set_task_factory(self._make_task)
        self.set_exception_handler(self._note_defect)
        self.set_debug(enabled=False)

    def time(self) -> float:
        return self.now - (self.current.asleep_seconds if self.current else 0.0)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        asleep = self.current.asleep_seconds if self.current else 0.0
        # Virtual time must move, or whoever waits for the last bit of a float waits for ever.
        return super().call_at(max(when + asleep, self.now + _TICK_SECONDS), callback, *args, context=context)

    def in_world(self, seconds: float, callback: Callable[..., object], *args: Any) -> None:
        """Have the world do something `seconds` from now, whatever becomes of whoever asks."""
        timer: Any = asyncio.TimerHandle(self.now + seconds, callback, args, self, self._world)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True

    def in_actor(self, actor: Actor, coroutine: Any, name: str) -> asyncio.Task[Any]:
        """Run a coroutine, and all that it starts, as the actor's."""
        context = Context()
        context.run(ACTOR.set, actor)
        return self.create_task(coroutine, name=name, context=context)

    def pause(self, actor: Actor) -> None:
        """SIGSTOP: from now on nothing of the actor runs, and its timers only come due."""
        actor.is_paused = actor.was_paused = True

    def resume(self, actor: Actor, *, asleep_seconds: float = 0.0) -> None:
        """SIGCONT; after `asleep_seconds` of a suspended machine, whose timers have not moved on meanwhile."""
        actor.is_paused = False
        held, actor.held = actor.held, []
        if not asleep_seconds:
            self._ready.extend(held)
            return
        since = self.now - asleep_seconds
        actor.asleep_seconds += asleep_seconds
        for timer in [one for one in self._scheduled if one._context.get(ACTOR) is actor]:
            timer._when += asleep_seconds
        for handle in held:
            if getattr(handle, "_when", 0.0) > since:
                handle._when += asleep_seconds
                self._scheduled.append(handle)
            else:
                self._ready.append(handle)
        heapq.heapify(self._scheduled)

    def sweep(self) -> None:
        """Let go of what dead actors left behind, without letting it have any effect."""
        for task in self._tasks:
            if task.done():
                continue
            coroutine = task.forsake()
            for _ in range(5):
                try:
                    coroutine.close()
                    break
                except (RuntimeError, asyncio.CancelledError):
                    continue
        self._tasks.clear()

    def _run_once(self) -> None:
        scheduled, ready = self._scheduled, self._ready
        while scheduled and (scheduled[0]._cancelled or scheduled[0]._when <= self.now):
            timer = heapq.heappop(scheduled)
            if not timer._cancelled:
                ready.append(timer)
        if not ready:
            if not scheduled:
                raise StuckError("everybody waits, and nothing is on its way")
            self.now = scheduled[0]._when
            return
        if self._draw is None or len(ready) == 1:
            handle = ready.popleft()
        else:
            index = int(self._draw() * len(ready))
            handle = ready[index]
            del ready[index]
        if not handle._cancelled:
            self._step(handle)

    def _step(self, handle: Any) -> None:
        actor = handle._context.get(ACTOR)
        if actor is not None:
            if actor.is_dead:
                return
            if actor.is_paused:
                actor.held.append(handle)
                return
            actor.steps += 1
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise StuckError(f"{MOST_STEPS} steps, and no end")
        self.current = actor
        handle._run()
        self.current = None
        if self.after_step is not None:
            self.after_step()

    def _make_task(self, _loop: Any, coroutine: Any, context: Context | None = None) -> _Task:
        task = _Task(coroutine, loop=self, context=context) if context else _Task(coroutine, loop=self)
        self._tasks.append(task)
        return task

    def _note_defect(self, _loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.defects.append(f"{context.get('message')}: {type(error).__name__}: {error}")

    def _write_to_self(self) -> None:
        """There is no other thread that could have to wake this one."""

    def _process_events(self, event_list: list[object]) -> None:
        """There are no sockets."""
