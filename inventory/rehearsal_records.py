"""What a rehearsal showed, as plain records: of each server, each wave, and the whole. The inventory knows no simulator.

Decides which of the reasons made a server late, and how a wave is judged. Filled by flows/rehearsal/account.py; shown by
rehearsal_report.py, rehearsal_page.py and the command line. Times have their wave's zone; lengths of time are seconds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_WORTH_TELLING_SECONDS = 60.0
FAILED_STATES = frozenset({"MIGRATE_FAIL", "SYNC_FAIL"})


class Cause(StrEnum):
    """What cost a server time that the forecast did not reckon with, in the order in which they come in a night."""

    SUBMITTED = "created late"
    """Its create was lost, throttled, or kept waiting by a line that was down."""
    PLACE = "waited for a place"
    """Others held its place for longer: `max_running`, `Limits`, what it depends on."""
    OFFLINE = "agent away"
    FAILED = "its copy failed"
    SPEED = "slower than forecast"
    """Its own line was slow, or the wave's line was shared by more."""
    GATE = "waited at the gate"
    """Copied, and in sync, until somebody approved."""
    FORECAST = "too much for its window"
    """Nothing went wrong: the forecast said so before."""

    @property
    def meaning(self) -> str:
        """The cause for people, with what to look at."""
        return _MEANINGS[self]


_MEANINGS = {
    Cause.SUBMITTED: "requests were lost or throttled: begin earlier, or look at the way to SMS",
    Cause.PLACE: "others held its place for longer than the forecast has it: raise max_running or Limits, or its priority",
    Cause.OFFLINE: "its agent was away: have somebody who can start it again at night",
    Cause.FAILED: "its copy failed: restarted where that cures it, by hand where it does not",
    Cause.SPEED: "it got less of the line than the forecast gives it: measure its line, or move it to another wave",
    Cause.GATE: "it was ready and waited, for the rest of its wave or an approval: move slow servers, have the approver at hand",
    Cause.FORECAST: "the plan gives it too little time even if all goes well: see `waves forecast`",
}


class Verdict(StrEnum):
    """How a server ended."""

    MOVED = "moved"
    LATE = "moved late"
    """After the window's end."""
    NOT_MOVED = "not moved"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """One server's night. A time is None where it never came to that; `bytes` None where nobody knows.

    `copied_at` is when it had copied all, `moved_at` when it was over on the target. `lost` are seconds by what cost them, compared
    with the forecast. `state` is SMS's last word, `errors` the codes that its task showed, in their order.
    """

    server: str
    source_server_id: str
    wave: str
    cell: str
    state: str
    bytes: int | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    copied_at: datetime | None = None
    moved_at: datetime | None = None
    window_ends_at: datetime | None = None
    forecast_started_at: datetime | None = None
    forecast_ends_at: datetime | None = None
    restarts: int = 0
    errors: tuple[str, ...] = ()
    lost: Mapping[Cause, float] = field(default_factory=dict)
    is_skipped: bool = False
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """How it ended."""
        if self.is_skipped:
            return Verdict.SKIPPED
        if self.moved_at is None:
            return Verdict.NOT_MOVED
        return Verdict.LATE if self.late_seconds > 0 else Verdict.MOVED

    @property
    def late_seconds(self) -> float:
        """How long after its window it was moved; 0 where it was in time, or never was."""
        if self.moved_at is None or self.window_ends_at is None:
            return 0.0
        return max(0.0, _seconds(self.window_ends_at, self.moved_at))

    @property
    def behind_seconds(self) -> float | None:
        """How long after the forecast it was moved, less than 0 where it was before; None where that cannot be told."""
        if self.moved_at is None or self.forecast_ends_at is None:
            return None
        return _seconds(self.forecast_ends_at, self.moved_at)

    @property
    def cause(self) -> Cause | None:
        """What made it late, or kept it from being moved: what cost most. None where it was in time."""
        if self.verdict not in {Verdict.LATE, Verdict.NOT_MOVED}:
            return None
        if self.state in FAILED_STATES:
            return Cause.FAILED
        found = {cause: seconds for cause, seconds in self.lost.items() if seconds >= _WORTH_TELLING_SECONDS}
        if not found:
            return Cause.FORECAST if self.is_forecast_late else None
        worst = max(found, key=lambda cause: found[cause])
        is_little = worst is Cause.PLACE if self.moved_at is None else found[worst] < self.late_seconds / 2
        return Cause.FORECAST if self.is_forecast_late and is_little else worst

    @property
    def is_forecast_late(self) -> bool:
        """Whether the forecast had it late from the beginning."""
        if self.forecast_ends_at is None or self.window_ends_at is None:
            return False
        return _seconds(self.window_ends_at, self.forecast_ends_at) > 0


