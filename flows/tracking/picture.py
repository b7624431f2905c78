"""A wave at one moment: each of its servers with its task, where it stands, when it is expected to end, and how late that is.

What every view is made of: terminal, lines, JSON, wall page, Prefect. Frozen; made by tracker.py, one a poll.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flows.sms.errors import advice_for
from flows.tracking.standing import Goal, Standing, reaches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from inventory.plan import ServerRow


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server of a wave as it was last seen. Speeds are Mbit/s, times seconds since 1970, UTC, None where nobody knows.

    `state` is SMS's own word, or NO_TASK or GONE. `is_ours` says that the journal knows the task as the row's; one of another's
    making is shown all the same. `expected_end` is the forecast's from before the wave, `ends_at` what is expected now, or when it
    ended; `late_seconds` is how far that is past the window's end, 0.0 where it is not. `problem` says why nothing is known of it.
    """

    row: ServerRow
    source_server_id: str
    task_id: str
    state: str
    standing: Standing
    progress: float | None = None
    sub_task: str = ""
    speed_mbps: float | None = None
    error_code: str = ""
    error_message: str = ""
    is_ours: bool = True
    is_offline: bool = False
    is_syncing: bool = False
    sync_progress: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    expected_end: float | None = None
    ends_at: float | None = None
    late_seconds: float = 0.0
    changed_at: float | None = None
    bytes: float | None = None
    problem: str = ""

    @property
    def label(self) -> str:
        """The server as the planner names it."""
        return self.row.label

    @property
    def identity(self) -> str:
        """How scripts name it: its source server id, else its label."""
        return self.source_server_id or self.row.label

    @property
    def advice(self) -> str:
        """What to do about it; "" where there is nothing to do."""
        if self.standing is Standing.FAILED:
            return advice_for(self.error_code) if self.error_code else "read the task's error in the console, then restart it"
        if self.standing is Standing.GONE:
            return "somebody deleted the task: `waves submit --recreate` makes it again"
        if self.is_offline and self.standing is not Standing.DONE:
            return "SMS has lost the agent on the source: start it, or mend the source's way to SMS"
        return self.problem

    def reaches(self, goal: Goal) -> bool:
        """Whether it has got as far as that."""
        return reaches(goal, self.standing, self.sync_progress)

    def as_json(self, zone: tzinfo | None = None) -> dict[str, Any]:
        """The server as one of `servers` of `waves track --json`; times are ISO 8601 with the offset of `zone`."""
        return {
            "source_server_id": self.source_server_id,
            "server": self.label,
            "task_id": self.task_id,
            "state": self.state,
            "standing": self.standing.value,
            "progress": None if self.progress is None else round(self.progress, 1),
            "sub_task": self.sub_task,
            "speed_mbps": self.speed_mbps,
            "started_at": iso_time(self.started_at, zone),
            "finished_at": iso_time(self.finished_at, zone),
            "expected_end": iso_time(self.expected_end, zone),
            "ends_at": iso_time(self.ends_at, zone),
            "late_seconds": round(self.late_seconds),
            "is_ours": self.is_ours,
            "is_offline": self.is_offline,
            "error_code": self.error_code,
            "error_message": self.error_message,
            "advice": self.advice,
        }


@dataclass(frozen=True)
class Picture:
    """A wave at one moment. `at` is when SMS was looked at; `polls` counts the looks of this run, `failed_polls` those since.

    `window_ends_at`, `expected_end` and `ends_at` are the wave's: its window, the forecast from before, what is expected now.
    `zone` is that in which its people read times, None for this machine's.
    """

    wave: str
    plan_name: str
    goal: Goal
    at: float
    servers: Sequence[ServerView]
    started_at: float | None = None
    window_ends_at: float | None = None
    expected_end: float | None = None
    ends_at: float | None = None
    polls: int = 1
    failed_polls: int = 0
    next_in: float = 0.0
    problem: str = ""
    zone: tzinfo | None = None

    @cached_property
    def standings(self) -> Mapping[Standing, int]:
        """How many servers stand where, in the order of `Standing`, only what there is."""
        tally = Counter(server.standing for server in self.servers)
        return {standing: tally[standing] for standing in Standing if tally[standing]}

    @cached_property
    def states(self) -> Mapping[str, int]:
        """How many servers are in which state, by SMS's words, the most frequent first."""
        return dict(Counter(server.state for server in self.servers).most_common())

    @cached_property
    def late(self) -> Sequence[ServerView]:
        """The servers that miss the window, or will, the latest first."""
        return sorted((server for server in self.servers if server.late_seconds > 0), key=lambda server: -server.late_seconds)

    @cached_property
    def lost(self) -> Sequence[ServerView]:
        """The servers that failed, or whose task was deleted by others."""
        return [server for server in self.servers if server.standing.is_lost]

    @cached_property
    def reached(self) -> int:
        """How many servers have reached the goal."""
        return sum(server.reaches(self.goal) for server in self.servers)

    @property
    def is_reached(self) -> bool:
        """Whether all have."""
        return self.reached == len(self.servers)

    @cached_property
    def throughput_mbps(self) -> float:
        """How fast all of them copy together."""
        return sum(server.speed_mbps or 0.0 for server in self.servers if server.standing.is_under_way)

    @cached_property
    def progress(self) -> float:
        """How far the wave is, 0-100: its servers' progress by their bytes, evenly where those are unknown."""
        known = all(server.bytes for server in self.servers)
        weights = [server.bytes or 0.0 if known else 1.0 for server in self.servers]
        whole = sum(weights)
        return (
            sum(weight * (server.progress or 0.0) for weight, server in zip(weights, self.servers, strict=True)) / whole
            if whole
            else 0.0
        )

    @property
    def late_seconds(self) -> float:
        """How far the wave's end is past its window's; 0.0 where it is not."""
        return self.late[0].late_seconds if self.late else 0.0

    def line(self) -> str:
        """The wave in one line: `wave-1: 12/40 done, 20 running, 1 failed, 7 waiting for us, 812 Mbit/s`."""
        parts = [f"{self.reached}/{len(self.servers)} {self.goal.value}"]
        parts += [f"{count} {standing.value}" for standing, count in self.standings.items() if standing.value != self.goal.value]
        if self.late:
            parts.append(f"{len(self.late)} late")
        if self.throughput_mbps:
            parts.append(f"{self.throughput_mbps:,.0f} Mbit/s")
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The one object of `waves track --json`; times are ISO 8601 with the offset of the wave's zone."""
        zone = self.zone
        return {
            "wave": self.wave,
            "plan": self.plan_name,
            "until": self.goal.value,
            "at": iso_time(self.at, zone),
            "states": dict(self.states),
            "standings": {standing.value: count for standing, count in self.standings.items()},
            "late": [server.identity for server in self.late],
            "done": self.is_reached,
            "progress": round(self.progress, 1),
            "throughput_mbps": round(self.throughput_mbps, 1),
            "window_ends_at": iso_time(self.window_ends_at, zone),
            "expected_end": iso_time(self.expected_end, zone),
            "ends_at": iso_time(self.ends_at, zone),
            "polls": self.polls,
            "servers": [server.as_json(zone) for server in self.servers],
        }


def iso_time(at: float | None, zone: tzinfo | None) -> str | None:
    """A moment as ISO 8601 with its offset, to the second; in this machine's zone where none is given."""
    if at is None:
        return None
    moment = datetime.fromtimestamp(at, zone)
    return (moment if moment.tzinfo is not None else moment.astimezone()).isoformat(timespec="seconds")
