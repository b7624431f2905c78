"""Who was asked at a gate, on which figures, and what was decided: one open question a gate, the first decision counts.

The journal is where a decision is made, whoever makes it: the command line, the form in Prefect's UI, or the clock (a gate that
nobody answers in time is *not approved*). Functions of a connection; the journal's transactions are serial, so of two who decide at
the same moment the second is told what the first said. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from flows.night.criteria import Criterion
from flows.submission import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, RowMapping

    from flows.submission.wave_key import WaveKey


class Decision(StrEnum):
    """What was decided."""

    APPROVED = "approved"
    NOT_APPROVED = "not approved"
    TIMED_OUT = "timed out"
    """Nobody decided in time: as good as not approved."""


class NotAskedError(Exception):
    """Nobody is asked at this gate: there is nothing to decide."""


class DecidedError(Exception):
    """The gate was decided before; `approval` says by whom."""

    def __init__(self, approval: Approval) -> None:
        super().__init__(f"the gate before {approval.gate} was decided already: {approval.line()}")
        self.approval = approval


class StaleError(Exception):
    """The question is another by now, or its figures are worse than those that were seen; `approval` has today's."""

    def __init__(self, approval: Approval) -> None:
        super().__init__(f"the figures at the gate before {approval.gate} are others now: look at them, and decide again")
        self.approval = approval


@dataclass(frozen=True, slots=True)
class Approval:
    """One question at a gate, and what came of it. `decision` None: it is open, until `closes_at` where that is given."""

    gate: str
    number: int
    run_id: str
    criteria: tuple[Criterion, ...]
    asked_at: float
    closes_at: float | None = None
    decision: Decision | None = None
    approver: str = ""
    comment: str = ""
    decided_at: float | None = None

    def line(self) -> str:
        """What was decided and by whom, for people."""
        by = f" by {self.approver}" if self.approver else ""
        said = f": {self.comment}" if self.comment else ""
        return f"{self.decision.value if self.decision else 'open'}{by}{said}"


@dataclass(frozen=True, slots=True)
class Ballot:
    """What somebody decides: at least who, and what. Raises ValueError where either is missing."""

    decision: Decision
    approver: str
    comment: str = ""

    def __post_init__(self) -> None:
        if not self.approver.strip():
            raise ValueError("say who decides: the approver's name is empty")
        if self.decision is Decision.TIMED_OUT:
            raise ValueError(f"decide {Decision.APPROVED} or {Decision.NOT_APPROVED}")


def ask(
    connection: Connection,
    wave: WaveKey,
    gate: str,
    run_id: str,
    criteria: Sequence[Criterion],
    now: float,
    closes_at: float | None,
) -> Approval:
    """Put the question; one that is open already gets today's figures, and stays open as long as it was to be.

    A question whose time is over is closed first, and put anew: whoever takes the wave up again asks again.
    """
    last = latest(connection, wave, gate)
    if last is not None and last.decision is None and not _is_over(last, now):
        renewed = update(schema.approval).where(_chosen(wave, last))
        connection.execute(renewed.values(criteria=_as_text(criteria), run_id=run_id))
        return _read(connection, wave, last)
    if last is not None and last.decision is None:
        _close(connection, wave, last)
    asked = Approval(gate, last.number + 1 if last else 1, run_id, tuple(criteria), now, closes_at)
    put = insert(schema.approval).values(**wave._asdict(), gate=gate, number=asked.number, run_id=run_id)
    connection.execute(put.values(criteria=_as_text(criteria), asked_at=now, closes_at=closes_at))
    return asked


def renew(
    connection: Connection, wave: WaveKey, asked: Approval, run_id: str, criteria: Sequence[Criterion], now: float
) -> Approval:
    """Give a question the figures of now, as long as it is open; else say how it, or the one put since, stands. Puts no new one."""
    last = look(connection, wave, asked.gate, now)
    if last is None or last.number != asked.number or last.decision is not None:
        return last or asked
    connection.execute(update(schema.approval).where(_chosen(wave, last)).values(criteria=_as_text(criteria), run_id=run_id))
    return _read(connection, wave, last)


