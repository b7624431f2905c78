"""What goes wrong in a rehearsal, how often, and the words that say so on the command line (`--faults`).

    --faults none                          nothing goes wrong
    --faults none,agents                   agents fail as often as usual, and nothing else goes wrong
    --faults agents=10%,network=0          as usual, but for these
    --faults none,reset-after=0.05         the faults of requests that `waves simulate --faults` knows

Decides the usual shares, and which requests a lost network loses. Called by the command and by world.py.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from flows.simulator.agent_faults import AWAY, MIX, OFFLINE
from flows.simulator.faults import FaultError, parse_faults

NONE = "none"
_LOST = {
    "reset-after": 2.0, "reset-before": 1.0, "504-after": 2.0, "504-before": 1.0, "drop-after": 1.0, "drop-before": 1.0,
    "hang-after": 1.0, "502-before": 1.0,
}  # fmt: skip
"""How a request is lost, in parts: before SMS has performed it or after, which its sender cannot tell."""
_REFUSED = {"429-before": 1.0, "429-retry-before": 1.0}


@dataclass(frozen=True, slots=True)
class Trouble:
    """How often what goes wrong, as shares from 0 to 1. `requests` are more faults of requests, in the simulator's own words.

    The usual shares are nobody's statistics: they are such that a wave of ninety servers meets each of them, as people who moved
    some tell (facts 3.1 has the failures, no source has their rates).
    """

    agents: float = 0.05
    """Servers whose copy fails on the way: most by a fault that a restart cures, some by one that it does not."""
    offline: float = 0.03
    """Servers whose agent is away for a while."""
    slow: float = 0.05
    """Servers that reach a part of the speed that they are due."""
    network: float = 0.01
    """Requests that are lost, on their way to SMS or on the answer's."""
    throttling: float = 0.01
    """Requests that the gateway refuses because there are too many."""
    outage: float = 0.5
    """Waves in whose window the line to SMS is down for some minutes."""
    requests: str = ""

    @property
    def of_requests(self) -> str:
        """The faults of requests in the simulator's grammar."""
        shares: list[tuple[str, float]] = []
        for share, parts in ((self.network, _LOST), (self.throttling, _REFUSED)):
            shares += [(name, share * part / sum(parts.values())) for name, part in parts.items() if share]
        told = [f"{group}{name}={share:.6f}" for group in ("", "action-", "read-") for name, share in shares]
        return ",".join([*told, *filter(None, [self.requests])])

    @property
    def of_agents(self) -> str:
        """What agents and sources suffer, in the simulator's grammar of `--fail`."""
        away = {OFFLINE, AWAY}
        whole = sum(part for kind, part in MIX.items() if kind not in away)
        shares = {kind: self.agents * part / whole for kind, part in MIX.items() if kind not in away}
        shares |= dict.fromkeys(sorted(away), self.offline / 2)
        return ",".join(f"{kind}={share:.6f}" for kind, share in shares.items() if share)


USUAL = Trouble()
_SHARES = tuple(each.name for each in fields(Trouble) if each.name != "requests")
_NO_SHARES: dict[str, Any] = dict.fromkeys(_SHARES, 0.0)
_NOTHING = Trouble(**_NO_SHARES)


def parse_trouble(text: str) -> Trouble:
    """What `--faults` says; the usual where it says nothing. Raises FaultError, whose text says what is wrong and what there is."""
    trouble = USUAL
    requests: list[str] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, equals, share = (each.strip() for each in part.partition("="))
        if part == NONE:
            trouble, requests = _NOTHING, []
        elif name in _SHARES:
            changed: dict[str, Any] = {name: _share(name, share) if equals else getattr(USUAL, name)}
            trouble = replace(trouble, **changed)
        else:
            requests.append(part)
    trouble = replace(trouble, requests=",".join(requests))
    try:
        parse_faults(trouble.of_requests)
    except FaultError as error:
        raise FaultError(f"{error}; of a rehearsal also {', '.join(_SHARES)}, and {NONE}") from None
    return trouble


def _share(name: str, text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise FaultError(f'{name}="{text}" is not a share: give a number from 0 to 1, such as 0.05 or 5%')
    return share
