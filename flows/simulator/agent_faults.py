"""What agents and sources suffer by themselves in a night: kinds, how often, and in which sub-task (facts 3.1).

    --fail 5%                         5 % of the tasks, by the mix of MIX
    --fail SMS.0805=0.02,away=0.1     2 % fail while they copy, 10 % of the sources are offline at their first start

A lasting kind strikes every run of its source, the others each start anew, a restart at a fifth of the share: most are cured by it.
Nobody has published how often agents fail, so the mix is a guess. The draw is a digest of seed, source and run, so that it does not
depend on the order of events. Decides only; progress.py and core.py do it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.simulator.faults import FaultError

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFLINE, AWAY = "offline", "away"
OFFLINE_PATIENCE_SECONDS = 900.0
"""A running task whose source is offline stalls for so long and then fails with SMS.0201 (guess)."""

OVERSPEED_SECONDS = 60.0
"""How long a copy goes over its limit and threshold before SMS.9007 pauses it (guess: facts say "several samples")."""

_RESTART_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of failure: how the sub-task's name begins in which it comes, the service's words, whether a restart is in vain."""

    stage: str
    message: str
    is_lasting: bool = False


TROUBLES: Mapping[str, Trouble] = {
    OFFLINE: Trouble("MIGRATE", "The source goes offline while it copies, for 2 to 30 minutes."),
    AWAY: Trouble("", "The source is offline at its first start, for 1 to 20 minutes."),
    "SMS.0201": Trouble("SSL_CONFIG", "The source server cannot reach the API gateway."),
    "SMS.0203": Trouble("ATTACH", "The connection of the source server to the API gateway timed out."),
    "SMS.0204": Trouble("SSL_CONFIG", "Insufficient permissions.", is_lasting=True),
    "SMS.0515": Trouble("FORMAT", "The disks of the source server have changed.", is_lasting=True),
    "SMS.0805": Trouble("MIGRATE", "A partition could not be migrated."),
    "SMS.0806": Trouble("SYNC", "A partition could not be synchronised."),
    "SMS.0807": Trouble("MIGRATE", "The network between source and target server is faulty."),
    "SMS.1105": Trouble("FORMAT", "A disk could not be created.", is_lasting=True),
    "SMS.1106": Trouble("FORMAT", "A disk could not be deleted.", is_lasting=True),
    "SMS.1807": Trouble("ATTACH", "Port 8900 of the target server cannot be reached.", is_lasting=True),
    "SMS.1904": Trouble("MIGRATE", "No VSS snapshot could be made."),
    "SMS.3802": Trouble("ATTACH", "The SSH connection to port 22 timed out."),
    "SMS.6563": Trouble("CONFIGURE", "The initrd of the target server could not be made.", is_lasting=True),
    "SMS.6564": Trouble("CONFIGURE", "The grub of the source server is i386-pc.", is_lasting=True),
    "SMS.9007": Trouble("MIGRATE", "The task is paused: the rate limit is not applied and was exceeded several times."),
}

# What `--fail 5%` is made of, in parts (guess).
MIX: Mapping[str, float] = {
    "SMS.0805": 3.0, "SMS.0807": 2.0, "SMS.0201": 1.5, "SMS.0203": 1.0, "SMS.3802": 1.0, OFFLINE: 2.0, AWAY: 2.0,
    "SMS.6564": 0.75, "SMS.1106": 0.5, "SMS.0515": 0.5, "SMS.1807": 0.5, "SMS.0204": 0.25,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Strike:
    """A failure to come: its kind (a name of TROUBLES), after which share of the sub-task, and how long one is offline."""

    kind: str
    share: float
    seconds: float


def parse_fail(text: str) -> dict[str, float]:
    """Read a specification into shares by kind; empty for none. Raises FaultError, also where they add up to more than 1."""
    shares: dict[str, float] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, equals, number = part.partition("=")
        if not equals and part.endswith("%"):
            share = _share(part[:-1], part, 100)
            found = {kind: share * each / sum(MIX.values()) for kind, each in MIX.items()}
        elif not equals:
            raise FaultError(f"{part!r} has no share: write {part}=0.02, or a percentage such as 5%")
        elif name.strip() not in TROUBLES:
            raise FaultError(f"{name.strip()!r} is nothing that agents suffer: there are {', '.join(TROUBLES)}")
        else:
            found = {name.strip(): _share(number, part, 1)}
        for kind, share in found.items():
            shares[kind] = shares.get(kind, 0.0) + share
    if sum(shares.values()) > 1 + 1e-9:
        raise FaultError(f"the shares of --fail add up to {sum(shares.values()):.0%}: at most 100 % can fail")
    return shares


class AgentFaults:
    """Draws what becomes of each run of each source's task."""

    def __init__(self, seed: int, shares: Mapping[str, float]) -> None:
        self._seed = seed
        self._shares = shares

    def draw(self, source_id: str, run: int) -> Strike | None:
        """What strikes the run (1 for a first start); None for most, and for `away`, which `is_away` tells."""
        if not self._shares:
            return None
        kind = self._first(source_id)
        if run > 1 and (kind is None or not TROUBLES[kind].is_lasting):
            cured = {each: share for each, share in self._shares.items() if each != AWAY and not TROUBLES[each].is_lasting}
            kind = _pick(cured, self._chance(source_id, "run", run), _RESTART_SHARE ** (run - 1))
        if kind is None or kind == AWAY:
            return None
        seconds = 120.0 + 1680.0 * self._chance(source_id, "seconds", run)
        return Strike(kind, 0.05 + 0.9 * self._chance(source_id, "share", run), round(seconds))

    def away_seconds(self, source_id: str) -> float:
        """How long a source is offline at its first start; 0 for those that are not."""
        if not self._shares or self._first(source_id) != AWAY:
            return 0.0
        return float(round(60.0 + 1140.0 * self._chance(source_id, "away")))

    def _first(self, source_id: str) -> str | None:
        return _pick(self._shares, self._chance(source_id, "kind"), 1.0)

    def _chance(self, *parts: object) -> float:
        digest = hashlib.blake2b("\x1f".join(map(str, (self._seed, *parts))).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / (1 << 64)


def error_of(code: str, *, message: str = "", params: tuple[str, ...] = ()) -> dict[str, Any]:
    """The error of a failed task, in the service's keys."""
    known = TROUBLES.get(code)
    return {
        "error_code": code,
        "error_param": list(params),
        "error_msg": message or (known.message if known else "The task failed."),
    }


def _pick(shares: Mapping[str, float], point: float, scale: float) -> str | None:
    for kind, share in shares.items():
        if point < share * scale:
            return kind
        point -= share * scale
    return None


def _share(number: str, shown: str, whole: float) -> float:
    try:
        value = float(number) / whole
    except ValueError:
        raise FaultError(f"{shown!r}: {number!r} is not a number") from None
    if not 0 <= value <= 1:
        raise FaultError(f"{shown!r}: {number} is not a share")
    return value
