"""Hold every figure that a night told against what really happened, by the simulator's own history.

Pure: what was told (told.py) and the simulator's words come in, each comparison is counted by its topic, and whatever does not
agree goes out with its place, what was said and what is so. Called by the script (`make night`) and by tests, which also see to it
that a report that is wrong in one figure is caught.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Any

from flows.operating.evidence import Verdict
from flows.operating.moves import WIRE_WORD
from flows.operating.operations import Operation
from inventory.forecast_words import length
from inventory.outcomes import Status
from tests.night.told import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flows.night.approvals import Approval
    from flows.operating.action_records import Action
    from tests.night.told import Decided, Table, WaveTold

TOLD_SECONDS = 1.05
"""Reports and `--json` tell times to the second."""
JOURNAL_SECONDS = 0.01
"""The sheet Actions tells the journal's times to the millisecond."""
ON_THE_WAY_SECONDS = 0.05
"""How far a moment of this tool's may be from the simulator's for the same request: two processes, one clock."""
LATE_SECONDS = 60.0
"""Who ends no more than this after the window is not late: models are no clocks."""
_GATE_LOOK_SECONDS = 10.0
_MILLISECOND, _TENTH = 0.0011, 0.06
_BYTES_PER_MBIT = 1e6 / 8

DONE = frozenset({"MIGRATE_SUCCESS", "SYNC_SUCCESS"})
READY_FOR_CUTOVER = DONE | {"SYNCING"}
FAILED = frozenset({"MIGRATE_FAIL", "SYNC_FAIL"})
_COLUMNS = {
    "": "planned",
    "READY": "submitted",
    "ABORT": "submitted",
    "ABORTING": "submitted",
    "RUNNING": "running",
    "SYNCING": "synced",
    **dict.fromkeys(DONE, "cut_over"),
    **dict.fromkeys(FAILED, "failed"),
}
"""In which column of `waves status` a server is counted, by the state of its task."""
_STANDINGS = {
    "": "no task",
    "READY": "waiting for us",
    "ABORT": "waiting for us",
    "ABORTING": "waiting for SMS",
    "RUNNING": "running",
    "SYNCING": "syncing",
    **dict.fromkeys(DONE, "done"),
    **dict.fromkeys(FAILED, "failed"),
}
_WIRE = {**WIRE_WORD, Operation.SPEED: "speed", Operation.DELETE: "delete"}


@dataclass(frozen=True)
class Disagreement:
    """One figure that is not so."""

    topic: str
    place: str
    said: object
    truth: object

    def __str__(self) -> str:
        return f"{self.topic}: {self.place}: it says {self.said!r}, and it is {self.truth!r}"


@dataclass
class Agreement:
    """What was compared, by topic, and what did not agree."""

    compared: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)

    def same(self, topic: str, place: str, said: object, truth: object) -> None:
        """The two are equal."""
        self.compared[topic] += 1
        if said != truth:
            self.disagreements.append(Disagreement(topic, place, said, truth))

    def holds(self, topic: str, place: str, is_so: bool) -> None:
        """Something that is said is so."""
        self.compared[topic] += 1
        if not is_so:
            self.disagreements.append(Disagreement(topic, place, "so", "not so"))

    def near(self, topic: str, place: str, said: float | None, truth: float | None, tolerance: float) -> None:
        """The two are equal within a tolerance, or neither is known."""
        self.compared[topic] += 1
        is_near = said is not None and truth is not None and abs(said - truth) <= tolerance
        if not (is_near or said is truth is None):
            self.disagreements.append(Disagreement(topic, place, said, truth))

    def wrong(self, topic: str, place: str, said: object, truth: object) -> None:
        """Something is told that has nothing to be compared with, or the other way round."""
        self.disagreements.append(Disagreement(topic, place, said, truth))

    def of(self, topic: str) -> int:
        """How many figures of a topic do not agree."""
        return sum(each.topic == topic for each in self.disagreements)


