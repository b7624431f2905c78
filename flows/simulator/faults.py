"""Which request suffers which fault: kinds, their probabilities, and the grammar that states them.

    --faults reset-after=0.03,drop-before=0.02,500-after=0.02,hang-after=0.01,read-reset=0.05
    --faults 14%                 the mix of MIX for creates, scaled to 14 %;  read-14% the same for reads
    --faults action-reset-after=0.05,speed-late=0.02,delete-14%

`KIND-before` strikes before the effect (nothing is made), `KIND-after` after it (the task exists, the client does not hear so).
A word in front says which requests: `read-` GET, `action-` an operation of a task, `speed-` its speed rules, `delete-` deletions;
without one POST /v3/tasks. The draw is a digest of seed, request and its count, so that it does
not depend on the order in which concurrent requests arrive. Decides only; wire.py and breakage.py do it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """When a fault strikes, seen from the effect of the request."""

    BEFORE = "before"
    AFTER = "after"


class FaultError(ValueError):
    """A fault specification that cannot be read; the text says what is wrong and what there is."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault about to strike: its kind (a name of KINDS, or an error code such as `SMS.6526`) and when."""

    kind: str
    phase: Phase

    @property
    def name(self) -> str:
        """The fault as the grammar writes it, without its probability."""
        return f"{self.kind}-{self.phase}"


KINDS: dict[str, str] = {
    "drop": "the connection is closed without a byte",
    "reset": "the connection is reset (RST)",
    "hang": "no answer until the client gives up",
    "slow": "the true answer, some seconds late",
    "half": "the head and half of the body of a good answer, then the connection is closed",
    "empty": "a 200 with an empty body",
    "malformed": "a 200 whose JSON is cut short",
    "html": "502 with the HTML page of a gateway",
    "500": "500 in the service's shape",
    "502": "502 in the gateway's shape",
    "503": "503 in the gateway's shape",
    "504": "504 in the gateway's shape",
    "408": "408 request timeout",
    "302": "302 to another address",
    "401": "401 APIGW.0301, as for a wrong signature",
    "403": "403 SMS.9004, as for a missing permission",
    "429": "429 APIGW.0308 without Retry-After (before only)",
    "429-retry": "429 APIGW.0308 with Retry-After (before only)",
    "429-window": "429 APIGW.0308 that names a window of minutes (before only)",
    "late": "504 now, the effect some seconds later (not of reads)",
    "SMS.xxxx": "400 with that code of the service, such as SMS.6301",
}

_BEFORE_ONLY = frozenset({"429", "429-retry", "429-window", "late"})

# What `--faults 14%` is made of, in parts; most of them after the effect, where a client is most easily deceived.
MIX: Mapping[str, float] = {
    "reset-after": 2.0, "drop-after": 2.0, "500-after": 1.5, "html-after": 1.0, "malformed-after": 1.0, "504-after": 1.0,
    "empty-after": 0.5, "half-after": 0.5, "408-after": 0.5, "hang-after": 0.5,
    "drop-before": 1.0, "reset-before": 0.5, "503-before": 0.5, "429-before": 1.0, "429-retry-before": 0.5,
}  # fmt: skip

Spec = Mapping[str, Mapping[str, float]]
"""Probabilities by group (`create`, `read`, and `action`, `speed`, `delete` where named) and fault name."""

GROUPS: Mapping[str, str] = {
    "POST /v3/tasks": "create",
    "POST /v3/tasks/{id}/action": "action",
    "POST /v3/tasks/{id}/speed-limit": "speed",
    "DELETE /v3/tasks/{id}": "delete",
    "POST /v3/tasks/delete": "delete",
}
"""Which requests a group of faults strikes, by their route; every GET is a `read`."""

_PREFIXES = ("read", "action", "speed", "delete")


def group_of(route: str) -> str:
    """The group of a route's faults; empty where chance strikes none."""
    return "read" if route.startswith("GET ") else GROUPS.get(route, "")


