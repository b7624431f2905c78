"""Several processes and one limit: never more than it in any second, nearly all of it used, whatever clocks and wake-ups do."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from flows.sms.errors import Throttled, ThrottleWindow
from flows.submission.journal import JournalUnavailableError
from flows.submission.lease_clock import LeaseTime
from flows.submission.pace_limits import CREATES, PaceLimit, wave_kind
from flows.submission.pace_shared import CHUNK_SECONDS, SharedPace
from flows.submission.pace_statements import CAUTION_SECONDS, HORIZON_SECONDS, Asked, Granted, reserve
from flows.submission.schema import pace
from flows.submission.throttle import Throttle
from tests.flows.submission.clocks import MovedClock
from tests.flows.submission.pace_world import Process, World, WorldClock, in_virtual_time, run_all
from tests.starts import most_in_a_second

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

LIMIT = PaceLimit(50.0)


async def disturb(world: World, seconds: float, *, steps: bool) -> None:
    """Let the machine sleep, and the journal's clock step, now and then."""
    while world.now() < seconds:
        await asyncio.sleep(world.random.uniform(0.2, 1.5))
        if steps:
            world.step += world.random.choice((-7.0, -0.3, 0.2, 3.0, 60.0))
        else:
            world.asleep += world.random.choice((0.0, 0.02, 0.4, 30.0))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    limit=st.integers(1, 120),
    begins=st.lists(st.floats(0, 2), min_size=1, max_size=4),
    late_seconds=st.sampled_from((0.001, 0.01, 0.03)),
    commit_seconds=st.sampled_from((0.005, 0.05, 0.3)),
    disturbed=st.sampled_from(("not", "sleep", "steps")),
    stall_chance=st.sampled_from((0.0, 0.05)),
)
def test_no_second_holds_more_than_the_limit(
    seed: int, limit: int, begins: list[float], late_seconds: float, commit_seconds: float, disturbed: str, stall_chance: float
) -> None:
    """Of one to four processes, with late wake-ups, stalls, slow commits, a machine that sleeps, a server's clock that steps."""

    async def main() -> int:
        clock = "server" if disturbed == "steps" else "boot-1"
        world = World(Random(seed), late_seconds, commit_seconds, clock)
        processes = [
            Process([PaceLimit(float(limit))], begin, begin + 3.0, answer_seconds=0.05, stall_chance=stall_chance)
            for begin in begins
        ]
        disturbance = asyncio.create_task(
            disturb(world, 5.0, steps=disturbed == "steps") if disturbed != "not" else asyncio.sleep(0)
        )
        await run_all(world, *processes)
        disturbance.cancel()
        return world.most_in_a_second()

    assert in_virtual_time(main()) <= limit


@pytest.mark.parametrize(("processes", "bar"), [(1, 0.98), (2, 0.95), (3, 0.95), (6, 0.93)])
def test_nearly_the_limit_is_reached(processes: int, bar: float) -> None:
    """One process reaches 0.98 of 50/s over 20 s, several together 0.95; each has its part."""

    async def main() -> tuple[World, list[list[float]]]:
        world = World(Random(3))
        return world, await run_all(world, *[Process([LIMIT], ends=20.0)] * processes)

    world, starts = in_virtual_time(main())
    assert world.per_second() >= bar * 50
    assert min(map(len, starts)) >= 0.8 * len(world.starts) / processes


@given(seed=st.integers(0, 1000), low=st.sampled_from((3, 10, 20, 40)))
@settings(max_examples=10)
@example(seed=1, low=20)
def test_a_waves_own_limit_is_shared_by_its_runs_and_holds_beside_the_accounts(seed: int, low: int) -> None:
    """Two runs of one wave at a few a second share that; a run of another wave has its own; all together keep to the account's."""

    async def main() -> tuple[World, list[list[float]]]:
        world = World(Random(seed))
        one, other = PaceLimit(float(low), wave_kind("plan", "one")), PaceLimit(30.0, wave_kind("plan", "two"))
        return world, await run_all(world, *(Process([LIMIT, limit], ends=4.0) for limit in (one, one, other)))

    world, (first, second, other) = in_virtual_time(main())
    assert most_in_a_second([*first, *second]) <= low
    assert most_in_a_second(other) <= 30
    assert world.most_in_a_second() <= 50


