"""How tasks get on by themselves: prepare, copy, sync, configure, fail, stop, go; each change at its own moment.

A running task passes its preparing sub-tasks (`preparation` seconds together), copies its bytes over the line that all share
(line.py), and configures (`configuration` seconds). A syncing one stays SYNCING after its copy, with a round for what has changed
every `sync_seconds`, until its cutover: then a last round and the configuration. Without a bandwidth each copy takes
`migration_seconds`. Moves only when core.py says that a time has come; every speed is constant in between.

Taken here where no page tells (guess): a task that was stopped or has failed goes on in the sub-task and at the byte where it was;
while it is cut over it shows SYNCING; what changes is never more than the whole server.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from flows.simulator.agent_faults import (
    OFFLINE,
    OFFLINE_PATIENCE_SECONDS,
    OVERSPEED_SECONDS,
    TROUBLES,
    AgentFaults,
    error_of,
    parse_fail,
)
from flows.simulator.consistency import check_result
from flows.simulator.line import Copies, FixedTimes, Lines
from flows.simulator.payload import BYTES_PER_MBIT, bytes_to_copy, directories
from flows.simulator.speed_rules import limit_in_force, next_boundary
from flows.simulator.states import PASSING, State
from flows.simulator.subtasks import sub_tasks_of
from flows.simulator.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.simulator.agenda import Agenda
    from flows.simulator.fleet import Fleet
    from flows.simulator.options import SimulatorOptions
    from flows.simulator.tasks import Task

AUTO_START_SECONDS = 5.0
_DAY = 86400.0
_DONE = frozenset({State.MIGRATE_SUCCESS, State.SYNC_SUCCESS})


class Progress:
    """The tasks that get on. `changed` is called after each change of one, `gone` when a deletion ends.

    `offline` is called with a source, the time and the seconds where a source is to be offline for a while.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        agenda: Agenda,
        fleet: Fleet,
        *,
        find: Callable[[str], Task | None],
        changed: Callable[[Task], None],
        gone: Callable[[Task], None],
        offline: Callable[[str, float, float], None],
    ) -> None:
        self._options = options
        self._agenda = agenda
        self._fleet = fleet
        self._find = find
        self._changed = changed
        self._gone = gone
        self._offline = offline
        self.agent_faults = AgentFaults(options.seed, parse_fail(options.fail))
        self._copies: Copies = self._open_line()

    # -- told by core.py

    def watch(self, task: Task, now: float) -> None:
        """Take up a task read from the store where it was; a copy has gone on at the speed it had."""
        if task.work is not None and task.work.is_copying:
            work = task.work
            work.left = max(0.0, work.left - work.speed * (now - work.seen_at))
            work.is_copying = False
            self._put_on_line(task, now)
        elif task.changes_at is not None:
            self._agenda.put(task.changes_at, lambda due: self._pass_on(task, due), task.id)

    def unwatch(self, task: Task, now: float) -> None:
        """Have a task do nothing more by itself; what it has copied stays."""
        task.changes_at = None
        self._agenda.drop(task.id)
        self._take_off_line(task, now)

    def reset(self) -> None:
        """Forget all copies."""
        self._copies.clear()

    def next_end(self) -> float:
        """When the next copy ends if nothing changes before."""
        return self._copies.next_end()

    def next_step_end(self, now: float) -> float:
        """When the next copy ends that is no round of a task in sync, at the speeds of this moment."""
        ends, copying = [inf], self._copies.keys()
        for key in copying:
            task = self._find(key)
            if task is None or task.work is None or (task.state == State.SYNCING and not task.work.is_cutting_over):
                continue
            speed = self._copies.speed(key)
            if speed > 0:
                ends.append(now + self._copies.left(key, now) / speed)
        return min(ends)

    def end_next(self) -> None:
        """Let that copy end."""
        end = self._copies.next_end()
        task = self._find(self._copies.take_next())
        if task is not None:
            self._copied(task, end)

    def start_later(self, task: Task, now: float) -> None:
        """Have a READY task start by itself (`auto_start`)."""
        self._leave_at(task, now + AUTO_START_SECONDS)
        self._changed(task)

    def enter(self, task: Task, state: State, now: float) -> None:
        """Put a task into the state to which an operation leads, and note when it will leave it by itself."""
        match state:
            case State.RUNNING:
                self._start(task, now)
            case State.MIGRATE_SUCCESS:
                self._cut_over(task, now)
            case State.DELETING:
                self._pause(task, state, now, self._options.delete_seconds)
            case State.MIGRATE_FAIL:
                task.error = error_of("SMS.9007")  # the one operation that leads there says so
                self._pause(task, state, now, None)
            case _:
                passing = PASSING.get(state)
                self._pause(task, state, now, None if passing is None else passing[1])

    def put_into(self, task: Task, state: State, now: float) -> None:
        """Put a task into a state by hand, where it stays until it is moved."""
        self.unwatch(task, now)
        self.pretend(task, state)
        self._show(task, state, now, "by hand")
        self._changed(task)

    def fail(self, task: Task, error: dict[str, Any], now: float) -> None:
        """Have a task fail where it is; `error` as `agent_faults.error_of` makes it."""
        self.unwatch(task, now)
        task.error = error
        is_syncing = task.state == State.SYNCING
        self._show(task, State.SYNC_FAIL if is_syncing else State.MIGRATE_FAIL, now, str(error["error_code"]))
        self._changed(task)

    def connection_changed(self, task: Task, now: float, *, connected: bool) -> None:
        """Stall or go on with a task whose source has gone offline or come back; one that is not back in time fails."""
        if connected:
            self._agenda.drop(f"patience {task.id}")
        else:
            self._be_patient(task, now)
        self.recap(task, now)
        self._changed(task)

    def pretend(self, task: Task, state: State) -> None:
        """Let the work of a task look as it does in a state into which nobody brought it."""
        work = self.work(task)
        if state in _DONE:
            work.skip_to(len(work.names))
        elif state in {State.SYNCING, State.SYNC_FAIL}:
            work.skip_to(work.sync_at)

    def recap(self, task: Task, now: float) -> None:
        """Hold a task's copy to what limits it now."""
        if task.work is None or not task.work.is_copying:
            return
        self._copies.recap(task.id, self._cap(task, now), now)
        self._watch_rules(task, now)

    def set_bandwidth(self, mbps: float, now: float, line: str) -> None:
        """Change what a line carries. Raises ValueError where copies share none."""
        self._copies.set_capacity(mbps * self._options.efficiency * BYTES_PER_MBIT, now, line)

    # -- asked by whoever shows a task

    def work(self, task: Task) -> Work:
        """How far a task is; made up when first asked for."""
        if task.work is None:
            request = task.request()
            source = self._fleet.find(task.source_server_id)
            makes_target = bool(task.vm_template_id) and not task.target_vm_id
            names = sub_tasks_of(request, makes_target=makes_target)
            task.work = Work(names, float(bytes_to_copy(request, source.layout if source else None)))
        return task.work

    def left(self, task: Task, now: float) -> float:
        """The bytes that the copy in hand has left at `now`."""
        work = self.work(task)
        return (self._copies.left(task.id, now) if work.is_copying else work.left) + work.beyond

    def speed(self, task: Task) -> float:
        """How fast a task copies now, in bytes a second."""
        return self._copies.speed(task.id)

    def copied(self, task: Task, now: float) -> float:
        """All bytes that a task has copied."""
        work = self.work(task)
        return work.copied + (work.part - self.left(task, now))

    def note_copies(self, now: float) -> list[Task]:
        """Write into each copying task how far it is, for the store; those tasks."""
        tasks = [task for task in map(self._find, self._copies.keys()) if task is not None]
        for task in tasks:
            self.note_copy(task, now)
        return tasks

    def note_copy(self, task: Task, now: float) -> None:
        """Write into a task how far its copy is, if it has one under way."""
        work = task.work
        if work is not None and work.is_copying:
            work.left, work.seen_at, work.speed = self._copies.left(task.id, now), now, self._copies.speed(task.id)

    # -- inside: the way of a task

    def _start(self, task: Task, now: float) -> None:
        work = self.work(task)
        work.is_cutting_over = False
        if task.state in _DONE:
            self._sync_again(task, now)
            return
        self._show(task, State.RUNNING, now)
        work.runs += 1
        self._draw_strike(task, work)
        task.started_at, task.finished_at, task.error = now, None, None
        work.prepared_from, work.prepared_at = now, work.at
        self._take_up(task, min(work.at, len(work.names) - 1), now)

    def _take_up(self, task: Task, at: int, now: float) -> None:
        """Begin a sub-task, or go on in it."""
        work = self.work(task)
        work.enter(at, now)
        if work.is_over:
            self._succeed(task, now)
        elif at == work.copy_at:
            self._put_on_line(task, now)
        elif at == work.sync_at:
            self._sync(task, now)
        else:
            ends = self._sub_task_ends(work, now)
            if work.strikes_here:
                ends = now + (ends - now) * work.strike_share
            self._leave_at(task, ends)
        self._changed(task)

    def _sub_task_ends(self, work: Work, now: float) -> float:
        if work.is_preparing:
            return work.prepared_from + self._options.preparation * (work.at + 1 - work.prepared_at) / work.copy_at
        is_last = work.at == len(work.names) - 1
        return now + (0.0 if is_last else self._options.configuration)

    def _pass_on(self, task: Task, moment: float) -> None:
        """What a task waited for has come."""
        task.changes_at = None
        match State(task.state):
            case State.DELETING:
                self._gone(task)
            case State.READY:
                self._start(task, moment)
            case State.RUNNING | State.SYNCING:
                work = self.work(task)
                if work.strikes_here and work.at != work.sync_at:
                    self._struck(task, moment)
                elif work.at == work.sync_at:
                    self._begin_round(task, moment)
                else:
                    self._take_up(task, work.at + 1, moment)
            case other:
                if other is not State.ABORTING:
                    task.error = None
                self._show(task, PASSING[other][0], moment)
                self._changed(task)

    def _copied(self, task: Task, moment: float) -> None:
        work = self.work(task)
        work.is_copying, work.speed, work.left = False, 0.0, work.beyond
        work.beyond = 0.0
        self._drop_watches(task)
        if work.strikes_here:
            self._struck(task, moment)
            return
        work.copied += work.part
        work.part = 0.0
        work.as_of, work.next_as_of = work.next_as_of, None
        if work.at == work.copy_at:
            self._check_consistency(task, moment)
            self._take_up(task, work.sync_at if task.syncs else work.sync_at + 1, moment)
            return
        work.rounds += 1
        self._round_done(task, moment)

    def _round_done(self, task: Task, moment: float) -> None:
        work = self.work(task)
        if work.is_cutting_over or work.is_again:
            self._check_consistency(task, moment)
            self._take_up(task, work.sync_at + 1, moment)
            return
        if self._options.change_per_day > 0:
            self._leave_at(task, max(moment, (work.as_of or moment) + self._options.sync_seconds), is_quiet=True)
        self._changed(task)

    def _check_consistency(self, task: Task, now: float) -> None:
        work, request = self.work(task), task.request()
        if not (work.is_checked or request.get("is_need_consistency_check")):
            return
        source = self._fleet.find(task.source_server_id)
        found = directories(request, source.layout if source else None)
        share, number = self._options.inconsistent, len(work.results)
        # By the source: a task's id is another one each time, and a night is to be the same for one seed.
        work.results.append(check_result(self._options.seed, task.source_server_id, number, found, share, now))

    # -- inside: syncing

    def _sync(self, task: Task, now: float) -> None:
        """Be SYNCING: go on with a round that was broken off, or wait for the next."""
        work = self.work(task)
        self._show(task, State.SYNCING, now)
        if work.left + work.beyond > 0:
            self._put_on_line(task, now)
        elif self._options.change_per_day > 0:
            self._leave_at(task, max(now, (work.as_of or now) + self._options.sync_seconds), is_quiet=True)

    def _begin_round(self, task: Task, now: float) -> None:
        work = self.work(task)
        work.part = work.left = self._changes(work, now)
        if work.part > 0:
            self._put_on_line(task, now)
        else:
            work.as_of = now
            self._round_done(task, now)
        self._changed(task)

    def _cut_over(self, task: Task, now: float) -> None:
        """Copy what the round in hand has left and what has changed since it began; then configure."""
        work = self.work(task)
        self._agenda.drop(task.id)
        task.changes_at = None
        self._take_off_line(task, now)
        work.skip_to(work.sync_at)
        work.is_cutting_over, work.is_again = True, False
        since = work.as_of if work.next_as_of is None else work.next_as_of
        delta = self._changes_since(work, since, now)
        work.part, work.left = work.part + delta, work.left + delta
        work.next_as_of = None
        if work.left + work.beyond > 0:
            self._put_on_line(task, now)
        else:
            self._nothing_to_copy(task, now)
        self._changed(task)

    def _nothing_to_copy(self, task: Task, now: float) -> None:
        work = self.work(task)
        work.as_of = now
        self._check_consistency(task, now)
        self._take_up(task, work.sync_at + 1, now)

    def _sync_again(self, task: Task, now: float) -> None:
        """Copy what has changed since a success: SYNCING, then SYNC_SUCCESS. In fixed times without changes, a whole copy."""
        work = self.work(task)
        self._show(task, State.SYNCING, now)
        work.runs += 1
        work.is_again = True
        work.enter(work.sync_at, now)
        is_whole = not self._options.bandwidth and not self._options.change_per_day
        work.part = work.left = work.whole if is_whole else self._changes(work, now)
        if is_whole or work.part > 0:
            self._put_on_line(task, now)
        else:
            self._nothing_to_copy(task, now)
        self._changed(task)

    def _changes(self, work: Work, now: float) -> float:
        return self._changes_since(work, work.as_of, now)

    def _changes_since(self, work: Work, since: float | None, now: float) -> float:
        if since is None:
            return 0.0
        return min(work.whole, work.whole * self._options.change_per_day * (now - since) / _DAY)

    # -- inside: what agents suffer

    def _draw_strike(self, task: Task, work: Work) -> None:
        strike = self.agent_faults.draw(task.source_server_id, work.runs)
        work.strike, work.strike_at = "", -1
        if strike is None:
            return
        stage = TROUBLES[strike.kind].stage
        stage = "MIGRATE" if stage == "SYNC" and not task.syncs else stage
        place = next(place for place, name in enumerate(work.names) if name.startswith(stage))
        if place < work.at and not TROUBLES[strike.kind].is_lasting:
            return  # what it would have struck is done
        work.strike, work.strike_at = strike.kind, max(place, work.at)
        work.strike_share, work.strike_seconds = strike.share, strike.seconds

    def _struck(self, task: Task, moment: float) -> None:
        work = self.work(task)
        kind, work.strike, work.strike_at = work.strike, "", -1
        if kind != OFFLINE:
            self.fail(task, error_of(kind), moment)
            return
        self._put_on_line(task, moment)
        self._offline(task.source_server_id, moment, work.strike_seconds)

    def _be_patient(self, task: Task, now: float) -> None:
        if task.state in {State.RUNNING, State.SYNCING}:
            when = now + OFFLINE_PATIENCE_SECONDS
            self._agenda.put(when, lambda due: self._lose_patience(task, due), f"patience {task.id}")

    def _lose_patience(self, task: Task, due: float) -> None:
        source = self._fleet.find(task.source_server_id)
        if source is not None and not source.connected and task.state in {State.RUNNING, State.SYNCING}:
            self.fail(task, error_of("SMS.0201", params=(source.name,)), due)

    def _check_overspeed(self, task: Task, due: float) -> None:
        """Pause a task whose source does not apply the limit (no `tc`) and which is over it and its threshold (facts 5.3)."""
        request, limit = task.request(), self._limit(task, due)
        threshold = float(request.get("over_speed_threshold") or 0)
        if self._copies.speed(task.id) > limit * (1 + threshold / 100) * BYTES_PER_MBIT:
            self.fail(task, error_of("SMS.9007"), due)
        else:
            self._agenda.put(due + OVERSPEED_SECONDS, lambda then: self._check_overspeed(task, then), f"overspeed {task.id}")

    # -- inside: ends and pauses

    def _succeed(self, task: Task, now: float) -> None:
        work = self.work(task)
        self._show(task, State.SYNC_SUCCESS if work.is_again else State.MIGRATE_SUCCESS, now)
        work.is_again = work.is_cutting_over = False
        task.finished_at, task.changes_at = now, None

    def _pause(self, task: Task, state: State, now: float, seconds: float | None) -> None:
        self.unwatch(task, now)
        self._show(task, state, now)
        if seconds is not None:
            self._leave_at(task, now + seconds)
        self._changed(task)

    def _show(self, task: Task, state: State, now: float, why: str = "") -> None:
        if task.state != state:
            task.state = state
            task.tell_state(now, why)

    def _leave_at(self, task: Task, when: float, *, is_quiet: bool = False) -> None:
        task.changes_at = when
        self._agenda.put(when, lambda due: self._pass_on(task, due), task.id, is_quiet=is_quiet)

    # -- inside: the line

    def _open_line(self) -> Copies:
        options = self._options
        if options.bandwidth > 0:
            return Lines(options.bandwidth * options.efficiency * BYTES_PER_MBIT)
        return FixedTimes(options.migration_seconds)

    def _put_on_line(self, task: Task, now: float) -> None:
        work = self.work(task)
        if work.next_as_of is None:
            work.next_as_of = now
        work.is_copying = True
        if work.strikes_here:
            work.beyond = work.left * (1 - work.strike_share)
            work.left -= work.beyond
        source = self._fleet.find(task.source_server_id)
        if source is not None and not source.connected:
            self._be_patient(task, now)
        if source is not None and not source.has_tc and task.request().get("over_speed_threshold"):
            self._agenda.put(now + OVERSPEED_SECONDS, lambda due: self._check_overspeed(task, due), f"overspeed {task.id}")
        self._copies.add(task.id, work.left, self._cap(task, now), now, work.whole, source.line if source is not None else "")
        self._watch_rules(task, now)

    def _take_off_line(self, task: Task, now: float) -> None:
        work = task.work
        if work is None or not work.is_copying:
            return
        work.left = self._copies.remove(task.id, now) + work.beyond
        work.beyond, work.is_copying, work.speed = 0.0, False, 0.0
        self._drop_watches(task)

    def _drop_watches(self, task: Task) -> None:
        self._agenda.drop(f"rule {task.id}")
        self._agenda.drop(f"overspeed {task.id}")

    def _cap(self, task: Task, now: float) -> float:
        source = self._fleet.find(task.source_server_id)
        if source is not None and not source.connected:
            return 0.0
        line = (source.line_mbps if source is not None and source.line_mbps else self._options.source_line) or inf
        limit = self._limit(task, now) if source is None or source.has_tc else inf
        return min(limit, line * self._options.efficiency) * BYTES_PER_MBIT

    def _limit(self, task: Task, now: float) -> float:
        """The speed limit that is in force, in Mbit/s, whether the source can apply it or not."""
        return limit_in_force(float(task.request().get("speed_limit") or 0), task.speed_limits, now)

    def _watch_rules(self, task: Task, now: float) -> None:
        if not task.speed_limits:
            self._agenda.drop(f"rule {task.id}")
            return
        self._agenda.put(next_boundary(task.speed_limits, now), lambda due: self._recap(task, due), f"rule {task.id}")

    def _recap(self, task: Task, due: float) -> None:
        self.recap(task, due)
        self._changed(task)
