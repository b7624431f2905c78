"""Which stages a wave goes through: the gate stands where something can still be held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.night.path import Stage, moved_unasked, path_of
from inventory.plan import read_plan
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

P, U, S, Y, A, C, V, R = Stage


@pytest.mark.parametrize(
    ("syncing", "needs_approval", "path"),
    [
        (("yes", "no"), "yes", (P, U, S, Y, A, C, V, R)),
        (("yes", "yes"), "no", (P, U, S, Y, C, V, R)),
        (("no", "no"), "yes", (P, U, A, S, Y, V, R)),
        (("", ""), "", (P, U, S, Y, V, R)),
    ],
)
def test_a_wave_is_asked_about_while_something_can_be_held(
    tmp_path: Path, syncing: tuple[str, str], needs_approval: str, path: tuple[Stage, ...]
) -> None:
    servers = [server(number, syncing=said) for number, said in enumerate(syncing, start=1)]
    plan = read_plan(make_plan(tmp_path / "plan.xlsx", servers, waves=[{"wave": "wave-1", "needs_approval": needs_approval}]))
    assert path_of(plan.waves["wave-1"], plan.rows("wave-1")) == path


def test_a_skipped_server_opens_no_gate(tmp_path: Path) -> None:
    plan = read_plan(make_plan(tmp_path / "plan.xlsx", [server(1, syncing="yes", skip="yes"), server(2, syncing="no")]))
    assert Stage.CUTOVER not in path_of(plan.waves["wave-1"], plan.rows("wave-1"))


def test_every_stage_is_explained() -> None:
    assert all(stage.meaning for stage in Stage)


@pytest.mark.parametrize(
    ("rows", "unasked"),
    [
        ([{"syncing": "yes"}, {"syncing": "no"}], ["web-02"]),
        ([{"syncing": "no", "auto_start": "yes"}, {"syncing": "no"}], ["web-01"]),
        ([{"syncing": "yes", "auto_start": "yes"}, {"syncing": "no", "skip": "yes"}], []),
        ([{"syncing": "no"}, {"syncing": "no"}], []),
    ],
)
def test_whom_no_gate_can_hold(tmp_path: Path, rows: list[dict[str, str]], unasked: list[str]) -> None:
    servers = [server(number, **said) for number, said in enumerate(rows, start=1)]
    asks = read_plan(make_plan(tmp_path / "plan.xlsx", servers, waves=[{"wave": "wave-1", "needs_approval": "yes"}]))
    assert [row.label for row in moved_unasked(asks.waves["wave-1"], asks.rows("wave-1"))] == unasked
    free = read_plan(make_plan(tmp_path / "free.xlsx", servers))
    assert not moved_unasked(free.waves["wave-1"], free.rows("wave-1"))
