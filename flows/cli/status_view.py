"""What `waves status` shows: a table on a terminal, a line a wave in a pipe; then what needs a person, and drift.

Decides no words of what needs a person: the programme has them. Called by status_command.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from flows.cli import output
from flows.programme.wave_line import COLUMNS
from inventory.forecast_words import count, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from flows.programme.gather import Programme
    from flows.programme.wave_line import WaveLine

_MOST_DRIFT = 20
_ALWAYS = frozenset(COLUMNS) - {"unknown"}
_BAD = frozenset({"failed", "unknown"})
_WIDE = 110
"""Terminals of so many columns have room for the stage and the time beside the numbers."""


def show(programme: Programme, stream: TextIO) -> None:
    """The waves, what needs a person, drift, and the sum of it in the last line."""
    if output.is_terminal(stream):
        _draw(programme, stream)
    else:
        stream.writelines(f"{line}\n" for line in map(_line, programme.waves))
    stream.writelines(f"{output.one_line(line)}\n" for line in _details(programme))
    stream.write(f"{output.one_line(summary(programme))}\n")
    stream.flush()


def summary(programme: Programme) -> str:
    """The whole programme in one line."""
    told = ", ".join(f"{number} {name}" for name, number in programme.tally.items() if number)
    servers = sum(wave.servers for wave in programme.waves)
    needs = sum(bool(wave.attention) for wave in programme.waves)
    attention = f"; {count(needs, 'wave')} need{'s' if needs == 1 else ''} a person" if needs else ""
    drift = f"; {count(len(programme.drift), 'difference')} from the sheet" if programme.drift else ""
    return f"{programme.plan_name}: {count(servers, 'server')} in {count(len(programme.waves), 'wave')}: {told}{attention}{drift}"


def _line(wave: WaveLine) -> str:
    parts = [f"{number} {name}" for name, number in wave.tally.items() if number]
    if wave.late:
        parts.append(f"{len(wave.late)} late")
    if wave.way.stage:
        parts.append(f"{wave.way.stage} {wave.way.state}")
    when = _when(wave)
    return output.one_line(f"{wave.wave}: {', '.join(parts)}" + (f", {when}" if when else ""))


def _when(wave: WaveLine) -> str:
    if wave.is_done:
        return ""
    zone = wave.starts_at.tzinfo if wave.starts_at is not None else UTC
    if wave.ends_at is not None and wave.progress > 0:
        return f"ends about {moment(datetime.fromtimestamp(wave.ends_at, zone))}"
    return f"starts {moment(wave.starts_at)}" if wave.starts_at is not None else ""


def _details(programme: Programme) -> Iterator[str]:
    for wave in programme.waves:
        for sentence in wave.attention:
            yield f"attention: {wave.wave}: {sentence}"
    for each in programme.drift[:_MOST_DRIFT]:
        where = f"{each.cell}: " if each.cell else ""
        yield f"drift: {where}{each.server}: {each.problem}"
    if (more := len(programme.drift) - _MOST_DRIFT) > 0:
        yield f"and {count(more, 'difference')} more: --json has them all"


def _draw(programme: Programme, stream: TextIO) -> None:
    from rich.console import Console

    console = Console(file=stream, no_color=not output.is_coloured(stream), safe_box=not output.is_unicode(stream), highlight=False)
    is_wide = console.width >= _WIDE
    console.print(_table(programme, is_wide=is_wide))
    if not is_wide:
        told = {wave.wave: _way_and_time(wave) for wave in programme.waves}
        stream.writelines(f"{output.one_line(f'{name}: {said}')}\n" for name, said in told.items() if said)


def _table(programme: Programme, *, is_wide: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = [name for name in COLUMNS if name in _ALWAYS or programme.tally.get(name)]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("wave", overflow="fold")
    for name in ("servers", *shown, "late"):
        table.add_column(name, justify="right", no_wrap=True)
    if is_wide:
        table.add_column("stage, time", overflow="fold")
    for wave in programme.waves:
        style = "bold red" if wave.attention else "green" if wave.is_done else ""
        numbers = [_number(wave.tally.get(name, 0), bad=name in _BAD) for name in shown]
        cells = [str(wave.servers), *numbers, _number(len(wave.late), bad=True)]
        table.add_row(Text(output.one_line(wave.wave), style=style), *cells, *([Text(_way_and_time(wave))] if is_wide else []))
    return table


def _way_and_time(wave: WaveLine) -> str:
    return ", ".join(part for part in (f"{wave.way.stage} {wave.way.state}".strip(), _when(wave)) if part)


def _number(number: int, *, bad: bool) -> str:
    if not number:
        return "."
    return f"[bold red]{number}[/]" if bad else str(number)
