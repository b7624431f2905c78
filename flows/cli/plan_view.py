"""What `waves plan` shows: plain lines in a pipe, a table on a terminal, one object with `--json`.

Decides no words of a reason: the proposal has them. Called by plan_command.py.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import output
from inventory.forecast_words import count, length, size, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.cli.plan_command import Call
    from inventory.wave_proposal import Proposal, ProposedWave

_WORDS = {True: "fits", False: "TOO LONG", None: ""}
_STYLES = {True: "green", False: "bold red", None: ""}


def show(proposal: Proposal, stream: TextIO) -> None:
    """Every wave, then what else is to be known."""
    if output.is_terminal(stream):
        _draw(proposal, stream)
        return
    lines = [f"{output.one_line(wave.name)}: {', '.join(part for part in _parts(wave) if part)}" for wave in proposal.waves]
    output.write("\n".join([*lines, *map(output.one_line, proposal.notes), summary(proposal)]))


def summary(proposal: Proposal) -> str:
    """How much was proposed."""
    return f"{count(len(proposal.reasons), 'server')} proposed for {count(len(proposal.waves), 'wave')}"


def as_json(call: Call, proposal: Proposal, missing: Sequence[str]) -> dict[str, Any]:
    """The one object of `waves plan --json`."""
    return {
        "plan": call.plan.name,
        "copy": str(call.out) if call.out is not None else "",
        "waves": [
            {
                "wave": wave.name,
                "servers": len(wave.loads),
                "bytes": wave.bytes,
                "seconds": wave.seconds,
                "is_at_least": wave.is_unknown,
                "window_seconds": wave.window_seconds if wave.window_seconds < inf else None,
                "fits": wave.fits,
            }
            for wave in proposal.waves
        ],
        "servers": [
            {
                "source_server_id": load.identity,
                "row": load.row.position,
                "wave": wave.name,
                "reason": proposal.reasons[load.row.position][1],
            }
            for wave in proposal.waves
            for load in wave.loads
        ],
        "notes": list(proposal.notes),
        "missing": list(missing),
    }


def _parts(wave: ProposedWave) -> tuple[str, ...]:
    return (count(len(wave.loads), "server"), total([load.size for load in wave.loads]), _took(wave), _WORDS[wave.fits])


def _took(wave: ProposedWave) -> str:
    if wave.seconds is None:
        return "nobody can tell how long"
    window = f" of {length(wave.window_seconds)}" if wave.window_seconds < inf else ""
    return f"{'at least ' if wave.is_unknown else ''}{length(wave.seconds)}{window}"


def _draw(proposal: Proposal, stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))
    table = Table("wave", "servers", "bytes", "takes", "", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for wave in proposal.waves:
        words = Text(_WORDS[wave.fits], _STYLES[wave.fits])
        table.add_row(Text(output.one_line(wave.name)), f"{len(wave.loads):,}", size(wave.bytes), _took(wave), words)
    console.print(table)
    for note in proposal.notes:
        console.print(Text(output.one_line(note), "yellow"))
    console.print(Text(summary(proposal), "bold"))
