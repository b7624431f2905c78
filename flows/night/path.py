"""The stages that a wave goes through, in their order: preflight, submit, start, synced, approve, cutover, verify, report.

Decides where a gate stands. Servers with `syncing` stay in sync until they are cut over, so their gate is before the cutover. All
others are launched by SMS as soon as they are copied (facts 5.3): nothing can be held after the start, so a wave that has only
such servers is asked about before it. Pure; called by the night and by whatever shows a wave's way.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inventory.plan import ServerRow, Wave


class Stage(StrEnum):
    """One stretch of a wave's path."""

    PREFLIGHT = "preflight"
    """What the sheet and SMS know is compared, before anything is sent."""
    SUBMIT = "submit"
    START = "start"
    SYNCED = "synced"
    """Every server is copied: in sync, or moved where it is not to stay in sync."""
    APPROVE = "approve"
    """Somebody is asked whether the wave goes on."""
    CUTOVER = "cutover"
    VERIFY = "verify"
    """What SMS says of each task is compared with what was wanted."""
    REPORT = "report"

    @property
    def meaning(self) -> str:
        """What happens in it, in a few words."""
        return _MEANING[self]


_MEANING = {
    Stage.PREFLIGHT: "the sheet is checked, also against SMS",
    Stage.SUBMIT: "one task is made for each server",
    Stage.START: "the tasks are started, so many at once as the limits allow",
    Stage.SYNCED: "all servers are copied",
    Stage.APPROVE: "somebody decides whether the wave goes on",
    Stage.CUTOVER: "the servers in sync are cut over",
    Stage.VERIFY: "each task is compared with what was wanted",
    Stage.REPORT: "the report is written",
}


def path_of(wave: Wave, rows: Iterable[ServerRow]) -> tuple[Stage, ...]:
    """The stages of a wave with these rows."""
    is_synced = any(row.flag("syncing") for row in rows if not row.skip)
    asks = wave.flag("needs_approval") is True
    before = (Stage.PREFLIGHT, Stage.SUBMIT)
    after = (Stage.VERIFY, Stage.REPORT)
    if not is_synced:
        return (*before, *([Stage.APPROVE] if asks else []), Stage.START, Stage.SYNCED, *after)
    return (*before, Stage.START, Stage.SYNCED, *([Stage.APPROVE] if asks else []), Stage.CUTOVER, *after)


def moved_unasked(wave: Wave, rows: Iterable[ServerRow]) -> list[ServerRow]:
    """The servers of a wave with a gate that are moved before it is asked: no gate can hold them.

    Those that start by themselves once they are submitted (`auto_start`) and do not stay in sync; and, where the gate is before the
    cutover, all that do not stay in sync.
    """
    if wave.flag("needs_approval") is not True:
        return []
    kept = [row for row in rows if not row.skip]
    is_before_cutover = any(row.flag("syncing") for row in kept)
    return [row for row in kept if not row.flag("syncing") and (is_before_cutover or row.flag("auto_start"))]