def decide(connection: Connection, wave: WaveKey, gate: str, ballot: Ballot, now: float, seen: Approval | None = None) -> Approval:
    """Decide the open question; `seen` is how it stood when whoever decides looked at it.

    Raises NotAskedError where nobody asks, DecidedError where it is decided, or its time over, StaleError where it is approved on
    figures that hold no more: those of another question, or of one whose figures have become worse since.
    """
    asked = latest(connection, wave, gate)
    if asked is None:
        raise NotAskedError(f"wave {wave.wave} does not wait at the gate {gate}: there is nothing to decide")
    if asked.decision is not None:
        raise DecidedError(asked)
    if _is_over(asked, now):
        raise DecidedError(_closed(asked))
    if ballot.decision is Decision.APPROVED and seen is not None and _is_stale(seen, asked):
        raise StaleError(asked)
    _decide(connection, wave, asked, ballot.decision, ballot.approver.strip(), ballot.comment.strip(), now)
    return _read(connection, wave, asked)


def _is_stale(seen: Approval, asked: Approval) -> bool:
    """Whether what was seen is another question, of another run, or had a figure that was as wanted and is not any more."""
    if (seen.number, seen.run_id) != (asked.number, asked.run_id):
        return True
    held = {each.name for each in seen.criteria if each.holds is not False}
    return any(each.holds is False and each.name in held for each in asked.criteria)


def look(connection: Connection, wave: WaveKey, gate: str, now: float) -> Approval | None:
    """The last question at a gate as it stands now: one whose time is over is closed by looking at it."""
    asked = latest(connection, wave, gate)
    if asked is not None and asked.decision is None and _is_over(asked, now):
        _close(connection, wave, asked)
        return _read(connection, wave, asked)
    return asked


def latest(connection: Connection, wave: WaveKey, gate: str) -> Approval | None:
    """The last question at a gate, as it was written down; None where nobody ever asked."""
    of_gate = [found for found in history(connection, wave) if found.gate == gate]
    return of_gate[-1] if of_gate else None


def history(connection: Connection, wave: WaveKey) -> list[Approval]:
    """All questions of a wave's gates, in the order in which they were put."""
    table = schema.approval
    found = connection.execute(select(table).where(wave.of(table)).order_by(table.c.asked_at, table.c.gate, table.c.number))
    return [_approval(values) for values in found.mappings()]


def _is_over(asked: Approval, now: float) -> bool:
    return asked.closes_at is not None and now >= asked.closes_at


def _close(connection: Connection, wave: WaveKey, asked: Approval) -> None:
    closed = _closed(asked)
    _decide(connection, wave, asked, Decision.TIMED_OUT, "", closed.comment, closed.decided_at or 0.0)


def _closed(asked: Approval) -> Approval:
    return Approval(
        asked.gate,
        asked.number,
        asked.run_id,
        asked.criteria,
        asked.asked_at,
        asked.closes_at,
        Decision.TIMED_OUT,
        "",
        "nobody decided in time",
        asked.closes_at,
    )


def _decide(
    connection: Connection, wave: WaveKey, asked: Approval, decision: Decision, approver: str, comment: str, now: float
) -> None:
    values = {"decision": decision.value, "approver": approver, "comment": comment, "decided_at": now}
    connection.execute(update(schema.approval).where(_chosen(wave, asked)).values(**values))


def _chosen(wave: WaveKey, asked: Approval) -> Any:  # noqa: ANN401 - SQLAlchemy's own condition
    table = schema.approval
    return wave.of(table) & (table.c.gate == asked.gate) & (table.c.number == asked.number)


def _read(connection: Connection, wave: WaveKey, asked: Approval) -> Approval:
    return _approval(connection.execute(select(schema.approval).where(_chosen(wave, asked))).mappings().one())


def _as_text(criteria: Sequence[Criterion]) -> str:
    return json.dumps([each.as_json() for each in criteria], ensure_ascii=False)


def _approval(values: RowMapping | Mapping[str, Any]) -> Approval:
    return Approval(
        gate=values["gate"],
        number=values["number"],
        run_id=values["run_id"],
        criteria=tuple(Criterion.from_json(each) for each in json.loads(values["criteria"])),
        asked_at=values["asked_at"],
        closes_at=values["closes_at"],
        decision=Decision(values["decision"]) if values["decision"] else None,
        approver=values["approver"],
        comment=values["comment"],
        decided_at=values["decided_at"],
    )
