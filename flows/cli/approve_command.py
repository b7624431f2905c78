"""Decide at a wave's gate for `waves approve`: show the figures, ask where nothing was said, write the decision down.

Reads no plan: the journal knows who waits by the plan's name. Sends nothing to SMS; the night that waits looks at the journal.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select

from flows.cli import failure, output
from flows.cli.exits import Exit, exit_of_error
from flows.cli.run_view import approval_as_json
from flows.night import approvals
from flows.night.approvals import Ballot, DecidedError, Decision, NotAskedError, StaleError
from flows.night_board import told_time
from flows.places import name_of
from flows.settings import load_settings
from flows.submission import schema
from flows.submission.clock import SystemClock
from flows.submission.journal import JournalUnavailableError, open_journal
from flows.submission.wave_key import WaveKey
from flows.wave_job import author

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy import Connection

    from flows.night.approvals import Approval
    from flows.settings import Settings
    from flows.submission.clock import Clock
    from flows.submission.journal import Journal

_DECISIONS = {"approved": Decision.APPROVED, "not-approved": Decision.NOT_APPROVED}
T = TypeVar("T")
_WORDS = " or ".join(_DECISIONS)


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves approve`, as typed."""

    plan: str
    wave: str
    decision: str = ""
    approver: str = ""
    comment: str = ""
    is_yes: bool = False
    is_json: bool = False
    is_debug: bool = False


class NotDecidedError(Exception):
    """Nobody said what to decide; its text is one line."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A question that is open: whose, and which."""

    wave: WaveKey
    asked: Approval


def main(call: Call) -> int:
    """Ask, decide, and return the exit code."""
    try:
        decided = _decided(call)
    except output.OutputLostError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user who did not ask for it
        return _failed(error, call)
    if call.is_json:
        output.write_json({"wave": call.wave, **approval_as_json(decided)})
    else:
        output.write(f"{call.wave}: the gate before {decided.gate}: {output.one_line(decided.line())}")
    return Exit.DONE


def _decided(call: Call) -> Approval:
    """What is decided. A person who thinks about it keeps neither the journal nor an event loop open: Ctrl-C ends the thought."""
    settings, clock = load_settings(credentials=False), SystemClock()
    gate = asyncio.run(_with_journal(settings, clock, lambda journal: _open_gate(call, settings, journal, clock.wall())))
    ballot = _ballot(call, gate.asked)

    async def decide(journal: Journal) -> Approval:
        return await journal.transact(
            partial(approvals.decide, wave=gate.wave, gate=gate.asked.gate, ballot=ballot, now=clock.wall(), seen=gate.asked)
        )

    return asyncio.run(_with_journal(settings, clock, decide))


async def _with_journal(settings: Settings, clock: Clock, use: Callable[[Journal], Awaitable[T]]) -> T:
    try:
        async with open_journal(settings.journal_url, clock, partial(output.say, output.Word.NOTE)) as journal:
            return await use(journal)
    except JournalUnavailableError as error:
        raise JournalUnavailableError(settings.journal_problem(error)) from error


async def _open_gate(call: Call, settings: Settings, journal: Journal, now: float) -> Gate:
    """The question that waits. Raises NotAskedError, DecidedError."""
    plan_name = name_of(call.plan)

    def look(connection: Connection) -> tuple[list[Gate], list[WaveKey]]:
        keys = _askers(connection)
        ours = [key for key in keys if (key.plan_name, key.wave) == (plan_name, call.wave)]
        ours = [key for key in ours if not settings.endpoint or key.account == settings.account]
        gates = [Gate(key, asked) for key in ours for asked in _last_of_each_gate(connection, key, now)]
        return gates, [key for key in keys if any(a.decision is None for a in _last_of_each_gate(connection, key, now))]

    gates, open_waves = await journal.transact(look)
    waiting = [gate for gate in gates if gate.asked.decision is None]
    if len(waiting) > 1:
        accounts = ", ".join(sorted({gate.wave.account for gate in waiting}))
        raise NotAskedError(f"{call.wave} waits in several accounts, {accounts}: set SMS_ENDPOINT and SMS_PROJECT_ID to one")
    if waiting:
        return waiting[0]
    if gates:
        raise DecidedError(max(gates, key=lambda gate: gate.asked.asked_at).asked)
    others = ", ".join(f"{key.wave} of {key.plan_name}" for key in open_waves) or "none"
    raise NotAskedError(f"{call.wave} of {plan_name} does not wait at a gate: nothing to decide; waves that wait: {others}")


def _askers(connection: Connection) -> list[WaveKey]:
    table = schema.approval.c
    found = connection.execute(select(table.account, table.plan_name, table.wave).distinct())
    return [WaveKey(*each) for each in found]


def _last_of_each_gate(connection: Connection, wave: WaveKey, now: float) -> list[Approval]:
    gates = dict.fromkeys(asked.gate for asked in approvals.history(connection, wave))
    return [asked for gate in gates if (asked := approvals.look(connection, wave, gate, now)) is not None]


def _ballot(call: Call, asked: Approval) -> Ballot:
    """What the call says; where it does not, what a person on the terminal does. Raises NotDecidedError."""
    for line in shown(call.wave, asked):
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    is_terminal = output.is_terminal(sys.stderr) and sys.stdin.isatty()
    if not call.decision and not is_terminal:
        raise NotDecidedError("say what you decide: --decision approved or --decision not-approved")
    decision, approver, comment = call.decision, call.approver or author(), call.comment
    if is_terminal and not call.decision:
        decision = _typed(f"type {_WORDS}: ")
        approver = call.approver or _line(f"who decides [{approver}]: ") or approver
        comment = comment or _line("comment, may be empty: ")
    elif is_terminal and not call.is_yes and not _is_meant(decision, asked):
        raise NotDecidedError("not confirmed: nothing is decided")
    try:
        return Ballot(_DECISIONS[decision], approver, comment)
    except ValueError as error:
        raise NotDecidedError(str(error)) from error


def _is_meant(decision: str, asked: Approval) -> bool:
    """Whether it is approved because all is well, or all the same."""
    if decision != "approved" or all(each.holds for each in asked.criteria):
        return True
    return _line("not every figure is as wanted: type approved to approve all the same: ") == "approved"


def shown(wave: str, asked: Approval) -> Sequence[str]:
    """The question and its figures."""
    until = f", until {told_time(asked.closes_at)}" if asked.closes_at is not None else ""
    head = f"{wave}: the gate before {asked.gate} is open since {told_time(asked.asked_at)}{until}"
    return [head, *(output.one_line(f"{each.line()}") for each in asked.criteria)]


def _typed(question: str) -> str:
    while True:
        said = _line(question)
        if said in _DECISIONS:
            return said
        sys.stderr.write(f'"{said}" is neither {" nor ".join(_DECISIONS)}\n')


def _line(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise NotDecidedError("nothing was typed: nothing is decided")
    return line.strip()


def _failed(error: Exception, call: Call) -> int:
    """Say in one line why nothing is decided."""
    code = Exit.WRONG if isinstance(error, (NotAskedError, DecidedError, StaleError, NotDecidedError)) else exit_of_error(error)
    known, code = failure.told(error, code, is_debug=call.is_debug)
    if call.is_json:
        decided = approval_as_json(error.approval) if isinstance(error, DecidedError) else {}
        output.write_json({"wave": call.wave, "error": known, **decided})
    return code
