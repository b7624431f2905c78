"""The figures at the gate: what is not known is unknown, what is not as it should be names its servers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.night.criteria import Consistency, Criterion, ServerAtGate, WaveAtGate, evaluate


def judged(*servers: ServerAtGate, may_fail: int = 0, seconds_left: float | None = 7200.0) -> dict[str, Criterion]:
    return {each.name: each for each in evaluate(WaveAtGate(servers, may_fail, seconds_left))}


def ready(server: str, **changes: object) -> ServerAtGate:
    facts: dict[str, object] = {"downtime_seconds": 600.0, "was_checked": True, "consistency": Consistency(0, 0, 0)}
    return ServerAtGate(server, is_ready=True, **{**facts, **changes})  # type: ignore[arg-type]


def test_a_wave_that_is_ready_meets_all() -> None:
    assert [each.holds for each in judged(ready("a"), ready("b")).values()] == [True] * 5


def test_a_server_that_is_not_copied_is_named() -> None:
    copied = judged(ready("a"), ServerAtGate("b", is_ready=False))["copied"]
    assert (copied.value, copied.holds, copied.servers) == ("1 of 2 (50%)", False, ("b",))


def test_a_failed_server_counts_against_the_budget_alone() -> None:
    wave = (ready("a"), ServerAtGate("b", is_ready=False, has_failed=True))
    assert judged(*wave)["failed"].holds is False
    assert judged(*wave, may_fail=1)["failed"].holds is True
    assert judged(*wave)["copied"].holds is True


def test_files_that_are_missing_or_differ_are_counted_and_more_files_lose_nothing() -> None:
    wave = (ready("a", consistency=Consistency(2, 1, 0)), ready("b", consistency=Consistency(0, 0, 9)))
    found = judged(*wave)["consistency"]
    assert (found.value, found.holds, found.servers) == ("3 files in 1 servers", False, ("a",))


def test_a_check_without_a_result_is_unknown() -> None:
    found = judged(ready("a"), ready("b", consistency=None))["consistency"]
    assert (found.holds, found.servers) == (None, ("b",))
    assert judged(ready("a", was_checked=False))["consistency"].holds is None


def test_the_longest_downtime_has_to_fit_into_what_is_left() -> None:
    wave = (ready("a", downtime_seconds=600.0, delta_bytes=3 * 1024.0**3), ready("b", downtime_seconds=60.0))
    found = judged(*wave, seconds_left=900.0)["downtime"]
    assert (found.value, found.holds) == ("up to 10 min (a, 3 GiB to copy)", True)
    late = judged(*wave, seconds_left=300.0)["downtime"]
    assert (late.holds, late.servers) == (False, ("a",))


def test_one_unknown_downtime_leaves_the_longest_unknown() -> None:
    assert judged(ready("a"), ready("b", downtime_seconds=None))["downtime"].holds is None


def test_nothing_is_down_that_is_moved_already() -> None:
    assert judged(ready("a", is_moved=True, downtime_seconds=None))["downtime"].holds is True


def test_a_closed_window_is_told() -> None:
    assert judged(ready("a"), seconds_left=-60.0)["window"].value == "closed 1 min ago"
    assert judged(ready("a"), seconds_left=None)["window"].holds is None


_servers = st.builds(
    ServerAtGate,
    server=st.text(min_size=1, max_size=5),
    is_ready=st.booleans(),
    has_failed=st.booleans(),
    is_moved=st.booleans(),
    delta_bytes=st.none() | st.floats(0, 1e15),
    downtime_seconds=st.none() | st.floats(0, 1e6),
    was_checked=st.booleans(),
    consistency=st.none() | st.builds(Consistency, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
)


@given(st.lists(_servers, max_size=6), st.integers(0, 3), st.none() | st.floats(-1e5, 1e5))
def test_every_wave_is_judged_and_what_the_journal_keeps_says_the_same(
    servers: list[ServerAtGate], may_fail: int, seconds_left: float | None
) -> None:
    for each in evaluate(WaveAtGate(servers, may_fail, seconds_left)):
        assert Criterion.from_json(each.as_json()) == each
        assert each.line().startswith(f"{each.name}: ")