@dataclass(frozen=True)
class Truth:
    """The simulator's words: `history` as `SimulatorProcess.history` gives it, and how often a create arrived from each source."""

    history: Mapping[str, Any]
    creates: Mapping[str, int] = field(default_factory=dict)

    def tasks_of(self, source: str) -> list[Mapping[str, Any]]:
        """All tasks that a source ever had."""
        return [task for task in self.history["tasks"] if task["source_server_id"] == source]

    def only(self, source: str) -> Mapping[str, Any] | None:
        """The one task of a source; None where it has none, or more."""
        found = self.tasks_of(source)
        return found[0] if len(found) == 1 else None

    def state(self, source: str) -> str:
        """The state of its task, "" where there is none."""
        task = self.only(source)
        return "" if task is None else str(task["state"])


@dataclass(frozen=True)
class Times:
    """When a task really began, was copied, and ended, in seconds since 1970; and the mean rate of its copy.

    The rate is 0 where the copy was broken off. It is told to a tenth, of times that SMS tells to the millisecond.
    """

    started: float | None
    copied: float | None
    finished: float | None
    mbps: float = 0.0
    mbps_tolerance: float = 0.0

    @classmethod
    def of(cls, task: Mapping[str, Any]) -> Times:
        """Of a task's history."""
        steps = task["sub_tasks"]
        begun = [step["began"] for step in steps if step["began"] is not None]
        copy = next(step for step in steps if step["name"].startswith("MIGRATE"))
        ends = [each["at"] for each in task["states"] if each["state"] in DONE] if task["state"] in DONE else []
        took = copy["ended"] - copy["began"] if copy["ended"] is not None else 0.0
        mbps = task["bytes"] / took / _BYTES_PER_MBIT if took else 0.0
        return cls(
            min(begun, default=None),
            copy["ended"],
            ends[-1] if ends else None,
            mbps,
            _TENTH + (mbps * _MILLISECOND / (took - _MILLISECOND) if took > _MILLISECOND else inf if took else 0.0),
        )


def check(truth: Truth, waves: Sequence[WaveTold]) -> Agreement:
    """Hold all that was told of a night against the truth."""
    found = Agreement()
    _tasks_there_are(found, truth, waves)
    for wave in waves:
        _outcomes(found, truth, wave)
        _summary(found, truth, wave)
        _tasks(found, truth, wave)
        _timeline(found, truth, wave)
        _reported_actions(found, wave)
        _performed(found, truth, wave)
        _stages(found, truth, wave)
        _track(found, truth, wave)
        _run(found, truth, wave)
        _status(found, truth, wave)
        _gates(found, truth, wave)
    return found


def _tasks_there_are(found: Agreement, truth: Truth, waves: Sequence[WaveTold]) -> None:
    planned = [source for wave in waves for source in wave.sources]
    for source in planned:
        found.same("tasks a server", source, len(truth.tasks_of(source)), 1)
    others = {task["source_server_id"] for task in truth.history["tasks"]} - set(planned)
    found.same("tasks a server", "servers of no wave", sorted(others), [])


