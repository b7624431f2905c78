"""What `waves forecast` shows: plain lines in a pipe, a table with a bar for each wave on a terminal, one object with `--json`.

Decides no words of a note or a suggestion: the forecast has them. Called by forecast_command.py.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import output
from inventory.forecast_words import count, length, moment, named, size, total

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rich.text import Text

    from flows.cli.forecast_command import Told
    from inventory.forecast import WaveForecast

_BAR = 24
_FULL, _OVER, _ROOM = "\N{BOX DRAWINGS HEAVY HORIZONTAL}", "\N{BOX DRAWINGS HEAVY HORIZONTAL}", "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
_STYLES = {True: "green", False: "bold red", None: "yellow"}


def show(told: Told, stream: TextIO) -> None:
    """Every wave, what is to be known of it, and the sum."""
    if output.is_terminal(stream):
        _draw(told, stream)
    else:
        lines = [line for wave in told.waves for line in _lines(wave)]
        output.write("\n".join([*lines, summary(told), terms(told)]))


def as_json(told: Told) -> dict[str, Any]:
    """The one object of `waves forecast --json`; times are ISO 8601 with their offset, null where nobody can tell."""
    middle = told.terms.middle
    return {
        "plan": told.plan,
        "overhead_minutes": middle.overhead_minutes,
        "efficiency": middle.efficiency,
        "changes_per_day": middle.changes_per_day,
        "said_from": list(middle.said_from),
        "waves": [_wave_as_json(wave) for wave in told.waves],
    }


def _wave_as_json(wave: WaveForecast) -> dict[str, Any]:
    return {
        "wave": wave.wave,
        "servers": wave.servers,
        "bytes": wave.bytes,
        "starts_at": _iso(wave.starts_at),
        "ends_at": _iso(wave.ends_at),
        "ends_at_p90": _iso(wave.ends_at_p90),
        "window_ends_at": _iso(wave.case.window_ends_at),
        "seconds": wave.seconds,
        "is_at_least": wave.is_at_least,
        "fits": wave.fits,
        "fits_p90": wave.fits_p90,
        "late": [load.identity for load in wave.late],
        "unknown": [load.identity for load in wave.case.loads if not wave.case.is_known(load)],
        "suggestions": list(wave.suggestions),
        "notes": list(wave.notes),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at is not None else None


def _lines(wave: WaveForecast) -> Iterator[str]:
    moved = total([load.size for load in wave.case.loads])
    yield (
        f"{output.one_line(wave.wave)}: {count(wave.servers, 'server')}, {moved}, starts {moment(wave.starts_at)}, "
        f"ends {_end(wave)}{_took(wave)}: {verdict(wave)}"
    )
    yield from (f"  {line}" for line in _details(wave))


def _end(wave: WaveForecast) -> str:
    shown = ("at least " if wave.is_at_least and wave.ends_at else "") + moment(wave.ends_at)
    return shown + (f", {moment(wave.ends_at_p90)} at the latest in 9 of 10 (P50-P90)" if wave.ends_at_p90 else "")


def _took(wave: WaveForecast) -> str:
    return f" ({length(wave.seconds)})" if wave.seconds is not None else ""


def verdict(wave: WaveForecast) -> str:
    """Whether it fits, in words: by how much, or why nobody can tell."""
    window = wave.case.window_seconds
    if wave.fits is None:
        return "cannot be told whether it fits" if window < inf else "no window to fit"
    seconds = wave.seconds or 0.0
    if wave.fits:
        return f"fits, {length(window - seconds)} to spare"
    return f"LATE by {length(seconds - window)}" if seconds > window else "LATE"


def _details(wave: WaveForecast) -> Iterator[str]:
    if wave.late:
        yield f"late: {named([load.row.label for load in wave.late])} ({count(len(wave.late), 'server')})"
    for note in wave.notes:
        yield output.one_line(note)
    for suggestion in wave.suggestions:
        yield f"would fit: {output.one_line(suggestion)}" if not suggestion.startswith("or ") else output.one_line(suggestion)


def summary(told: Told) -> str:
    """What was looked at, and how it stands."""
    fits = [wave.fits for wave in told.waves]
    servers = sum(wave.servers for wave in told.waves)
    unknown = f", {fits.count(None)} cannot be told" if None in fits else ""
    of = f"{count(servers, 'server')} in {count(len(fits), 'wave')}"
    fit = f"{count(fits.count(True), 'wave')} {'fits' if fits.count(True) == 1 else 'fit'}"
    return f"{told.plan}: {of}: {fit}, {fits.count(False)} late{unknown}"


def terms(told: Told) -> str:
    """What was reckoned with, and where it is from."""
    middle = told.terms.middle
    syncs = any(load.is_syncing for wave in told.waves for load in wave.case.loads)
    said = "; ".join(middle.said_from if syncs else middle.said_from[:2])
    changes = f" ({middle.changes_per_day * 100:.3g}% of a syncing server changing a day)" if syncs else ""
    efficiency = f"{middle.efficiency * 100:.3g}%"
    return f"reckoned with {middle.overhead_minutes:.3g} min a server and {efficiency} of the line{changes}: {said}"


def _draw(told: Told, stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title, justify in (("wave", "left"), ("servers", "right"), ("bytes", "right"), ("starts", "left"), ("ends", "left")):
        table.add_column(title, justify=justify, no_wrap=title != "wave", overflow="fold")  # type: ignore[arg-type]
    table.add_column("window", no_wrap=True)
    for wave in told.waves:
        ends = (">= " if wave.is_at_least and wave.ends_at else "") + _short(wave.ends_at)
        table.add_row(
            Text(output.one_line(wave.wave)),
            f"{wave.servers:,}",
            size(wave.bytes),
            _short(wave.starts_at),
            ends,
            _bar(wave, stream),
        )
    console.print(table)
    for wave in told.waves:
        console.print(Text.assemble((output.one_line(wave.wave), "bold"), f": {verdict(wave)}"), style=_STYLES[wave.fits])
        for line in _details(wave):
            console.print(Text(f"  {line}"), soft_wrap=False)
    console.print(Text(summary(told), "bold"), soft_wrap=True)
    console.print(Text(terms(told), "dim"))


def _short(at: datetime | None) -> str:
    return at.strftime("%a %d %b %H:%M") if at is not None else "unknown"


def _bar(wave: WaveForecast, stream: TextIO) -> Text:
    """How much of its window a wave needs: a bar as long as the window, and what is over it."""
    from rich.text import Text

    window = wave.case.window_seconds
    if wave.seconds is None or window == inf or window <= 0:
        return Text("-", "dim")
    share = wave.seconds / window
    used = min(_BAR, round(share * _BAR)) if share <= 1 else round(_BAR / share)
    full, room = (_FULL, _ROOM) if output.is_unicode(stream) else ("#", "-")
    over = "" if share <= 1 else full * (_BAR - used)
    return Text.assemble(
        (full * used, "green" if share <= 1 else "red"),
        (over, "bold red"),
        (room * (_BAR - used - len(over)), "dim"),
        f" {share:.0%}",
    )
