"""Reserve slots for requests in the journal, where all processes of an account do: one row of `pace` a limit (GCRA).

A slot is a moment of lease time from which one request may start, and up to how late. What makes any second hold, over all
processes: slot k and slot k+N lie a second and the lateness apart, so their starts lie a second apart. Who has had a row to
itself for a while is trusted to look at its own starts instead, which costs no lateness; whoever comes next then begins that much
later. Called in a transaction; the journal's transactions are serial.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from flows.sms.errors import ThrottleWindow
from flows.submission.pace_limits import CREATES, GUARD_SECONDS, WINDOW_KNOWN_SECONDS, PaceLimit
from flows.submission.schema import pace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from flows.submission.lease_clock import LeaseTime

LATENESS_SECONDS = 0.02
"""How late a slot may be used where other processes use the same limit: what an event loop's wake-ups are late by."""
LATENESS_ALONE_SECONDS = 0.1
"""The same for a process that has the limit to itself."""
ALONE_SECONDS = 3.0
"""So long without a slot of another process, and a process has the limit to itself."""
HORIZON_SECONDS = 0.5
"""No slot is given away that lies further ahead."""
CAUTION_SECONDS = HORIZON_SECONDS + LATENESS_ALONE_SECONDS
"""So long after a moment no slot given away before it can still be used."""
_SLACK_SECONDS = 0.5
_LARGEST_SHARED_WINDOW = 2_000
_NEVER = -1e9


@dataclass(frozen=True, slots=True)
class Asked:
    """What a process asks for: up to `count` slots that all of `limits` allow.

    `not_before` (lease time) is until when a slot may be used of which this process cannot know. `late` is by how much one of its
    requests arrived after its time. `is_unsure`: the clock has stepped, so that nobody knows what others hold. `learned` is a
    window that SMS named to this process since it asked last, `earlier` are its starts before it knew of the window, in lease
    time; by `wall` a window is forgotten after a day. `kind` is what is sent: windows are named for each kind alone.
    """

    account: str
    holder: str
    limits: Sequence[PaceLimit]
    count: int
    wall: float
    not_before: float = _NEVER
    late: float = 0.0
    is_unsure: bool = False
    learned: ThrottleWindow | None = None
    earlier: Sequence[float] = ()
    kind: str = CREATES


@dataclass(frozen=True, slots=True)
class Granted:
    """What it got: slots, in lease time, each to be used within `lateness`; where there are none, when to ask again.

    `window` is the one that SMS named to anybody within a day; `met_others` says whether another process was seen at a limit.
    """

    slots: Sequence[float]
    lateness: float
    next_at: float
    window: ThrottleWindow | None
    met_others: bool


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a limit's row stands for whoever asks: the slot that the next one follows, and since when no other process had one."""

    last: float
    alone_from: float
    is_alone: bool


def reserve(connection: Connection, asked: Asked, moment: LeaseTime) -> Granted:
    """Reserve what is asked for, at a moment of lease time. Done twice it costs the first one's slots, and nothing else."""
    kinds = {asked.kind, *(limit.kind for limit in asked.limits)}
    chosen = (pace.c.account == asked.account) & pace.c.kind.in_(kinds)
    rows = {found["kind"]: dict(found) for found in connection.execute(select(pace).where(chosen)).mappings()}
    window, log = _window(rows.get(asked.kind), asked, moment)
    wrong = [limit.kind for limit in asked.limits if asked.is_unsure or _is_beyond_belief(rows.get(limit.kind), moment)]
    if wrong:
        for kind in wrong:
            _write(connection, asked.account, kind, _begun_anew(moment), is_there=kind in rows)
        return Granted((), 0.0, moment.seconds + CAUTION_SECONDS, window, met_others=False)
    standings = [_standing(rows.get(limit.kind), asked.holder, moment) for limit in asked.limits]
    is_alone = all(each.is_alone for each in standings)
    lateness = LATENESS_ALONE_SECONDS if is_alone else LATENESS_SECONDS
    slots, next_at = _slots(asked, moment.seconds, standings, _WindowLog(window, log))
    values: dict[str, dict[str, Any]] = {}
    if slots:
        for limit, standing in zip(asked.limits, standings, strict=True):
            values[limit.kind] = _reserved(slots[-1], asked.holder, standing, moment, lateness)
    if window is not None and (slots or asked.learned or asked.earlier):
        values.setdefault(asked.kind, {"clock": moment.clock})["window_log"] = json.dumps(log[-window.limit :])
        if asked.learned:
            values[asked.kind] |= {"window_limit": window.limit, "window_seconds": window.seconds, "seen_at": asked.wall}
    for kind, changed in values.items():
        _write(connection, asked.account, kind, changed, is_there=kind in rows)
    return Granted(slots, lateness, next_at, window, not is_alone)


