"""What the journal keeps of a wave's path and of its gates: one question at a time, and the first decision counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

from flows.night import approvals, stages
from flows.night.approvals import Approval, Ballot, DecidedError, Decision, NotAskedError, StaleError
from flows.night.criteria import Criterion
from flows.night.path import Stage
from flows.night.stages import StageState
from flows.submission.clock import SystemClock
from flows.submission.journal import open_journal
from flows.submission.wave_key import WaveKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy import Connection

    from flows.submission.journal import Journal
    from tests.flows.submission.places import Place

WAVE = WaveKey("account-1", "plan.xlsx", "wave-1")
OTHER = WAVE._replace(wave="wave-2")
FIGURES = (Criterion("failed", "1", "none", holds=False, servers=("db-01",)),)
YES = Ballot(Decision.APPROVED, "Ann", "go")
NO = Ballot(Decision.NOT_APPROVED, "Bob")

T = TypeVar("T")


@pytest.fixture
async def journal(place: Place) -> AsyncIterator[Journal]:
    async with open_journal(place.url, SystemClock(), print) as opened:
        yield opened


def asked(
    now: float, closes_at: float | None = 100.0, figures: tuple[Criterion, ...] = FIGURES
) -> Callable[[Connection], Approval]:
    return lambda connection: approvals.ask(connection, WAVE, "cutover", "run-1", figures, now, closes_at)


def decided(ballot: Ballot, now: float) -> Callable[[Connection], Approval]:
    return lambda connection: approvals.decide(connection, WAVE, "cutover", ballot, now)


async def test_a_question_is_open_until_somebody_decides(journal: Journal) -> None:
    put = await journal.transact(asked(10.0))
    assert (put.decision, put.number, put.criteria) == (None, 1, FIGURES)
    done = await journal.transact(decided(YES, 20.0))
    assert (done.decision, done.approver, done.comment, done.decided_at) == (Decision.APPROVED, "Ann", "go", 20.0)
    assert done.criteria == FIGURES
    assert await journal.read(lambda connection: approvals.latest(connection, WAVE, "cutover")) == done
    assert await journal.read(lambda connection: approvals.latest(connection, OTHER, "cutover")) is None


async def test_the_first_decision_counts_and_the_second_is_told_it(journal: Journal) -> None:
    await journal.transact(asked(10.0))
    await journal.transact(decided(NO, 20.0))
    with pytest.raises(DecidedError, match="not approved by Bob"):
        await journal.transact(decided(YES, 21.0))


async def test_nobody_decides_what_nobody_asked(journal: Journal) -> None:
    with pytest.raises(NotAskedError, match="wave-1 does not wait at the gate cutover"):
        await journal.transact(decided(YES, 20.0))


async def test_a_gate_that_nobody_answers_in_time_is_not_approved(journal: Journal) -> None:
    await journal.transact(asked(10.0))
    assert (await journal.transact(lambda connection: approvals.look(connection, WAVE, "cutover", 99.0))).decision is None  # type: ignore[union-attr]
    with pytest.raises(DecidedError, match="nobody decided in time"):
        await journal.transact(decided(YES, 100.0))
    seen = await journal.transact(lambda connection: approvals.look(connection, WAVE, "cutover", 150.0))
    assert seen is not None
    assert (seen.decision, seen.decided_at, seen.approver) == (Decision.TIMED_OUT, 100.0, "")


async def test_a_question_taken_up_again_keeps_its_end_and_gets_new_figures(journal: Journal) -> None:
    await journal.transact(asked(10.0))
    again = await journal.transact(asked(50.0, closes_at=500.0, figures=()))
    assert (again.number, again.asked_at, again.closes_at, again.criteria) == (1, 10.0, 100.0, ())


@pytest.mark.parametrize("ends", ["decided", "over"])
async def test_what_is_over_is_asked_anew(journal: Journal, ends: str) -> None:
    await journal.transact(asked(10.0))
    if ends == "decided":
        await journal.transact(decided(NO, 20.0))
    again = await journal.transact(asked(200.0, closes_at=300.0))
    told = await journal.read(lambda connection: approvals.history(connection, WAVE))
    assert [each.decision for each in told] == [Decision.NOT_APPROVED if ends == "decided" else Decision.TIMED_OUT, None]
    assert again == told[1]


WELL = (Criterion("failed", "0", "none", holds=True), Criterion("downtime", "unknown", "known", holds=None))


@pytest.mark.parametrize("change", ["another question", "another run", "worse figures", "nothing"])
async def test_nobody_approves_figures_that_nobody_has_seen(journal: Journal, change: str) -> None:
    seen = await journal.transact(asked(10.0, closes_at=None, figures=WELL))
    if change == "another question":
        await journal.transact(decided(NO, 11.0))
        await journal.transact(asked(12.0, closes_at=None, figures=WELL))
    elif change == "another run":
        again = ("run-2", WELL, 12.0, None)
        await journal.transact(lambda connection: approvals.ask(connection, WAVE, "cutover", *again))
    elif change == "worse figures":
        await journal.transact(asked(12.0, figures=FIGURES))

    def approve(connection: Connection) -> Approval:
        return approvals.decide(connection, WAVE, "cutover", YES, 20.0, seen)

    if change == "nothing":
        assert (await journal.transact(approve)).decision is Decision.APPROVED
        return
    with pytest.raises(StaleError, match="look at them, and decide again") as caught:
        await journal.transact(approve)
    assert caught.value.approval == await journal.read(lambda connection: approvals.latest(connection, WAVE, "cutover"))
    refused = await journal.transact(lambda connection: approvals.decide(connection, WAVE, "cutover", NO, 21.0, seen))
    assert refused.decision is Decision.NOT_APPROVED


@pytest.mark.parametrize(("approver", "decision"), [(" ", Decision.APPROVED), ("Ann", Decision.TIMED_OUT)])
def test_a_ballot_says_who_and_what(approver: str, decision: Decision) -> None:
    with pytest.raises(ValueError, match=r"say who|decide approved"):
        Ballot(decision, approver)


async def test_a_stage_that_is_taken_up_again_keeps_its_beginning(journal: Journal) -> None:
    await journal.transact(lambda connection: stages.begin(connection, WAVE, Stage.SUBMIT, "run-1", 10.0))
    await journal.transact(lambda connection: stages.begin(connection, WAVE, Stage.SUBMIT, "run-2", 20.0))
    done = {"CREATED": 3}
    await journal.transact(lambda connection: stages.end(connection, WAVE, Stage.SUBMIT, StageState.DONE, done, 30.0))
    await journal.transact(lambda connection: stages.begin(connection, WAVE, Stage.APPROVE, "run-2", 31.0))
    await journal.transact(lambda connection: stages.end(connection, WAVE, Stage.APPROVE, StageState.HELD, {}, 32.0))
    told = await journal.read(lambda connection: stages.read(connection, WAVE))
    assert list(told) == [Stage.SUBMIT, Stage.APPROVE]
    submit = told[Stage.SUBMIT]
    assert (submit.run_id, submit.state, submit.began_at, submit.ended_at, submit.detail) == (
        "run-2",
        StageState.DONE,
        10.0,
        30.0,
        done,
    )
    assert (told[Stage.APPROVE].state, told[Stage.APPROVE].ended_at) == (StageState.HELD, None)
    await journal.transact(lambda connection: stages.forget(connection, WAVE))
    assert not await journal.read(lambda connection: stages.read(connection, WAVE))
