"""Read a plan and propose waves for the servers that have none, for `waves plan`.

Decides what is wanted, whether a copy is written, and the exit code. Loads no Prefect, no network, no database, and rich on a
terminal alone.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit
from flows.cli.forecast_command import CallError, share_of
from flows.cli.plan_view import as_json, show
from flows.command_words import quoted
from inventory.catalogue import PlanError
from inventory.forecast_terms import terms_of
from inventory.plan import read_plan
from inventory.wave_proposal import NothingToProposeError, Wanted, propose_waves

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.wave_proposal import Proposal

_LENGTH = re.compile(r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?")


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves plan`, as typed."""

    plan: Path
    waves: int | None
    per_wave: int | None
    window: str | None
    bandwidth: float | None
    overhead: float | None
    efficiency: str | None
    out: Path | None
    is_filled_in: bool
    may_replace: bool
    is_json: bool


def main(call: Call) -> int:
    """Propose, write the copy, and show; the exit code."""
    from inventory.proposal_copy import ProposalCopyError

    try:
        proposal, missing = _propose(call)
    except (PlanError, CallError, NothingToProposeError, ProposalCopyError) as error:
        if call.is_json:
            output.write_json({"plan": call.plan.name, "waves": [], "error": str(error)})
        output.error(str(error))
        return Exit.WRONG
    if call.is_json:
        output.write_json(as_json(call, proposal, missing))
    else:
        show(proposal, sys.stdout)
    _say_next(call, missing)
    return Exit.DONE


def _propose(call: Call) -> tuple[Proposal, list[str]]:
    from inventory.proposal_copy import check_proposal_path, write_proposal

    wanted = _wanted(call)
    terms = terms_of(call.overhead, share_of("--efficiency", call.efficiency))
    if call.out is not None:
        check_proposal_path(call.out, call.plan, may_replace=call.may_replace)
    elif call.is_filled_in:
        raise CallError("--fill is about the copy: give it a name with --out COPY.xlsx")
    plan = read_plan(call.plan)
    proposal = propose_waves(plan, wanted, terms.middle)
    missing = write_proposal(call.out, plan, proposal, is_filled_in=call.is_filled_in) if call.out is not None else []
    return proposal, missing


def _wanted(call: Call) -> Wanted:
    if call.waves is None and call.per_wave is None and call.window is None:
        raise CallError("how many waves? give --waves N, or --per-wave N with --window 8h")
    if call.waves is not None and call.per_wave is not None:
        raise CallError("--waves and --per-wave are two ways to say one thing: give one of them")
    return Wanted(call.waves, call.per_wave, length_of(call.window) if call.window is not None else None, call.bandwidth)


def length_of(text: str) -> float:
    """A length of time as typed, in seconds: `8h`, `90m`, `7h30m`, `1d`; a plain number is hours. Raises CallError."""
    said = text.strip().lower().replace(" ", "")
    match = _LENGTH.fullmatch(f"{said}h" if said.replace(".", "", 1).isdecimal() else said)
    days, hours, minutes = (float(part or 0) for part in match.groups()) if match else (0.0, 0.0, 0.0)
    seconds = days * 86400 + hours * 3600 + minutes * 60
    if not seconds:
        raise CallError(f'--window "{text}" is not a length of time: give for example 8h, 90m or 7h30m')
    return seconds


def _say_next(call: Call, missing: list[str]) -> None:
    for line in missing:
        output.say(output.Word.NOTE, f"not in the copy: {line}")
    if call.out is None:
        output.hint("--out COPY.xlsx writes it, with the reason for each server, beside Servers in a copy of the plan")
    elif call.is_filled_in:
        output.hint(f"look at it, give the waves their times in Waves, and run `waves forecast {quoted(str(call.out))}`")
    else:
        output.hint(f"look at {call.out}, and take over what you like from proposed_wave into wave; --fill does that in the copy")
