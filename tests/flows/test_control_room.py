from __future__ import annotations

import asyncio

import pytest

from flows.board import Board
from flows.control_room import FAILURES_ALLOWED, MOST_BATCHES, Breaker, Step, artifact_key, steps
from flows.submission.events import Phase


@pytest.mark.parametrize("rows", [1, 10, 11, 412, 5000, 20_000])
def test_the_timeline_holds_every_row_once_in_at_most_40_task_runs(rows: int) -> None:
    """Batches follow each other without a gap, and the last one ends with the last row."""
    shown = list(steps(rows))
    batches = [step.name.split()[2] for step in shown if step.phase is Phase.SUBMIT]
    pairs = [tuple(int(number) for number in batch.split("-")) for batch in batches]
    assert [first for first, _ in pairs] == [1, *(last + 1 for _, last in pairs[:-1])]
    assert pairs[-1][1] == rows
    assert len(shown) <= MOST_BATCHES + 3 <= 40


def test_a_step_ends_when_the_run_has_left_its_phase() -> None:
    """A look is over once rows are submitted; a batch that never fills, when the phase is left (rows that are skipped)."""
    board = Board(20)
    look, batch = Step("look", Phase.LOOK), Step("rows", Phase.SUBMIT, 10)
    board.phase(Phase.LOOK, 20)
    assert (look.is_over(board), batch.is_over(board)) == (False, False)
    board.phase(Phase.SUBMIT, 20)
    assert (look.is_over(board), batch.is_over(board)) == (True, False)
    board.phase(Phase.VERIFY, 20)
    assert batch.is_over(board)


async def test_the_breaker_gives_up_after_three_failures_in_a_row_and_says_so_once() -> None:
    """A success in between starts the count anew; once open, nothing is called any more."""
    calls: list[str] = []
    opened: list[bool] = []
    breaker = Breaker(lambda: opened.append(True))

    async def fail() -> None:
        calls.append("fail")
        raise ConnectionError

    async def work() -> str:
        return "made"

    for _ in range(FAILURES_ALLOWED - 1):
        await breaker.call(fail)
    assert await breaker.call(work) == "made"
    for _ in range(FAILURES_ALLOWED + 2):
        await breaker.call(fail)
    assert (len(calls), len(opened), breaker.is_open) == (2 * FAILURES_ALLOWED - 1, 1, True)
    assert await breaker.call(work) is None


async def test_the_breaker_lets_a_cancel_through() -> None:
    """A run that is told to stop is not held up by a call to Prefect."""
    call = asyncio.ensure_future(Breaker(lambda: None).call(asyncio.Event().wait))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


@pytest.mark.parametrize(("wave", "key"), [("wave-1", "wave-1"), ("Wave 2 / Ost", "wave-2-ost"), ("第一批", "wave")])
def test_an_artifacts_key_is_what_prefect_takes(wave: str, key: str) -> None:
    """Lower-case letters, digits and dashes, never nothing."""
    assert artifact_key(wave) == key
