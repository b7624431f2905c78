"""The service itself, without HTTP: its tasks, its source servers, and every rule about the two (facts 7).

Decides what exists, who may see it and which move is legal. Reads no clock and draws no chance of its own: both are handed in, so
that a test may drive it in virtual time. Called by the api modules (what clients may do) and by admin.py (what really is).

A clock that jumps asks `next_change_at()` when the next thing happens by itself, goes there, and calls `settle()`; or it jumps
further: `settle()` lets all that was due meanwhile happen in its order, each at its own moment.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from flows.simulator.agenda import Agenda
from flows.simulator.answers import Refusal
from flows.simulator.progress import Progress
from flows.simulator.registry import Registry
from flows.simulator.states import OPERATIONS, SOURCE_STATE, UNDELETABLE, State
from flows.simulator.tasks import Task

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from flows.simulator.fleet import Fleet
    from flows.simulator.options import SimulatorOptions
    from flows.simulator.store import Store


_NOTE_COPIES_SECONDS = 5.0
"""How often a state file learns how far the copies are: a killed simulator comes back with no more than that reckoned."""


class Service:
    """All tasks and sources of one account. Not thread-safe: one event loop, or one test, drives it."""

    def __init__(
        self, options: SimulatorOptions, fleet: Fleet, store: Store, *, clock: Callable[[], float], rng: random.Random
    ) -> None:
        self.options = options
        self.fleet = fleet
        self.clock = clock
        self._rng = rng
        self._tasks = Registry(store)
        self._agenda = Agenda()
        self.progress = Progress(
            options,
            self._agenda,
            fleet,
            find=self._tasks.find,
            changed=self._note,
            gone=self._forget,
            offline=self.take_offline,
        )
        self._moment: float | None = None
        self._gone: list[dict[str, Any]] = []
        self._outages: list[dict[str, Any]] = []
        self._were_away: set[str] = set()
        self._noted_at = clock()
        for task in self._tasks.all():
            self.progress.watch(task, self._noted_at)

    # -- time

    def settle(self) -> float:
        """Let happen all that is due by now (late requests, running tasks, deletions), each at its own moment; returns the time."""
        now = self.now()
        before = self._moment
        try:
            while (due := self.next_change_at()) <= now:
                self._moment = due
                if self.progress.next_end() <= due:
                    self.progress.end_next()
                else:
                    self._agenda.run_next()
        finally:
            self._moment = before
        if self.options.state is not None and now - self._noted_at >= _NOTE_COPIES_SECONDS:
            self._noted_at = now
            for task in self.progress.note_copies(now):
                self._tasks.keep(task)
        return now

    def now(self) -> float:
        """The time; while something happens that was due before, its moment."""
        return self.clock() if self._moment is None else self._moment

    def next_change_at(self) -> float:
        """When the next thing happens by itself; infinity for never.

        A sub-task or a copy ends, a rule begins, a late request is performed. Holds until somebody asks the service to do
        something. May be past, where `settle()` has not been called since.
        """
        return min(self.progress.next_end(), self._agenda.next_at())

    def next_step_at(self) -> float:
        """As `next_change_at`, but for the rounds of tasks in sync, while any other copies: thousands in a night, and none a step.

        By the speeds of this moment, which a round changes a little: the step may come that much sooner or later.
        """
        step = min(self.progress.next_step_end(self.clock()), self._agenda.next_loud_at())
        return step if step < inf else self.next_change_at()

    def perform_later(self, seconds: float, effect: Callable[[float], None]) -> None:
        """Have `effect` called with its due time once `seconds` have passed; lost with the process, as with the real service."""
        self._agenda.put(self.now() + seconds, effect)

    # -- making

    def create(self, request: dict[str, Any], body: bytes, now: float, made_by: str = "create") -> Task:
        """Make a task from a request that validation has passed, and bind its source and target.

        Raises Refusal: SMS.7602 unknown source, 6603 not connected, 6504 failed pre-checks, 7101 unknown template, 0412 unknown
        target, 7605 bound already.
        """
        source_id, target = request["source_server"]["id"], request["target_server"]
        vm_id, template_id = target.get("vm_id") or "", request.get("vm_template_id") or ""
        self._check_existence(source_id, vm_id, template_id)
        if self.options.guard:
            self._check_guard(source_id, vm_id)
        task = Task(
            id=self.new_id(),
            name=request["name"],
            source_server_id=source_id,
            target_vm_id=vm_id,
            target_name=target.get("name") or "",
            vm_template_id=template_id,
            created_at=now,
            visible_at=now + self.options.lag,
            body=body,
            made_by=made_by,
        )
        task.tell_state(now)
        self._tasks.add(task)
        if request.get("auto_start"):
            # Clients have seen READY straight after such a create: it starts by itself a little later.
            self.progress.start_later(task, now)
        return task

    def add(self, task: Task) -> None:
        """Put in a task of somebody else, past every rule: what tests and the admin page do."""
        self.progress.pretend(task, State(task.state))
        task.tell_state(task.created_at, "by hand")
        self._tasks.add(task)

    def new_id(self) -> str:
        """A task id: 36 characters, as the live service gives them."""
        digits = f"{self._rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    # -- looking

    def visible(self, task: Task, now: float) -> bool:
        """Whether clients can see the task on its own page yet."""
        return task.visible_at <= now or not self.options.lag_detail

    def task(self, task_id: str) -> Task:
        """The task as a client may see it. Raises Refusal SMS.7703 (404) when there is none, or not yet."""
        task = self._tasks.find(task_id)
        if task is None or not self.visible(task, self.settle()):
            raise Refusal("SMS.7703", "Task doesn't exist", status=404)
        return task

    def listed(self, now: float, source_id: str = "") -> list[Task]:
        """The tasks that a listing may show now, oldest first; those of one source only when `source_id` is given."""
        return self._tasks.visible(now, source_id)

    def tasks(self) -> Iterable[Task]:
        """All tasks there are, seen or not: the truth."""
        return self._tasks.all()

    def tasks_of(self, source_id: str) -> list[Task]:
        """All tasks of a source, seen or not, oldest first."""
        return self._tasks.of_source(source_id)

    def any_task(self, task_id: str) -> Task | None:
        """The task, seen or not."""
        return self._tasks.find(task_id)

    def source_state(self, source_id: str) -> str:
        """What the source server shows: by its newest task, `unavailable` when it is not connected."""
        tasks = self._tasks.of_source(source_id)
        if tasks:
            work = tasks[-1].work
            is_cutting_over = work is not None and work.is_cutting_over and tasks[-1].state == State.SYNCING
            return "cutovering" if is_cutting_over else SOURCE_STATE[State(tasks[-1].state)]
        source = self.fleet.find(source_id)
        return "waiting" if source is None or source.connected else "unavailable"

    # -- moving

    def operate(self, task_id: str, operation: str, *, checks: bool = False) -> None:
        """Move a task by an operation of states.py; `checks` asks for a consistency check after its copy.

        Raises Refusal: 7703 no task, 9001 no such operation or one that this endpoint refuses, 6603 the source is offline, 6526 as
        many run as may, else the move's code.
        """
        task = self.task(task_id)
        known = [each for each in OPERATIONS if each not in self.options.refused_operations]
        move = OPERATIONS.get(operation)
        if move is None or operation not in known:
            raise Refusal("SMS.9001", "Invalid parameters.", params=[f"operation: {operation} is none of {', '.join(known)}"])
        is_cutting_over = task.work is not None and task.work.is_cutting_over and operation == "cutover"
        if task.state not in move.begins or is_cutting_over:
            raise Refusal(move.code, f"The task cannot {operation} while it is {task.state}.")
        if move.leads is State.RUNNING:
            self._check_start(task)
        if checks:
            self.progress.work(task).is_checked = True
        if move.leads is not None:
            self.progress.enter(task, move.leads, self.now())
            self.settle()

    def change(self, task: Task, changes: dict[str, Any]) -> None:
        """Note what PUT changes of a task: its name and whatever its page shows."""
        task.name = str(changes.get("name") or task.name)
        task.changes.update(changes)
        self.progress.recap(task, self.now())
        self._note(task)

    def check_deletable(self, task_id: str) -> Task:
        """The task, if it may be deleted. Raises Refusal: 7703 no such task, 2015 while its connected source is busy."""
        task = self.task(task_id)
        source = self.fleet.find(task.source_server_id)
        state = SOURCE_STATE[State(task.state)]
        if (source is None or source.connected) and state in UNDELETABLE:
            raise Refusal("SMS.2015", f"The task cannot be deleted while its source server is {state}.")
        return task

    def delete(self, task: Task) -> None:
        """Delete a task: DELETING for `delete_seconds`, bound all the while, then gone."""
        if self.options.delete_seconds > 0:
            self.progress.enter(task, State.DELETING, self.now())
        else:
            self._forget(task)

    def remove(self, task: Task) -> None:
        """Have a task gone at once, in whatever state: what somebody's deletion by hand comes to."""
        self.settle()
        self._forget(task, "by hand")

    def set_state(self, task: Task, state: State) -> None:
        """Put a task into a state, legal or not, where it stays until it is moved: for tests."""
        self.progress.put_into(task, state, self.settle())

    def fail(self, task: Task, error: dict[str, Any]) -> None:
        """Have a task fail now, whatever it does."""
        self.progress.fail(task, error, self.settle())

    def take_offline(self, source_id: str, now: float, seconds: float = 0.0) -> None:
        """Have a source's agent offline, for so many seconds or (0) until it is brought back: what it copies stalls."""
        self._connect(source_id, now, connected=False)
        if seconds > 0:
            self._agenda.put(now + seconds, lambda due: self.bring_online(source_id, due), f"online {source_id}")

    def bring_online(self, source_id: str, now: float) -> None:
        """Have a source's agent back."""
        self._agenda.drop(f"online {source_id}")
        self._connect(source_id, now, connected=True)

    def set_bandwidth(self, mbps: float, line: str = "") -> None:
        """Have the common line carry so many Mbit/s from now on (0: nothing), or make or change the one of that name.

        Those of a name are for sources whose `line` it is: the waves of a plan, say, that have a bandwidth each. Raises
        ValueError for less than nothing, and where no bandwidth was given at the start.
        """
        if mbps < 0:
            raise ValueError(f"a line carries 0 Mbit/s or more, not {mbps:g}")
        self.progress.set_bandwidth(mbps, self.settle(), line)

    def history(self) -> dict[str, Any]:
        """What has really happened: all tasks there are and were, and when which source was offline.

        `tasks`: what `Task.history` tells; `bytes` of the full copy, `bytes_copied` in all, `rounds` of changes, `runs` (starts);
        `sub_tasks`: `{"name", "began", "ended"}`, the last time of each; `checks`: what consistency checks found;
        `gone_at` and `gone_why` (`deleted`, or `by hand`), null for one that is there.
        `outages`: `{"source_server_id", "from", "to"}`, `to` null for one that lasts. Times are seconds since the epoch.
        """
        now = self.settle()
        tasks = [self._history_of(task, now) for task in self._tasks.all()]
        gone = [{**each, "operations": [dict(one) for one in each["operations"]]} for each in self._gone]
        return {"now": now, "tasks": [*gone, *tasks], "outages": [dict(each) for each in self._outages]}

    def reset(self) -> None:
        """Forget all tasks and all that is pending; sources that went offline meanwhile are back."""
        for outage in [each for each in self._outages if each["to"] is None]:
            self.bring_online(outage["source_server_id"], self.now())
        self._gone.clear()
        self._outages.clear()
        self._were_away.clear()
        self._tasks.clear()
        self._agenda.clear()
        self.progress.reset()

    # -- inside

    def _check_existence(self, source_id: str, vm_id: str, template_id: str) -> None:
        source = self.fleet.find(source_id)
        if source is None:
            raise Refusal("SMS.7602", f"SourceServer {source_id} does not exist.")
        if not source.connected:
            raise Refusal("SMS.6603", f"The source server {source_id} is not connected.")
        if source.failed_checks:
            raise Refusal("SMS.6504", f"The source server {source_id} has not passed: {', '.join(source.failed_checks)}.")
        if vm_id and not self.fleet.has_target(vm_id):
            raise Refusal("SMS.0412", f"The target server {vm_id} does not exist.")
        if template_id and not self.fleet.has_template(template_id):
            raise Refusal("SMS.7101", f"The template {template_id} cannot be found.")

    def _check_guard(self, source_id: str, vm_id: str) -> None:
        if self._tasks.of_source(source_id):
            raise Refusal("SMS.7605", f"The source server {source_id} is already bound to another task.")
        if vm_id and self._tasks.of_target(vm_id):
            raise Refusal("SMS.7605", f"The target server {vm_id} is already bound to another task.")

    def _check_start(self, task: Task) -> None:
        source_id = task.source_server_id
        seconds = self.progress.agent_faults.away_seconds(source_id)
        if seconds > 0 and source_id not in self._were_away and self.progress.work(task).runs == 0:
            self._were_away.add(source_id)
            self.take_offline(source_id, self.now(), seconds)
        source = self.fleet.find(source_id)
        if source is not None and not source.connected:
            raise Refusal("SMS.6603", f"The source server {source_id} is not connected.")
        most = self.options.max_running
        # Which code the service has for this is not known: the one for a quota is a guess.
        if most and sum(each.state == State.RUNNING for each in self._tasks.all()) >= most:
            raise Refusal("SMS.6526", f"Insufficient quota: {most} tasks are running.")

    def _connect(self, source_id: str, now: float, *, connected: bool) -> None:
        source = self.fleet.find(source_id)
        if source is None or source.connected is connected:
            return
        self.fleet.put(replace(source, connected=connected))
        if connected:
            for outage in self._outages:
                if outage["source_server_id"] == source_id and outage["to"] is None:
                    outage["to"] = now
        else:
            self._outages.append({"source_server_id": source_id, "from": now, "to": None})
        for task in self._tasks.of_source(source_id):
            self.progress.connection_changed(task, now, connected=connected)

    def _history_of(self, task: Task, now: float) -> dict[str, Any]:
        work = self.progress.work(task)
        return task.history() | {
            "bytes": int(work.whole),
            "bytes_copied": int(self.progress.copied(task, now)),
            "rounds": work.rounds,
            "runs": work.runs,
            "sub_tasks": [
                {"name": name, "began": began, "ended": ended}
                for name, began, ended in zip(work.names, work.began, work.ended, strict=True)
            ],
            "checks": [dict(each) for each in work.results],
            "gone_at": None,
            "gone_why": None,
        }

    def _forget(self, task: Task, why: str = "deleted") -> None:
        if self._tasks.find(task.id) is None:
            return
        now = self.now()
        self.progress.unwatch(task, now)
        # The last thing that it was told may yet turn out not to have been heard.
        self._gone.append(self._history_of(task, now) | {"gone_at": now, "gone_why": why, "operations": task.operations})
        self._tasks.remove(task)

    def _note(self, task: Task) -> None:
        if self.options.state is not None:
            self.progress.note_copy(task, self.now())
        self._tasks.note(task)
