"""What `waves schedule` shows: a line for each wave, the same on a terminal and in a pipe, or one object with `--json`.

Decides no words of a reason: the modules of flows.scheduling have them. Called by schedule_command.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import output
from flows.scheduling.changes import Do

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from flows.scheduling.changes import Step
    from flows.scheduling.schedule_plan import Told
    from flows.scheduling.timetable import Start

_COLOURS = {Do.CREATE: "32", Do.MOVE: "33", Do.CHANGE: "33", Do.CANCEL: "31", Do.MISSED: "1;31"}
_WIDTH = max(map(len, Do)) + 1


def show(told: Told, stream: TextIO) -> None:
    """What was made, what became of each wave, and the sum."""
    would = "would make" if told.is_dry_run else "made"
    lines = [f"{would} {output.one_line(what)}" for what in told.made]
    lines += [_line(step, stream) for step in told.steps]
    lines += [f"{'-':{_WIDTH}}{output.one_line(wave)}: not scheduled: {why}" for wave, why in _unplanned(told)]
    output.write("\n".join([*lines, told.summary()]))


def as_json(told: Told) -> dict[str, Any]:
    """The one object of `waves schedule --json`; times are ISO 8601 with their offset."""
    unplanned = [{"wave": wave, "why": why} for wave, why in told.unplanned.items()]
    return {
        "plan": told.plan,
        "deployment": told.deployment,
        "dry_run": told.is_dry_run,
        "made": list(told.made),
        "waves": told.waves(),
        "unplanned": unplanned,
    }


def _line(step: Step, stream: TextIO) -> str:
    word = f"{step.do.value:{_WIDTH}}"
    if output.is_coloured(stream) and step.do in _COLOURS:
        word = f"\033[{_COLOURS[step.do]}m{word}\033[0m"
    parts = [output.one_line(step.wave), _when(step)]
    text = "  ".join(part for part in parts if part)
    return word + text + (f": {output.one_line(step.why)}" if step.why else "")


def _when(step: Step) -> str:
    if step.start is None:
        due = step.gone[0].due if step.gone else None
        return f"(was due {_moment(due)})" if due else ""
    now = _start(step.start)
    if step.do is Do.MOVE and step.there is not None and step.there.due is not None:
        zone = step.start.starts_at.tzinfo
        return f"from {_moment(step.there.due.astimezone(zone))} to {now}"
    return now


def _start(start: Start) -> str:
    return _moment(start.starts_at) + (f" {start.zone}" if start.zone else "")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}{moment:%z}"


def _unplanned(told: Told) -> Iterator[tuple[str, str]]:
    """Those that no line says anything about yet."""
    shown = {step.wave for step in told.steps}
    return ((wave, why) for wave, why in told.unplanned.items() if wave not in shown)