def test_waves_with_room_for_all_do_not_slow_each_other_down() -> None:
    """Two waves of 20/s in an account of 50/s: both reach 0.95 of theirs."""

    async def main() -> list[list[float]]:
        limits = [PaceLimit(20.0, wave_kind("plan", wave)) for wave in ("one", "two")]
        return await run_all(World(Random(5)), *(Process([LIMIT, limit], ends=10.0) for limit in limits))

    assert [len(starts) >= 0.95 * 200 for starts in in_virtual_time(main())] == [True, True]


def test_a_process_that_dies_costs_the_others_no_more_than_what_it_held() -> None:
    """Killed in the midst of it, its slots pass; the other goes on within two chunks and a wake-up."""

    async def main() -> list[float]:
        world = World(Random(2))
        dies = asyncio.create_task(Process([LIMIT], ends=9.0).run(world, "dies"))
        lives = asyncio.create_task(Process([LIMIT], ends=6.0).run(world, "lives"))
        await asyncio.sleep(3.0)
        dies.cancel()
        await asyncio.gather(dies, return_exceptions=True)
        starts = await lives
        await world.close()
        return [moment for moment in starts if moment > 2.5]

    starts = in_virtual_time(main())
    assert max(later - earlier for earlier, later in pairwise(starts)) <= 3 * CHUNK_SECONDS


def test_what_others_may_hold_is_waited_out_where_the_servers_clock_may_have_stepped() -> None:
    """By a process that begins, for it cannot know, and by one that sees the step: what it holds itself it may still use."""

    async def main() -> list[float]:
        world = World(Random(8), clock_name="server")
        (run, _) = await asyncio.gather(Process([LIMIT], ends=4.0).run(world, "run"), step_after(world, 2.0))
        await world.close()
        return run

    async def step_after(world: World, seconds: float) -> None:
        await asyncio.sleep(seconds)
        world.step += 60.0

    starts = in_virtual_time(main())
    assert starts[0] >= CAUTION_SECONDS
    gap, before = max((later - earlier, earlier) for earlier, later in pairwise(starts))
    assert 2.0 <= before <= 2.0 + 2 * CHUNK_SECONDS
    assert gap >= CAUTION_SECONDS - 2 * CHUNK_SECONDS


def test_a_slot_that_was_not_used_is_lost() -> None:
    """A process that asks for nothing for ten seconds saves nothing up."""

    async def main() -> World:
        world = World(Random(4))
        await run_all(world, Process([LIMIT], ends=1.0), Process([LIMIT], begins=11.0, ends=12.0))
        return world

    assert in_virtual_time(main()).most_in_a_second() <= 50


def test_without_a_limit_the_journal_is_never_asked() -> None:
    """No limit, no window: every request starts at once, and nothing is reserved."""

    async def main() -> int:
        world = World(Random(1))
        clock = WorldClock(world, 1)
        async with SharedPace("account", "run", (), clock, world.transact, world.read_time) as shared:
            throttle = Throttle(clock, shared=shared)
            for _ in range(1000):
                await throttle.acquire()
        await world.close()
        return world.reservations

    assert in_virtual_time(main()) == 0


def test_a_journal_that_fails_is_told_to_who_waits() -> None:
    """Where no slot can be reserved nothing may be sent: the row that waits hears of it."""

    async def fails(operation: Callable[[Connection], Any], /) -> NoReturn:
        raise JournalUnavailableError(f"the disk is full: {operation.__name__}")

    async def main() -> None:
        clock = MovedClock()
        async with SharedPace("account", "run", [LIMIT], clock, fails, lambda _connection: LeaseTime(0.0, "")) as shared:
            with pytest.raises(JournalUnavailableError, match="the disk is full"):
                await Throttle(clock, shared=shared).acquire()

    in_virtual_time(main())


