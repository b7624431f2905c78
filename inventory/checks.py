"""Look across the rows of a plan for what no single cell shows.

Decides nothing about cells (values.py has) and asks nobody: what only SMS can tell is build.py's. Never stops at the first problem.
Called by `waves check` and before every submission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.findings import Finding
    from inventory.plan import Plan


def check_plan(plan: Plan, wave: str | None = None) -> tuple[Finding, ...]:
    """Everything wrong with a plan: what reading found, then what its rows show together; with a wave only what concerns it."""
    del wave
    return plan.findings


def invalid_rows(plan: Plan, findings: tuple[Finding, ...]) -> frozenset[int]:
    """The positions of the rows of `Servers` that an error concerns, so that `--allow-invalid` can leave them out."""
    del plan, findings
    return frozenset()
