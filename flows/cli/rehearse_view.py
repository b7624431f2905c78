"""What `waves rehearse` shows: plain lines in a pipe, a table on a terminal, one object with `--json`.

Decides no sentence: rehearsal_facts.py has them. Called by rehearse_command.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - part of a record's type
from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import output
from inventory.forecast_words import count, length
from inventory.rehearsal_facts import (
    against_forecast,
    cause_groups,
    fault_lines,
    gate_line,
    shown,
    truth_lines,
    verdict_of,
    wave_verdict,
)
from inventory.rehearsal_records import Cause, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rich.text import Text

    from inventory.rehearsal_records import Rehearsal, ServerRecord, WaveRecord

_BAR = 14
_FULL = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"
_STYLES = {Verdict.MOVED: "green", Verdict.LATE: "yellow", Verdict.NOT_MOVED: "red"}
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """A rehearsal, how many seconds it took, and where its report lies."""

    found: Rehearsal
    seconds: float
    report: Path
    page: Path | None


def show(ended: Shown, stream: TextIO) -> None:
    """Every wave, who was late and why, what went wrong, and the sum."""
    if output.is_terminal(stream):
        _draw(ended, stream)
        return
    found = ended.found
    lines = [line for wave in found.waves for line in _lines(wave)]
    output.write("\n".join([*lines, *_end(ended)]))


def as_json(ended: Shown) -> dict[str, Any]:
    """The one object of `waves rehearse --json`; times are ISO 8601 with their offset, null where it never came to that.

    Nothing in it but the report's place tells when or where it was made: the same seed gives the same object.
    """
    found = ended.found
    return {
        "plan": found.plan,
        "plan_sha256": found.plan_sha256,
        "seed": found.seed,
        "faults": found.trouble,
        "holds": found.is_good,
        "verdict": verdict_of(found),
        "report": str(ended.report),
        "page": str(ended.page) if ended.page is not None else None,
        "duplicates": list(found.duplicates),
        "untrue": list(found.untrue),
        "requests": dict(found.requests),
        "injected": dict(found.faults),
        "waves": [_wave_as_json(wave) for wave in found.waves],
    }


def _wave_as_json(wave: WaveRecord) -> dict[str, Any]:
    return {
        "wave": wave.name,
        "holds": wave.is_good,
        "counts": {verdict.value: many for verdict, many in wave.tally.items()},
        "causes": {cause.value: many for cause, many in wave.causes.items()},
        "starts_at": _iso(wave.planned_at),
        "began_at": _iso(wave.began_at),
        "submitted_at": _iso(wave.submitted_at),
        "started_at": _iso(wave.started_at),
        "copied_at": _iso(wave.copied_at),
        "approved_at": _iso(wave.approved_at),
        "moved_at": _iso(wave.moved_at),
        "forecast_ends_at": _iso(wave.forecast_ends_at),
        "window_ends_at": _iso(wave.window_ends_at),
        "gates": [
            {"gate": gate.name, "decision": gate.decision, "seconds": gate.seconds, "not_met": list(gate.held)}
            for gate in wave.gates
        ],
        "notes": list(wave.notes),
        "servers": [_server_as_json(server) for server in wave.servers],
    }


def _server_as_json(server: ServerRecord) -> dict[str, Any]:
    return {
        "server": server.server,
        "source_server_id": server.source_server_id,
        "verdict": server.verdict.value,
        "cause": server.cause.value if server.cause is not None else None,
        "late_seconds": round(server.late_seconds),
        "state": server.state,
        "submitted_at": _iso(server.submitted_at),
        "started_at": _iso(server.started_at),
        "copied_at": _iso(server.copied_at),
        "moved_at": _iso(server.moved_at),
        "forecast_ends_at": _iso(server.forecast_ends_at),
        "restarts": server.restarts,
        "errors": list(server.errors),
        "lost_seconds": {cause.value: round(server.lost[cause]) for cause in Cause if cause in server.lost},
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at is not None else None


def _lines(wave: WaveRecord) -> Iterator[str]:
    servers = count(len(wave.servers) - wave.tally[Verdict.SKIPPED], "server")
    window = f"{shown(wave.planned_at) or 'no start'} to {shown(wave.window_ends_at) or 'no end'}"
    yield output.one_line(f"{wave.name}: {servers}, {window}: {wave_verdict(wave)}")
    yield from (f"  {line}" for line in _details(wave))


def _details(wave: WaveRecord) -> Iterator[str]:
    yield against_forecast(wave)
    for group in cause_groups(wave.servers):
        named = output.one_line(group.examples(_NAMED))
        yield f"{group.verdict.value}: {group.full_name}: {count(len(group.servers), 'server')}: {named}"
    for gate in wave.gates:
        yield output.one_line(gate_line(gate))


def _end(ended: Shown) -> Iterator[str]:
    found = ended.found
    for words, many, told in fault_lines(found):
        yield f"{words}: {many:,} ({told})"
    yield from truth_lines(found)
    played = (found.ends_at - found.begins_at).total_seconds()
    yield f"{length(played)} rehearsed in {ended.seconds:.0f} s, seed {found.seed}"
    yield f"report: {ended.report}" + (f", page: {ended.page}" if ended.page is not None else "")
    yield verdict_of(found)


def _draw(ended: Shown, stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("wave", overflow="fold", min_width=8)
    table.add_column("servers", justify="right", no_wrap=True)
    for title in ("window ends", "all moved", "in time / late / left"):
        table.add_column(title, no_wrap=True)
    for wave in ended.found.waves:
        kept = len(wave.servers) - wave.tally[Verdict.SKIPPED]
        table.add_row(
            Text(output.one_line(wave.name)), f"{kept:,}", _short(wave.window_ends_at), _short(wave.moved_at), _bar(wave, stream)
        )
    console.print(table)
    for wave in ended.found.waves:
        style = "green" if wave.is_good else "bold red"
        console.print(Text.assemble((output.one_line(wave.name), "bold"), f": {wave_verdict(wave)}"), style=style)
        for line in _details(wave):
            console.print(Text(f"  {line}"), soft_wrap=False)
    *lines, last = _end(ended)
    for line in lines:
        console.print(Text(line, "dim"), soft_wrap=True)
    console.print(Text(last, "bold green" if ended.found.is_good else "bold red"), soft_wrap=True)


def _short(at: datetime | None) -> str:
    return at.strftime("%a %d %b %H:%M") if at is not None else "-"


def _bar(wave: WaveRecord, stream: TextIO) -> Text:
    """How the wave's servers ended, as parts of a bar."""
    from rich.text import Text

    full = _FULL if output.is_unicode(stream) else "#"
    kept = len(wave.servers) - wave.tally[Verdict.SKIPPED]
    widths = {}
    for verdict in (Verdict.LATE, Verdict.NOT_MOVED):
        many = wave.tally[verdict]
        widths[verdict] = max(1, round(_BAR * many / kept)) if many else 0
    widths[Verdict.MOVED] = _BAR - sum(widths.values()) if wave.tally[Verdict.MOVED] else 0
    parts = [(full * widths[verdict], _STYLES[verdict]) for verdict in (Verdict.MOVED, Verdict.LATE, Verdict.NOT_MOVED)]
    told = " / ".join(f"{wave.tally[verdict]:,}" for verdict in _STYLES)
    return Text.assemble(*parts, f" {told}")
