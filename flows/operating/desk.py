"""What the servers of one order share: client, journal, leases, clock, pace, the wave's window, and the wish to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flows.submission.events import StopReason
from flows.submission.holding import Leases
from flows.submission.stop_rules import Window

if TYPE_CHECKING:
    from random import Random

    from flows.operating.orders import ActionOrder, ActOptions, ActWatcher, ServerResult
    from flows.operating.task_life import TaskLife
    from flows.sms.client import SmsClient
    from flows.submission.clock import Clock
    from flows.submission.events import StopSignal
    from flows.submission.journal import Journal
    from flows.submission.throttle import Throttle


@dataclass(slots=True)
class ActDesk:
    """Everything that an operation on a task needs; one an order. `closed` says why nothing new is sent any more, once it is so."""

    order: ActionOrder
    run_id: str
    client: SmsClient
    journal: Journal
    leases: Leases
    clock: Clock
    random: Random
    throttle: Throttle
    watcher: ActWatcher
    stop: StopSignal
    window: Window
    window_place: str
    slots: asyncio.Semaphore
    started: float
    closed: StopReason | None = None
    told: set[str] = field(default_factory=set)
    _under_way: set[asyncio.Task[ServerResult]] = field(default_factory=set)

    @classmethod
    def open(
        cls,
        order: ActionOrder,
        *,
        client: SmsClient,
        journal: Journal,
        throttle: Throttle,
        clock: Clock,
        random: Random,
        watcher: ActWatcher,
        stop: StopSignal,
    ) -> ActDesk:
        """The desk of an order that begins now. `throttle` holds the pace of actions."""
        wave = order.plan.waves.get(order.wave)
        keeps = order.operation.keeps_to_window and wave is not None
        return cls(
            order=order,
            run_id=order.run_id or f"{random.getrandbits(64):016x}",
            client=client,
            journal=journal,
            leases=Leases(journal, clock, order.options.deadline_seconds),
            clock=clock,
            random=random,
            throttle=throttle,
            watcher=watcher,
            stop=stop,
            window=Window(wave.ends_at) if wave is not None and keeps else Window(),
            window_place=str(wave.cell("ends_at")) if wave is not None and keeps else "",
            slots=asyncio.Semaphore(order.options.concurrency),
            started=clock.steady(),
        )

    @property
    def options(self) -> ActOptions:
        """How the order is carried out."""
        return self.order.options

    @property
    def may_send(self) -> bool:
        """Whether anything new may be sent; the window is looked at here."""
        if self.closed is None and self.window.is_over(self.clock.wall()) and (ended := self.window.ends_at) is not None:
            self.close(StopReason.window(f"{ended:%Y-%m-%d %H:%M} {ended.tzname()}", self.window_place))
        return self.closed is None and not self.stop.is_set

    @property
    def why_unsent(self) -> StopReason:
        """Why a server is left where it is."""
        return self.stop.reason or self.closed or StopReason.interrupted()

    def close(self, reason: StopReason) -> None:
        """Send nothing new any more; said once."""
        if self.closed is None:
            self.closed = reason
            self.watcher.remark(f"warning: {reason.message}")

    def say_once(self, text: str) -> None:
        """A remark that need not be repeated."""
        if text not in self.told:
            self.told.add(text)
            self.watcher.remark(text)

    async def perform(self, life: TaskLife) -> ServerResult:
        """Bring one task's operation to its end, when there is a slot for it."""
        async with self.slots:
            aio_task = asyncio.create_task(life.run())
            self._under_way.add(aio_task)
            try:
                return await aio_task
            finally:
                self._under_way.discard(aio_task)

    async def cut_short_after_grace(self) -> None:
        """When the order was asked to stop, and the grace is over: leave what is on the wire in doubt, and wait for no journal."""
        await self.stop.grace_over(self.options.grace_seconds, self.clock)
        self.journal.hurry()
        for aio_task in self._under_way:
            aio_task.cancel()
