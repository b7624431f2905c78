"""Follow a wave: look, take in what changed, write it down, say what people want to know, and wait for the next look.

One listing a look for the whole account, however many tasks run (look.py); only what changed is written and told. A look that
fails is told once and tried again. Called by the command line, the flow track-wave, and by whoever takes a wave through its night.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from flows.sms.errors import SmsError, StopRun
from flows.submission.database import JournalUnavailableError
from flows.tracking import notices
from flows.tracking.crew import Member, assign, muster
from flows.tracking.events import Change
from flows.tracking.look import look
from flows.tracking.outlook import Outlook, Standpoint
from flows.tracking.picture import Picture, ServerView
from flows.tracking.polling import INTERVAL_SECONDS, Polling, least_interval
from flows.tracking.shares import fair_shares
from flows.tracking.sights import SightBook
from flows.tracking.standing import Goal, Standing
from flows.tracking.trace import Trace
from inventory.forecast_words import length, named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.sms.client import SmsClient
    from flows.sms.errors import ThrottleWindow
    from flows.submission.clock import Clock
    from flows.submission.events import StopReason, StopSignal
    from flows.submission.journal import Journal
    from flows.submission.throttle import Throttle
    from flows.tracking.events import TrackWatcher
    from flows.tracking.look import Look
    from inventory.forecast import WaveForecast
    from inventory.plan import Plan, ServerRow

_ALL = 100.0
_LISTED_ROWS = 190
"""Rows that a call of the listing adds."""

_REFRESH_SECONDS = 60.0
_OUTLOOK_SHARE = 0.005
"""What of a core the outlook may take."""

_LATE_SECONDS = 60.0
_LATE_SHARE = 0.03
"""How much of the time that is left an end may be off before it counts as late: models are no clocks."""

GONE_AFTER = 2
"""A task that no look has shown counts as deleted when SMS has denied it so often: it may not be listed yet."""


@dataclass(frozen=True, slots=True)
class TrackOrder:
    """What is to be followed, until when, and how often it is looked at; `rows` are those that are told of.

    `forecast` is what was to be expected of the whole wave; None where nobody can tell. `gone_after` is how many looks in vain make
    a task count as deleted that none has shown. Not `waits_for_people`: whoever starts tasks waits for this to end, so a server
    that waits to be started is not waited for.
    """

    plan: Plan
    wave: str
    rows: Sequence[ServerRow]
    account: str
    goal: Goal = Goal.DONE
    interval_seconds: float = INTERVAL_SECONDS
    forecast: WaveForecast | None = None
    gone_after: int = GONE_AFTER
    waits_for_people: bool = True


@dataclass(frozen=True, slots=True)
class TrackDesk:
    """What tracking works with. `reads` is the bucket that `client` reads by, whose window the looks leave half of to others."""

    client: SmsClient
    journal: Journal
    clock: Clock
    watcher: TrackWatcher
    stop: StopSignal
    reads: Throttle | None = None


@dataclass(frozen=True, slots=True)
class TrackResult:
    """How it ended: the last picture (None where there was none), and why it ended before the goal, if it was stopped."""

    picture: Picture | None
    stop: StopReason | None = None

    @property
    def is_reached(self) -> bool:
        """Whether every server has reached the goal, in time."""
        return self.picture is not None and self.picture.is_reached and not self.picture.late


async def track(order: TrackOrder, desk: TrackDesk) -> TrackResult:
    """Follow a wave until its goal is reached, or cannot be any more, or the run is asked to stop.

    A server that failed, whose task was deleted, or that has no task is not waited for once all others are there. Raises
    JournalUnavailableError before the first look, an SmsError where SMS cannot even be asked once, and StopRun whenever it refuses
    the credentials.
    """
    tracker = Tracker(order, desk)
    picture: Picture | None = None
    while True:
        seen = await desk.stop.unless_set(tracker.poll(), desk.clock)
        picture = seen or picture
        is_seen = seen is not None and is_over(seen, waits_for_people=order.waits_for_people)
        if desk.stop.is_set or picture is None or is_seen:
            return TrackResult(picture, desk.stop.reason)
        await desk.stop.sleep(picture.next_in, desk.clock)


def is_over(picture: Picture, *, waits_for_people: bool = True) -> bool:
    """Whether nothing is left to wait for: each server has reached the goal, or is lost, or has no task.

    Without people to wait for, those that wait for them are no reason to wait either: from the second look on, since a start may
    not be listed at once. A state that nobody knows is waited for until the window closes.
    """
    if picture.problem:
        return False
    idle = {Standing.NO_TASK}
    if not waits_for_people and picture.polls > 1:
        idle.add(Standing.WAITING)
        if picture.window_ends_at is not None and picture.at >= picture.window_ends_at:
            idle.add(Standing.UNKNOWN)
    return all(server.standing.is_lost or server.standing in idle or server.reaches(picture.goal) for server in picture.servers)


class Tracker:
    """One wave that is followed. `poll` is one look; whoever calls it decides when the next is due (`Picture.next_in`)."""

    def __init__(self, order: TrackOrder, desk: TrackDesk) -> None:
        self._order = order
        self._desk = desk
        self._book = SightBook(desk.journal, order.account, order.plan.name, order.wave)
        self._notices = notices.Notices(desk.journal, order.account, order.plan.name, order.wave)
        self._outlook = Outlook(order.forecast) if order.forecast is not None else None
        self._polling = Polling(order.interval_seconds)
        self._members: list[Member] = []
        self._traces: dict[str, Trace] = {}
        self._unwritten: dict[str, Trace] = {}
        self._shares: tuple[tuple[int, ...], Mapping[int, float]] = ((), {})
        self._reckoned_at = -inf
        self._least_gap = 0.0
        self._polls = 0
        self._is_journal_lost = False
        self._last: Picture | None = None
        wave = order.plan.waves.get(order.wave)
        self._zone = wave.starts_at.tzinfo if wave is not None and wave.starts_at is not None else None

    async def poll(self) -> Picture:
        """Look once: the wave as it is, written down and told. A look in vain gives the picture before, with its `problem`.

        Raises as `track` does.
        """
        try:
            await self.begin()
            seen = await look(self._desk.client, self._desk.clock, self.wanted())
        except StopRun:
            raise
        except SmsError as error:
            if self._last is None:
                raise
            return self._in_vain(self._last, error)
        if self._polling.failed:
            self._desk.watcher.remark(f"SMS can be looked at again, after {self._polling.failed} looks in vain")
        return await self.take_in(seen)

    async def begin(self) -> None:
        """Know who is followed, and which tasks are theirs by now. Raises JournalUnavailableError, and an SmsError."""
        if not self._members:
            await self._muster()
        await self._assign()

    async def _muster(self) -> None:
        order, desk = self._order, self._desk
        shown = {row.position for row in order.rows}
        self._traces = await self._book.read()
        members = await muster(order.plan, order.wave, shown, order.account, desk.client, desk.journal)
        loads = {load.row.position: load for load in order.forecast.case.loads} if order.forecast else {}
        for member in members:
            load = loads.get(member.row.position)
            if load is not None:
                member.bytes = float(load.size) if load.size else None
                member.cap_mbps = load.limit_mbps
        self._members = members

    async def _assign(self) -> None:
        """Learn of tasks that were made meanwhile, where some server has none."""
        if self._polls and any(not member.task_id or member.standing is Standing.GONE for member in self._members):
            try:
                await assign(self._members, self._order.account, self._desk.journal)
            except JournalUnavailableError as error:
                self._lose_journal(error)

    def wanted(self) -> list[str]:
        """The tasks that a look has to find, or to tell that they are gone; call it after `begin`."""
        return [member.task_id for member in self._members if member.task_id and not (member.trace and member.trace.is_gone)]

    async def take_in(self, seen: Look) -> Picture:
        """The wave as a look shows it, written down and told: what `poll` makes of its own look. One look may serve many waves."""
        at = seen.at
        self._polls += 1
        due = self._due()
        changed = [(member, was) for member in self._members if (was := self._see(member, seen, due)) is not None]
        self._look_ahead(at, has_changed=bool(changed))
        has_moved = self._redraw()
        for member, was in changed:
            if member.is_shown and member.view is not None and (was or member.standing.is_lost):
                self._desk.watcher.change(Change(member.view, was))
        picture = self._picture(at, has_moved=has_moved, calls=1 + len(seen.tasks) // _LISTED_ROWS)
        await self._write_down(picture)
        self._last = picture
        self._desk.watcher.picture(picture)
        return picture

    def _see(self, member: Member, seen: Look, due: Mapping[int, float]) -> str | None:
        """Take in what a look shows of a server; the state that it had, where that has changed."""
        sight, was = member.find(seen), member.state if member.trace is not None else ""
        if sight is None:
            return was if self._miss(member, seen) else None
        member.missed = 0
        trace = member.trace
        if trace is None or trace.task_id != sight.id:
            trace = self._traces.get(sight.id) or Trace(sight.id, member.source_server_id, bytes=member.bytes)
            member.trace, was = trace, trace.state
        trace.bytes = member.bytes if trace.bytes is None else trace.bytes
        if trace.is_copying and (mbps := due.get(member.row.position, inf)) < inf:
            trace.note_due(mbps, seen.at)
        member.note_round(sight)
        member.sight = sight
        if trace.see(sight, seen.at):
            self._unwritten[trace.task_id] = trace
        return was if was != member.state else None

    def _miss(self, member: Member, seen: Look) -> bool:
        """No look showed its task; whether it counts as deleted from now on."""
        if member.task_id not in seen.gone:
            return False
        member.missed += 1
        trace = member.trace or self._traces.get(member.task_id)
        if trace is None and member.missed < self._order.gone_after:
            return False
        if trace is None:
            trace = Trace(member.task_id, member.source_server_id, bytes=member.bytes)
        member.trace, member.sight = trace, None
        if not trace.lose(seen.at):
            return False
        self._unwritten[trace.task_id] = trace
        return trace.standing is not Standing.DONE

    def _due(self) -> Mapping[int, float]:
        """What the wave's line would give each copy now, by the rows' positions; reckoned anew only when others copy."""
        copying = [member for member in self._members if member.trace is not None and member.trace.is_copying]
        who = tuple(member.row.position for member in copying)
        if who != self._shares[0]:
            line = self._order.forecast.case.bandwidth_mbps if self._order.forecast else inf
            shares = fair_shares(line, [member.cap_mbps for member in copying])
            self._shares = (who, dict(zip(who, shares, strict=True)))
        return self._shares[1]

    def _look_ahead(self, at: float, *, has_changed: bool) -> None:
        """Reckon anew when servers will end: when something changed, else once a minute; never for more than its share of time."""
        if self._outlook is None or at < self._reckoned_at + max(self._least_gap, 0.0 if has_changed else _REFRESH_SECONDS):
            return
        began = time.process_time()
        points = {member.row.position: Standpoint(member.standing, member.trace, member.copy_progress) for member in self._members}
        if self._polls == 1:
            expected = self._outlook.expected(self._began())
            for member in self._members:
                member.expected_end = expected.get(member.row.position)
        ends = self._outlook.from_now(points, at)
        for member in self._members:
            finished_at = member.trace.finished_at if member.trace is not None else None
            member.ends_at = finished_at if member.standing is Standing.DONE else ends.get(member.row.position)
        self._reckoned_at, self._least_gap = at, (time.process_time() - began) / _OUTLOOK_SHARE

    def _began(self) -> float | None:
        starts = [member.trace.started_at for member in self._members if member.trace and member.trace.started_at]
        return min(starts, default=None)

    def _redraw(self) -> bool:
        """Bring the views of all servers up to date; whether any of them has moved."""
        has_moved = False
        for member in self._members:
            if not member.is_shown:
                continue
            view, was = self._view(member), member.view
            if view != was:
                member.view = view
                has_moved = has_moved or was is None or _moved(was, view)
        return has_moved

    def _view(self, member: Member) -> ServerView:
        trace, sight, standing = member.trace, member.sight, member.standing
        if trace is None:
            return ServerView(
                member.row,
                member.source_server_id,
                "",
                member.state,
                standing,
                expected_end=member.expected_end,
                ends_at=member.ends_at,
                late_seconds=self._late(member, standing),
                bytes=member.bytes,
                problem=member.problem,
            )
        return ServerView(
            member.row,
            member.source_server_id,
            trace.task_id,
            member.state,
            standing,
            trace.progress,
            trace.sub_task if standing.is_under_way else "",
            sight.speed_mbps if sight is not None and standing.is_under_way else None,
            trace.error_code,
            trace.error_message,
            trace.task_id == member.task_id,
            sight.is_offline if sight is not None else False,
            trace.is_syncing,
            _ALL if member.has_synced else sight.sync_progress if sight is not None else None,
            trace.started_at,
            trace.finished_at,
            member.expected_end,
            trace.finished_at if standing is Standing.DONE else member.ends_at,
            self._late(member, standing),
            trace.changed_at,
            member.bytes,
        )

    def _late(self, member: Member, standing: Standing) -> float:
        """How far its end is past the window's; 0.0 where it is not, or nobody can tell."""
        closes = self._outlook.window_ends_at if self._outlook is not None else None
        if closes is None or standing.is_lost:
            return 0.0
        if standing is Standing.DONE:
            ended = member.trace.finished_at if member.trace is not None else None
            return max(0.0, ended - closes) if ended is not None and ended - closes > _LATE_SECONDS else 0.0
        if member.ends_at is None:
            return 0.0
        seen_at = member.trace.seen_at if member.trace is not None else closes
        slack = max(_LATE_SECONDS, _LATE_SHARE * max(0.0, member.ends_at - seen_at))
        return member.ends_at - closes if member.ends_at - closes > slack else 0.0

    def _picture(self, at: float, *, has_moved: bool, calls: int) -> Picture:
        outlook, views = self._outlook, [member.view for member in self._members if member.view is not None]
        ends = [view.ends_at for view in views if view.ends_at is not None]
        expected = [view.expected_end for view in views if view.expected_end is not None]
        wait = self._polling.after(has_moved=has_moved, end_in=_end_in(views, self._order.goal, at))
        return Picture(
            wave=self._order.wave,
            plan_name=self._order.plan.name,
            goal=self._order.goal,
            at=at,
            servers=views,
            started_at=self._began(),
            window_ends_at=outlook.window_ends_at if outlook is not None else None,
            expected_end=max(expected, default=None),
            ends_at=max(ends, default=None),
            polls=self._polls,
            next_in=max(wait, least_interval(calls, self._window)),
            zone=self._zone,
        )

    @property
    def _window(self) -> ThrottleWindow | None:
        return self._desk.reads.story.window if self._desk.reads is not None else None

    def _in_vain(self, last: Picture, error: SmsError) -> Picture:
        if not self._polling.failed:
            self._desk.watcher.remark(f"warning: SMS cannot be looked at, and is asked again: {error}")
        wait = self._polling.after_failure()
        picture = replace(last, failed_polls=self._polling.failed, problem=str(error), next_in=wait)
        self._last = picture
        self._desk.watcher.picture(picture)
        return picture

    async def _write_down(self, picture: Picture) -> None:
        """Keep what is new, and say once who will be late."""
        try:
            await self._book.write(list(self._unwritten.values()))
            self._unwritten.clear()
            late = {view.task_id or view.identity: view for view in picture.late}
            unsaid = await self._notices.unsaid(notices.LATE, list(late), picture.at)
        except JournalUnavailableError as error:
            self._lose_journal(error)
            return
        self._is_journal_lost = False
        if unsaid:
            self._desk.watcher.remark(late_words([late[key] for key in unsaid], picture))

    def _lose_journal(self, error: JournalUnavailableError) -> None:
        if not self._is_journal_lost:
            self._desk.watcher.remark(f"warning: the journal cannot be used, and is tried again at each look: {error}")
        self._is_journal_lost = True


