"""What would make a wave fit its window: fewer servers, a higher limit, an earlier start.

Nothing is said that was not forecast again. Decides what is tried and in which words it is told; whether it helps, the model says.
A suggestion stands alone: any one of them is enough, as far as bytes and speeds are known. `Waves.max_servers` and dependencies are
kept. Called by forecast.py for late waves.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, timedelta
from math import ceil, inf
from typing import TYPE_CHECKING

from inventory.account_limits import MOST_RUNNING
from inventory.forecast_load import BYTES_PER_MBIT
from inventory.forecast_words import length, moment, named, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from inventory.forecast import WaveForecast
    from inventory.forecast_case import Case
    from inventory.forecast_load import Load

SPEEDS_MBPS = (50, 100, 150, 200, 300, 400, 500, 750, 1000)
"""Limits that are tried: SMS's console takes no more than 1,000 Mbit/s."""
MOST_NAMED = 20
"""What is to be done to servers is of use only where they are named."""
MOST_WAVES_TRIED = 3
MOST_BANDWIDTH = 10
"""Nobody gets a line more than so many times as fast for a night."""


def advise(forecast: WaveForecast, cases: Mapping[str, Case]) -> Iterator[str]:
    """What would make the wave fit, the cheapest first; what cannot help is not said. `cases` are all waves by name."""
    case = forecast.case
    yield from _earlier(forecast, cases)
    yield from _faster_servers(case, forecast.late)
    yield from _more_at_once(case)
    yield from _moved(case, forecast.late, cases)
    yield from _wider_line(case)
    if forecast.ends_at is not None:
        least = "at least " if forecast.is_at_least else ""
        yield f"or keep the window open until {least}{moment(_whole_minute(forecast.ends_at))}"


def _earlier(forecast: WaveForecast, cases: Mapping[str, Case]) -> Iterator[str]:
    """A start from which it would end in time, unless the line is another wave's then, or what it waits for is not done."""
    case = forecast.case
    if forecast.seconds is None or case.starts_at is None or case.window_ends_at is None:
        return
    starts_at = _full_quarter(case.window_ends_at.astimezone(UTC) - timedelta(seconds=forecast.seconds))
    is_held = any(end.astimezone(UTC) > starts_at for end in case.waits_for)
    is_taken = any(_overlaps(other, starts_at, case.starts_at) for other in cases.values() if other.wave is not case.wave)
    if not is_held and not is_taken and replace(case, starts_at=starts_at).fits():
        earlier = (case.starts_at.astimezone(UTC) - starts_at).total_seconds()
        yield f"start at {moment(starts_at.astimezone(case.starts_at.tzinfo))}, {length(earlier)} earlier"


