"""What the engine tells those who watch it: phases, attempts, outcomes, remarks; and how they tell it to stop.

A progress bar, a log and a control room are `Watcher`s. A watcher must return at once and never raise: rows do not wait for it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from flows.sms.errors import SmsError
    from flows.submission.clock import Clock
    from inventory.outcomes import Outcome

Read = TypeVar("Read")


class Phase(StrEnum):
    """The parts of a run, in their order; each begins once."""

    LOOK = "look at SMS"
    SUBMIT = "submit"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to create, as it ended.

    `number` counts the requests for this row in this run, from 1; `error` is None where a task was made.
    """

    source_server_id: str
    number: int
    error: SmsError | None


class Watcher(Protocol):
    """What may be shown of a run."""

    def phase(self, phase: Phase, rows: int) -> None:
        """A phase begins, with so many rows before it."""

    def attempt(self, attempt: Attempt) -> None:
        """A request to create has ended."""

    def outcome(self, outcome: Outcome) -> None:
        """A row has its outcome; one that is settled at the very end is told again, and the last counts."""

    def remark(self, text: str) -> None:
        """Something a person wants to know now, in one line."""


class Silent:
    """A watcher that shows nothing."""

    def phase(self, phase: Phase, rows: int) -> None:
        """Show nothing."""

    def attempt(self, attempt: Attempt) -> None:
        """Show nothing."""

    def outcome(self, outcome: Outcome) -> None:
        """Show nothing."""

    def remark(self, text: str) -> None:
        """Show nothing."""


class StopKind(StrEnum):
    """Why a run ends before its rows are done."""

    INTERRUPTED = "interrupted"
    REFUSED = "refused"
    """SMS, or the credentials, refuse every request."""
    JOURNAL = "journal"
    """Nothing can be made durable, so nothing may be sent."""
    DEFECT = "defect"
    """This tool did what nobody foresaw: what it has not touched is left for a run of a mended one."""
    BUDGET = "failure budget"
    """More rows have failed than the wave's failure budget allows."""
    CANARY = "canary"
    """One of the first rows, which went alone, is not done."""
    WINDOW = "window"
    """The wave's window is over."""
    SICK = "sick"
    """SMS answers one create after the other with an error, or not at all."""


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why the run stops, as it is told for each row that it leaves: code, message, advice."""

    kind: StopKind
    code: str
    message: str
    advice: str

    @classmethod
    def interrupted(cls) -> StopReason:
        """A person, or the control room, asked the run to stop."""
        return cls(
            StopKind.INTERRUPTED,
            "WAVES.STOPPED",
            "the run was stopped before this row was done",
            "run the same command again: it continues",
        )

    @classmethod
    def refused(cls, error: SmsError) -> StopReason:
        """SMS refused the run as a whole."""
        return cls(StopKind.REFUSED, error.code, error.message, error.advice)

    @classmethod
    def journal(cls, problem: str) -> StopReason:
        """The journal cannot be written."""
        advice = "free space for the journal, or repair its database, then run the same command again"
        return cls(StopKind.JOURNAL, "WAVES.JOURNAL", f"the journal cannot be written: {problem}", advice)

    @classmethod
    def defect(cls, error: Exception) -> StopReason:
        """This tool failed in a way that it has no word for."""
        message = f"a defect of this tool: {type(error).__name__}: {error}"
        return cls(StopKind.DEFECT, "WAVES.DEFECT", message, "run again with --debug and report what it prints")

    @classmethod
    def budget(cls, allowed: str, place: str) -> StopReason:
        """More rows have failed than may; `place` is the cell that says how many. What is under way may still add to them."""
        message = f"more servers have failed than the failure budget ({place}) of {allowed} allows: nothing new is sent"
        advice = f"mend the rows that failed, or raise failure_budget ({place}), then run the same command again"
        return cls(StopKind.BUDGET, "WAVES.BUDGET", message, advice)

    @classmethod
    def canary(cls, failed: str) -> StopReason:
        """One of the rows that went alone is not done; `failed` names it."""
        advice = "mend that row, then run the same command again"
        return cls(StopKind.CANARY, "WAVES.CANARY", f"a canary is not done, so the rest is held back: {failed}", advice)

    @classmethod
    def window(cls, ended: str, place: str) -> StopReason:
        """The wave's time is over; `place` is the cell that says so."""
        message = f"the wave's window ended at {ended} ({place}): nothing new is sent"
        return cls(
            StopKind.WINDOW, "WAVES.WINDOW", message, f"set ends_at ({place}) to a later time, then run the same command again"
        )

    @classmethod
    def sick(cls, seconds: float, error: str) -> StopReason:
        """SMS has been sick for longer than the run waits."""
        message = f"SMS has answered no create well for {seconds:.0f} s ({error})"
        return cls(StopKind.SICK, "WAVES.SICK", message, "run the same command again when SMS is well: it goes on")


class StopSignal:
    """Asks a run to stop: the first reason counts. No new request starts after it; those on the wire get a grace period."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._at_once = asyncio.Event()
        self.reason: StopReason | None = None

    @property
    def is_set(self) -> bool:
        """Whether the run is to stop."""
        return self.reason is not None

    def request(self, reason: StopReason, *, at_once: bool = False) -> None:
        """Stop the run. `at_once` grants no grace to requests that are on the wire: they are journalled as in doubt."""
        self.reason = self.reason or reason
        self._asked.set()
        if at_once:
            self._at_once.set()

    async def wait(self) -> None:
        """Return when the run is asked to stop."""
        await self._asked.wait()

    async def pass_on(self, other: StopSignal) -> None:
        """Ask another run to stop as this one is asked, and as soon: to be awaited beside it, and cancelled with it.

        What stops the other by itself stops only that.
        """
        await self._asked.wait()
        if self.reason is not None:
            other.request(self.reason)
            await self._at_once.wait()
            other.request(self.reason, at_once=True)

    async def grace_over(self, seconds: float, clock: Clock) -> None:
        """Return when the run was asked to stop and its grace of `seconds` is over, or was refused."""
        await self._asked.wait()
        await first_of(self._at_once.wait(), clock.sleep(seconds))

    async def unless_set(self, reading: Coroutine[Any, Any, Read], clock: Clock) -> Read | None:
        """What is read, or None as soon as the run is asked to stop: a read may be repeated for minutes, and changes nothing."""
        if self.is_set:
            reading.close()
            return None
        reader = asyncio.ensure_future(reading)
        asked = asyncio.ensure_future(self.grace_over(0.0, clock))
        try:
            await asyncio.wait({reader, asked}, return_when=asyncio.FIRST_COMPLETED)
            return reader.result() if reader.done() else None
        finally:
            reader.cancel()
            asked.cancel()
            await asyncio.gather(reader, asked, return_exceptions=True)

    async def sleep(self, seconds: float, clock: Clock) -> None:
        """Return after `seconds` of the clock's steady time, or as soon as the run is asked to stop."""
        await first_of(self._asked.wait(), clock.sleep(seconds))


async def first_of(*waits: Coroutine[object, object, object]) -> None:
    """Return when the first of the waits does; the others are cancelled, and over."""
    aio_tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(aio_tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for aio_task in aio_tasks:
            aio_task.cancel()
        await asyncio.gather(*aio_tasks, return_exceptions=True)
