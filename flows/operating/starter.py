"""Start the servers of a wave as places come free, until all are started or the window ends; restart those that a restart cures.

Each round is one listing of the account, under the lease of its places (turn.py): who runs, who has come to an end, who is ready;
then as many are started as there is room for (places.py), each by the road of every operation (task_life.py). A source that is
offline is passed over and looked at again; a server whose dependencies cannot be done is told. Called by operate.py.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from flows.operating import action_log
from flows.operating.endings import OFFLINE_CODE
from flows.operating.moves import COPIED, FAILED, PASSING, RUNNING, Ruling, rule
from flows.operating.operations import Ended, Operation
from flows.operating.orders import Muster, ServerResult
from flows.operating.places import Candidate, Layout, choose
from flows.operating.task_life import TaskLife
from flows.operating.turn import PLACES, Turn
from flows.sms.codes import advice_for, is_cured_by_restart
from flows.sms.errors import SmsError, StopRun
from flows.submission.events import StopReason
from flows.submission.journal import LeaseLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from flows.operating.desk import ActDesk
    from flows.operating.whose import Subject
    from flows.sms.task_sight import TaskSight

_TRIES = 3
"""So many rounds a server may fail to be started, nothing having been performed, before it is left."""
_LOOK_AGAIN = frozenset({Ended.DEFERRED, Ended.ILLEGAL})
"""What is judged anew by the next round: it has another state than it was chosen by, such as a failure that a restart cures."""
_SICK_SECONDS = 300.0
"""After so long without one listing that could be read, SMS counts as sick."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A server that may be started as soon as there is a place: what is sent for it, and why where no person ordered that."""

    candidate: Candidate
    operation: Operation = Operation.START
    after: str = ""