def _overlaps(other: Case, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether another wave has its window at a time."""
    if other.starts_at is None:
        return False
    closes = other.window_ends_at or other.starts_at
    return other.starts_at.astimezone(UTC) < ends_at.astimezone(UTC) and closes.astimezone(UTC) > starts_at


def _faster_servers(case: Case, late: Sequence[Load]) -> Iterator[str]:
    """A speed limit that lets the late servers be done in time."""
    if not any(load.limit_mbps < inf for load in late) or not _raised(case, late, SPEEDS_MBPS[-1]).fits():
        return
    speed = _least(SPEEDS_MBPS, lambda each: _raised(case, late, each).fits())
    yield _raise(late, speed)


def _raised(case: Case, late: Sequence[Load], speed: float) -> Case:
    """The wave with the late servers' limits no lower than a speed."""
    tardy = {load.row.position for load in late}
    return case.with_loads(
        replace(load, limit_mbps=max(load.limit_mbps, speed)) if load.row.position in tardy else load for load in case.loads
    )


def _raise(late: Sequence[Load], speed: int) -> str:
    changed = [load for load in late if load.limit_mbps < speed]
    now = sorted({int(load.limit_mbps) for load in changed})
    of = str(now[0]) if len(now) == 1 else f"{now[0]}-{now[-1]}"
    return f"raise speed_limit of {named([load.row.label for load in changed], MOST_NAMED)} from {of} to {speed} Mbit/s"


def _more_at_once(case: Case) -> Iterator[str]:
    """More of the wave's tasks, or more of a value of `Limits`, at once."""
    most = min(MOST_RUNNING, len(case.loads))
    if most > case.max_running and replace(case, max_running=most).fits():
        enough = _least(range(case.max_running + 1, most + 1), lambda each: replace(case, max_running=each).fits())
        yield f"raise max_running from {case.max_running} to {enough}"
    for place, limit in enumerate(case.plan.limits):

        def raised(most: int, place: int = place) -> Case:
            limits = list(case.plan.limits)
            limits[place] = replace(limits[place], max_running=most)
            return replace(case, plan=replace(case.plan, limits=tuple(limits)))

        most = min(case.max_running, len(case.loads))
        if most > limit.max_running and raised(most).fits():
            enough = _least(range(limit.max_running + 1, most + 1), lambda each, raised=raised: raised(each).fits())  # type: ignore[misc]
            yield f"raise max_running of {limit.column} {limit.value} in Limits from {limit.max_running} to {enough}"


def _wider_line(case: Case) -> Iterator[str]:
    """A bandwidth that would do."""
    if case.bandwidth_mbps == inf:
        return
    steps = [_round_speed(case.bandwidth_mbps * 1.05**step) for step in range(1, 50)]
    steps = [step for step in steps if case.bandwidth_mbps < step <= case.bandwidth_mbps * MOST_BANDWIDTH]
    least = sum(load.size or 0 for load in case.loads if case.is_known(load)) / BYTES_PER_MBIT / case.terms.efficiency
    steps = [step for step in steps if step * case.window_seconds >= least]
    if steps and replace(case, bandwidth_mbps=steps[-1]).fits():
        enough = _least(steps, lambda each: replace(case, bandwidth_mbps=each).fits())
        yield f"raise bandwidth_mbps from {case.bandwidth_mbps:g} to {enough:g}, if the line has it"


def _moved(case: Case, late: Sequence[Load], cases: Mapping[str, Case]) -> Iterator[str]:
    """The fewest servers whose absence lets the rest fit; and, if fewer are enough then, with higher limits for the late ones."""
    moved = _fewest_to_move(case, late, len(case.loads) - 1)
    if moved:
        yield _move(case, moved, cases)
    slow = [load for load in late if load.limit_mbps < SPEEDS_MBPS[-1]]
    if not slow:
        return
    quick = _raised(case, slow, SPEEDS_MBPS[-1])
    spans = quick.run()
    fewer = _fewest_to_move(quick, quick.late(spans), len(moved or case.loads) - 1)
    gone = {load.row.position for load in fewer}
    kept = [load for load in slow if load.row.position not in gone]
    if kept and fewer:
        rest = case.with_loads(load for load in case.loads if load.row.position not in gone)
        speed = _least(SPEEDS_MBPS, lambda each: _raised(rest, kept, each).fits())
        yield f"{_raise(kept, speed)}, and {_move(_raised(case, slow, speed), fewer, cases)}"


def _move(case: Case, moved: Sequence[Load], cases: Mapping[str, Case]) -> str:
    """Where these servers can go: the next window that takes them, or one of their own."""
    gone = {load.row.position for load in moved}
    rest = case.with_loads(load for load in case.loads if load.row.position not in gone)
    told = f"move {named([load.row.label for load in moved], MOST_NAMED)} ({size(sum(load.size or 0 for load in moved))}) to "
    left = f": {case.wave.name} then ends at {moment(rest.moment(_end(rest)))}"
    later = _later_waves(case, cases)
    for each in later:
        if any(_needs_any(other, gone) for other in cases.values() if other.wave is not case.wave and _is_before(other, each)):
            break
        taking = _with_moved(each, moved)
        if taking is not None and taking.fits():
            return f"{told}{each.wave.name}{left}, {each.wave.name} at {moment(taking.moment(_end(taking)))}, inside its window"
    why = "no later wave has room for them" if later else "there is no later wave"
    seconds = _end(case.with_loads(moved))
    return f"{told}a window of their own, of {length(ceil(seconds / 900) * 900)} ({why}){left}"


def _fewest_to_move(case: Case, late: Sequence[Load], most: int) -> list[Load]:
    """The smaller of two sets: the servers that end last, or the ones with most bytes; each with all that depends on it.

    Nothing where it takes more than `most`, or all.
    """
    tardy = {load.row.position for load in late}
    by_end = [*late, *(load for load in reversed(case.loads) if load.row.position not in tardy)]
    by_size = sorted(case.loads, key=lambda load: -(load.size or 0))
    last = _fewest_of(case, by_end, min(most, len(case.loads) - 1))
    largest = _fewest_of(case, by_size, len(last) or min(most, len(case.loads) - 1))
    found = [moved for moved in (last, largest) if moved]
    return min(found, key=lambda moved: (len(moved), sum(load.size or 0 for load in moved)), default=[])


def _fewest_of(case: Case, order: Sequence[Load], most: int) -> list[Load]:
    """The shortest beginning of the order, and what depends on it, without which the wave fits; nothing beyond `most` servers."""
    going, counts = _in_order(order, _dependents(case))
    tried = bisect_right(counts, most)

    def gone(number: int) -> set[int]:
        return set(going[: counts[number - 1]])

    def fits_without(number: int) -> bool:
        left_out = gone(number)
        return case.with_loads(load for load in case.loads if load.row.position not in left_out).fits()

    if not tried or not fits_without(tried):
        return []
    left_out = gone(_least(range(1, tried + 1), fits_without))
    return [load for load in order if load.row.position in left_out]


def _in_order(order: Sequence[Load], dependents: Mapping[int, list[int]]) -> tuple[list[int], list[int]]:
    """The rows as they go, each followed by those that depend on it; and how many have gone after each beginning of the order."""
    going: dict[int, None] = {}
    counts = []
    for load in order:
        going.update((position, None) for position in _closed([load.row.position], dependents) if position not in going)
        counts.append(len(going))
    return list(going), counts


def _dependents(case: Case) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for load in case.loads if case.needs.of_row else ():
        for need in case.needs.of_row.get(load.row.position, ()):
            found.setdefault(need, []).append(load.row.position)
    return found


def _closed(positions: Sequence[int], dependents: Mapping[int, list[int]]) -> set[int]:
    """The rows and all that depend on them."""
    found: set[int] = set()
    left = list(positions)
    while left:
        position = left.pop()
        if position not in found:
            found.add(position)
            left += dependents.get(position, ())
    return found


def _later_waves(case: Case, cases: Mapping[str, Case]) -> list[Case]:
    """The next waves after this one, that have a window."""
    if case.starts_at is None:
        return []
    later = [each for each in cases.values() if each.window_ends_at is not None and _is_before(case, each)]
    return sorted(later, key=lambda each: each.starts_at.timestamp() if each.starts_at else inf)[:MOST_WAVES_TRIED]


def _with_moved(later: Case, moved: Sequence[Load]) -> Case | None:
    """The later wave with these servers too, last in it as they would be last in the sheet; None where it has no room."""
    most = later.wave.integer("max_servers")
    if most is not None and len(later.loads) + len(moved) > most:
        return None
    return later.with_loads([*later.loads, *(later.load_of(load.row) for load in moved)])


def _is_before(case: Case, later: Case) -> bool:
    """Whether a wave starts before another."""
    if case.starts_at is None or later.starts_at is None:
        return False
    return case.starts_at.astimezone(UTC) < later.starts_at.astimezone(UTC)


def _needs_any(case: Case, positions: set[int]) -> bool:
    """Whether a server of the wave depends on one of these rows."""
    return any(need in positions for load in case.loads for need in case.needs.of_row.get(load.row.position, ()))


def _end(case: Case) -> float:
    return max(span.end for span in case.run())


def _least(steps: Sequence[int], is_enough: Callable[[int], bool]) -> int:
    """The first step that is enough, where the last one is and more is never worse; what is returned was tried, or is the last."""
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        if is_enough(steps[middle]):
            high = middle
        else:
            low = middle + 1
    return steps[high]


def _round_speed(speed: float) -> int:
    step = 10 if speed < 1000 else 100 if speed < 20_000 else 1000
    return ceil(speed / step) * step


def _whole_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1 if at.second or at.microsecond else 0)


def _full_quarter(at: datetime) -> datetime:
    """The quarter of an hour before a time (UTC)."""
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