def _moved(was: ServerView, now: ServerView) -> bool:
    """Whether a server has got on, or back; that it is expected to end at another time is no move."""
    return (was.state, was.progress, was.sub_task, was.task_id) != (now.state, now.progress, now.sub_task, now.task_id)


def _end_in(views: Sequence[ServerView], goal: Goal, at: float) -> float | None:
    """In how many seconds all who are followed will have ended; None where somebody waits for us, or nobody can tell."""
    left = [view for view in views if not (view.standing.is_lost or view.standing is Standing.NO_TASK or view.reaches(goal))]
    if not all(view.standing.is_under_way for view in left):
        return None
    ends = [view.ends_at for view in left]
    known = [end for end in ends if end is not None]
    return max(known) - at if known and len(known) == len(ends) else None


def late_words(late: Sequence[ServerView], picture: Picture) -> str:
    """Who will miss the window, and by how much, in one line."""
    last = max(late, key=lambda view: view.late_seconds)
    who = named([view.label for view in late])
    is_over = all(view.standing is Standing.DONE for view in late)
    verb = "missed its window" if is_over else "will miss its window"
    if len(late) > 1:
        verb = verb.replace("its", "their")
    by = f"by {length(last.late_seconds)}" + (f" ({last.label})" if len(late) > 1 else "")
    return f"late: {picture.wave}: {who} {verb} {by}"