class Starter:
    """The starting of one wave's servers. `tell` gets each result as it comes; a later one of the same row replaces it."""

    def __init__(self, desk: ActDesk, subjects: Iterable[Subject], tell: Callable[[ServerResult], None]) -> None:
        order = desk.order
        self._desk = desk
        self._tell = tell
        self._layout = Layout(order.plan, order.wave, desk.options.account_running)
        self._waiting = {subject.row.position: subject for subject in subjects}
        self._started: dict[int, Subject] = {}
        self._offline_until: dict[int, float] = {}
        self._tries: Counter[int] = Counter()
        self._restarted: Counter[str] = Counter()
        self._in_doubt: set[str] = set()
        self._waits_for: dict[int, str] = {}
        self._read_at = desk.clock.steady()
        self._offline_since: float | None = None

    async def run(self) -> None:
        """Return when every server has its result. Raises JournalUnavailableError."""
        desk = self._desk
        self._restarted, self._in_doubt = await desk.journal.read(partial(action_log.standing, account=desk.order.account))
        while self._waiting and desk.may_send:
            with suppress(LeaseLostError):  # taken for dead by others meanwhile: the next round takes the turn anew
                await self._round()
            if self._waiting and desk.may_send:
                await desk.stop.sleep(self._pause(), desk.clock)
        for subject in list(self._waiting.values()):
            self._finish(subject, self._left(subject))

    async def _round(self) -> None:
        """Look once, and start whom there is room for."""
        desk, turn = self._desk, Turn(self._desk)
        if not await turn.take():
            return
        try:
            sights = await self._listing()
            if sights is None:
                return
            now, options = desk.clock.wall(), desk.options
            since = now - options.settle_seconds - 1.0
            begun = await desk.journal.read(
                partial(
                    action_log.begun_since,
                    account=desk.order.account,
                    open_since=since - options.deadline_seconds,
                    done_since=since,
                )
            )
            chosen = self._choose(sights, begun)
            ended = await asyncio.gather(*(self._start(ready) for ready in chosen), return_exceptions=True)
            for error in ended:  # none is left behind under way when one of them has lost the turn
                if error is not None:
                    raise error
        finally:
            await turn.give_back()

    async def _listing(self) -> Sequence[TaskSight] | None:
        desk = self._desk
        try:
            sights = await desk.stop.unless_set(desk.client.list_sights(), desk.clock)
        except StopRun as error:
            desk.stop.request(StopReason.refused(error))
            return None
        except SmsError as error:
            desk.say_once(f"warning: SMS could not be asked who runs ({error.code} {error.message}): nothing is started meanwhile")
            if desk.clock.steady() - self._read_at > _SICK_SECONDS:
                desk.close(StopReason.sick(_SICK_SECONDS, f"{error.code} {error.message}"))
            return None
        self._read_at = desk.clock.steady()
        return sights

    def _choose(self, sights: Sequence[TaskSight], begun: Mapping[str, str]) -> list[_Ready]:
        """Who is started now; whoever needs no start, or can have none, gets its result."""
        by_id = {sight.id: sight for sight in sights}
        rows = {sight.id: self._layout.row_of(sight) for sight in sights}
        rows |= {subject.task_id: position for position, subject in [*self._started.items(), *self._waiting.items()]}
        running = {sight.id for sight in sights if sight.state == RUNNING} | _not_shown_yet(begun, by_id)
        self._take_back_failed(by_id)
        states: dict[int | None, str] = {row: by_id[task].state for task, row in rows.items() if task in by_id}
        ready = [found for subject in list(self._waiting.values()) if (found := self._sort(subject, by_id, states)) is not None]
        room = self._layout.room(rows.get(task) for task in running)
        by_position = {one.candidate.position: one for one in ready}
        chosen = [by_position[one.position] for one in choose((one.candidate for one in ready), room)]
        for one in chosen:
            self._waits_for.pop(one.candidate.position, None)
        self._give_up_hopeless(states, is_anything_under_way=bool(chosen))
        is_running = self._layout.of_wave(rows.get(task) for task in running) > 0
        self._give_up_offline(states, {one.candidate.position for one in chosen}, is_running=is_running)
        waits = Counter(self._waits_for.get(position, "for a place") for position in self._waiting)
        waits.subtract({"for a place": len(chosen)})
        self._desk.watcher.muster(
            Muster(self._layout.of_wave(rows.get(task) for task in running) + len(chosen), len(running) + len(chosen), waits)
        )
        return chosen

    def _sort(self, subject: Subject, by_id: Mapping[str, TaskSight], states: Mapping[int | None, str]) -> _Ready | None:
        """Where a waiting server stands: ready, or None where it goes on waiting or has just got its result."""
        position, sight = subject.row.position, by_id.get(subject.task_id)
        is_free = self._layout.is_free(position, states)
        candidate = self._layout.candidate(subject.row, is_free=is_free)
        self._waits_for[position] = "for a place" if is_free else _FOR_OTHERS
        if sight is None or subject.task_id in self._in_doubt:
            return _Ready(candidate)  # it is looked at by its id, and what is in doubt settled, under its own lease
        if sight.state in FAILED:
            return self._failed(subject, sight, candidate)
        found = rule(Operation.START, sight)
        if found.ruling is Ruling.PASSING:
            self._waits_for[position] = f"while {sight.state}"
            return None
        if found.ruling not in {Ruling.SEND, Ruling.OFFLINE}:
            self._finish(subject, _told(subject, sight, found.ruling, found.why, found.advice))
            return None
        return None if self._is_offline(subject, sight) else _Ready(candidate)

    def _failed(self, subject: Subject, sight: TaskSight, candidate: Candidate) -> _Ready | None:
        """A task that has failed is restarted where that cures it, up to the bound; any other is told."""
        code, most, used = sight.error_code, self._desk.order.restarts, self._restarted[subject.task_id]
        if is_cured_by_restart(code) and used < most:
            if self._is_offline(subject, sight):
                return None
            return _Ready(candidate, Operation.RESTART, f"restarted after {code} ({used + 1} of {most})")
        why = f"it has failed: {code} {sight.error_message}".rstrip()
        if is_cured_by_restart(code) and most:
            why += f"; it was restarted {used} times"
        advice = advice_for(code) if code else "see its error in the SMS console, then `waves restart`"
        self._finish(subject, replace(_told(subject, sight, Ruling.ILLEGAL, why, advice), code=code or "WAVES.STATE"))
        return None

    def _is_offline(self, subject: Subject, sight: TaskSight) -> bool:
        position, now = subject.row.position, self._desk.clock.steady()
        if not sight.is_offline and now >= self._offline_until.get(position, now):
            return False
        self._waits_for[position] = _OFFLINE
        self._desk.say_once(
            f"{subject.row.label} ({subject.row.cell('wave')}): its source server is offline; it is started once it is back"
        )
        return True

    def _take_back_failed(self, by_id: Mapping[str, TaskSight]) -> None:
        """What was started here and has failed since waits again, where a restart cures it."""
        for position, subject in list(self._started.items()):
            sight = by_id.get(subject.task_id)
            may_restart = self._restarted[subject.task_id] < self._desk.order.restarts
            if sight is not None and sight.state in FAILED and is_cured_by_restart(sight.error_code) and may_restart:
                self._waiting[position] = self._started.pop(position)

    async def _start(self, ready: _Ready) -> None:
        desk, position = self._desk, ready.candidate.position
        subject = self._waiting[position]
        is_automatic = ready.operation is Operation.RESTART
        life = TaskLife(desk, subject, ready.operation, is_automatic=is_automatic, more_keys=(PLACES,))
        result = await desk.perform(life)
        self._in_doubt.discard(subject.task_id)
        self._restarted[subject.task_id] += is_automatic and life.sent > 0
        if result.code == OFFLINE_CODE and result.ended in {Ended.REFUSED, Ended.DEFERRED}:
            self._offline_until[position] = desk.clock.steady() + desk.options.offline_seconds
            self._waits_for[position] = _OFFLINE
            desk.say_once(
                f"{subject.row.label} ({subject.row.cell('wave')}): its source server is offline; it is started once it is back"
            )
        elif result.ended in _LOOK_AGAIN and desk.may_send and self._tries[position] < _TRIES:
            self._tries[position] += 1
        else:
            self._finish(subject, replace(result, note=ready.after or result.note))
            if result.ended.is_done:
                self._started[position] = subject

    def _give_up_hopeless(self, states: Mapping[int | None, str], *, is_anything_under_way: bool) -> None:
        """Where all that still wait do so for servers that nobody brings on, they are told now and not at the window's end."""
        hopeless = {position for position in self._waiting if self._is_hopeless(position, states, frozenset())}
        if is_anything_under_way or hopeless != set(self._waiting):
            return
        for position in hopeless:
            subject = self._waiting[position]
            self._finish(subject, self._needs(subject, states))

    def _give_up_offline(self, states: Mapping[int | None, str], chosen: Collection[int], *, is_running: bool) -> None:
        """Leave sources that stay offline, and who needs them, once nobody else of the wave is left; where the order says so."""
        patience, now = self._desk.options.offline_patience_seconds, self._desk.clock.steady()
        offline = {each for each in self._waiting if each in self._offline_until or self._waits_for.get(each) == _OFFLINE}
        others = [each for each in self._waiting if each not in offline and self._waits_for.get(each) != _FOR_OTHERS]
        if patience is None or is_running or others or not offline:
            self._offline_since = None
            return
        self._offline_since = now if self._offline_since is None else self._offline_since
        if chosen or now - self._offline_since < patience:
            return
        for position, subject in list(self._waiting.items()):
            message = f"its source server has been offline for {patience / 60:g} minutes"
            told = _result(subject, Ended.DEFERRED, "", OFFLINE_CODE, message, advice_for(OFFLINE_CODE))
            self._finish(subject, told if position in offline else self._needs(subject, states))

    def _is_hopeless(self, position: int, states: Mapping[int | None, str], above: frozenset[int]) -> bool:
        for need in self._layout.needs_of.get(position, ()):
            state = states.get(need, "")
            if state in COPIED or state == RUNNING or state in PASSING:
                continue
            if need in above or need not in self._waiting or self._is_hopeless(need, states, above | {position}):
                return True
        return False

    def _needs(self, subject: Subject, states: Mapping[int | None, str]) -> ServerResult:
        needs = [need for need in self._layout.needs_of.get(subject.row.position, ()) if states.get(need) not in COPIED]
        named = ", ".join(f"{self._layout.label(need)} ({states.get(need, 'no task')})" for need in needs)
        message = f"it depends on {named}, which nobody brings on"
        advice = "see to that server first, then give the order again"
        return _result(subject, Ended.DEFERRED, "READY", "WAVES.NEEDS", message, advice)

    def _left(self, subject: Subject) -> ServerResult:
        """A server that was not started when the order ended."""
        reason = self._desk.why_unsent
        waits = self._waits_for.get(subject.row.position, "for a place")
        why = "its source server is offline" if waits == _OFFLINE else f"it waited {waits}"
        return _result(subject, Ended.DEFERRED, "", reason.code, f"{reason.message}; {why}", reason.advice)

    def _finish(self, subject: Subject, result: ServerResult) -> None:
        self._waiting.pop(subject.row.position, None)
        self._waits_for.pop(subject.row.position, None)
        self._tell(result)

    def _pause(self) -> float:
        """Until the next look; no longer than the window is open."""
        left = self._desk.window.seconds_left(self._desk.clock.wall())
        poll = self._desk.options.poll_seconds
        return poll if left is None else max(0.0, min(poll, left))


_OFFLINE, _FOR_OTHERS = "for a source that is offline", "for servers that it depends on"


def _not_shown_yet(begun: Mapping[str, str], by_id: Mapping[str, TaskSight]) -> set[str]:
    """The tasks that were started a moment ago, or may have been, and are listed as they were before, or not at all."""
    return {task for task, state in begun.items() if task not in by_id or by_id[task].state == state}


def _told(subject: Subject, sight: TaskSight, ruling: Ruling, why: str, advice: str) -> ServerResult:
    if ruling is Ruling.ALREADY:
        return _result(subject, Ended.ALREADY, sight.state, "", why, "")
    return _result(subject, Ended.ILLEGAL, sight.state, "WAVES.STATE", f"it cannot be started: {why}", advice)


def _result(subject: Subject, ended: Ended, state: str, code: str, message: str, advice: str) -> ServerResult:
    return ServerResult(subject.row, subject.source_server_id, ended, subject.task_id, state, code, message, advice)
