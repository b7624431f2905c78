"""The form at a gate, in Prefect's UI: the run pauses until somebody fills it in, or the gate is decided elsewhere.

The journal is where a gate is decided: a form that was sent is one who decides, beside `waves approve` and the clock. Whatever
Prefect does not do, the night goes on without it. Called by night_room.py.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Literal

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.states import Running
from pydantic import Field

from flows.night import approvals
from flows.night.approvals import Ballot, DecidedError, Decision, NotAskedError, StaleError
from flows.night_board import told_time
from flows.submission.clock import SystemClock
from flows.submission.journal import JournalUnavailableError, open_journal
from flows.submission.wave_key import WaveKey

if TYPE_CHECKING:
    from flows.night.approvals import Approval as Asked
    from flows.night_session import NightSession

_LOOK_SECONDS = 2
"""How often Prefect is asked whether somebody has sent the form."""
_AGAIN_SECONDS = 10.0
"""After how long the form is shown again where Prefect could not be asked."""
_SLACK_SECONDS = 600
"""A paused run is failed by Prefect's server when its time is over: later than the gate is closed by the journal."""
_NO_END_SECONDS = 30 * 86_400


class Approval(RunInput):
    """What is asked at the gate."""

    approver: str = Field("", description="Your name. It goes into the journal and into the report.")
    decision: Literal["not approved", "approved"] = Field("not approved", description="Whether the wave goes on.")
    comment: str = Field("", description="Why, or what to look at. It goes into the report, too.")


async def stand_at(asked: Asked, session: NightSession) -> None:
    """Pause the run with the form, again after a wrong input, until the gate is decided. Cancelled where it is decided elsewhere.

    Never raises; leaves the run paused where it is cancelled: `go_on` ends that.
    """
    key, problem, round_number = _wave_key(session), "", 0
    while True:
        round_number += 1
        try:
            form = Approval.with_initial_data(description=description(asked, session, problem))
            sent = await apause_flow_run(
                wait_for_input=form,
                timeout=_seconds(asked),
                poll_interval=_LOOK_SECONDS,
                key=f"{asked.gate}-{asked.number}-{session.prepared.wave.plan.sha256[:8]}-{round_number}-{SystemClock().wall():.0f}",
            )
            asked, problem = await _decide(asked, key, sent, session)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with Prefect is no matter of the night's
            get_run_logger().warning(f"the form could not be shown ({type(error).__name__}): `waves approve` decides, too")
            await asyncio.sleep(_AGAIN_SECONDS)
            with suppress(Exception):
                await go_on()  # a run that is still paused cannot be paused once more
            continue
        if not problem:
            return
        get_run_logger().warning(f"the form was sent, and nothing is decided: {problem}")


async def go_on() -> None:
    """Have the run no longer paused, whoever decided; a run in any other state stays in it. Raises what Prefect's client does."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    async with get_client() as client:
        run = await client.read_flow_run(context.flow_run.id)
        if run.state is not None and run.state.is_paused():
            await client.set_flow_run_state(run.id, Running(message="the gate is decided"), force=True)


async def _decide(asked: Asked, wave: WaveKey, sent: Approval, session: NightSession) -> tuple[Asked, str]:
    """Write the decision down; the question as it stands, and what is wrong, "" where it is decided, here or elsewhere."""
    try:
        ballot = Ballot(Decision(sent.decision), sent.approver, sent.comment)
    except ValueError as error:
        return asked, str(error)
    clock = SystemClock()
    decide = partial(approvals.decide, wave=wave, gate=asked.gate, ballot=ballot, now=clock.wall(), seen=asked)
    try:
        async with open_journal(session.settings.journal_url, clock, session.remark) as journal:
            await journal.transact(decide)
    except (DecidedError, NotAskedError) as error:
        session.remark(f"note: {ballot.approver.strip()} sent the form in Prefect's UI: {error}")
    except StaleError as error:
        return error.approval, str(error)
    except JournalUnavailableError as error:
        return asked, f"the journal cannot be written: {error}"
    return asked, ""


def description(asked: Asked, session: NightSession, problem: str = "") -> str:
    """What stands above the form, in Markdown: the question, until when, the figures, and what was wrong with the last input."""
    wave = session.prepared.request.order.wave
    until = f" It waits until {told_time(asked.closes_at)}, then it counts as not approved." if asked.closes_at is not None else ""
    lines = [f"**{problem}**: nothing is decided yet.", ""] if problem else []
    lines += [f"## {cell(wave)}: shall it go on with {asked.gate}?", "", f"Figures of {told_time(asked.asked_at)}.{until}", ""]
    return "\n".join([*lines, *criteria_table(asked)])


def criteria_table(asked: Asked) -> list[str]:
    """The figures as a table in Markdown."""
    marks = {True: "ok", False: "**NOT MET**", None: "unknown"}
    rows = [
        f"| {cell(each.name)} | {cell(each.value)} | {cell(each.wanted)} | {marks[each.holds]} | {cell(_named(each.servers))} |"
        for each in asked.criteria
    ]
    return ["| figure | is | wanted | | servers |", "| --- | --- | --- | --- | --- |", *rows]


def cell(text: str) -> str:
    """A text that stays in its cell of a table in Markdown, and is no Markdown itself."""
    plain = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\|`*_[]<>#" else letter for letter in plain)


def _named(servers: tuple[str, ...]) -> str:
    shown = ", ".join(servers[:10])
    return f"{shown} and {len(servers) - 10} more" if len(servers) > 10 else shown


def _seconds(asked: Asked) -> int:
    if asked.closes_at is None:
        return _NO_END_SECONDS
    return max(1, round(asked.closes_at - SystemClock().wall())) + _SLACK_SECONDS


def _wave_key(session: NightSession) -> WaveKey:
    return WaveKey(session.settings.account, session.prepared.wave.plan.name, session.prepared.request.order.wave)