def _outcomes(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    by_source = _by_source(found, "outcomes", wave, wave.report.outcomes)
    sent = Counter(row["source_server_id"] for row in wave.report.attempts)
    for source, row in by_source.items():
        task = truth.only(source)
        found.same("outcomes", f"{wave.name} {source} task_id", row["task_id"], task["id"] if task else None)
        found.same("outcomes", f"{wave.name} {source} is done", Status(row["status"]).is_done, task is not None)
        found.same("outcomes", f"{wave.name} {source} attempts", row["attempts"], sent[source])
        if sent[source] < truth.creates.get(source, 0):
            found.wrong("outcomes", f"{wave.name} {source} attempts", sent[source], f"{truth.creates[source]} creates arrived")


def _summary(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    lines = wave.report.summary
    place = next((place for place, line in enumerate(lines) if "need attention" in line), 0)
    moved = sum(truth.state(source) in DONE for source in wave.sources)
    whole = len(wave.sources)
    said = lines[place - 1] if place else ()
    found.same("counts", f"{wave.name} Summary", tuple(said), (whole, moved, whole - moved, moved / whole))
    is_told = any(str(line[0]).startswith("Nothing") for line in lines if line)
    found.same("counts", f"{wave.name} Summary: nothing is left to do", is_told, moved == whole)
    tally = Counter(row["status"] for row in wave.report.outcomes)
    shown = {line[0]: line[1] for line in lines if line and line[0] in set(Status) and len(line) > 1 and type(line[1]) is int}
    created = {status: count for status, count in shown.items() if status in tally}
    found.same("counts", f"{wave.name} Summary by status", created, dict(tally))


def _tasks(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    for source, row in _by_source(found, "tasks' ends", wave, wave.report.tasks).items():
        task, place = truth.only(source), f"{wave.name} Tasks {source}"
        if task is None:
            continue
        times = Times.of(task)
        found.same("tasks' ends", f"{place} task_id", row["task_id"], task["id"])
        found.same("tasks' ends", f"{place} state", row["state"], task["state"])
        code = task["error"]["error_code"] if task["error"] and task["state"] in FAILED else ""
        found.same("tasks' ends", f"{place} error", (row["error"] or "").split(" ")[0], code)
        found.near("times", f"{place} started", moment(row["started"]), times.started, TOLD_SECONDS)
        found.near("times", f"{place} copied", moment(row["copied"]), times.copied, TOLD_SECONDS)
        found.near("times", f"{place} finished", moment(row["finished"]), times.finished, TOLD_SECONDS)
        found.near("bytes by time", f"{place} speed_mbps", row["speed_mbps"] or 0.0, times.mbps, times.mbps_tolerance)
        late = _late_seconds(times.finished, wave.window_ends_at)
        found.near("lateness", f"{place} late_minutes", row["late_minutes"] or 0.0, late / 60, 0.06)
        if task["state"] in DONE and task["bytes_copied"] < task["bytes"]:
            found.wrong("bytes by time", f"{place} is done", task["bytes"], task["bytes_copied"])


def _timeline(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    for source, row in _by_source(found, "times", wave, wave.report.timeline).items():
        task = truth.only(source)
        if task is None:
            continue
        times, place = Times.of(task), f"{wave.name} Timeline {source}"
        for name, so in (("started", times.started), ("copied", times.copied), ("ended", times.finished)):
            found.near("times", f"{place} {name}", moment(row[name]), so, TOLD_SECONDS)


def _reported_actions(found: Agreement, wave: WaveTold) -> None:
    """The sheet Actions is what the journal holds."""
    kept = {(action.key.task_id, action.key.number): action for action in wave.actions}
    said = {(row["task_id"], row["number"]): row for row in wave.report.actions}
    found.same("actions told", f"{wave.name} how many", len(wave.report.actions), len(kept))
    for key, row in said.items():
        place, action = f"{wave.name} Actions {key[0]} {key[1]}", kept.get(key)
        if action is None:
            found.wrong("actions told", place, row["operation"], None)
            continue
        found.same("actions told", f"{place} operation", row["operation"], action.operation.value)
        found.same("actions told", f"{place} server", row["source_server_id"], action.source_server_id)
        found.same(
            "actions told", f"{place} performed", row["performed"], action.verdict.value if action.verdict else "nobody knows"
        )
        found.same("actions told", f"{place} ordered_by", row["ordered_by"], "by itself" if action.is_automatic else "a person")
        found.near("actions told", f"{place} sent_at", moment(row["sent_at"]), action.intent_at, JOURNAL_SECONDS)
        found.near("actions told", f"{place} answered_at", moment(row["answered_at"]), action.answered_at, JOURNAL_SECONDS)
    for key in kept.keys() - said.keys():
        found.wrong("actions told", f"{wave.name} Actions {key[0]} {key[1]}", None, kept[key].operation.value)


def _performed(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    """What the journal says was performed was performed, once; and what was performed, or arrived, stands in the journal."""
    by_task: defaultdict[str, list[Action]] = defaultdict(list)
    for action in wave.actions:
        by_task[action.key.task_id].append(action)
    for source in wave.sources:
        for task in truth.tasks_of(source):
            _performed_on(found, task, by_task.pop(task["id"], []), f"{wave.name} {source}")
    for task_id, actions in by_task.items():
        found.wrong("actions performed", f"{wave.name} {task_id}", [action.operation.value for action in actions], "no such task")


def _performed_on(found: Agreement, task: Mapping[str, Any], actions: Iterable[Action], place: str) -> None:
    left, kept = list(task["operations"]), sorted(actions, key=lambda each: each.key.number)
    nexts = [*(each.intent_at for each in kept[1:]), inf]
    for action, next_at in zip(kept, nexts, strict=False):
        word, number = _WIRE[action.operation], action.key.number
        ends = min(_known_at(action) + ON_THE_WAY_SECONDS, next_at)
        arrived = next(
            (each for each in left if each["operation"] == word and action.intent_at - ON_THE_WAY_SECONDS <= each["at"] <= ends),
            None,
        )
        if arrived is not None:
            left.remove(arrived)
        was_performed = arrived is not None and arrived["performed"]
        said = action.verdict.value if action.verdict else "nobody knows"
        truth = Verdict.DONE.value if was_performed else Verdict.NOT_DONE.value
        found.same("actions performed", f"{place} {word} {number}", said, truth)
    for each in left:
        what = "performed" if each["performed"] else "arrived"
        found.wrong("actions performed", f"{place} {each['operation']} at {each['at']:.3f}", "not in the journal", what)


def _known_at(action: Action) -> float:
    """When it was known what became of an action: what is performed later is not its work."""
    return max(action.answered_at or 0.0, action.settled_at or 0.0) or inf


def _stages(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    """The path: in order, and its figures."""
    before, rows = 0.0, wave.report.night
    for row in rows:
        began, ended = moment(row["began"]), moment(row["ended"])
        place = f"{wave.name} Night {row['stage']}"
        found.holds("stages", f"{place} begins after the one before", began is not None and began >= before)
        if ended is not None and began is not None:
            found.holds("stages", f"{place} ends after it began", ended >= began)
            before = began
    lines = {row["stage"]: row["what came of it"] for row in rows}
    done = sum(truth.state(source) in DONE for source in wave.sources)
    if "verify" in lines:
        found.same("stages", f"{wave.name} verify", str(lines["verify"]).split(",")[0], f"{done} of {len(wave.sources)} moved")
    firsts = [operation["at"] for operation in _starts(truth, wave)]
    if firsts and (start := next((row for row in rows if row["stage"] == "start"), None)) is not None:
        place = f"{wave.name} the first start is in the stage start"
        began = moment(start["began"]) or 0.0
        found.holds("stages", place, min(firsts) >= began - ON_THE_WAY_SECONDS)


def _starts(truth: Truth, wave: WaveTold) -> Iterator[Mapping[str, Any]]:
    for source in wave.sources:
        for task in truth.tasks_of(source):
            yield from (each for each in task["operations"] if each["operation"] == "start" and each["performed"])


def _track(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    told, topic = wave.track, "track --json"
    states = [truth.state(source) for source in wave.sources]
    found.same(topic, f"{wave.name} states", told["states"], dict(Counter(state or "NO_TASK" for state in states)))
    found.same(topic, f"{wave.name} standings", told["standings"], dict(Counter(_STANDINGS[state] for state in states)))
    found.same(topic, f"{wave.name} done", told["done"], all(state in DONE for state in states))
    copying = sum(state == "RUNNING" for state in states)
    if not copying:
        found.same(topic, f"{wave.name} throughput_mbps", float(told["throughput_mbps"]), 0.0)
    _servers(found, topic, truth, wave, told["servers"])
    late = [source for source in wave.sources if _late_seconds(_finished(truth, source), wave.window_ends_at)]
    found.same("lateness", f"{wave.name} track late", sorted(told["late"]), sorted(late))


def _servers(found: Agreement, topic: str, truth: Truth, wave: WaveTold, rows: Table) -> None:
    """The servers as commands print them."""
    for source, row in _by_source(found, topic, wave, rows).items():
        task = truth.only(source)
        if task is None:
            continue
        times, place = Times.of(task), f"{wave.name} {source}"
        found.same(topic, f"{place} task_id", row["task_id"], task["id"])
        found.same(topic, f"{place} state", row["state"], task["state"])
        found.same(topic, f"{place} is_ours", row["is_ours"], task["made_by"] in {"create", "late"})
        found.near(topic, f"{place} started_at", moment(row["started_at"]), times.started, TOLD_SECONDS)
        found.near(topic, f"{place} finished_at", moment(row["finished_at"]), times.finished, TOLD_SECONDS)
        late = _late_seconds(times.finished, wave.window_ends_at)
        found.near("lateness", f"{topic} {place} late_seconds", float(row["late_seconds"]), late, 1.0)


def _run(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    """What the night itself printed at its end, beside its report."""
    told, topic = wave.run, "run --json"
    found.same(topic, f"{wave.name} done", told["done"], all(truth.state(source) in DONE for source in wave.sources))
    _servers(found, topic, truth, wave, told["servers"])
    stages = [(row["stage"], row["state"], row["what came of it"] or "") for row in wave.report.night if row["stage"] != "report"]
    said = [(each["stage"], each["state"], each["line"]) for each in told["stages"] if each["stage"] != "report"]
    found.same(topic, f"{wave.name} stages", said, stages)
    decided = [(each["gate"], each["decision"], each["approver"], each["comment"]) for each in told["approvals"]]
    really = [(each.gate, each.decision, each.approver, each.comment) for each in wave.decided]
    found.same(topic, f"{wave.name} approvals", decided, really)


def _finished(truth: Truth, source: str) -> float | None:
    task = truth.only(source)
    return Times.of(task).finished if task is not None else None


def _status(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    told = wave.status
    _columns(found, "status --json", wave, told, [truth.state(source) for source in wave.sources])
    late = [_late_seconds(_finished(truth, source), wave.window_ends_at) for source in wave.sources]
    found.same("lateness", f"{wave.name} status late", len(told["late"]), sum(each > 0 for each in late))
    found.near("lateness", f"{wave.name} status late_seconds", float(told["late_seconds"]), max(late, default=0.0), 1.0)
    for each in wave.decided:
        if each.status is not None:
            topic = "status at the gate"
            _columns(found, topic, wave, each.status, [each.states.get(source, "") for source in wave.sources])
            found.same(topic, f"{wave.name} stage", (each.status["stage"], each.status["stage_state"]), ("approve", "held"))
            found.same(topic, f"{wave.name} waits at", each.status["gate"].split(",")[0], each.gate)


def _columns(found: Agreement, topic: str, wave: WaveTold, told: Mapping[str, Any], states: Sequence[str]) -> None:
    tally = Counter(_COLUMNS[state] for state in states)
    found.same(topic, f"{wave.name} servers", told["servers"], len(states))
    for column in dict.fromkeys(_COLUMNS.values()):
        found.same(topic, f"{wave.name} {column}", told[column], tally[column])
    found.same(topic, f"{wave.name} unknown", told["unknown"], 0)
    found.same(topic, f"{wave.name} done", told["done"], tally["cut_over"] == len(states))


def _gates(found: Agreement, truth: Truth, wave: WaveTold) -> None:
    """Who decided what, when, on which figures: in the journal, in the report, and as it was."""
    found.same("approvals", f"{wave.name} how many", len(wave.approvals), len(wave.decided))
    heads = [line for line in wave.report.gates if line.startswith("gate before ")]
    found.same("approvals", f"{wave.name} gates in the report", len(heads), len(wave.decided))
    for kept, really, head in zip(wave.approvals, wave.decided, heads, strict=False):
        place = f"{wave.name} gate {kept.gate}"
        said = (kept.gate, kept.decision.value if kept.decision else None, kept.approver, kept.comment)
        found.same("approvals", place, said, (really.gate, really.decision, really.approver, really.comment))
        found.same(
            "approvals", f"{place} in the report", head, f"gate before {really.gate}: {really.decision} by {really.approver}"
        )
        is_then = kept.decided_at is not None and really.after <= kept.decided_at <= really.before
        found.holds("approvals", f"{place} decided between", is_then)
        shown = [line for line in wave.report.gates if line.startswith("asked ") and f"{_clock(kept.asked_at)}" in line]
        found.same("approvals", f"{place} asked at", len(shown), 1)
        if really.comment:
            found.holds("approvals", f"{place} comment", f"comment: {really.comment}" in wave.report.gates)
        _criteria(found, truth, wave, kept, really)


def _criteria(found: Agreement, truth: Truth, wave: WaveTold, kept: Approval, really: Decided) -> None:
    """The figures that somebody decided by, as the wave stood while the gate was open."""
    states = [really.states.get(source, "") for source in wave.sources]
    ready, failed = sum(state in READY_FOR_CUTOVER for state in states), sum(state in FAILED for state in states)
    whole = len(wave.sources)
    is_so = {"copied": f"{ready} of {whole} ({100 * ready // whole}%)", "failed": str(failed)}
    asked = [source for source in wave.sources if source in wave.checked and really.states.get(source, "") not in FAILED]
    good = [source for source in asked if _checks_found(truth, source) == [False]]
    if asked and not any(True in _checks_found(truth, source) for source in asked):
        is_so["consistency"] = f"{len(good)} of {len(asked)} checked and good"
    for name, value in is_so.items():
        said = next((each.value for each in kept.criteria if each.name == name), None)
        found.same("approvals", f"{wave.name} gate: {name}", said, value)
    for each in kept.criteria:
        found.holds("approvals", f"{wave.name} gate in the report: {each.name}", each.line() in wave.report.gates)
    if wave.window_ends_at is not None:
        left = wave.window_ends_at - kept.asked_at
        words = {f"{length(left - moved)} left" for moved in (0.0, _GATE_LOOK_SECONDS)}
        window = next((each.value for each in kept.criteria if each.name == "window"), None)
        found.holds("approvals", f"{wave.name} gate: window", window in words)


def _checks_found(truth: Truth, source: str) -> list[bool]:
    """Whether each check of a source found a file that differs or is missing; only of its first copy, which a gate goes by."""
    task = truth.only(source)
    lines = [each["consistency_result"] for each in task["checks"][:1]] if task is not None else []
    return [any(line["num_different_files"] or line["num_target_miss_files"] for line in each) for each in lines]


def _late_seconds(finished: float | None, window_ends_at: float | None) -> float:
    if finished is None or window_ends_at is None or finished - window_ends_at <= LATE_SECONDS:
        return 0.0
    return finished - window_ends_at


def _by_source(found: Agreement, topic: str, wave: WaveTold, rows: Table) -> dict[str, Mapping[str, Any]]:
    """The rows by their source, which are those of the plan, each once."""
    told = Counter(row["source_server_id"] for row in rows)
    found.same(topic, f"{wave.name}: the servers", dict(told), dict.fromkeys(wave.sources, 1))
    return {row["source_server_id"]: row for row in rows if row["source_server_id"] in wave.sources}


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
