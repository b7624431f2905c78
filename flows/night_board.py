"""What is known of a night while it goes on: the one watcher of all its jobs, which terminal, flow and pages read from.

The night writes, others read, from other threads too; nobody waits for anybody. Shows nothing itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flows.board import Board
from flows.night.approvals import Decision
from flows.night.stages import StageState

if TYPE_CHECKING:
    from flows.night.approvals import Approval
    from flows.night.path import Stage
    from flows.operating.orders import Muster, ServerResult
    from flows.submission.events import Attempt, Phase
    from flows.teller import Teller
    from flows.tracking.events import Change
    from flows.tracking.picture import Picture
    from inventory.outcomes import Outcome


class NightBoard:
    """A watcher of submission, orders, tracking and the night itself. `lines` are what was told, in order, for a log or a pipe."""

    def __init__(self, rows: int, wave: str = "", how_to_decide: str = "") -> None:
        """`how_to_decide` is the command that decides at a gate, told when one is open."""
        self.wave = wave
        self.how_to_decide = how_to_decide
        self.teller: Teller | None = None
        self._told: object = None
        self.submission = Board(rows)
        self.now: Stage | None = None
        self.stages: dict[Stage, tuple[StageState, str]] = {}
        self.open_gate: Approval | None = None
        self.last_picture: Picture | None = None
        self.last_muster: Muster | None = None
        self._lines: list[str] = []

    def lines(self, start: int = 0) -> list[str]:
        """What was told, from number `start` on."""
        return self._lines[start:]

    # -- the night

    def stage(self, stage: Stage, state: StageState, line: str) -> None:
        """A stage begins, or has ended so."""
        self.now = stage
        self.stages[stage] = (state, line)
        if state is StageState.RUNNING and not line:
            self._lines.append(f"{stage.value}: {stage.meaning}")
        elif line and state is not StageState.HELD:
            self._lines.append(f"{stage.value} {state.value}: {line}")

    def gate(self, approval: Approval) -> None:
        """A gate is open, or was decided."""
        is_open = approval.decision is None
        self.open_gate = approval if is_open else None
        if is_open:
            if self.teller is not None:
                said = f"waits at the gate {approval.gate}: `{self.how_to_decide}` decides"
                self.teller.gate(self.wave, f"{approval.gate}/{approval.number}", said)
            self._lines += [f"the gate before {approval.gate} is open:", *(f"  {each.line()}" for each in approval.criteria)]
            until = f", until {told_time(approval.closes_at)}" if approval.closes_at is not None else ""
            self._lines += [f"`{self.how_to_decide}` decides{until}"] if self.how_to_decide else []
        elif approval.decision is not Decision.APPROVED:
            self._lines.append(f"the gate before {approval.gate}: {approval.line()}")

    # -- its jobs

    def phase(self, phase: Phase, rows: int) -> None:
        """A phase of the submission begins."""
        self.submission.phase(phase, rows)

    def attempt(self, attempt: Attempt) -> None:
        """A request to create has ended."""
        self.submission.attempt(attempt)

    def outcome(self, outcome: Outcome) -> None:
        """A row has its outcome."""
        self.submission.outcome(outcome)

    def result(self, result: ServerResult) -> None:
        """An order has its result for a server; what is not done is told."""
        if not result.ended.is_done:
            why = " ".join(part for part in (result.code, result.message) if part)
            self._lines.append(f"{result.row.label}: {result.ended.value}: {why}" + (f": {result.advice}" if result.advice else ""))

    def muster(self, muster: Muster) -> None:
        """How the start stands."""
        if self.last_muster is None or self.last_muster.line() != muster.line():
            self._lines.append(muster.line())
        self.last_muster = muster

    def picture(self, picture: Picture) -> None:
        """The wave as the last look showed it; a line where servers stand elsewhere, not for each change of speed."""
        self.tell(picture)
        told = (picture.goal, picture.standings, len(picture.late), picture.problem)
        if told != self._told:
            problem = f"; SMS cannot be looked at, and is asked again: {picture.problem}" if picture.problem else ""
            self._lines.append(picture.line() + problem)
        self._told, self.last_picture = told, picture

    def tell(self, picture: Picture) -> None:
        """Have people told what a picture gives occasion to, where anybody is."""
        if self.teller is not None:
            self.teller.picture(picture)

    def change(self, change: Change) -> None:
        """A server has changed its state; one that is lost is told by itself."""
        server = change.server
        if server.standing.is_lost:
            why = " ".join(part for part in (server.error_code, server.error_message) if part)
            self._lines.append(f"{server.label}: {server.state}" + (f": {why}" if why else "") + f": {server.advice}")

    def remark(self, text: str) -> None:
        """A line for people."""
        self._lines.append(text)


def told_time(at: float) -> str:
    """A moment as people on duty read it: this machine's day and time of day."""
    return f"{datetime.fromtimestamp(at).astimezone():%a %H:%M %Z}"
