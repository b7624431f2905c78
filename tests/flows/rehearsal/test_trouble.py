"""What `--faults` says of a rehearsal."""

from __future__ import annotations

import pytest

from flows.rehearsal.trouble import USUAL, Trouble, parse_trouble
from flows.simulator.faults import FaultError, parse_faults


def test_nothing_said_is_the_usual() -> None:
    assert parse_trouble("") == USUAL


def test_none_is_nothing_at_all() -> None:
    trouble = parse_trouble("none")
    assert {trouble.agents, trouble.offline, trouble.slow, trouble.network, trouble.throttling, trouble.outage} == {0.0}
    assert trouble.of_requests == ""


def test_a_share_changes_that_one_alone() -> None:
    assert parse_trouble("agents=10%, network=0") == Trouble(agents=0.1, network=0.0)


def test_after_none_a_name_alone_brings_back_its_usual_share() -> None:
    assert parse_trouble("none,agents") == parse_trouble(f"none,agents={USUAL.agents}")


def test_the_words_of_the_simulator_mean_what_they_mean_there() -> None:
    trouble = parse_trouble("none,reset-after=0.05,read-5%")
    assert parse_faults(trouble.of_requests) == parse_faults("reset-after=0.05,read-5%")


def test_lost_and_throttled_requests_are_as_many_as_said() -> None:
    spec = parse_faults(parse_trouble("none,network=4%,throttling=2%").of_requests)
    for group in ("create", "read"):
        assert sum(spec[group].values()) == pytest.approx(0.06, abs=1e-4)
        assert sum(share for name, share in spec[group].items() if name.startswith("429")) == pytest.approx(0.02, abs=1e-4)


@pytest.mark.parametrize("text", ["agents=2", "agents=many", "nonsense=0.1", "agnts", "network=0.6,throttling=0.6", "slow=-1%"])
def test_what_is_no_fault_is_refused_and_the_words_are_told(text: str) -> None:
    with pytest.raises(FaultError) as caught:
        parse_trouble(text)
    assert text.partition("=")[0] in str(caught.value) or "100 %" in str(caught.value)
