"""Compare the server's truth with every report and with the journal, and say what contradicts what the tool promises.

No second task of a source or a shared target by the tool; an outcome for every row; none that the server contradicts; and, after
runs without faults, nothing left to do. The cases that nobody can exclude may make two tasks, which the last report then names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from flows.submission import schema
from flows.submission.life import RowState
from flows.submission.protocol import BOUND_CODE
from inventory.outcomes import Status
from tests.simulation.scenario import Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.simulator.tasks import Task
    from inventory.outcomes import Outcome
    from tests.simulation.network import MadeTask
    from tests.simulation.process import Process
    from tests.simulation.world import World

_NO_TASK = frozenset({Status.REJECTED, Status.CONFLICT, Status.DEFERRED, Status.INVALID, Status.SKIPPED})
_TOLD_LATE_SECONDS = 5.0


class Checker:
    """What is found wrong in one world. `last_pass` are the processes of the last pass without faults."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.violations: list[str] = []
        self.last_pass: list[Process] = []
        self._deleted: set[str] = set()

    @staticmethod
    def is_unsettled(process: Process) -> bool:
        """Whether a run left something to do."""
        result = process.result
        return result is None or any(one.status in {Status.UNCERTAIN, Status.DEFERRED} for one in result.outcomes)

    def violation(self, text: str) -> None:
        """Something is wrong."""
        self.violations.append(text)
        self._world.trace.note(self._world.loop.now, "check", "VIOLATION", text)

    def note_deleted(self, source: str) -> None:
        """Somebody deleted a task of that source."""
        self._deleted.add(source)

    def at_report(self, process: Process) -> None:
        """A process has ended: what it reported is true now."""
        self._world.network.settle()
        if process.defect:
            self.violation(f"{process.actor.name} raised {process.defect}")
        result = process.result
        if result is None:
            return
        if result.stop is not None and result.stop.code == "WAVES.DEFECT":
            self.violation(f"{process.actor.name} has a defect: {result.stop.message}")
        if [one.row.position for one in result.outcomes] != [row.position for row in process.rows]:
            self.violation(f"{process.actor.name} has {len(result.outcomes)} outcomes for {len(process.rows)} rows")
        for outcome in result.outcomes:
            for lie in self._lies(process, outcome):
                self.violation(f"{process.actor.name}: {outcome.source_server_id} is {_told(outcome)}, and {lie}")

    def at_the_end(self) -> None:
        """All is quiet: nothing is doubled, nothing is left to do, and the journal agrees."""
        for process in self.last_pass:
            if process.result is None:
                self.violation(f"{process.actor.name}, without faults, has no report")
                continue
            for outcome in process.result.outcomes:
                if not self._is_final(outcome):
                    self.violation(f"{outcome.source_server_id} ends as {_told(outcome)}: {outcome.error_message}")
        self._check_twins()
        self._check_journal()

    def _is_final(self, outcome: Outcome) -> bool:
        match outcome.status:
            case Status.EXISTS | Status.CREATED:
                return True
            case Status.REJECTED:
                return outcome.error_code not in {"", BOUND_CODE}
            case Status.CONFLICT:
                return self._exists(outcome.task_id)
            case Status.INVALID:
                return True
            case _:
                return False

    def _lies(self, process: Process, outcome: Outcome) -> Iterator[str]:
        if outcome.status is Status.REJECTED and outcome.error_code == BOUND_CODE:
            yield "what binds it was not looked for: it may be our own task"
        if self._is_excused(process):
            return
        source = outcome.source_server_id
        if outcome.status in {Status.CREATED, Status.EXISTS}:
            yield from self._lies_of_a_task(process, outcome)
        elif outcome.status in _NO_TASK:
            for made in self._alive(source):
                if not self._explains(process, outcome, made):
                    yield f"task {made.task_id[:8]} is there, made by {made.by}"

    def _lies_of_a_task(self, process: Process, outcome: Outcome) -> Iterator[str]:
        if outcome.source_server_id not in self._deleted:
            task = self._world.network.simulator.service.any_task(outcome.task_id)
            if task is None or task.source_server_id != outcome.source_server_id:
                yield "there is no such task of it"
            elif not _has_target(task, outcome):
                yield f"that task has the target {task.target_vm_id or task.target_name}"
        if outcome.status is Status.CREATED and outcome.task_id not in self._made_by(process.actor.name):
            yield "this run did not make it"

    def _explains(self, process: Process, outcome: Outcome, made: MadeTask) -> bool:
        """Whether the outcome is true although that task of ours is there."""
        if outcome.status is Status.CONFLICT and made.target_vm_id != outcome.row.text("target_vm_id"):
            return True
        if made.by == process.actor.name:
            return False
        told_at = process.told_at.get(outcome.row.position, process.ended_at)
        return made.at > process.started_at and (process.actor.was_paused or made.at > told_at - _TOLD_LATE_SECONDS)

    def _is_excused(self, process: Process) -> bool:
        """In a tagged scenario only the runs at the end, when all has been performed and listed, must be true."""
        return self._world.scenario.tag is not Tag.NONE and not self._world.network.is_calm

    def _check_twins(self) -> None:
        world = self._world
        named = {
            finding.value
            for process in self.last_pass
            if process.result
            for finding in process.result.findings
            if finding.code == "TWICE"
        }
        for made, twin in world.network.twins:
            what = "source" if made.source_server_id == twin.source_server_id else "target"
            is_excused = world.scenario.tag is not Tag.NONE and not (world.scenario.guard)
            is_named = (
                what == "target"
                or made.source_server_id in named
                or not (self._exists(made.task_id) and self._exists(twin.task_id))
            )
            if not (is_excused and is_named):
                unnamed = "" if is_named else ", and not named"
                self.violation(
                    f"two tasks of one {what}: {twin.task_id[:8]} of {twin.source_server_id} by {twin.by} at {twin.at:.2f}, "
                    f"{made.task_id[:8]} of {made.source_server_id} by {made.by} at {made.at:.2f}{unnamed}"
                )

    def _check_journal(self) -> None:
        table = schema.row
        for values in self._world.shelf.run(lambda connection: connection.execute(select(table)).mappings().all()):
            source, state, task_id = values["source_server_id"], RowState(values["state"]), values["task_id"]
            if state.is_in_flight:
                self.violation(f"the journal has {source} in flight after all is settled")
            if state is RowState.BOUND and source not in self._deleted and not self._exists(task_id):
                self.violation(f"the journal has {source} bound to {task_id[:8]}, which is not there")
            if state in {RowState.IDLE, RowState.REFUSED}:
                for made in self._alive(source):
                    self.violation(f"the journal has {source} {state.value}, and task {made.task_id[:8]} by {made.by} is there")

    def _exists(self, task_id: str) -> bool:
        return self._world.network.simulator.service.any_task(task_id) is not None

    def _alive(self, source: str) -> list[MadeTask]:
        return [made for made in self._world.network.made if made.source_server_id == source and self._exists(made.task_id)]

    def _made_by(self, name: str) -> set[str]:
        return {made.task_id for made in self._world.network.made if made.by == name}


def _has_target(task: Task, outcome: Outcome) -> bool:
    """Whether the task fills what the row asks for; a server that SMS is to make from a template is known by its name."""
    wanted = outcome.row.text("target_vm_id")
    return task.target_vm_id == wanted if wanted else task.target_name == outcome.row.text("target_name")


def _told(outcome: Outcome) -> str:
    return " ".join(filter(None, (outcome.status.value, outcome.task_id[:8], outcome.error_code)))