def test_two_processes_hold_a_window_together() -> None:
    """SMS names limit:40,time:1 minute to one of two: from then on both together start no more than 40 in any minute.

    What both had started before counts as far as they know of it: the other one learns of the window with its next slots.
    """

    async def main() -> World:
        world = World(Random(6))
        clocks = [WorldClock(world, seed) for seed in (1, 2)]
        starts: list[float] = []
        async with (
            SharedPace("account", "one", [LIMIT], clocks[0], world.transact, world.read_time) as first,
            SharedPace("account", "two", [LIMIT], clocks[1], world.transact, world.read_time) as second,
        ):
            throttles = [Throttle(clock, shared=shared) for clock, shared in zip(clocks, (first, second), strict=True)]

            async def rows(throttle: Throttle, count: int) -> None:
                for _ in range(count):
                    await throttle.acquire()
                    starts.append(world.now())

            await rows(throttles[0], 5)
            throttles[0].on_throttled(Throttled("APIGW.0308", "slow down", window=ThrottleWindow(40, 60.0)))
            await asyncio.gather(rows(throttles[0], 60), rows(throttles[1], 60))
            assert throttles[1].story.lines(CREATES)[-1].startswith("creates: held to 40 in 60 s")
        world.starts += starts
        await world.close()
        return world

    assert in_virtual_time(main()).most_in_a_second(60.0) <= 40


def test_a_window_is_known_to_a_process_that_starts_later_and_what_counts_in_it() -> None:
    """The next run begins with the window, and with what the one before started in it; without any limit of ours too."""

    async def main() -> World:
        world = World(Random(7))
        for name, number in (("first", 30), ("second", 30)):
            clock = WorldClock(world, 1)
            async with SharedPace("account", name, (), clock, world.transact, world.read_time) as shared:
                throttle = Throttle(clock, shared=shared)
                if name == "second":
                    throttle.hold_to(ThrottleWindow(40, 60.0))
                for index in range(number):
                    if name == "first" and index == 10:
                        throttle.on_throttled(Throttled("APIGW.0308", "", retry_after=1.0, window=ThrottleWindow(40, 60.0)))
                    await throttle.acquire()
                    world.starts.append(world.now())
        await world.close()
        return world

    world = in_virtual_time(main())
    assert (world.most_in_a_second(60.0), len(world.starts)) == (40, 60)


def ask(world: World, seconds: float, clock: str = "boot-1", **changes: Any) -> Granted:
    """Ask for ten slots at a moment of lease time."""
    asked = Asked("account", **{"holder": "us", "limits": [LIMIT], "count": 10, "wall": 0.0, **changes})
    return world.in_transaction(lambda connection: reserve(connection, asked, LeaseTime(seconds, clock)))


def test_what_was_reserved_before_the_machine_was_started_again_counts_as_nothing() -> None:
    """Another boot's clock says nothing about this one: the first slot is now."""
    world = World(Random(0))
    ask(world, 5000.0, "boot-0", holder="others")
    assert ask(world, 7.0).slots[0] == 7.0


def test_a_reservation_far_in_the_future_counts_as_nothing_but_is_not_run_into() -> None:
    """A clock that was set back: others may still hold what they can hold at most, and then it goes on."""
    world = World(Random(0))
    ask(world, 1000.0, holder="others")
    world.in_transaction(lambda connection: connection.execute(update(pace).values(reserved_until=999_999.0)))
    refused = ask(world, 1000.0)
    assert (refused.slots, refused.next_at) == ((), 1000.0 + CAUTION_SECONDS)
    slots = ask(world, 1000.0 + HORIZON_SECONDS).slots
    assert 1000.0 + CAUTION_SECONDS <= slots[0] <= 1000.0 + CAUTION_SECONDS + 0.05


def test_no_slot_lies_further_ahead_than_the_horizon() -> None:
    """However many are asked for: so a process that dies, and a clock that steps, cost little."""
    world = World(Random(0))
    assert ask(world, 1000.0, count=10_000).slots[-1] <= 1000.0 + HORIZON_SECONDS
    assert ask(world, 1000.0, holder="others").slots == []


def test_who_comes_to_a_limit_that_another_had_alone_begins_later() -> None:
    """Who is alone may use a slot later, so the next one's slots begin that much later; two have slots that are further apart."""
    world = World(Random(0))
    alone = ask(world, 1000.0, count=5)
    joined = ask(world, 1000.0, count=5, holder="others")
    assert joined.slots[0] - alone.slots[-1] >= alone.lateness
    assert (alone.lateness > joined.lateness, alone.met_others, joined.met_others) == (True, False, True)
    assert joined.slots[1] - joined.slots[0] > alone.slots[1] - alone.slots[0]
