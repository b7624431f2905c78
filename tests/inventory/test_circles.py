"""Whoever depends on itself by way of others is found, and nobody else."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inventory.circles import find_circles, show_circle

WAYS = st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 7), max_size=3), max_size=8)


@given(WAYS)
def test_each_circle_is_a_way_back(ways: dict[int, set[int]]) -> None:
    """Every step of it is a dependency that was stated, and it begins and ends at its node."""
    for node, circle in find_circles(ways).items():
        assert circle[0] == circle[-1] == node
        assert all(other in ways[one] for one, other in pairwise(circle))


@given(WAYS)
def test_what_is_left_without_those_found_has_an_order(ways: dict[int, set[int]]) -> None:
    """No circle is missed but those that share a node with one that was found."""
    found = find_circles(ways)
    assert find_circles({node: others - found.keys() for node, others in ways.items() if node not in found}) == {}
    assert find_circles({node: {other for other in others if other < node} for node, others in ways.items()}) == {}


def test_a_long_circle_is_cut_when_shown() -> None:
    """Its end stays in sight."""
    assert show_circle(["a", "b", "a"]) == "a -> b -> a"
    assert show_circle([*"abcdefg", "a"]) == "a -> b -> c -> d -> ... -> a"
