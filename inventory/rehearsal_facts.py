"""What is said of a rehearsal, in words and figures, wherever it is shown: workbook, page, command line.

Decides the sentences and their order; the reasons themselves are the records'. Called by rehearsal_report.py, rehearsal_page.py and
the command's view.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.forecast_words import count, length, moment, named, size
from inventory.outcomes import Status
from inventory.rehearsal_records import Cause, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from inventory.rehearsal_records import GateRecord, Rehearsal, ServerRecord, WaveRecord

TONES: Mapping[Verdict, Status] = {
    Verdict.MOVED: Status.CREATED,
    Verdict.LATE: Status.CONFLICT,
    Verdict.NOT_MOVED: Status.REJECTED,
    Verdict.SKIPPED: Status.SKIPPED,
}
"""A verdict's colours are those of the status that means as much."""

_AGREES = "what the engine said of each server is what SMS has"
_KINDS: Mapping[str, str] = {
    "agent": "what agents suffered",
    "line": "what lines suffered",
    "request": "requests that were lost or throttled",
}
_REQUEST = "request"
_REQUESTS: Mapping[str, str] = {
    "read": "looks",
    "action": "operations",
    "speed": "speed rules",
    "delete": "deletions",
    "create": "creates",
}


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """The servers that one cause made late or kept from being moved, the worst first."""

    cause: Cause | None
    verdict: Verdict
    servers: tuple[ServerRecord, ...]

    @property
    def name(self) -> str:
        """The cause in words."""
        return self.cause.value if self.cause is not None else "for no reason that is known"

    @property
    def codes(self) -> str:
        """With which codes their tasks failed, the most frequent first; "" where that was not the cause."""
        codes = Counter(server.errors[-1] for server in self.servers if self.cause is Cause.FAILED and server.errors)
        return ", ".join(f"{code} {many}" for code, many in sorted(codes.items(), key=lambda each: (-each[1], each[0])))

    @property
    def full_name(self) -> str:
        """The cause with those codes."""
        return f"{self.name} ({self.codes})" if self.codes else self.name

    @property
    def meaning(self) -> str:
        """What to do about it."""
        return self.cause.meaning if self.cause is not None else "look at its row in Servers"

    def examples(self, most: int = 5) -> str:
        """Some of them by name."""
        return named([server.server for server in self.servers], most)


def verdict_of(found: Rehearsal) -> str:
    """How the programme went, in one sentence."""
    tally, waves = found.tally, len(found.waves)
    good = sum(wave.is_good for wave in found.waves)
    if found.duplicates or found.untrue:
        wrong = len(found.duplicates) + len(found.untrue)
        return f"This tool went wrong {count(wrong, 'time')}: report it, with the plan and the seed, before you use it"
    if found.is_good:
        each = "each wave" if waves != 1 else "the wave"
        return f"The programme holds: {count(tally[Verdict.MOVED], 'server')} moved, {each} inside its window"
    late, left = tally[Verdict.LATE], tally[Verdict.NOT_MOVED]
    parts = [f"{count(late, 'server')} late" if late else "", f"{count(left, 'server')} not moved" if left else ""]
    ends = "ends" if waves == 1 else "end"
    return (
        f"The programme does not hold: {good} of {count(waves, 'wave')} {ends} inside the window, {', '.join(filter(None, parts))}"
    )


def wave_verdict(wave: WaveRecord) -> str:
    """How a wave went, in a few words."""
    tally = wave.tally
    if wave.is_good:
        spare = wave.spare_seconds
        return "held" if spare is None else f"held, {length(spare)} to spare"
    late, left = tally[Verdict.LATE], tally[Verdict.NOT_MOVED]
    worst = max((server.late_seconds for server in wave.servers), default=0.0)
    parts = [f"{late} late, by {length(worst)} at most" if late else "", f"{left} not moved" if left else ""]
    return "DID NOT HOLD: " + ", ".join(filter(None, parts))


