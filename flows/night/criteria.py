"""Whether a wave may be cut over: the figures beside the form at the gate, and what each should be.

Pure. Judges what is handed in (the picture of the wave, its consistency results, its window) and decides nothing: a person does.
What is not known is said to be unknown, never taken for good.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from inventory.forecast_words import length, named, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Criterion:
    """One figure: what it is now, what it should be, whether it is so (None: nobody knows), and which servers it hangs on."""

    name: str
    value: str
    wanted: str
    holds: bool | None
    servers: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The criterion as the journal keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Criterion:
        """The criterion as the journal kept it."""
        return cls(kept["name"], kept["value"], kept["wanted"], kept["holds"], tuple(kept["servers"]))

    def line(self) -> str:
        """The criterion for people, in one line."""
        mark = {True: "ok", False: "NOT MET", None: "unknown"}[self.holds]
        servers = f" ({named(self.servers)})" if self.servers else ""
        return f"{self.name}: {self.value}, wanted {self.wanted}: {mark}{servers}"


@dataclass(frozen=True, slots=True)
class Consistency:
    """What SMS found when it compared a source with its target: files that differ, that the target lacks, that it has too many."""

    different: int
    missing: int
    more: int

    @property
    def is_good(self) -> bool:
        """Whether the target has every file as the source has it; more files on the target lose nothing."""
        return not (self.different or self.missing)


@dataclass(frozen=True, slots=True)
class ServerAtGate:
    """One server of the wave at the gate.

    `is_ready`: copied, and in sync or moved. `delta_bytes` is what its last round copied, or will have to, and `downtime_seconds`
    what that means for whoever works on it: None where nobody knows, or where the server is moved already. `was_checked`: the task
    asked for a consistency check; `consistency` is None until there is a result.
    """

    server: str
    is_ready: bool
    has_failed: bool = False
    is_moved: bool = False
    delta_bytes: float | None = None
    downtime_seconds: float | None = None
    was_checked: bool = False
    consistency: Consistency | None = None


@dataclass(frozen=True, slots=True)
class WaveAtGate:
    """The wave at the gate. `may_fail` is its failure budget in servers; `seconds_left` is None where its window has no end."""

    servers: Sequence[ServerAtGate]
    may_fail: int = 0
    seconds_left: float | None = None


def evaluate(wave: WaveAtGate) -> tuple[Criterion, ...]:
    """Every criterion, in the order in which people ask."""
    return (_share(wave), _failures(wave), _consistency(wave), _downtime(wave), _time_left(wave))


def _share(wave: WaveAtGate) -> Criterion:
    ready = sum(each.is_ready for each in wave.servers)
    count = len(wave.servers)
    behind = tuple(each.server for each in wave.servers if not each.is_ready and not each.has_failed)
    share = f"{ready} of {count} ({100 * ready // count}%)" if count else "no servers"
    return Criterion("copied", share, "all that have not failed", not behind and ready > 0, behind)


def _failures(wave: WaveAtGate) -> Criterion:
    failed = tuple(each.server for each in wave.servers if each.has_failed)
    wanted = "none" if not wave.may_fail else f"at most {wave.may_fail} (failure_budget)"
    return Criterion("failed", str(len(failed)), wanted, len(failed) <= wave.may_fail, failed)


def _consistency(wave: WaveAtGate) -> Criterion:
    asked = [each for each in wave.servers if each.was_checked and not each.has_failed]
    bad = tuple(each.server for each in asked if each.consistency and not each.consistency.is_good)
    open_ = tuple(each.server for each in asked if each.consistency is None)
    if not asked:
        return Criterion("consistency", "not checked: no task asks for it", "no file missing or different", None)
    if bad:
        files = sum(each.consistency.different + each.consistency.missing for each in asked if each.consistency)
        return Criterion(
            "consistency", f"{files} files in {len(bad)} servers", "no file missing or different", holds=False, servers=bad
        )
    good = len(asked) - len(open_)
    return Criterion(
        "consistency", f"{good} of {len(asked)} checked and good", "no file missing or different", None if open_ else True, open_
    )


def _downtime(wave: WaveAtGate) -> Criterion:
    waiting = [each for each in wave.servers if each.is_ready and not each.is_moved]
    known = [each for each in waiting if each.downtime_seconds is not None]
    wanted = "inside the window" if wave.seconds_left is not None else "known"
    if not waiting:
        return Criterion("downtime", "none: nothing is left to cut over", wanted, holds=True)
    if not known:
        return Criterion("downtime", "unknown", wanted, None, tuple(each.server for each in waiting))
    longest = max(known, key=lambda each: each.downtime_seconds or 0.0)
    seconds = longest.downtime_seconds or 0.0
    delta = f", {size(int(longest.delta_bytes))} to copy" if longest.delta_bytes is not None else ""
    fits = None if wave.seconds_left is None else seconds <= wave.seconds_left
    holds = False if fits is False else None if len(known) < len(waiting) else True
    late = tuple(
        each.server for each in known if wave.seconds_left is not None and (each.downtime_seconds or 0.0) > wave.seconds_left
    )
    return Criterion("downtime", f"up to {length(seconds)} ({longest.server}{delta})", wanted, holds, late)


def _time_left(wave: WaveAtGate) -> Criterion:
    if wave.seconds_left is None:
        return Criterion("window", "has no end", "open", None)
    if wave.seconds_left <= 0:
        return Criterion("window", f"closed {length(-wave.seconds_left)} ago", "open", holds=False)
    return Criterion("window", f"{length(wave.seconds_left)} left", "open", holds=True)
