"""Tell how a rehearsal went, from what really happened: the simulator's history of each task, beside the forecast and the sheet.

Decides when each server came to what and which of the reasons cost it how long, and holds what the engine said against the truth.
Pure arithmetic on what is over. Called by programme.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Any

from inventory.outcomes import Status
from inventory.rehearsal_records import Cause, GateRecord, Rehearsal, ServerRecord, WaveRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from flows.night.approvals import Approval
    from flows.rehearsal.wave_night import WaveNight
    from flows.rehearsal.world import World
    from inventory.forecast_load import Load
    from inventory.forecast_run import Span
    from inventory.outcomes import Outcome
    from inventory.plan import ServerRow

_DONE = frozenset({"MIGRATE_SUCCESS", "SYNC_SUCCESS"})
_FAILED = frozenset({"MIGRATE_FAIL", "SYNC_FAIL"})
_NO_TASK = "NO_TASK"
_UNMADE = frozenset({Status.REJECTED, Status.INVALID, Status.DEFERRED})
"""What an outcome says of a row for which nothing was made."""

Stretch = tuple[float, float]


def account_for(world: World, nights: Sequence[WaveNight], trouble: str) -> Rehearsal:
    """The account of a rehearsal that is over."""
    history = world.simulator.service.history()
    truth = _Truth(world, history)
    setting, zone = world.setting, _zone(nights)
    return Rehearsal(
        plan=setting.plan.name,
        plan_sha256=setting.plan.sha256,
        seed=setting.seed,
        trouble=trouble,
        begins_at=datetime.fromtimestamp(setting.begins_at, zone),
        ends_at=datetime.fromtimestamp(world.clock.wall(), zone),
        waves=tuple(_WaveAccount(world, night, truth).record() for night in nights),
        faults=_faults(world, nights, truth),
        requests=dict(sorted(world.simulator.ledger.requests.items())),
        duplicates=tuple(sorted(source for source, tasks in truth.by_source.items() if len(tasks) > 1)),
        untrue=tuple(line for night in nights for line in _untrue(night, truth)),
    )


class _Truth:
    """What the simulator knows: the tasks of each source, and when each source was offline."""

    def __init__(self, world: World, history: Mapping[str, Any]) -> None:
        self.now = float(history["now"])
        self.by_source: dict[str, list[dict[str, Any]]] = {}
        for task in history["tasks"]:
            self.by_source.setdefault(task["source_server_id"], []).append(task)
        self.offline: dict[str, list[Stretch]] = {}
        for outage in history["outages"]:
            until = outage["to"] if outage["to"] is not None else self.now
            self.offline.setdefault(outage["source_server_id"], []).append((outage["from"], until))
        self._service = world.simulator.service

    def task_of(self, source: str) -> dict[str, Any] | None:
        """The one task of a source."""
        tasks = self.by_source.get(source)
        return tasks[0] if tasks else None

    def copied_at(self, task_id: str) -> float | None:
        """When a task had copied all disks for the first time."""
        task = self._service.any_task(task_id)
        work = task.work if task is not None else None
        return None if work is None else work.ended[work.copy_at]


@dataclass(frozen=True, slots=True)
class _Times:
    """One server's times as seconds since 1970, None where it never came to that; `cut_over` is when its cutover was ordered."""

    submitted: float | None = None
    started: float | None = None
    copied: float | None = None
    cut_over: float | None = None
    moved: float | None = None
    is_synced: bool = False