def parse_faults(text: str) -> Spec:
    """Read a specification; an empty one has no faults. Raises FaultError, also when a group adds up to more than 1."""
    spec: dict[str, dict[str, float]] = {"create": {}, "read": {}}
    for part in filter(None, (each.strip() for each in text.split(","))):
        group = next((each for each in _PREFIXES if part.startswith(f"{each}-")), "create")
        shares = spec.setdefault(group, {})
        for name, probability in _parse_part(part.removeprefix(f"{group}-")).items():
            shares[name] = shares.get(name, 0.0) + probability
    for group, shares in spec.items():
        if sum(shares.values()) > 1 + 1e-9:
            raise FaultError(f"the faults of {group}s add up to {sum(shares.values()):.0%}: at most 100 % can fail")
    if any(name.startswith("late") for name in spec["read"]):
        raise FaultError("late is not for reads: a read has no effect to perform later")
    return spec


def parse_fault(name: str) -> Fault:
    """One fault by its name; without `-before` or `-after` it strikes before the effect. Raises FaultError."""
    kind, dash, phase = name.rpartition("-")
    if not dash or phase not in set(Phase):
        kind, phase = name, "before"
    if kind not in KINDS and not kind.startswith("SMS."):
        raise FaultError(f"{name!r} is no fault: there are {', '.join(KINDS)}")
    if kind in _BEFORE_ONLY and phase == Phase.AFTER:
        raise FaultError(f"{kind} strikes before the effect only")
    return Fault(kind, Phase(phase))


def _parse_part(text: str) -> dict[str, float]:
    if text.endswith("%"):
        share = _probability(text[:-1], text) / 100
        return {name: share * part / sum(MIX.values()) for name, part in MIX.items()}
    name, equals, number = text.partition("=")
    if not equals:
        raise FaultError(f"{text!r} has no probability: write {text}=0.02, or a percentage such as 14%")
    probability = _probability(number, text)
    if probability > 1:
        raise FaultError(f"{text!r}: a probability is 0 to 1, or a percentage such as 14% for the whole mix")
    return {parse_fault(name.strip()).name: probability}


def _probability(number: str, shown: str) -> float:
    try:
        value = float(number)
    except ValueError:
        raise FaultError(f"{shown!r}: {number!r} is not a number") from None
    if not 0 <= value <= 100:
        raise FaultError(f"{shown!r}: {number} is not a probability")
    return value


@dataclass(slots=True)
class Once:
    """A fault ordered by a test: strikes the next `times` requests to `route` (of that source only, where one is named)."""

    fault: Fault
    times: int = 1
    route: str = "POST /v3/tasks"
    source_server_id: str = ""

    def fits(self, route: str, source_id: str) -> bool:
        """Whether it strikes this request."""
        return self.times > 0 and route == self.route and self.source_server_id in {"", source_id}


@dataclass(slots=True)
class FaultPlan:
    """Draws the fault of each request, and counts what it drew."""

    seed: int
    spec: Spec = field(default_factory=lambda: parse_faults(""))
    ordered: list[Once] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def active(self) -> bool:
        """Whether any fault can strike at all."""
        return bool(self.ordered) or any(self.spec.values())

    def draw(self, route: str, source_id: str) -> Fault | None:
        """The fault for one request to `route`, None for most; ordered ones come first, and each is used up."""
        fault = self._draw_ordered(route, source_id) or self._draw_by_chance(route, source_id)
        if fault is not None:
            group = group_of(route)
            self.injected[fault.name if group in {"create", ""} else f"{group}-{fault.name}"] += 1
        return fault

    def _draw_ordered(self, route: str, source_id: str) -> Fault | None:
        for once in self.ordered:
            if once.fits(route, source_id):
                once.times -= 1
                if once.times == 0:
                    self.ordered.remove(once)
                return once.fault
        return None

    def _draw_by_chance(self, route: str, source_id: str) -> Fault | None:
        shares = self.spec.get(group_of(route))
        if not shares:
            return None
        self._counts[route, source_id] += 1
        point = self._chance(route, source_id, self._counts[route, source_id])
        for name, share in shares.items():
            if point < share:
                return parse_fault(name)
            point -= share
        return None

    def _chance(self, *parts: object) -> float:
        digest = hashlib.blake2b("\x1f".join(map(str, (self.seed, *parts))).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / (1 << 64)
