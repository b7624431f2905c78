"""Find what depends on itself by way of others: waves on waves, servers on servers."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MAX_SHOWN = 6
"""A longer circle is cut in messages."""

Node = TypeVar("Node")


def find_circles(ways: Mapping[Node, Collection[Node]]) -> dict[Node, list[Node]]:
    """For each node on a circle the way from it back to itself, both ends named; `ways` says what each node depends on.

    Of circles that share a node one is found: the others show once that one is mended.
    """
    found: dict[Node, list[Node]] = {}
    circle: list[Node] = _any_circle(ways)
    while circle:
        found |= {node: [*circle[place:], *circle[:place], node] for place, node in enumerate(circle)}
        left = {node: [other for other in others if other not in found] for node, others in ways.items() if node not in found}
        circle = _any_circle(left)
    return found


def show_circle(names: list[str]) -> str:
    """A circle as messages show it: `wave-1 -> wave-2 -> wave-1`."""
    return " -> ".join(names if len(names) <= MAX_SHOWN else [*names[: MAX_SHOWN - 2], "...", names[-1]])


def _any_circle(ways: Mapping[Node, Collection[Node]]) -> list[Node]:
    """The nodes of a circle, each before what it depends on; empty where there is none."""
    try:
        TopologicalSorter(ways).prepare()
    except CycleError as error:
        return list(error.args[1][:0:-1])
    return []
