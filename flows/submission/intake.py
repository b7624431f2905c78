"""Take up the rows of a wave in the sheet's order, each under its lease, so many at a time that every sending slot has one.

Rows that another run holds are set aside and asked for again until they are free: that run's work is then found in the journal.
Once the gate (gate.py) is closed, only rows that need nothing new are taken up; while it is shut, none for the first time.
Decides when a row's turn comes, not what happens to it. Called by wave_run.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from flows.submission.events import StopReason, first_of
from flows.submission.holding import Grant
from flows.submission.journal import JournalUnavailableError, LeaseLostError
from flows.submission.leases import LeaseRequest

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from flows.submission.desk import Desk
    from flows.submission.leases import Held
    from inventory.plan import ServerRow

_ASK_AGAIN_SECONDS = 1.0
_MOST_AT_ONCE = 500


class Turn:
    """A row's place among those that are taken up; passed on once, when the row rests or ends."""

    def __init__(self, intake: Intake) -> None:
        self._intake: Intake | None = intake

    def pass_on(self) -> None:
        """Let the next row be taken up."""
        if self._intake is not None:
            self._intake.free_place()
            self._intake = None


class Hands(Protocol):
    """What is done with the rows that are taken up, and told of those that are not."""

    def bring_to_end(self, row: ServerRow, grant: Grant, turn: Turn) -> Coroutine[None, None, bool]:
        """Bring the row to its outcome; False where its lease was lost on the way, and it has to be taken up again."""
        ...

    def has_history(self, row: ServerRow) -> bool:
        """Whether there is more to say of the row than that nothing new was sent."""
        ...

    def see_held(self, row: ServerRow, held: Held) -> None:
        """Another run works on the row."""
        ...


class Intake:
    """The rows that wait for their turn, those that other runs hold, and those under way.

    `sources` are the rows' source servers by their position in the sheet.
    """

    def __init__(self, desk: Desk, sources: Mapping[int, str], hands: Hands) -> None:
        self._desk = desk
        self._sources = sources
        self._hands = hands
        self._waiting: deque[ServerRow] = deque()
        self._aside: list[ServerRow] = []
        self._ask_again_at = 0.0
        self._told: set[str] = set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._free = desk.options.first_places
        self._to_come = desk.options.most_places - desk.options.first_places
        self._least_free = desk.options.most_places // 4
        self._changed = asyncio.Event()
        self._is_winding_down = False
        self._is_grace_over = False

    async def run(self, rows: Sequence[ServerRow]) -> None:
        """Take up all rows; returns when each has ended, or nothing new is sent, and those under way have ended."""
        desk = self._desk
        self._waiting.extend(rows)
        self._is_winding_down = False
        watchdog = asyncio.create_task(self._cancel_after_grace())
        try:
            while not desk.stop.is_set and self._is_any_left():
                self._changed.clear()
                if batch := self._next_batch():
                    await self._take(batch)
                else:
                    await self._rest()
            while self._under_way:
                await asyncio.wait(self._under_way)
        except asyncio.CancelledError:
            # A stop without grace: whatever waits for the journal must not wait for another process, or a server that is away.
            desk.stop.request(StopReason.interrupted(), at_once=True)
            raise
        finally:
            watchdog.cancel()
            for aio_task in self._under_way:
                aio_task.cancel()
            await asyncio.gather(watchdog, *self._under_way, return_exceptions=True)

    def free_place(self) -> None:
        """A row rests, or has ended."""
        self._free += 2 if self._to_come else 1
        self._to_come -= bool(self._to_come)
        self._wake_if_due()

    def _is_any_left(self) -> bool:
        if not self._desk.gate.is_open and not self._is_winding_down:
            self._is_winding_down = True
            self._waiting = deque(row for row in self._waiting if self._hands.has_history(row))
        return bool(self._waiting or self._aside or self._under_way)

    def _next_batch(self) -> list[ServerRow]:
        """The rows to ask leases for now. Not one at a time while there is work: rows that ask together share a transaction."""
        batch: list[ServerRow] = []
        if self._aside and self._desk.clock.steady() >= self._ask_again_at:
            self._ask_again_at = self._desk.clock.steady() + _ASK_AGAIN_SECONDS
            batch, self._aside = self._aside[:_MOST_AT_ONCE], self._aside[_MOST_AT_ONCE:]
        if self._free >= self._least_free and (self._is_winding_down or not self._desk.gate.is_shut):
            while self._waiting and len(batch) < min(self._free, _MOST_AT_ONCE):
                batch.append(self._waiting.popleft())
        elif self._waiting and not batch and not self._under_way and self._desk.gate.wants_trial:
            # Nobody under way is left to show that SMS is well again.
            batch.append(self._waiting.popleft())
        return batch

    async def _take(self, batch: Sequence[ServerRow]) -> None:
        try:
            answers = await self._desk.leases.take([self._request(row) for row in batch])
        except LeaseLostError:
            self._waiting.extendleft(reversed(batch))
            return
        except JournalUnavailableError as error:
            self._desk.stop.request(StopReason.journal(str(error)))
            return
        if self._is_grace_over:
            return  # nobody would cancel what begins now; its leases end with the run
        for row, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Grant):
                self._start(row, answer)
            else:
                self._aside.append(row)
                self._hands.see_held(row, answer)
                self._tell(answer)

    def _request(self, row: ServerRow) -> LeaseRequest:
        return LeaseRequest(self._sources[row.position], row.text("target_vm_id"))

    def _start(self, row: ServerRow, grant: Grant) -> None:
        self._free -= 1
        aio_task = asyncio.create_task(self._bring_to_end(row, grant))
        self._under_way.add(aio_task)
        aio_task.add_done_callback(self._ended)

    def _ended(self, aio_task: asyncio.Task[None]) -> None:
        self._under_way.discard(aio_task)
        self._wake_if_due()

    def _wake_if_due(self) -> None:
        if not self._under_way or (self._waiting and self._free >= self._least_free):
            self._changed.set()

    async def _bring_to_end(self, row: ServerRow, grant: Grant) -> None:
        turn = Turn(self)
        try:
            if not await self._hands.bring_to_end(row, grant, turn):
                self._waiting.appendleft(row)
        finally:
            turn.pass_on()

    async def _rest(self) -> None:
        """Wait until something may be taken up: a place is free, a held row may be asked for again, or the run is to stop."""
        waits = [self._changed.wait(), self._desk.stop.wait(), self._desk.gate.changed()]
        if self._aside:
            waits.append(self._desk.clock.sleep(self._ask_again_at - self._desk.clock.steady()))
        await first_of(*waits)

    def _tell(self, held: Held) -> None:
        if held.by and held.by not in self._told:
            self._told.add(held.by)
            self._desk.watcher.remark(
                f"{held.by} works on rows of this wave: waiting for them (a run that died lets go of them after "
                f"{self._desk.options.lease_seconds:g} s)"
            )

    async def _cancel_after_grace(self) -> None:
        await self._desk.stop.grace_over(self._desk.options.grace_seconds, self._desk.clock)
        self._is_grace_over = True
        for aio_task in self._under_way:
            aio_task.cancel()