class _WaveAccount:
    """One wave's account. `began` and `ended` bound what may have cost its servers time."""

    def __init__(self, world: World, night: WaveNight, truth: _Truth) -> None:
        self._world = world
        self._night = night
        self._truth = truth
        self._zone = _zone([night])
        diary = night.diary
        self._began = diary.began_at if diary.began_at is not None else truth.now
        self._ended = diary.ended_at if diary.ended_at is not None else truth.now
        self._approvals = diary.story.approvals if diary.story is not None else ()
        self._forecasts: dict[int, tuple[Load, Span]] = {}
        if night.forecast is not None:
            pairs = zip(night.forecast.case.loads, night.forecast.spans, strict=True)
            self._forecasts = {load.row.position: (load, span) for load, span in pairs}
        self._gates = [_stretch(each, self._ended) for each in self._approvals]

    def record(self) -> WaveRecord:
        """The wave with all its servers."""
        night, diary = self._night, self._night.diary
        outcomes = {outcome.row.position: outcome for outcome in diary.outcomes}
        servers = [self._server(row, outcomes.get(row.position)) for row in night.rows]
        kept = [server for server in servers if not server.is_skipped]
        moved = [server.moved_at for server in kept if server.moved_at is not None]
        copied = [server.copied_at for server in kept if server.copied_at is not None]
        forecast = night.forecast
        return WaveRecord(
            name=night.wave.name,
            servers=tuple(servers),
            planned_at=night.wave.starts_at,
            window_ends_at=night.wave.ends_at,
            forecast_ends_at=forecast.ends_at if forecast is not None else None,
            is_forecast_at_least=forecast is not None and forecast.is_at_least,
            began_at=self._moment(self._began),
            submitted_at=self._moment(diary.submitted_at),
            started_at=min((server.started_at for server in kept if server.started_at is not None), default=None),
            copied_at=max(copied) if kept and len(copied) == len(kept) else None,
            moved_at=max(moved) if kept and len(moved) == len(kept) else None,
            gates=tuple(self._gate(each) for each in self._approvals),
            notes=tuple(self._notes()),
        )

    def _server(self, row: ServerRow, outcome: Outcome | None) -> ServerRecord:
        source = outcome.source_server_id if outcome is not None else row.source_server_id
        task = self._truth.task_of(source) if source else None
        times = self._times(task)
        load, span = self._forecasts.get(row.position, (None, None))
        case = self._night.forecast.case if self._night.forecast is not None else None
        is_told = case is not None and load is not None and span is not None and case.is_known(load)
        states = task["states"] if task is not None else []
        return ServerRecord(
            server=row.label,
            source_server_id=source,
            wave=row.wave,
            cell=str(row.cell("wave")),
            state=task["state"] if task is not None else _NO_TASK,
            bytes=load.size if load is not None else None,
            submitted_at=self._moment(times.submitted),
            started_at=self._moment(times.started),
            copied_at=self._moment(times.copied),
            moved_at=self._moment(times.moved),
            window_ends_at=self._night.wave.ends_at,
            forecast_started_at=case.moment(span.start) if is_told and case is not None and span is not None else None,
            forecast_ends_at=case.moment(span.end) if is_told and case is not None and span is not None else None,
            restarts=max(0, task["runs"] - 1) if task is not None else 0,
            errors=tuple(each["why"] for each in states if each["state"] in _FAILED),
            lost={} if row.skip else self._lost(source, states, times, span if is_told else None),
            is_skipped=row.skip,
            note=_note(outcome, task, is_slow=source in self._world.slow),
        )

    def _times(self, task: Mapping[str, Any] | None) -> _Times:
        if task is None:
            return _Times()
        first = _first_times(task["states"])
        moved = [first[state] for state in _DONE if state in first] if task["state"] in _DONE else []
        copied = self._truth.copied_at(task["id"])
        ordered = (each["at"] for each in task["operations"] if each["operation"] == "cutover" and each["performed"])
        return _Times(
            task["created_at"],
            first.get("RUNNING"),
            copied,
            next(ordered, None),
            min(moved, default=None),
            is_synced="SYNCING" in first,
        )

    def _lost(self, source: str, states: Sequence[Mapping[str, Any]], times: _Times, span: Span | None) -> dict[Cause, float]:
        """What cost the server time that the forecast does not have, in seconds."""
        until = times.moved if times.moved is not None else self._ended
        if times.submitted is None:
            return {Cause.SUBMITTED: until - self._began}
        offline = _within(self._truth.offline.get(source, ()), times.submitted, until)
        failed = list(_minus(_failed(states, until), offline))
        ready = max([times.submitted, *(end for _, end in self._gates if times.started is None or end <= times.started)])
        started = times.started if times.started is not None else until
        planned = span if span is not None and span.end < inf else None
        expected_start = self._began + planned.start if planned is not None else ready
        lost = {
            Cause.SUBMITTED: times.submitted - self._began,
            Cause.OFFLINE: _sum(offline),
            Cause.FAILED: _sum(failed),
            Cause.PLACE: started - max(ready, expected_start) - _sum(_within(offline, ready, started)),
            Cause.GATE: ready - times.submitted,
        }
        if times.started is not None and planned is not None:
            copied = times.copied if times.copied is not None else until
            troubles = _sum(_within(offline, started, copied)) + _sum(_within(failed, started, copied))
            lost[Cause.SPEED] = copied - started - troubles - (planned.copied - planned.start)
        if times.copied is not None and (times.cut_over is not None or (times.moved is None and times.is_synced)):
            held = times.cut_over if times.cut_over is not None else until
            lost[Cause.GATE] += held - times.copied - _sum(_within([*offline, *failed], times.copied, held))
        return {cause: seconds for cause in Cause if (seconds := lost.get(cause, 0.0)) >= 1.0}

    def _gate(self, asked: Approval) -> GateRecord:
        return GateRecord(
            name=asked.gate,
            asked_at=datetime.fromtimestamp(asked.asked_at, self._zone),
            decided_at=self._moment(asked.decided_at),
            decision=asked.decision.value if asked.decision is not None else "open",
            approver=asked.approver,
            comment=asked.comment,
            held=tuple(each.line() for each in asked.criteria if each.holds is False),
        )

    def _notes(self) -> Iterator[str]:
        night = self._night
        if night.diary.runs > 1:
            yield f"submitted {night.diary.runs} times: requests were lost, and the next run did the rest"
        for line in night.diary.preflight:
            yield f"before the wave: {line}"
        for outage in night.party.network.outages:
            begins, ends = (datetime.fromtimestamp(at, self._zone) for at in (outage.begins_at, outage.ends_at))
            yield f"the line to SMS was down from {begins:%H:%M} to {ends:%H:%M} on {begins:%Y-%m-%d}"
        for at, text in night.watcher.remarks:
            if text.startswith("late: "):
                said = datetime.fromtimestamp(at, self._zone)
                yield f"said at {said:%Y-%m-%d %H:%M}: {text.removeprefix('late: ')}"

    def _moment(self, at: float | None) -> datetime | None:
        return None if at is None else datetime.fromtimestamp(at, self._zone)


