"""Take one task through one operation: lease, look, intent, request, answer, and where need be looks until it is certain.

The same road for every operation: nothing is sent but from a state that was seen under the lease of the source, and after its
intent is durable; an answer in doubt is settled by evidence.py, and only a look that excludes it lets the operation be sent again.
What a dead run left in doubt for the task is settled first, by the same road. Called by operate.py and starter.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from flows.operating import action_log, endings
from flows.operating.action_records import Action, ActionKey
from flows.operating.evidence import Before, Seen, Verdict, conclude
from flows.operating.moves import WIRE_WORD, Rule, Ruling, rule
from flows.operating.operations import Operation
from flows.operating.speed import SpeedError, merge
from flows.sms.errors import ErrorClass, NotSent, SmsError, StopRun, Throttled
from flows.submission.events import StopReason, first_of
from flows.submission.holding import Grant
from flows.submission.journal import JournalUnavailableError, LeaseLostError
from flows.submission.leases import LeaseRequest
from flows.submission.retry_rules import look_pause_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.operating.desk import ActDesk
    from flows.operating.orders import ServerResult
    from flows.operating.speed import Merged
    from flows.operating.whose import Subject
    from flows.sms.speed_rules import SpeedRule
    from flows.sms.task_sight import TaskSight
    from flows.submission.leases import Key

_ASK_AGAIN_SECONDS = 1.0
_FAILED_LOOKS = 3
_STALE_SECONDS = 5.0
"""After so long a wait for the pace the task is looked at anew: what was seen may be so no more."""


@dataclass(slots=True)
class TaskLife:
    """One task and one operation. `more_keys` are leases that the intent needs beside that on the source.

    `sent` counts requests that may have left; `is_deleted_here` says that the last thing done to the task was its deletion. `last`
    is the last action of this order, `sight` the task as it was last seen.
    """

    desk: ActDesk
    subject: Subject
    operation: Operation
    is_automatic: bool = False
    more_keys: Sequence[Key] = ()
    sent: int = 0
    last: Action | None = None
    sight: TaskSight | None = None
    error: SmsError | None = None
    is_deleted_here: bool = False
    _rules: tuple[SpeedRule, ...] = ()
    _merged: Merged | None = None
    _is_on_wire: bool = False
    _was_seen: bool = False
    _echo: Action | None = None
    _number: int = 1
    _tried: int = 0

    async def run(self) -> ServerResult:
        """Bring the operation to its end for this task; never raises for what SMS, the network or the journal does.

        Raises LeaseLostError where it needs `more_keys`, and others have taken them meanwhile. Cancelled, it leaves what is on the
        wire in doubt in the journal and returns that as its result.
        """
        self.sight, self._was_seen = self.subject.sight, self.subject.sight is not None
        try:
            while True:
                grant = await self._leased()
                if grant is None:
                    return endings.left(self, self.desk.why_unsent)
                try:
                    return await self._under_lease(grant)
                except LeaseLostError:
                    if self.more_keys:
                        raise  # those are not taken again here
                    continue  # others have taken this run for dead meanwhile: what stands now is read again
                finally:
                    self.desk.leases.release(grant)
        except JournalUnavailableError as error:
            self.desk.stop.request(StopReason.journal(str(error)))
        except asyncio.CancelledError:
            if not self.desk.stop.is_set:
                raise
        return endings.left(self, self.desk.why_unsent)

    @property
    def is_in_doubt(self) -> bool:
        """Whether a request of this order may have been performed, as far as is known."""
        return self._is_on_wire or (self.last is not None and self.last.verdict is None)

    @property
    def replaced(self) -> str:
        """What a new speed limit takes the place of, in words; "" where of none."""
        return ", ".join(map(str, self._merged.replaced)) if self._merged else ""

    async def _leased(self) -> Grant | None:
        """The lease on the source; waits for whoever has it. None as soon as nothing new may be sent any more."""
        desk = self.desk
        while desk.may_send:
            try:
                (answer,) = await desk.leases.take([LeaseRequest(self.subject.source_server_id, "")])
            except LeaseLostError:
                continue
            if isinstance(answer, Grant):
                return answer
            desk.say_once(
                f"{answer.by} works on servers of this order: waiting for them (a run that died lets go of them after "
                f"{desk.options.lease_seconds:g} s)"
            )
            await desk.stop.sleep(_ASK_AGAIN_SECONDS, desk.clock)
        return None

    async def _under_lease(self, grant: Grant) -> ServerResult:
        desk, since = self.desk, self.desk.clock.steady()
        history = await desk.journal.read(
            lambda connection: action_log.of_task(connection, desk.order.account, self.subject.task_id)
        )
        self._number = history[-1].key.number + 1 if history else 1
        if history and history[-1].verdict is Verdict.DONE:
            self._echo = history[-1]
        self.is_deleted_here = self._echo is not None and self._echo.operation is Operation.DELETE
        for action in history:
            if action.verdict is None:
                verdict = await self._settle(action, since)
                if verdict is None or verdict is Verdict.UNKNOWN:
                    return endings.uncertain(self, action, verdict)
        while True:
            ended = await self._attempt(grant, is_last=self._tried + 1 >= desk.options.attempts)
            if ended is not None:
                return ended

    async def _attempt(self, grant: Grant, *, is_last: bool) -> ServerResult | None:
        """Look, and send where that is legal; the result, or None where it is to be tried again.

        What is taken back before it left is no try: by a slow pace that may be so often, and each time after a wait.
        """
        desk = self.desk
        try:
            ruling = await self.look()
        except StopRun as error:
            desk.stop.request(StopReason.refused(error))
            return endings.left(self, desk.why_unsent)
        except SmsError as error:
            self.error = error
            return endings.cannot_ask(self, error)
        if ruling is None:
            return endings.left(self, desk.why_unsent) if desk.stop.is_set else endings.gone(self)
        if ruling.ruling is not Ruling.SEND:
            return endings.not_sent(self, ruling)
        if not desk.may_send:
            return endings.left(self, desk.why_unsent)
        action = await self._intend(grant)
        answer = await self._send(grant, action)
        if answer is None:
            return endings.left(self, desk.why_unsent) if not desk.may_send else None
        self._tried += 1
        if not isinstance(answer, SmsError):
            return endings.done(self)
        return await self._after(answer, is_last=is_last)

    async def look(self) -> Rule | None:
        """See the task, and for a speed limit its rules; what may be done with it. None where it is gone."""
        client, task_id = self.desk.client, self.subject.task_id
        self.sight = await self._shown()
        if self.sight is None:
            return None
        found = rule(self.operation, self.sight)
        wish = self.desk.order.speed
        if found.ruling is not Ruling.SEND or self.operation is not Operation.SPEED or wish is None:
            return found
        today = await client.show_speed(task_id)
        try:
            self._merged = merge(today, wish)
        except SpeedError as error:
            return Rule(Ruling.ILLEGAL, str(error), "set it for the whole day, or clear rules in the SMS console")
        self._rules = today
        return Rule(Ruling.ALREADY, "it has this limit") if self._merged.rules == today else found

    async def _shown(self) -> TaskSight | None:
        """The task, None where it is gone.

        One that was made a moment ago may not be shown until the settle time is over, nor what was done to it a moment ago.
        """
        desk, looks = self.desk, 0
        while True:
            is_recent = desk.clock.steady() - desk.started < desk.options.settle_seconds and not self._was_seen
            sight = await desk.client.show_sight(self.subject.task_id)
            is_behind = is_recent if sight is None else self._is_behind(sight)
            if not is_behind or desk.stop.is_set:
                self._was_seen = self._was_seen or sight is not None
                return sight
            looks += 1
            await desk.stop.sleep(look_pause_seconds(looks, desk.random), desk.clock)

    def _is_behind(self, sight: TaskSight) -> bool:
        """Whether a look does not show yet what SMS has performed a moment ago: from such a state nothing is sent."""
        echo, now = self._echo, self.desk.clock.wall()
        if echo is None or echo.operation is Operation.SPEED or echo.settled_at is None:
            return False
        is_recent = 0 <= now - echo.settled_at < self.desk.options.settle_seconds
        return is_recent and conclude(echo.operation, echo.before, Seen(sight), settled=False) is None

    async def _intend(self, grant: Grant) -> Action:
        """Make the intent durable. Raises LeaseLostError, JournalUnavailableError."""
        desk = self.desk
        action = Action(
            ActionKey(desk.order.account, self.subject.task_id, self._number),
            self.subject.source_server_id,
            desk.run_id,
            self.operation,
            self._before(),
            desk.clock.wall(),
            is_automatic=self.is_automatic,
        )
        await desk.journal.transact(
            partial(action_log.write_intent, action=action, holder_id=grant.holder_id, more_keys=tuple(self.more_keys))
        )
        self.last = action
        self._number += 1
        return action

    def _before(self) -> Before:
        """What was seen last, as an intent notes it."""
        sight = self.sight
        return Before(
            state=sight.state if sight else "",
            started_at=sight.started_at if sight else None,
            copying_at=sight.copying_at if sight else None,
            finished_at=sight.finished_at if sight else None,
            rules=self._rules,
            wanted=self._merged.rules if self._merged else (),
        )

    async def _send(self, grant: Grant, action: Action) -> str | SmsError | None:
        """One request, from the durable intent to the durable answer; None where it was not to leave any more."""
        desk = self.desk
        started = await self._may_leave(grant, action)
        if started is None:
            await self._write(action.failed(NotSent("WAVES.NOT_SENT", "taken back before it left"), desk.clock.wall()))
            return None
        self._is_on_wire = True
        self.sent += 1
        answer: str | SmsError
        try:
            answer = await self._ask(action)
        except SmsError as error:
            if isinstance(error, StopRun):
                desk.stop.request(StopReason.refused(error))
            answer = error
        finally:
            desk.throttle.answered(started)
        self._is_on_wire = False
        now = desk.clock.wall()
        if isinstance(answer, SmsError):
            self.error = answer
            self.sent -= answer.error_class is ErrorClass.NOT_SENT
            await self._write(action.failed(answer, now))
        else:
            await self._write(action.performed(answer, now))
        return answer

    async def _may_leave(self, grant: Grant, action: Action) -> float | None:
        """Return when the pace lets the request out and the lease is certain to outlive it: that moment; None: it must not."""
        desk, began = self.desk, self.desk.clock.steady()
        started = await self._paced()
        while started is not None and desk.may_send and not desk.leases.is_proven(grant):
            await desk.leases.prove(grant)
            started = await self._paced()
        if started is not None and desk.may_send and desk.clock.steady() - began > _STALE_SECONDS:
            is_as_intended = await self._is_still(action)
            return started if is_as_intended and desk.may_send and desk.leases.is_proven(grant) else None
        return started if desk.may_send else None

    async def _is_still(self, action: Action) -> bool:
        """Look again after a long wait for the pace: whether all is as it was intended from."""
        try:
            ruling = await self.look()
        except SmsError:
            return False  # the next attempt's look says so
        return ruling is not None and ruling.ruling is Ruling.SEND and self._before() == action.before

    async def _paced(self) -> float | None:
        started = self.desk.throttle.take_if_free()
        return started if started is not None else await self.desk.stop.unless_set(self.desk.throttle.acquire(), self.desk.clock)

    async def _ask(self, action: Action) -> str:
        client, task_id = self.desk.client, self.subject.task_id
        if self.operation is Operation.DELETE:
            return await client.delete_task(task_id)
        if self.operation is Operation.SPEED:
            return await client.set_speed(task_id, action.before.wanted)
        return await client.operate(task_id, WIRE_WORD[self.operation])

    async def _write(self, action: Action) -> None:
        self.last = action  # known, whether it can be written down or not
        await self.desk.journal.transact(partial(action_log.write_end, action=action))

    async def _after(self, error: SmsError, *, is_last: bool) -> ServerResult | None:
        """What follows a request that was not answered with a yes: a result, or None where it is to be tried again."""
        desk = self.desk
        match error.error_class:
            case ErrorClass.AMBIGUOUS:
                action = self.last
                verdict = await self._settle(action, desk.clock.steady()) if action is not None else None
                if verdict is Verdict.DONE:
                    return endings.done(self)
                if verdict is Verdict.NOT_DONE:
                    return endings.gave_up(self) if is_last else None
                return endings.uncertain(self, action, verdict)
            case ErrorClass.NOT_SENT | ErrorClass.THROTTLED:
                if isinstance(error, Throttled):
                    desk.throttle.on_throttled(error)
                if is_last:
                    return endings.gave_up(self)
                await desk.stop.sleep(look_pause_seconds(self.sent + 1, desk.random), desk.clock)
                return None
            case ErrorClass.STOP:
                return endings.left(self, desk.why_unsent)
            case _:
                return await self._refused(error)

    async def _refused(self, error: SmsError) -> ServerResult:
        """SMS said no. What it says no to may be so already: by an earlier request of ours, or by another's."""
        try:
            ruling = await self.look()
        except SmsError:
            return endings.refused(self, error)
        if ruling is None:
            return endings.gone(self)
        if ruling.ruling is Ruling.ALREADY:
            return endings.not_sent(self, ruling)
        return endings.refused(self, error)

    async def _settle(self, action: Action, since: float) -> Verdict | None:
        """Look until it is certain what became of an action, and write that down; None where SMS cannot be asked, or time is up.

        `since` is when its request ended or, of another run's, when the lease was taken (steady seconds).
        """
        desk, looks, failed = self.desk, 0, 0
        while not desk.stop.is_set:
            settled = desk.clock.steady() - since >= desk.options.settle_seconds
            looks += 1
            try:
                verdict = conclude(action.operation, action.before, await self._see(action.operation), settled=settled)
            except StopRun as error:
                desk.stop.request(StopReason.refused(error))
                return None
            except SmsError as error:
                self.error, failed = error, failed + 1
                if settled and failed >= _FAILED_LOOKS:
                    return None
            else:
                failed = 0
                if verdict is not None:
                    await self._close(action, verdict)
                    return verdict
            await first_of(desk.stop.wait(), desk.clock.sleep(look_pause_seconds(looks, desk.random)))
        return None

    async def _see(self, operation: Operation) -> Seen:
        client, task_id = self.desk.client, self.subject.task_id
        self.sight = await client.show_sight(task_id)
        is_about_speed = operation is Operation.SPEED and self.sight is not None
        return Seen(self.sight, await client.show_speed(task_id) if is_about_speed else ())

    async def _close(self, action: Action, verdict: Verdict) -> None:
        desk, now = self.desk, self.desk.clock.wall()
        await desk.journal.transact(partial(action_log.settle, key=action.key, verdict=verdict, at=now))
        if self.last is not None and self.last.key == action.key:
            self.last = replace(self.last, verdict=verdict, settled_at=now)
