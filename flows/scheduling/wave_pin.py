"""What a wave consists of, as one short text, so that a run can tell whether the sheet changed after it was scheduled.

A pin has a digest for each sheet that says something about the wave's servers: `Servers=1f0c... Waves=77ab... Disks=...`. Values
count as they hold (own cell, wave, `Defaults`); the order of rows, notes, and whatever other waves say do not. Pure; called by
timetable.py when a wave is scheduled, by at_start.py when it starts.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from inventory.columns import SHEETS, Kind
from inventory.patterns import PATTERNED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from inventory.plan import Plan
    from inventory.rows import ServerRow, SheetRow

_DIGITS = 12
_DETAILS = ("Disks", "Volumes", "VolumeGroups", "LogicalVolumes", "Btrfs", "BtrfsSubvolumes")
_NOTES = frozenset(column.name for columns in SHEETS.values() for column in columns if column.kind is Kind.NOTE)


def pin_of(plan: Plan, wave: str) -> str:
    """The pin of a wave as the plan has it now."""
    rows = plan.rows(wave)
    parts = {"Servers": map(_server, rows), "Waves": [_said(plan.waves[wave])] if wave in plan.waves else []}
    keys = {plan.key_of(row) for row in rows}
    parts |= {sheet: _details(plan, sheet, keys) for sheet in _DETAILS}
    digests = {sheet: _digest(texts) for sheet, texts in parts.items()}
    return " ".join(f"{sheet}={digest}" for sheet, digest in digests.items() if digest)


def changed_sheets(pinned: str, now: str) -> list[str]:
    """The sheets in which something of the wave differs, in the order of the plan's sheets; none where the two pins are equal."""
    then, today = _parts(pinned), _parts(now)
    names = dict.fromkeys([*today, *then])
    return [name for name in names if then.get(name) != today.get(name)]


def _parts(pin: str) -> Mapping[str, str]:
    return dict(part.partition("=")[::2] for part in pin.split())


def _digest(texts: Iterable[str]) -> str:
    """Of the rows whatever their order; "" of none."""
    rows = sorted(texts)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:_DIGITS] if rows else ""


def _details(plan: Plan, sheet: str, keys: set[str]) -> Iterator[str]:
    return (_said(row) for row in plan.sheet_rows(sheet) if row.text("source_server_id") in keys)


def _server(row: ServerRow) -> str:
    """A row of Servers: its values, its patterns, and the cells of columns that the plan does not know (Limits go by them)."""
    patterns = {name: row.pattern(name) for name in PATTERNED}
    return _said(row, patterns, row.extra)


def _said(row: SheetRow, *more: Mapping[str, str]) -> str:
    values = {name: value for name, value in row.values.items() if name not in _NOTES}
    others = [{name: text for name, text in each.items() if text} for each in more]
    return json.dumps([values, *others], sort_keys=True, default=str)
