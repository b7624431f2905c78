"""What a look proves of an operation whose answer nobody heard: against every way that a task can have gone since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import pytest

from flows.operating import moves
from flows.operating.evidence import Before, Seen, Verdict, conclude
from flows.operating.moves import Ruling, rule
from flows.operating.operations import Operation
from flows.sms.speed_rules import SpeedRule
from flows.sms.task_sight import TaskSight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OPERATIONS = [each for each in Operation if each is not Operation.SPEED]
STATES = [*sorted(moves.STATES), "NEVER_HEARD_OF"]


@dataclass(frozen=True)
class Life:
    """A task as SMS has it: its state, when it began last, and whether SMS tells such dates at all."""

    state: str
    started_at: float | None = None
    finished_at: float | None = None
    now: float = 1000.0

    @property
    def by_itself(self) -> Iterator[Life]:
        """What may happen to it without anybody's doing."""
        later = replace(self, now=self.now + 1)
        match self.state:
            case "RUNNING":
                yield replace(later, state="SYNCING")
                yield replace(later, state="MIGRATE_SUCCESS", finished_at=later.now)
                yield replace(later, state="MIGRATE_FAIL")
            case "SYNCING":
                yield replace(later, state="SYNC_FAIL")
            case "ABORTING":
                yield replace(later, state="ABORT")

    def after(self, operation: Operation) -> Life | None:
        """What SMS makes of it; None: gone."""
        match operation:
            case Operation.START | Operation.RESTART:
                return replace(self, state="RUNNING", started_at=self.now, finished_at=None)
            case Operation.SYNC:
                return replace(self, state="SYNCING", started_at=self.now, finished_at=None)
            case Operation.STOP:
                return replace(self, state="ABORTING")
            case Operation.CUTOVER:
                return replace(self, state="MIGRATE_SUCCESS", finished_at=self.now)
            case _:
                return None

    def sight(self, *, tells_dates: bool) -> TaskSight:
        dates = (self.started_at, self.finished_at) if tells_dates else (None, None)
        return TaskSight("t", state=self.state, started_at=dates[0], finished_at=dates[1])


def lives() -> list[Life]:
    """A task in each state that allows anything, with the dates that it has there."""
    ended = {"MIGRATE_SUCCESS", "SYNC_SUCCESS"}
    return [
        Life(state, None if state == "READY" else 500.0, 900.0 if state in ended else None)
        for state in ("READY", "RUNNING", "SYNCING", "MIGRATE_SUCCESS", "SYNC_SUCCESS", "MIGRATE_FAIL", "SYNC_FAIL", "ABORT")
    ]


def futures(life: Life | None, steps: int = 4) -> Iterator[Life | None]:
    """Everything that the task can have come to by itself, at once or after some steps."""
    yield life
    if life is not None and steps:
        for following in life.by_itself:
            yield from futures(following, steps - 1)


def legal() -> Sequence[tuple[Operation, Life]]:
    found = [
        (operation, life)
        for operation, life in product(OPERATIONS, lives())
        if rule(operation, life.sight(tells_dates=True)).ruling is Ruling.SEND
    ]
    assert len(found) >= 15
    return found


@pytest.mark.parametrize(("operation", "life"), legal(), ids=lambda each: getattr(each, "state", each))
@pytest.mark.parametrize("tells_dates", [True, False])
def test_no_verdict_contradicts_what_happened(operation: Operation, life: Life, tells_dates: bool) -> None:
    """Performed is never taken for not performed, nor the other way round, whatever the task did by itself meanwhile."""
    sight = life.sight(tells_dates=tells_dates)
    before = Before(life.state, sight.started_at, None, sight.finished_at)
    for was_performed, settled in product((True, False), (True, False)):
        for now in futures(life.after(operation) if was_performed else replace(life, now=life.now + 1)):
            seen = Seen(now.sight(tells_dates=tells_dates) if now else None)
            verdict = conclude(operation, before, seen, settled=settled)
            wrong = Verdict.NOT_DONE if was_performed else Verdict.DONE
            assert verdict is not wrong, (operation, life, now, was_performed, settled)
            assert settled or verdict is not Verdict.NOT_DONE
            assert not settled or verdict is not None
            if was_performed and tells_dates and settled and now != life:
                assert verdict is Verdict.DONE or operation in {Operation.CUTOVER, Operation.STOP}


@pytest.mark.parametrize(("operation", "life"), legal(), ids=lambda each: getattr(each, "state", each))
def test_a_task_that_stayed_as_it_was_is_operated_again_only_where_that_is_proof(operation: Operation, life: Life) -> None:
    """The same state and the same dates after the settle time: not performed. Without dates only where the state is proof."""
    for tells_dates in (True, False):
        sight = life.sight(tells_dates=tells_dates)
        before = Before(life.state, sight.started_at, None, sight.finished_at)
        verdict = conclude(operation, before, Seen(sight), settled=True)
        begins = operation in {Operation.START, Operation.RESTART, Operation.SYNC}
        is_proof = tells_dates or life.state == "READY" or not begins
        assert verdict is (Verdict.NOT_DONE if is_proof else Verdict.UNKNOWN)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_before_the_settle_time_nothing_is_excluded(operation: Operation) -> None:
    """Over all pairs of states, also those that cannot be: a look too early sends nothing again, and a late one comes to an end."""
    for state, before in product(STATES, STATES):
        seen = Seen(TaskSight("t", state=state))
        assert conclude(operation, Before(before), seen, settled=False) is not Verdict.NOT_DONE
        assert conclude(operation, Before(before), seen, settled=True) is not None


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("settled", [True, False])
def test_a_task_that_is_gone_proves_a_deletion_alone(operation: Operation, settled: bool) -> None:
    """Of anything else nobody can tell any more."""
    expected = Verdict.DONE if operation is Operation.DELETE else Verdict.UNKNOWN
    for seen in (Seen(None), Seen(TaskSight("t", state="DELETING"))):
        assert conclude(operation, Before("RUNNING"), seen, settled=settled) is expected


def test_a_cutover_that_is_under_way_shows_at_its_source() -> None:
    """The task may stay SYNCING until it is done."""
    seen = Seen(TaskSight("t", state="SYNCING", source_state="cutovering"))
    assert conclude(Operation.CUTOVER, Before("SYNCING"), seen, settled=True) is Verdict.DONE


def test_speed_is_settled_by_the_rules() -> None:
    """Those that were sent: done. Those that were there: not done, after the settle time. Others: nobody can tell."""
    old, new, other = ((SpeedRule("00:00", "23:59", mbps),) for mbps in (100.0, 200.0, 300.0))
    before = Before("RUNNING", rules=old, wanted=new)

    def judged(rules: tuple[SpeedRule, ...], *, settled: bool) -> Verdict | None:
        return conclude(Operation.SPEED, before, Seen(TaskSight("t", state="RUNNING"), rules), settled=settled)

    assert judged(new, settled=False) is Verdict.DONE
    assert [judged(old, settled=each) for each in (False, True)] == [None, Verdict.NOT_DONE]
    assert [judged(other, settled=each) for each in (False, True)] == [None, Verdict.UNKNOWN]