@dataclass(frozen=True, slots=True)
class GateRecord:
    """A gate as it was kept. `held` are the criteria that were not met when it was decided, in words."""

    name: str
    asked_at: datetime
    decided_at: datetime | None
    decision: str
    approver: str = ""
    comment: str = ""
    held: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """How long somebody was waited for."""
        return None if self.decided_at is None else _seconds(self.asked_at, self.decided_at)


@dataclass(frozen=True, slots=True)
class WaveRecord:
    """One wave's night. `planned_at` and `window_ends_at` are the sheet's; the rest is when it came to that, None where never.

    `moved_at` is when the last of its servers was moved, where all were. `notes` are sentences about it.
    """

    name: str
    servers: tuple[ServerRecord, ...]
    planned_at: datetime | None = None
    window_ends_at: datetime | None = None
    forecast_ends_at: datetime | None = None
    is_forecast_at_least: bool = False
    began_at: datetime | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    copied_at: datetime | None = None
    moved_at: datetime | None = None
    gates: tuple[GateRecord, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def approved_at(self) -> datetime | None:
        """When it was decided that it may be cut over."""
        return next((gate.decided_at for gate in reversed(self.gates) if gate.decision == "approved"), None)

    @property
    def last_moved_at(self) -> datetime | None:
        """When the last of those was moved that were; None where none was."""
        return max((server.moved_at for server in self.servers if server.moved_at is not None), default=None)

    @property
    def tally(self) -> Counter[Verdict]:
        """How many servers ended how."""
        return Counter(server.verdict for server in self.servers)

    @property
    def causes(self) -> Counter[Cause]:
        """What made servers late or kept them, and how many of them."""
        return Counter(server.cause for server in self.servers if server.cause is not None)

    @property
    def is_good(self) -> bool:
        """Whether everything was moved inside the window."""
        return not (self.tally[Verdict.LATE] or self.tally[Verdict.NOT_MOVED])

    @property
    def is_forecast_late(self) -> bool:
        """Whether the forecast had it late from the beginning."""
        if self.forecast_ends_at is None or self.window_ends_at is None:
            return False
        return _seconds(self.window_ends_at, self.forecast_ends_at) > 0

    @property
    def spare_seconds(self) -> float | None:
        """How long before its window's end the last server was moved, less than 0 where it was after; None: cannot be told."""
        if self.moved_at is None or self.window_ends_at is None:
            return None
        return _seconds(self.moved_at, self.window_ends_at)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A programme as it was rehearsed. `faults` counts what went wrong, by what it is; `requests` what was asked of SMS.

    `duplicates` are the sources that had two tasks, `untrue` what the engine's outcomes say and the simulator does not: both empty,
    or this tool is wrong.
    """

    plan: str
    plan_sha256: str
    seed: int
    trouble: str
    begins_at: datetime
    ends_at: datetime
    waves: tuple[WaveRecord, ...]
    faults: Mapping[str, int] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    duplicates: tuple[str, ...] = ()
    untrue: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def servers(self) -> Sequence[ServerRecord]:
        """All of them, wave by wave."""
        return [server for wave in self.waves for server in wave.servers]

    @property
    def tally(self) -> Counter[Verdict]:
        """How many servers ended how."""
        return Counter(server.verdict for server in self.servers)

    @property
    def causes(self) -> Counter[Cause]:
        """What made servers late or kept them, and how many of them."""
        return sum((wave.causes for wave in self.waves), Counter())

    @property
    def is_good(self) -> bool:
        """Whether every wave ended inside its window with everything moved, and nothing was done twice or told wrongly."""
        return all(wave.is_good for wave in self.waves) and not self.duplicates and not self.untrue


def _seconds(since: datetime, until: datetime) -> float:
    return (until.astimezone(UTC) - since.astimezone(UTC)).total_seconds()
