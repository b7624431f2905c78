"""One wave in one line: where its servers stand, how far it is on its path, when it will end, and what needs a person.

Pure: judges a picture of the wave (flows.tracking) and what the journal holds of its path. Times are seconds since 1970, UTC. Made
by gather.py; shown by `waves status`, told to Prometheus by metrics.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flows.tracking.standing import Standing
from inventory.forecast_words import count, length, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.tracking.picture import Picture
    from inventory.plan import Wave

COLUMNS = ("planned", "submitted", "running", "synced", "cut over", "failed", "unknown")
"""Where servers of a wave can be, in the order of the way they go. Each is in exactly one."""

_COLUMN_OF: Mapping[Standing, str] = {
    Standing.NO_TASK: "planned",
    Standing.WAITING: "submitted",
    Standing.CHANGING: "submitted",
    Standing.RUNNING: "running",
    Standing.SYNCING: "synced",
    Standing.DONE: "cut over",
    Standing.FAILED: "failed",
    Standing.GONE: "failed",
    Standing.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class WayMark:
    """How far the wave is on its path, as the journal has it: a stage by its name, how it stands, and an open gate in words.

    `gate_key` names the question that is open, so that it is told once.
    """

    stage: str = ""
    state: str = ""
    gate: str = ""
    gate_key: str = ""


@dataclass(frozen=True, slots=True)
class WaveLine:
    """A wave at a glance. `tally` counts its servers by COLUMNS; `attention` are sentences: what needs a person, the worst first.

    `late_seconds` is how far the latest server is, or will be, past the window's end.
    """

    wave: str
    servers: int
    tally: Mapping[str, int]
    late: tuple[str, ...] = ()
    late_seconds: float = 0.0
    starts_at: datetime | None = None
    window_ends_at: datetime | None = None
    ends_at: float | None = None
    progress: float = 0.0
    throughput_mbps: float = 0.0
    way: WayMark = WayMark()
    attention: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether every server is cut over."""
        return self.tally.get("cut over", 0) == self.servers

    def as_json(self) -> dict[str, Any]:
        """The wave as one of `waves` of `waves status --json`; times are ISO 8601 with offset."""
        return {
            "wave": self.wave,
            "servers": self.servers,
            **{name.replace(" ", "_"): self.tally.get(name, 0) for name in COLUMNS},
            "late": list(self.late),
            "late_seconds": round(self.late_seconds),
            "starts_at": self.starts_at.isoformat() if self.starts_at else None,
            "window_ends_at": self.window_ends_at.isoformat() if self.window_ends_at else None,
            "ends_at": None if self.ends_at is None else datetime.fromtimestamp(round(self.ends_at), UTC).isoformat(),
            "progress": round(self.progress, 1),
            "throughput_mbps": round(self.throughput_mbps, 1),
            "stage": self.way.stage,
            "stage_state": self.way.state,
            "gate": self.way.gate,
            "done": self.is_done,
            "attention": list(self.attention),
        }


def wave_line(wave: Wave, picture: Picture, way: WayMark, now: float) -> WaveLine:
    """Judge a wave by its picture at `now`."""
    tally = dict.fromkeys(COLUMNS, 0)
    for standing, number in picture.standings.items():
        tally[_COLUMN_OF[standing]] += number
    return WaveLine(
        wave=wave.name,
        servers=len(picture.servers),
        tally=tally,
        late=tuple(view.label for view in picture.late),
        late_seconds=picture.late_seconds,
        starts_at=wave.starts_at,
        window_ends_at=wave.ends_at,
        ends_at=picture.ends_at,
        progress=picture.progress,
        throughput_mbps=picture.throughput_mbps,
        way=way,
        attention=tuple(_attention(wave, picture, way, now)),
    )


def _attention(wave: Wave, picture: Picture, way: WayMark, now: float) -> list[str]:
    found = []
    failed = [view.label for view in picture.servers if view.standing is Standing.FAILED]
    gone = [view.label for view in picture.servers if view.standing is Standing.GONE]
    offline = [view.label for view in picture.servers if view.is_offline and view.standing is not Standing.DONE]
    planned = sum(view.standing is Standing.NO_TASK for view in picture.servers)
    if failed:
        found.append(f"{named(failed)} failed: `waves track` says why")
    if gone:
        found.append(f"the task of {named(gone)} was deleted by others: `waves submit --recreate` makes it again")
    if picture.late:
        found.append(f"{named([view.label for view in picture.late])} will miss the window, by {length(picture.late_seconds)}")
    if way.gate:
        found.append(f"waits at a gate: {way.gate}")
    if way.state == "failed":
        found.append(f"its stage {way.stage} failed")
    if offline:
        found.append(f"SMS has lost the agent of {named(offline)}")
    if planned and (overdue := _overdue(wave, now)):
        found.append(f"{count(planned, 'server')} without a task, and {overdue}")
    if unknown := [view.label for view in picture.servers if view.standing is Standing.UNKNOWN]:
        found.append(f"{named(unknown)}: the state of the task is not known to this tool: look at it in the SMS console")
    if left := _left_behind(wave, picture, now):
        found.append(f"{count(len(left), 'server')} not cut over ({named(left)}), and {_overdue(wave, now)}")
    return found


def _left_behind(wave: Wave, picture: Picture, now: float) -> list[str]:
    """Servers that wait or are in sync though the window has closed, of which nothing else has told yet."""
    if wave.ends_at is None or wave.ends_at.timestamp() > now:
        return []
    late = {view.identity for view in picture.late}
    idle = {Standing.WAITING, Standing.SYNCING, Standing.CHANGING, Standing.RUNNING}
    return [view.label for view in picture.servers if view.standing in idle and view.identity not in late]


def _overdue(wave: Wave, now: float) -> str:
    """How the wave's time stands where it has begun, in words; "" where it has not, or nobody said when it does."""
    starts, ends = wave.starts_at, wave.ends_at
    if ends is not None and ends.timestamp() <= now:
        return f"the window closed {length(now - ends.timestamp())} ago"
    if starts is not None and starts.timestamp() < now:
        return f"the window is open since {length(now - starts.timestamp())}"
    return ""