def against_forecast(wave: WaveRecord) -> str:
    """The wave's end beside the forecast of it."""
    ended = wave.last_moved_at
    forecast = f", forecast {moment(wave.forecast_ends_at)}" if wave.forecast_ends_at is not None else ", without a forecast"
    if ended is None:
        return f"nothing was moved{forecast}"
    if wave.moved_at is None:
        return f"what was moved was moved by {moment(ended)}{forecast}"
    if wave.forecast_ends_at is None:
        return f"ended {moment(ended)}{forecast}"
    behind = (ended - wave.forecast_ends_at).total_seconds()
    return f"ended {moment(ended)}, {length(abs(behind))} {'after' if behind >= 0 else 'before'} its forecast"


def cause_groups(servers: Sequence[ServerRecord]) -> list[CauseGroup]:
    """Who was late or not moved, by cause: first those not moved, then by how many."""
    groups: dict[tuple[Verdict, Cause | None], list[ServerRecord]] = {}
    for server in servers:
        if server.verdict in {Verdict.LATE, Verdict.NOT_MOVED}:
            groups.setdefault((server.verdict, server.cause), []).append(server)
    ordered = sorted(groups.items(), key=lambda each: (each[0][0] is Verdict.LATE, -len(each[1])))
    return [
        CauseGroup(cause, verdict, tuple(sorted(found, key=lambda server: -server.late_seconds)))
        for (verdict, cause), found in ordered
    ]


def gate_line(gate: GateRecord) -> str:
    """How a gate was kept, in one line."""
    waited = f" after {length(gate.seconds)}" if gate.seconds is not None else ""
    held = f"; not met: {'; '.join(gate.held)}" if gate.held else ""
    return f"gate {gate.name}: {gate.decision}{waited}{held}"


def truth_lines(found: Rehearsal) -> list[str]:
    """What a rehearsal proves of the tool: no task twice, no word that is not so."""
    made = sum(server.submitted_at is not None for server in found.servers)
    twice = f"{len(found.duplicates)} twice" if found.duplicates else "none of them twice"
    return [
        f"{count(made, 'task')} made, {twice}: {count(sum(found.requests.values()), 'request')} to SMS",
        _AGREES if not found.untrue else f"{len(found.untrue)} times not so: {found.untrue[0]}",
    ]


def fault_lines(found: Rehearsal) -> Iterator[tuple[str, int, str]]:
    """What went wrong, by kind: its words, how often, and the sorts of it, the most frequent first."""
    for kind, words in _KINDS.items():
        counts: Counter[str] = Counter()
        for name, many in found.faults.items():
            sort, _, fault = name.partition(": ")
            if sort == kind:
                counts[_asked(fault) if kind == _REQUEST else fault] += many
        if counts:
            told = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
            yield words, sum(counts.values()), ", ".join(f"{name} {many}" for name, many in told)


def _asked(fault: str) -> str:
    """What was asked in a request that a fault struck, and whether it was refused for being one too many."""
    group = next((group for group in _REQUESTS if fault.startswith(f"{group}-")), "create")
    what = "throttled" if fault.removeprefix(f"{group}-").startswith("429") else "lost"
    return f"{_REQUESTS[group]} {what}"


def facts(found: Rehearsal) -> list[tuple[str, str]]:
    """What was rehearsed, and how it can be rehearsed again."""
    tally = found.tally
    return [
        ("Plan", found.plan),
        ("Plan SHA-256", found.plan_sha256),
        ("Servers", f"{len(found.servers) - tally[Verdict.SKIPPED]:,} in {count(len(found.waves), 'wave')}"),
        ("Bytes", size(sum(server.bytes or 0 for server in found.servers))),
        ("From", moment(found.begins_at)),
        ("To", moment(found.ends_at)),
        ("Faults", found.trouble or "the usual"),
        ("Seed", str(found.seed)),
    ]


def shown(at: datetime | None) -> str:
    """A moment to the minute with its offset, "" for none."""
    return moment(at) if at is not None else ""