def _zone(nights: Sequence[WaveNight]) -> tzinfo:
    """The zone in which the first wave that has one is told."""
    starts = [night.wave.starts_at for night in nights]
    return next((start.tzinfo for start in starts if start is not None and start.tzinfo is not None), UTC)


def _first_times(states: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in states:
        found.setdefault(each["state"], each["at"])
    return found


def _failed(states: Sequence[Mapping[str, Any]], until: float) -> list[Stretch]:
    """From each failure to when it was restarted."""
    ends = [*(each["at"] for each in states[1:]), until]
    return [(each["at"], end) for each, end in zip(states, ends, strict=True) if each["state"] in _FAILED]


def _stretch(asked: Approval, until: float) -> Stretch:
    return (asked.asked_at, asked.decided_at if asked.decided_at is not None else until)


def _within(stretches: Iterable[Stretch], begin: float, end: float) -> list[Stretch]:
    """The parts of stretches of time between two moments."""
    return [(max(since, begin), min(until, end)) for since, until in stretches if since < end and until > begin]


def _minus(stretches: Iterable[Stretch], others: Sequence[Stretch]) -> Iterator[Stretch]:
    """What is left of stretches without those of others."""
    for since, until in stretches:
        at = since
        for begin, end in sorted(_within(others, since, until)):
            if begin > at:
                yield at, begin
            at = max(at, end)
        if at < until:
            yield at, until


def _sum(stretches: Iterable[Stretch]) -> float:
    return sum(until - since for since, until in stretches)


def _note(outcome: Outcome | None, task: Mapping[str, Any] | None, *, is_slow: bool) -> str:
    """What else there is to say of a server."""
    said = []
    if outcome is not None and not outcome.status.is_done:
        said.append(f"{outcome.status.value} {outcome.error_code}: {outcome.error_message}".rstrip(": "))
    if task is not None and task["error"] is not None and task["state"] in _FAILED:
        said.append(f"{task['error']['error_code']} {task['error'].get('error_msg', '')}".rstrip())
    if is_slow:
        said.append("on a slow line")
    return "; ".join(said)


def _faults(world: World, nights: Sequence[WaveNight], truth: _Truth) -> dict[str, int]:
    """What went wrong, and how often, by what it is."""
    failures = Counter(
        each["why"] for tasks in truth.by_source.values() for task in tasks for each in task["states"] if each["state"] in _FAILED
    )
    found = {f"agent: {code}": count for code, count in sorted(failures.items())}
    found["agent: away"] = sum(len(stretches) for stretches in truth.offline.values())
    found["line: slow source"] = len(world.slow)
    found["line: down"] = sum(len(night.party.network.outages) for night in nights)
    found["line: connection refused"] = sum(night.party.network.refused for night in nights)
    found |= {f"request: {name}": count for name, count in sorted(world.simulator.faults.injected.items())}
    return {name: count for name, count in found.items() if count}


def _untrue(night: WaveNight, truth: _Truth) -> Iterator[str]:
    """What the engine said of a server, and what is not so."""
    for outcome in night.diary.outcomes:
        tasks = [task["id"] for task in truth.by_source.get(outcome.source_server_id, ())]
        place = f"{outcome.row.label} ({outcome.row.cell('wave')})"
        if outcome.status.is_done and outcome.status is not Status.SKIPPED and tasks != [outcome.task_id]:
            yield f"{place}: {outcome.status.value} {outcome.task_id}, and SMS has {', '.join(tasks) or 'no task'}"
        elif outcome.status in _UNMADE and tasks:
            yield f"{place}: {outcome.status.value}, and SMS has {', '.join(tasks)}"
    for server in night.diary.last.servers if night.diary.last is not None else ():
        task = truth.task_of(server.source_server_id)
        is_settled = server.standing.is_lost or server.state in _DONE
        if is_settled and server.state != (task["state"] if task is not None else _NO_TASK):
            yield f"{server.label}: seen {server.state} at the end, and it is {task['state'] if task is not None else 'no task'}"
