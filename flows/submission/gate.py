"""The gate that every new request passes: closed by a rule for the rest of the run, or shut for a while because SMS is sick.

Unlike a stop (events.py), a closed gate cuts nothing short: what is on the wire is answered, what is in doubt is settled, and a row
that needs nothing new gets its outcome. Applies the rules of stop_rules.py. Called by intake.py, submitter.py and wave_run.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from flows.sms.errors import Refused, SmsError, StopRun
from flows.submission.clock import time_of_day
from flows.submission.events import StopReason, first_of
from flows.submission.stop_rules import Breaker, FailureBudget, Window, has_failed, tells_of_health

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from flows.sms.client import SmsClient
    from flows.sms.models import Created
    from flows.submission.clock import Clock
    from flows.submission.desk import Options
    from flows.submission.events import StopSignal, Watcher
    from inventory.outcomes import Outcome
    from inventory.plan import Wave

Waited = TypeVar("Waited")

_LONGEST_SLEEP_SECONDS = 5.0
"""The wall clock may jump: how long it is not looked at, at most, while the window is open."""


@dataclass(frozen=True, slots=True)
class WaveRules:
    """What the sheet says of when a wave sends nothing new, and the cells that say so."""

    budget: FailureBudget = field(default_factory=FailureBudget)
    budget_place: str = ""
    window: Window = field(default_factory=Window)
    window_place: str = ""

    @classmethod
    def of(cls, wave: Wave | None) -> WaveRules:
        """The rules of a wave; none where the plan says nothing about it."""
        if wave is None:
            return cls()
        return cls(
            FailureBudget(wave.failure_budget),
            str(wave.cell("failure_budget")),
            Window(wave.ends_at),
            str(wave.cell("ends_at")),
        )


class Gate:
    """Whether a new request may be sent. `rows` is how many rows are to be sent, `reason` why nothing new is, once it is so."""

    def __init__(self, rules: WaveRules, options: Options, clock: Clock, watcher: Watcher, stop: StopSignal) -> None:
        self._rules = rules
        self._clock = clock
        self._watcher = watcher
        self._stop = stop
        self._breaker = Breaker(options.sick_after, options.sick_seconds)
        self._sick_after = options.sick_after
        self._failed: set[int] = set()
        self._turned = asyncio.Event()
        self._last_error: SmsError | None = None
        self._sick_source = ""
        self._sick_since = self._sick_began = 0.0
        self._story: list[str] = []
        self.rows = 0
        self.reason: StopReason | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything new may be sent in this run any more; the window is looked at here."""
        if self.reason is None and self._rules.window.is_over(self._clock.wall()):
            self._close_at_the_end()
        return self.reason is None

    @property
    def is_shut(self) -> bool:
        """Whether SMS is sick, so that for now nothing new is sent."""
        return self._breaker.is_open

    @property
    def wants_trial(self) -> bool:
        """Whether SMS has answered a read since it fell sick, and one row may now show whether it is well."""
        return self._breaker.is_open and self._breaker.is_on_trial

    @property
    def notes(self) -> list[str]:
        """What the report says: why nothing new was sent, and when SMS was sick."""
        sick = [self._sick_note("the end of the run")] if self._breaker.is_open else []
        return [*([self.reason.message] if self.reason else []), *self._story, *sick]

    def close(self, reason: StopReason) -> None:
        """Send nothing new any more; the first reason counts, and is said."""
        if self.reason is None:
            self.reason = reason
            self._watcher.remark(f"warning: {reason.message}")
            self._turn()

    def count(self, outcome: Outcome) -> None:
        """Learn how a row ended that was to be sent."""
        position = outcome.row.position
        if has_failed(outcome):
            self._failed.add(position)
        else:
            self._failed.discard(position)
        if self.reason is None and self._rules.budget.is_spent(len(self._failed), self.rows):
            self.close(StopReason.budget(str(self._rules.budget), self._rules.budget_place))

    async def lets_in(self, who: object) -> bool:
        """Return when `who` may begin an attempt: True; or False as soon as nothing new is sent any more."""
        while self.is_open and not self._stop.is_set:
            if self._breaker.admits(who):
                return True
            await first_of(self.changed(), self._stop.wait())
        return False

    def lets_out(self, who: object) -> bool:
        """Whether an attempt that was let in may go on to its next step, or leave."""
        return not self._stop.is_set and self.is_open and self._breaker.admits(who)

    async def unless_shut(self, who: object, waiting: Coroutine[Any, Any, Waited]) -> Waited | None:
        """What is waited for, or None as soon as `who` may not leave any more."""
        waiter = asyncio.ensure_future(waiting)
        try:
            while not waiter.done() and self.lets_out(who):
                turned = asyncio.ensure_future(self.changed())
                try:
                    await asyncio.wait({waiter, turned}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    turned.cancel()
            return waiter.result() if waiter.done() else None
        finally:
            waiter.cancel()
            await asyncio.gather(waiter, return_exceptions=True)

    def let_go(self, who: object) -> None:
        """An attempt is over, or was given up before it left."""
        if self._breaker.let_go(who):
            self._turn()

    def answered(self, who: object, source_server_id: str, started: float, answer: Created | SmsError) -> None:
        """Learn how a create ended that left at `started` (steady seconds)."""
        is_well = tells_of_health(answer)
        if is_well is None:
            return
        if isinstance(answer, SmsError) and not is_well:
            self._last_error, self._sick_source = answer, source_server_id
        was_open = self._breaker.is_open
        if self._breaker.answered(who, started, self._clock.steady(), is_well=is_well):
            self._say_how_it_is(was_open=was_open)
            self._turn()

    def changed(self) -> Coroutine[Any, Any, Any]:
        """A wait for the next change of what this gate says."""
        return self._turned.wait()

    async def watch(self, client: SmsClient) -> None:
        """Close when the window ends, and look after SMS while it is sick; until cancelled."""
        try:
            await asyncio.gather(self._watch_window(), self._nurse(client))
        except Exception as error:  # noqa: BLE001 - rows that wait for SMS to be well must hear of a defect, or they wait for ever
            self._stop.request(StopReason.defect(error))

    async def _watch_window(self) -> None:
        while self.is_open and (left := self._rules.window.seconds_left(self._clock.wall())) is not None:
            await self._clock.sleep(min(left, _LONGEST_SLEEP_SECONDS))

    async def _nurse(self, client: SmsClient) -> None:
        """While SMS is sick: a read after each pause; when one is answered, a row goes on trial."""
        while not self._stop.is_set:
            if not (self.is_open and self._breaker.is_open) or self._breaker.is_on_trial:
                await self.changed()
                continue
            if self._breaker.is_hopeless(self._clock.steady()):
                self._stop.request(StopReason.sick(self._sick_seconds, self._last_words()))
                return
            await self._clock.sleep(self._breaker.pause_seconds)
            self._breaker.probe_answered(is_well=await self._probe(client))
            self._turn()

    async def _probe(self, client: SmsClient) -> bool:
        try:
            await client.list_tasks(self._sick_source)
        except StopRun as error:
            self._stop.request(StopReason.refused(error))
            return False
        except SmsError as error:
            return isinstance(error, Refused)
        return True

    def _close_at_the_end(self) -> None:
        ended = self._rules.window.ends_at
        if ended is not None:
            self.close(StopReason.window(f"{ended:%Y-%m-%d %H:%M} {ended.tzname()}", self._rules.window_place))

    def _say_how_it_is(self, *, was_open: bool) -> None:
        """Once when it opens and once when it closes; a trial that went ill changes nothing for people."""
        if self._breaker.is_open and not was_open:
            self._sick_since, self._sick_began = self._clock.wall(), self._clock.steady()
            problem = f"{self._sick_after} creates in a row ended in doubt ({self._last_words()})"
            self._watcher.remark(f"warning: {problem}: nothing is sent until SMS is well")
        elif was_open and not self._breaker.is_open:
            self._watcher.remark(f"SMS is well again after {self._sick_seconds:.0f} s: sending goes on")
            self._story.append(self._sick_note(time_of_day(self._clock.wall())))

    @property
    def _sick_seconds(self) -> float:
        return self._clock.steady() - self._sick_began

    def _sick_note(self, until: str) -> str:
        since = time_of_day(self._sick_since)
        return (
            f"SMS was sick from {since} to {until} ({self._sick_seconds:.0f} s, {self._last_words()}): nothing was sent meanwhile"
        )

    def _last_words(self) -> str:
        error = self._last_error
        return f"{error.code} {error.message}" if error is not None else "no answer"

    def _turn(self) -> None:
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()