@dataclass(frozen=True, slots=True)
class _WindowLog:
    """The slots of the account that count in the window that SMS has named, oldest first; grows as slots are given away."""

    window: ThrottleWindow | None
    log: list[float]

    def opens_at(self) -> float:
        if self.window is None or len(self.log) < self.window.limit:
            return _NEVER
        return self.log[-self.window.limit] + self.window.seconds + LATENESS_ALONE_SECONDS + GUARD_SECONDS

    def add(self, slot: float) -> None:
        if self.window is not None:
            self.log.append(slot)


def _slots(asked: Asked, now: float, standings: Sequence[_Standing], window: _WindowLog) -> tuple[list[float], float]:
    """The slots, and when the one after them would be."""
    spacings = [
        limit.spacing(0.0 if standing.is_alone else LATENESS_SECONDS)
        for limit, standing in zip(asked.limits, standings, strict=True)
    ]
    spacing = max(spacings, default=0.0)
    # Who is alone holds back its own starts instead.
    late = 0.0 if all(each.is_alone for each in standings) else asked.late
    last = (max(each.last, asked.not_before) + apart + late for each, apart in zip(standings, spacings, strict=True))
    at = max([now, asked.not_before, *last])
    slots: list[float] = []
    while len(slots) < asked.count:
        at = max(at, window.opens_at())
        if at > now + HORIZON_SECONDS:
            break
        slots.append(at)
        window.add(at)
        at += spacing
    return slots, max(at, window.opens_at())


def _is_beyond_belief(row: Mapping[str, Any] | None, moment: LeaseTime) -> bool:
    """Whether the row tells of slots that nobody can have been given: the clock was set back since."""
    if row is None or row["reserved_until"] is None or row["clock"] != moment.clock:
        return False
    return bool(row["reserved_until"] > moment.seconds + HORIZON_SECONDS + _SLACK_SECONDS)


def _begun_anew(moment: LeaseTime) -> dict[str, Any]:
    """The columns of a limit's row of which nothing is known: as if others held all that they may hold."""
    last = moment.seconds + HORIZON_SECONDS
    return {
        "reserved_until": last,
        "clock": moment.clock,
        "holder": "",
        "alone_from": last,
        "lateness": LATENESS_ALONE_SECONDS,
    }


def _standing(row: Mapping[str, Any] | None, holder: str, moment: LeaseTime) -> _Standing:
    """How the row of a limit stands; slots of another start of the machine are nobody's."""
    if row is None or row["reserved_until"] is None or row["clock"] != moment.clock:
        return _Standing(_NEVER, _NEVER, is_alone=True)
    last: float = row["reserved_until"]
    is_ours = row["holder"] == holder
    alone_from: float = row["alone_from"] if is_ours else last
    is_alone = max(moment.seconds, last) - alone_from >= ALONE_SECONDS
    return _Standing(last if is_ours else last + row["lateness"], alone_from, is_alone)


def _reserved(last: float, holder: str, standing: _Standing, moment: LeaseTime, lateness: float) -> dict[str, Any]:
    """The columns of a limit's row after slots were given away. The lateness counts where the slots' spacing has none of it."""
    return {
        "reserved_until": last,
        "clock": moment.clock,
        "holder": holder,
        "alone_from": standing.alone_from,
        "lateness": lateness if standing.is_alone else 0.0,
    }


def _window(row: Mapping[str, Any] | None, asked: Asked, moment: LeaseTime) -> tuple[ThrottleWindow | None, list[float]]:
    """The window that SMS has named, here or to another process, and the slots that count in it."""
    window = asked.learned
    is_remembered = row is not None and row["seen_at"] is not None and row["seen_at"] > asked.wall - WINDOW_KNOWN_SECONDS
    if window is None and row is not None and is_remembered:
        window = ThrottleWindow(row["window_limit"], row["window_seconds"])
    if window is None or window.limit > _LARGEST_SHARED_WINDOW:
        return None, []
    is_known = row is not None and row["clock"] == moment.clock and row["window_log"]
    logged = json.loads(row["window_log"]) if row is not None and is_known else []
    since, until = moment.seconds - window.seconds - CAUTION_SECONDS, moment.seconds + CAUTION_SECONDS + _SLACK_SECONDS
    return window, sorted(at for at in (*logged, *asked.earlier) if since < at < until)


def _write(connection: Connection, account: str, kind: str, changed: Mapping[str, Any], *, is_there: bool) -> None:
    if is_there:
        connection.execute(update(pace).where(pace.c.account == account, pace.c.kind == kind).values(**changed))
    else:
        connection.execute(insert(pace).values(account=account, kind=kind, **changed))
