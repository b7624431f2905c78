"""What has to be done so that the scheduled runs are those that the sheet asks for: nothing doubled, nothing left over.

Decides from what is wanted, what Prefect has, and the time. Pure; called by `waves schedule`, which carries it out
(prefect_schedule.py) or, with `--dry-run`, only shows it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from flows.scheduling.scheduled_flow import SCHEDULED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from flows.scheduling.scheduled_flow import RunWords
    from flows.scheduling.timetable import Start

_DIGITS = 16
_SCHEDULED = "SCHEDULED"
_ENDED = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


class Do(StrEnum):
    """What becomes of a wave's scheduled run."""

    CREATE = "create"
    KEEP = "keep"
    MOVE = "move"
    CHANGE = "change"
    CANCEL = "cancel"
    LEAVE = "leave"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run that the sheet asks for. `key` names wave, start, flow and parameters: the same key is the same run."""

    start: Start
    schedule: str
    parameters: Mapping[str, Any]
    digest: str

    @classmethod
    def of(cls, schedule: str, start: Start, words: RunWords) -> Wanted:
        """The run of this start."""
        parameters = words.parameters(start)
        text = json.dumps([SCHEDULED.name, parameters], sort_keys=True)
        return cls(start, schedule, parameters, hashlib.sha256(text.encode()).hexdigest()[:_DIGITS])

    @property
    def wave(self) -> str:
        """The wave."""
        return self.start.wave

    @property
    def stem(self) -> str:
        """What all runs for this start of this wave have in common, whatever the sheet said."""
        return f"{self.schedule}/{self.wave}/{self.start.moment:%Y%m%dT%H%M%SZ}/"

    @property
    def key(self) -> str:
        """The run's idempotency key at Prefect."""
        return self.stem + self.digest


@dataclass(frozen=True, slots=True)
class Existing:
    """A run that Prefect has for this plan. `due` is when it is to start, or was."""

    run_id: str
    wave: str
    key: str
    state_type: str
    state_name: str
    due: datetime | None
    message: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether it has not begun."""
        return self.state_type == _SCHEDULED


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, or to leave. `gone` are the runs that are deleted for it; `wanted` is what the sheet asks for."""

    do: Do
    wave: str
    why: str = ""
    wanted: Wanted | None = None
    gone: Sequence[Existing] = ()
    there: Existing | None = None

    @property
    def start(self) -> Start | None:
        """When the sheet has the wave start; None where it does not."""
        return self.wanted.start if self.wanted else None

    @property
    def makes(self) -> bool:
        """Whether a run is made."""
        return self.do in {Do.CREATE, Do.MOVE, Do.CHANGE}

    @property
    def is_change(self) -> bool:
        """Whether anything is done at all."""
        return self.makes or bool(self.gone)


@dataclass(frozen=True, slots=True)
class Needs:
    """What is wanted of the waves in question: their runs, and why others of them have none."""

    wanted: Sequence[Wanted]
    unplanned: Mapping[str, str] = field(default_factory=dict)


def steps(needs: Needs, existing: Iterable[Existing], now: datetime, *, whole_plan: bool) -> list[Step]:
    """One step for each wanted run, in order, then the cancellations.

    With `whole_plan` the runs of all other waves are left over (those waves are gone from the sheet); else nobody looks at them.
    """
    by_wave: dict[str, list[Existing]] = {}
    for run in existing:
        by_wave.setdefault(run.wave, []).append(run)
    found = [_step(wanted, by_wave.pop(wanted.wave, []), now) for wanted in needs.wanted]
    return [*found, *_left_over(by_wave, needs, whole_plan=whole_plan)]


def _step(wanted: Wanted, runs: Sequence[Existing], now: datetime) -> Step:
    waiting = [run for run in runs if run.is_waiting]
    begun = _begun(wanted, runs, now)
    if begun is not None:
        return Step(Do.LEAVE, wanted.wave, _how_it_stands(begun, wanted), wanted, waiting, begun)
    if wanted.start.is_missed(now):
        return Step(Do.MISSED, wanted.wave, _too_late(wanted), wanted, waiting)
    same = next((run for run in waiting if run.key == wanted.key and _is_due(run, wanted)), None)
    others = [run for run in waiting if run is not same]
    if same is not None:
        return Step(Do.KEEP, wanted.wave, _late(same), wanted, others, same)
    late = "its start has passed and its window is open: it starts now" if wanted.start.is_past(now) else wanted.start.note
    if not waiting:
        return Step(Do.CREATE, wanted.wave, late, wanted)
    before = waiting[0]
    is_moved = not before.key.startswith(wanted.stem) or not _is_due(before, wanted)
    why = late if is_moved else late or "its rows, or how it is to be run, have changed"
    return Step(Do.MOVE if is_moved else Do.CHANGE, wanted.wave, why, wanted, waiting, before)


def _begun(wanted: Wanted, runs: Sequence[Existing], now: datetime) -> Existing | None:
    """The run for this very start that has begun, or been cancelled: a start is not repeated.

    But for one that refused to start because the sheet had changed: what is scheduled anew starts, as long as its window is open.
    """
    for run in runs:
        if run.is_waiting or not run.key.startswith(wanted.stem):
            continue
        is_refused = run.state_type == "FAILED" and run.key != wanted.key and not wanted.start.is_missed(now)
        if not is_refused:
            return run
    return None


def _how_it_stands(run: Existing, wanted: Wanted) -> str:
    if run.state_type == "CANCELLED":
        return "its run was cancelled in Prefect: delete that run there to have the wave scheduled again"
    what = f"it ended {run.state_name}" if run.state_type in _ENDED else f"it has begun ({run.state_name})"
    changed = "" if run.key == wanted.key else "; the sheet has changed since: `waves submit` sends what is new"
    return what + changed


def _too_late(wanted: Wanted) -> str:
    start = wanted.start
    return f"its window closed at {start.closes_at:%Y-%m-%d %H:%M}: give it a new starts_at, or `waves submit` it"


def _late(run: Existing) -> str:
    return "late: no worker has taken it" if run.state_name == "Late" else ""


def _is_due(run: Existing, wanted: Wanted) -> bool:
    """Whether it starts when the sheet says; a run that waits for anything else has had its start."""
    return run.state_name != "Scheduled" or run.due is None or run.due == wanted.start.moment


def _left_over(by_wave: Mapping[str, Sequence[Existing]], needs: Needs, *, whole_plan: bool) -> Iterator[Step]:
    for wave, runs in by_wave.items():
        waiting = [run for run in runs if run.is_waiting]
        if waiting and (whole_plan or wave in needs.unplanned):
            why = needs.unplanned.get(wave, "the plan has no such wave any more")
            yield Step(Do.CANCEL, wave, why, gone=waiting)
