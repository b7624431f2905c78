"""The figures at a gate, of a picture of the wave: who is ready, what the checks found, and what the cutover means for each server.

Pure. SMS tells neither how much its last round of changes copied nor when it ended, so that what a cutover has still to copy is
reckoned, by the same share of changes a day that the forecast takes, over one round. Called by whoever stands at a gate.
"""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING

from flows.night.criteria import Consistency, ServerAtGate, WaveAtGate
from flows.tracking.shares import fair_shares
from flows.tracking.standing import Standing
from inventory.forecast_load import BYTES_PER_MBIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.sms.consistency import ConsistencyResult
    from flows.tracking.picture import Picture, ServerView
    from inventory.forecast import WaveForecast
    from inventory.plan import Wave

ROUND_SECONDS = 3600.0
"""What changed in so long is taken to be left for the cutover: rounds follow one another, and one of an hour is a long one."""

_DAY_SECONDS = 86_400.0
_READY = frozenset({Standing.SYNCING, Standing.DONE})


def wave_at_gate(
    picture: Picture, wave: Wave, forecast: WaveForecast | None, checked: Mapping[str, ConsistencyResult | None], now: float
) -> WaveAtGate:
    """The wave at its gate. `checked` are the results of the tasks that were asked, by task id, None where there is none yet."""
    down = _downtimes(picture.servers, forecast)
    servers = [_server(view, down.get(view.row.position, (None, None)), checked) for view in picture.servers]
    ends_at = wave.ends_at
    return WaveAtGate(servers, may_fail(wave, len(servers)), None if ends_at is None else ends_at.timestamp() - now)


def may_fail(wave: Wave, servers: int) -> int:
    """How many servers may fail by the wave's failure budget; none where the sheet says nothing."""
    budget = wave.failure_budget
    return ceil(budget * servers) if isinstance(budget, float) else budget or 0


def asks_for_check(view: ServerView) -> bool:
    """Whether a server's task is to be checked for consistency, by its row."""
    return view.row.flag("is_need_consistency_check") is True


def _server(
    view: ServerView, down: tuple[float | None, float | None], checked: Mapping[str, ConsistencyResult | None]
) -> ServerAtGate:
    found = checked.get(view.task_id)
    return ServerAtGate(
        server=view.label,
        is_ready=view.standing in _READY,
        has_failed=view.standing.is_lost,
        is_moved=view.standing is Standing.DONE,
        delta_bytes=down[0],
        downtime_seconds=down[1],
        was_checked=asks_for_check(view),
        consistency=Consistency(found.different, found.missing, found.more) if found is not None else None,
    )


def _downtimes(views: Sequence[ServerView], forecast: WaveForecast | None) -> dict[int, tuple[float | None, float | None]]:
    """What each server in sync has still to copy, and how long nobody can work on it, by its row's position."""
    if forecast is None:
        return {}
    case, terms = forecast.case, forecast.case.terms
    loads = {load.row.position: load for load in case.loads}
    waiting = [view for view in views if view.standing is Standing.SYNCING and view.row.position in loads]
    caps = [min(loads[view.row.position].limit_mbps, loads[view.row.position].measured_mbps) for view in waiting]
    shares = fair_shares(case.bandwidth_mbps, caps)
    found: dict[int, tuple[float | None, float | None]] = {}
    for view, share in zip(waiting, shares, strict=True):
        size = loads[view.row.position].size
        if size is None:
            continue
        delta = size * terms.changes_per_day * ROUND_SECONDS / _DAY_SECONDS
        speed = share * terms.efficiency * BYTES_PER_MBIT
        copying = 0.0 if speed == inf else delta / speed if speed > 0 else inf
        if copying < inf:
            found[view.row.position] = (delta, copying + terms.overhead_minutes * 60 / 2)
    return found
