"""Faults: the grammar, the draw, the mix."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.simulator.breakage import BREAKS_CONNECTION, lying_answer
from flows.simulator.faults import KINDS, MIX, FaultError, FaultPlan, Once, parse_fault, parse_faults

CREATE = "POST /v3/tasks"
NAMES = [kind for kind in KINDS if kind != "SMS.xxxx"]


def draws(plan: FaultPlan, requests: list[tuple[str, str]]) -> dict[tuple[str, str, int], str]:
    """What each request draws, by route, source and how many times that one has come."""
    seen: dict[tuple[str, str, int], str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for route, source in requests:
        fault = plan.draw(route, source)
        counts[route, source] += 1
        seen[route, source, counts[route, source]] = fault.name if fault else ""
    return seen


def test_a_specification_names_its_groups() -> None:
    """Creates without a prefix, reads with one; equal names add up."""
    spec = parse_faults("reset-after=0.03, drop=0.02,read-502=0.5,drop-before=0.01")
    assert spec == {"create": {"reset-after": 0.03, "drop-before": 0.03}, "read": {"502-before": 0.5}}


@given(st.floats(0.1, 100), st.sampled_from(["", "read-"]))
def test_a_percentage_is_the_whole_mix(percent: float, prefix: str) -> None:
    """The shares add up to it, in the proportions of MIX."""
    shares = parse_faults(f"{prefix}{percent}%")["read" if prefix else "create"]
    assert shares.keys() == MIX.keys()
    assert sum(shares.values()) == pytest.approx(percent / 100)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("drop", "has no probability"),
        ("explode=0.1", "is no fault"),
        ("drop=2", "0 to 1"),
        ("drop=x", "is not a number"),
        ("drop=0.6,reset=0.6", "add up to 120%"),
        ("429-after=0.1", "before the effect only"),
        ("read-late=0.1", "not for reads"),
        ("101%", "not a probability"),
    ],
)
def test_a_wrong_specification_says_why(text: str, words: str) -> None:
    """One line, with what was typed or what there is."""
    with pytest.raises(FaultError, match=words):
        parse_faults(text)


@pytest.mark.parametrize("kind", NAMES)
def test_every_kind_can_be_named(kind: str) -> None:
    """With and without its phase."""
    assert parse_fault(kind) == parse_fault(f"{kind}-before")
    assert parse_fault(kind).kind == kind
    assert parse_fault("SMS.6526").kind == "SMS.6526"


@pytest.mark.parametrize("kind", [*NAMES, "SMS.6526"])
def test_every_kind_is_done(kind: str) -> None:
    """A kind that is named breaks the connection, delays the true answer, or has an answer of its own; none is left over."""
    if kind not in BREAKS_CONNECTION | {"slow"}:
        assert lying_answer(kind, None, "r-1", 1).status in {200, 302, 400, 401, 403, 408, 429, 500, 502, 503, 504}


@given(st.permutations([(CREATE, f"s-{number % 7}") for number in range(40)]), st.integers(0, 5))
def test_the_draw_does_not_depend_on_the_order_of_arrival(requests: list[tuple[str, str]], seed: int) -> None:
    """The n-th create of a source always meets the same fault, whatever came before it."""
    spec = parse_faults("drop=0.3,500-after=0.3")
    assert draws(FaultPlan(seed, spec), requests) == draws(FaultPlan(seed, spec), sorted(requests))


def test_faults_come_as_often_as_they_should() -> None:
    """14 % of 5,000 creates, give or take; another seed draws others."""
    requests = [(CREATE, f"s-{number}") for number in range(5000)]
    first, second = (draws(FaultPlan(seed, parse_faults("14%")), requests) for seed in (1, 2))
    assert 0.12 < sum(map(bool, first.values())) / 5000 < 0.16
    assert first != second
    assert {name for name in first.values() if name} == MIX.keys()


def test_reads_and_creates_do_not_share_faults() -> None:
    """Each group has its own; other calls have none."""
    plan = FaultPlan(0, parse_faults("drop=1,read-502=1"))
    routes = (CREATE, "GET /v3/tasks", "POST /v3/tasks/delete")
    assert [fault and fault.name for fault in (plan.draw(route, "") for route in routes)] == ["drop-before", "502-before", None]
    assert plan.injected == {"drop-before": 1, "read-502-before": 1}


def test_an_ordered_fault_strikes_so_often_and_only_there() -> None:
    """The next two creates of one source, and nobody else's."""
    plan = FaultPlan(0, ordered=[Once(parse_fault("reset-after"), 2, source_server_id="s-1")])
    struck = [plan.draw(CREATE, source) is not None for source in ("s-2", "s-1", "s-2", "s-1", "s-1")]
    assert (struck, plan.active) == ([False, True, False, True, False], False)
