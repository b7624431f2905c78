"""Play a schedule and hold it against the truth: after each run its outcomes, at the end that nothing is doubled or left to do.

A schedule is a first run that may be broken, a second that meets answers of its own, and peace: once everything is performed and
listed, one more run of each plan. Two tasks may come of the cases that nobody can exclude alone, and the last report names them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flows.submission.protocol import BOUND_CODE
from inventory.outcomes import Status
from tests.exploration.night import Aside, Night, Run, Stage
from tests.exploration.rows import SHAPES
from tests.exploration.schedule import OVERLAPPING, Case
from tests.simulation.loop import StuckError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.outcomes import Outcome
    from tests.exploration.schedule import Schedule
    from tests.exploration.server import Twin

_BEGINS_AS = {before: shape for shape, (before, _) in SHAPES.items()}
"""One shape for all whose first run has the same rows."""

_DONE = frozenset({Status.CREATED, Status.EXISTS})
_NO_TASK = frozenset({Status.REJECTED, Status.CONFLICT, Status.DEFERRED, Status.INVALID, Status.SKIPPED})


@dataclass(frozen=True, slots=True)
class Story:
    """What came of a schedule: what contradicts the promise, the cases that it holds, and whether a second task was made.

    `second_creates` counts what the second run sent: where it sent nothing it met no answer, and all its answers are one schedule.
    """

    schedule: Schedule
    violations: tuple[str, ...]
    cases: frozenset[Case]
    is_doubled: bool
    second_creates: int
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """A schedule after its first run, from where its second may go many ways."""

    aside: Aside
    steps: tuple[str, ...]
    step_of_event: str
    creates: int
    violations: tuple[str, ...]
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Peace:
    """What came of the runs at the end: what is wrong, what the first of them sent, which servers the reports name, all twins."""

    violations: tuple[str, ...]
    creates: int
    named: frozenset[str]
    twins: tuple[Twin, ...]


class Player:
    """Plays schedules on one stage."""

    def __init__(self, stage: Stage, *, is_traced: bool = False) -> None:
        self._stage = stage
        self._is_traced = is_traced
        self._known_peace: dict[object, Peace] = {}
        self._known_steps: dict[Schedule, tuple[str, ...]] = {}

    def play(self, schedule: Schedule) -> Story:
        """The whole of a schedule."""
        if schedule.event in OVERLAPPING:
            return self._play_overlapping(schedule)
        return self.go_on(self.begin(schedule), schedule)

    def steps(self, schedule: Schedule) -> tuple[str, ...]:
        """The steps of the first run where nothing happens to it."""
        calm = replace(schedule, shape=_BEGINS_AS[SHAPES[schedule.shape][0]], event="", at=-1, second=())
        if calm not in self._known_steps:
            self._known_steps[calm] = self.begin(calm).steps
        return self._known_steps[calm]

    def begin(self, schedule: Schedule) -> Begun:
        """The first run of a schedule, whose event lets no other begin before it is over."""
        night = self._night(self._fresh(schedule))
        first = night.new_run(SHAPES[schedule.shape][0], schedule.first, schedule.event, schedule.at)
        check = _Check(night)
        check.plays(first)
        check.report(first, is_excused=_may_be_untrue(schedule, first), is_alone=True)
        begun = Begun(
            night.put_aside(),
            tuple(first.steps),
            first.step_of_event,
            first.creates,
            tuple(check.violations),
            tuple(night.trace or ()),
        )
        night.close()
        return begun

    def go_on(self, begun: Begun, schedule: Schedule) -> Story:
        """The second run of a schedule that has begun so, and peace after it."""
        night = self._night(begun.aside)
        check = _Check(night)
        check.violations += begun.violations
        if night.trace is not None:
            night.trace += begun.trace
        second = night.new_run(SHAPES[schedule.shape][1], schedule.second)
        check.plays(second)
        cases = schedule.cases(begun.step_of_event)
        check.report(second, is_excused=bool(cases), is_alone=True)
        return self._end(schedule, night, check, second, cases)

    def _play_overlapping(self, schedule: Schedule) -> Story:
        night = self._night(self._fresh(schedule))
        before, after = SHAPES[schedule.shape]
        first = night.new_run(before, schedule.first, schedule.event, schedule.at)
        second = night.new_run(after, schedule.second)
        check = _Check(night)
        check.plays(first, second)
        cases = schedule.cases(first.step_of_event)
        for run in (first, second):
            check.report(run, is_excused=bool(cases), is_alone=False)
        return self._end(schedule, night, check, second, cases)

    def _end(self, schedule: Schedule, night: Night, check: _Check, second: Run, cases: set[Case]) -> Story:
        night.quiet()
        was_done = second.result is not None and all(outcome.status in _DONE for outcome in second.result.outcomes)
        peace = self._peace(night, schedule)
        check.violations += peace.violations
        if was_done and peace.creates and not cases:
            check.violations.append(f"all was done, and {peace.creates} more were sent")
        check.twins(peace, may_be=bool(cases) and not schedule.is_guarded)
        if not cases and any(twin.is_theirs for twin in peace.twins):
            cases.add(Case.THEIRS)
        story = Story(
            schedule,
            tuple(check.violations),
            frozenset(cases),
            bool(peace.twins),
            second.creates,
            tuple(night.trace or ()),
        )
        night.close()
        return story

    def _peace(self, night: Night, schedule: Schedule) -> Peace:
        """What comes of the runs in peace: it follows from the journal's rows and SMS's tasks, so the same is not run twice."""
        may_be_hidden = "7605-by-nobody" in (*schedule.first, *schedule.second)
        state = (SHAPES[schedule.shape], schedule.is_guarded, may_be_hidden, night.standing())
        if self._is_traced or state not in self._known_peace:
            self._known_peace[state] = self._peace_anew(night, schedule, may_be_hidden=may_be_hidden)
        return self._known_peace[state]

    def _peace_anew(self, night: Night, schedule: Schedule, *, may_be_hidden: bool) -> Peace:
        check = _Check(night)
        before, after = SHAPES[schedule.shape]
        last = [night.new_run(after), *([night.new_run(before)] if schedule.shape == "gone" else [])]
        for run in last:
            night.quiet()
            check.plays(run)
            check.report(run, is_excused=False, is_alone=True)
            check.is_final(run, may_be_hidden=may_be_hidden)
        return Peace(tuple(check.violations), last[0].creates, frozenset(_named(last)), tuple(night.server.twins))

    def _fresh(self, schedule: Schedule) -> Aside:
        return Night.fresh(self._stage, is_listed_late=schedule.is_listed_late, is_guarded=schedule.is_guarded)

    def _night(self, begins: Aside) -> Night:
        night = Night(self._stage, begins)
        night.trace = [] if self._is_traced else None
        return night


def _may_be_untrue(schedule: Schedule, run: Run) -> bool:
    return bool(schedule.cases(run.step_of_event))


class _Check:
    """What is found wrong in one night."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self.violations: list[str] = []

    def plays(self, *runs: Run) -> None:
        """Play the runs; every one must come to its end."""
        try:
            self._night.play(*runs)
        except StuckError as error:
            self.violations.append(f"stuck: {error}")
        for run in runs:
            if run.defect:
                self.violations.append(f"{run.name} raised {run.defect}")
        self.violations += [f"nobody caught: {defect}" for defect in self._night.loop.defects]
        self._night.loop.defects.clear()

    def report(self, run: Run, *, is_excused: bool, is_alone: bool) -> None:
        """A run that ended by itself has an outcome for every row, and none is untrue.

        One that was not alone may say that there is no task, and another makes it afterwards.
        """
        if run.result is None:
            return
        outcomes, stop = run.result.outcomes, run.result.stop
        if stop is not None and stop.code == "WAVES.DEFECT":
            self.violations.append(f"{run.name} has a defect: {stop.message}")
        if [outcome.row for outcome in outcomes] != [*run.rows]:
            self.violations.append(f"{run.name} has {len(outcomes)} outcomes for {len(run.rows)} rows")
        for outcome in outcomes:
            self._tell(run, outcome)
            lie = self._lie(run, outcome, is_alone=is_alone)
            if lie and not is_excused:
                self.violations.append(f"{run.name}: {_told(outcome)}, and {lie}")

    def is_final(self, run: Run, *, may_be_hidden: bool) -> None:
        """A run in peace leaves nothing to do, but what SMS says is bound although nobody can see by what."""
        if run.result is None:
            self.violations.append(f"{run.name}, in peace, has no report")
            return
        for outcome in run.result.outcomes:
            refused = outcome.status is Status.REJECTED and outcome.error_code not in {"", BOUND_CODE}
            conflict = outcome.status is Status.CONFLICT and (may_be_hidden or self._night.server.get(outcome.task_id) is not None)
            uncertain = may_be_hidden and (outcome.status is Status.UNCERTAIN or outcome.error_code == "WAVES.TARGET_HELD")
            if not (outcome.status in _DONE or refused or conflict or uncertain):
                self.violations.append(f"{run.name}, in peace: {_told(outcome)} {outcome.error_message}")

    def twins(self, peace: Peace, *, may_be: bool) -> None:
        """No second task; where nobody can exclude one, the last report names it."""
        for twin in dict.fromkeys(peace.twins):
            if not may_be and (self._night.server.is_guarded or not twin.is_theirs):
                self.violations.append(f"two tasks of the {twin.what} {twin.key}")
            elif twin.key not in peace.named:
                self.violations.append(f"two tasks of the {twin.what} {twin.key}, and no report names it")

    def _lie(self, run: Run, outcome: Outcome, *, is_alone: bool) -> str:
        """What the truth says against an outcome; "" where nothing does."""
        server, source, target = self._night.server, outcome.source_server_id, outcome.row.text("target_vm_id")
        if outcome.status in _DONE:
            made = server.get(outcome.task_id)
            if made is None or made.task.source_server_id != source or made.task.target_vm_id != target:
                return "there is no such task of it"
            is_ours = outcome.status is Status.CREATED
            return "this run did not make it" if is_ours and made.by != run.name else ""
        if outcome.status is Status.CONFLICT and (other := server.get(outcome.task_id)) and other.task.source_server_id == source:
            return ""  # a task of the source is in the way: where it has two, that is true of either
        if outcome.status in _NO_TASK and is_alone and (there := server.of(source, target)):
            return f"task {there[0].task.id or 'on its way'} is there, made by {there[0].by}"
        return ""

    def _tell(self, run: Run, outcome: Outcome) -> None:
        if self._night.trace is not None:
            self._night.trace.append(f"{self._night.loop.now:9.3f}  {run.name}      => {_told(outcome)}")


def _named(runs: Sequence[Run]) -> set[str]:
    """The servers that the runs' reports say have two tasks."""
    results = [run.result for run in runs if run.result is not None]
    return {finding.value for result in results for finding in result.findings if finding.code == "TWICE"}


def _told(outcome: Outcome) -> str:
    return " ".join(filter(None, (outcome.source_server_id, "is", outcome.status.value, outcome.task_id, outcome.error_code)))
