"""Who watches a rehearsed wave: one that keeps what would have been said to people, and shows nothing.

One object watches all that a wave's night is made of: its path, submission, orders, tracking. Read by account.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.night.approvals import Approval
    from flows.night.path import Stage
    from flows.night.stages import StageState
    from flows.operating.orders import Muster, ServerResult
    from flows.submission.events import Attempt, Phase
    from flows.tracking.events import Change
    from flows.tracking.picture import Picture
    from inventory.outcomes import Outcome


@dataclass(slots=True)
class Unshown:
    """A watcher of the path, submission, operating and tracking. `remarks` are (seconds since 1970, text).

    `on_gate` hears of gates that are open.
    """

    wall: Callable[[], float]
    remarks: list[tuple[float, str]] = field(default_factory=list)
    polls: int = 0
    on_gate: Callable[[Approval], object] | None = None

    def remark(self, text: str) -> None:
        """Keep what a person would have been told."""
        self.remarks.append((self.wall(), text))

    def picture(self, _picture: Picture) -> None:
        """Count a look."""
        self.polls += 1

    def gate(self, approval: Approval) -> None:
        """A gate is open: whoever decides is told."""
        if approval.decision is None and self.on_gate is not None:
            self.on_gate(approval)

    def stage(self, stage: Stage, state: StageState, line: str) -> None:
        """Nothing of it is kept: the journal has it."""

    def phase(self, phase: Phase, rows: int) -> None:
        """Nothing of it is kept."""

    def attempt(self, attempt: Attempt) -> None:
        """Nothing of it is kept."""

    def outcome(self, outcome: Outcome) -> None:
        """Nothing of it is kept."""

    def result(self, result: ServerResult) -> None:
        """Nothing of it is kept."""

    def muster(self, muster: Muster) -> None:
        """Nothing of it is kept."""

    def change(self, change: Change) -> None:
        """Nothing of it is kept."""
