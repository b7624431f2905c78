"""Ask SMS about the rows of a plan, for `waves check --online`: whatever would fail at night and can be known today.

Reads only, at a pace that SMS sets, and few calls: one listing of tasks, one of sources, then one page for each source and template
that the rows name, a few at a time. Decides what SMS's answers mean for a row (bound already, account limits, templates); what they
mean for its disks, OS and firmware is source_findings.py's. Needs no journal and no Prefect.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from flows import event_loop
from flows.settings import NOTHING_SENT, Settings, SettingsError, load_settings
from flows.sms.auth import make_auth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.errors import NotSent, SmsError, StopRun
from flows.submission.clock import SystemClock
from flows.submission.identify import SourceDirectory, Unidentified
from flows.submission.protocol import Sight, Sighting, recognise
from flows.submission.records import RowRecord, Target
from flows.submission.shipment import pack
from flows.submission.throttle import Throttle
from inventory.build import BuildError, build_post_task
from inventory.build_findings import build_finding
from inventory.checks import Concern
from inventory.source_findings import find_source_findings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from flows.sms.models import TaskSummary, TemplateSummary
    from inventory.findings import Finding
    from inventory.plan import Plan, ServerRow
    from inventory.rows import Cell, SheetRow
    from inventory.source_server import SourceServer

MOST_TASKS = 1000
"""How many an account holds at all, finished ones too (facts 9)."""

_AT_ONCE = 8
_RUNNING = frozenset({"RUNNING", "SYNCING", "ABORTING", "SKIPPING", "RESETING"})
_MIGRATED = frozenset({"MIGRATE_SUCCESS", "SYNC_SUCCESS"})
_TEMPLATE_COLUMNS = ("vm_template_id", "clonevm_template_id")
_MOST_PROBLEMS = 5
_SHOWN_IDS = 3
_SAID_OFFLINE = {"PLAN-623": "PLAN-523", "PLAN-624": "PLAN-510"}
"""What SMS says of a row in other words than the sheet alone did: said once."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What SMS said of the rows. `problem` is why not all could be asked, in one line, "" where all were."""

    findings: tuple[Finding, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class _Pages(Generic[T]):
    """Pages by id, as far as they were read: None where SMS itself says that there is no such thing."""

    read: dict[str, T | None] = field(default_factory=dict)


def ask_sms(plan: Plan, rows: Sequence[ServerRow]) -> Asked:
    """Ask about rows, in the account that the environment names. Raises nothing that a person can mend: `problem` tells it."""
    try:
        settings = load_settings()
    except SettingsError as error:
        return Asked(problem=str(error))
    return event_loop.run(_ask(plan, rows, settings))


def with_online(plan: Plan, rows: Sequence[ServerRow], findings: Sequence[Finding]) -> tuple[tuple[Finding, ...], str]:
    """The findings of the sheet with those of SMS about `rows`, each in its place in the workbook; and `Asked.problem`."""
    asked = ask_sms(plan, rows)
    known = {(each.code, each.place) for each in findings}
    more = [each for each in asked.findings if (_SAID_OFFLINE.get(each.code, each.code), each.place) not in known]
    return tuple(sorted((*findings, *more), key=Concern(plan).order)), asked.problem


async def _ask(plan: Plan, rows: Sequence[ServerRow], settings: Settings) -> Asked:
    clock = SystemClock()
    client = SmsClient(ClientOptions.of(settings), make_auth(settings, clock.wall), pace=Throttle(clock), sleep=clock.sleep)
    async with client:
        return await OnlineCheck(plan, rows, client, settings.max_running).ask()


class OnlineCheck:
    """The rows of a plan that are to be sent, held against what SMS holds at this moment.

    `max_running` is how many servers the account migrates at once.
    """

    def __init__(self, plan: Plan, rows: Iterable[ServerRow], client: SmsClient, max_running: int) -> None:
        self._plan = plan
        self._max_running = max_running
        self._rows = [row for row in rows if not row.skip]
        self._client = client
        self._ids: dict[int, str] = {}
        self._sources: _Pages[SourceServer] = _Pages()
        self._templates: _Pages[TemplateSummary] = _Pages()
        self._tasks: list[TaskSummary] = []
        self._by_source: dict[str, list[TaskSummary]] = {}
        self._by_target: dict[str, list[TaskSummary]] = {}

    async def ask(self) -> Asked:
        """Ask, and say what was learnt; also what was learnt before SMS stopped answering."""
        findings: list[Finding] = []
        try:
            # The first page alone: a wrong secret costs one refused call, not a burst of them.
            self._hold(await self._client.list_tasks())
            findings += self._identify(SourceDirectory(await self._client.list_sources()))
        except SmsError as error:
            problem = str(error)
        else:
            problem = await self._read_pages()
            for row in self._rows:
                findings += self._of_row(row)
            findings += self._of_account()
        # The line that `waves submit` gives.
        return Asked(tuple(dict.fromkeys(findings)), f"{problem}: {NOTHING_SENT}" if problem else "")

    def _hold(self, tasks: list[TaskSummary]) -> None:
        self._tasks = tasks
        for task in tasks:
            self._by_source.setdefault(task.source_server_id, []).append(task)
            self._by_target.setdefault(task.target_vm_id, []).append(task)

    def _identify(self, directory: SourceDirectory) -> Iterator[Finding]:
        """The source server of each row: by its id, else by its name and address."""
        first: dict[str, ServerRow] = {}
        for row in self._rows:
            found = row.source_server_id or directory.identify(row)
            if isinstance(found, Unidentified):
                yield from _unidentified(row, directory.candidates(row))
                continue
            self._ids[row.position] = found
            other = first.setdefault(found, row)
            if other is not row and not (row.source_server_id and other.source_server_id) and other.wave == row.wave:
                column = _named_by(row)
                words = {"server": row.label, "source": found, "other": str(other.cell(_named_by(other)))}
                yield build_finding("PLAN-662", row.cell(column), row.text(column), **words)

    async def _read_pages(self) -> str:
        """The page of each source and template, a few at a time; why not all could be read, "" where they were.

        A page that cannot be read is passed over, but not many; refused credentials, or a service that is away, end it at once.
        """
        templates = {row.text(column) for row in self._rows for column in _TEMPLATE_COLUMNS} - {""}
        calls = [
            *(self._reading(self._templates, each, self._client.show_template) for each in sorted(templates)),
            *(self._reading(self._sources, each, self._client.show_source) for each in dict.fromkeys(self._ids.values())),
        ]
        waiting = iter(calls)
        problems: list[SmsError] = []

        async def work() -> None:
            for call in waiting:
                try:
                    await call()
                except SmsError as error:
                    problems.append(error)
                if len(problems) >= _MOST_PROBLEMS or any(isinstance(each, StopRun | NotSent) for each in problems):
                    return

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
        unread = len(calls) - len(self._templates.read) - len(self._sources.read)
        return f"{unread} of {len(calls)} servers and templates could not be asked about: {problems[0]}" if problems else ""

    @staticmethod
    def _reading(pages: _Pages[T], key: str, show: Callable[[str], Awaitable[T | None]]) -> Callable[[], Awaitable[None]]:
        async def read() -> None:
            pages.read[key] = await show(key)

        return read

    def _of_row(self, row: ServerRow) -> Iterator[Finding]:
        yield from self._of_templates(row)
        identity = self._ids.get(row.position)
        if identity is None or identity not in self._sources.read:
            return
        source = self._sources.read[identity]
        if source is None:
            yield build_finding("PLAN-601", row.cell("source_server_id"), identity, server=row.label)
            return
        yield from find_source_findings(row, self._plan, source, identity)
        yield from self._of_tasks(row, source, identity)

    def _of_templates(self, row: ServerRow) -> Iterator[Finding]:
        for column in _TEMPLATE_COLUMNS:
            template_id = row.text(column)
            if template_id not in self._templates.read:
                continue
            template = self._templates.read[template_id]
            if template is None:
                yield build_finding("PLAN-645", row.cell(column), template_id, server=row.label, column=column)
                continue
            yield from self._of_region(row, column, template)
            if template.has_public_ip is False and row.flag("use_public_ip") is not False and column == "vm_template_id":
                said = "yes" if row.flag("use_public_ip") else "empty (yes for SMS)"
                words = {"server": row.label, "said": said, "template": template.name or template_id}
                yield build_finding("PLAN-646", row.cell("use_public_ip"), _typed(row, "use_public_ip"), **words)

    def _of_region(self, row: ServerRow, column: str, template: TemplateSummary) -> Iterator[Finding]:
        """A template makes its servers in its own region, whatever the row says."""
        said, known = row.text("region_id"), template.region_id
        if said and known and said.casefold() != known.casefold():
            words = {"server": row.label, "template": template.name or template.id, "known": known, "said": said}
            yield build_finding("PLAN-647", row.cell(column), template.id, **words)

    def _of_tasks(self, row: ServerRow, source: SourceServer, identity: str) -> Iterator[Finding]:
        """What stands in the way of the row's task: the one task that its source, or its target, may have."""
        target, bounds = self._target(row, source, identity)
        yield from bounds
        of_source = self._by_source.get(identity, ())
        of_target = self._by_target.get(target.vm_id, ()) if target.vm_id else ()
        sight = recognise(RowRecord("", identity, "", target=target), of_source, of_target)
        if sight.task is not None:
            yield _bound(row, sight, sight.task, target)
        for task in of_source:
            if task.is_deleting and sight.task is None:
                yield build_finding("PLAN-644", row.cell("source_server_id"), server=row.label, task=task.id)

    def _target(self, row: ServerRow, source: SourceServer, identity: str) -> tuple[Target, Sequence[Finding]]:
        """What the row's task would fill; and, where it has no body, every reason for that."""
        try:
            return pack(row, build_post_task(row, self._plan, source, identity)).target, ()
        except BuildError as error:
            return Target(row.text("target_vm_id"), row.text("target_name"), row.text("vm_template_id")), error.findings

    def _of_account(self) -> Iterator[Finding]:
        """Limits of the account that the waves run into, one wave at a time: nobody says that two are sent at once."""
        running = sum(task.state in _RUNNING for task in self._tasks)
        bound = {task.source_server_id for task in self._tasks}
        new = Counter(row.wave for row in self._rows if row.wave and self._ids.get(row.position, "") not in bound)
        for name, added in new.items():
            wave, most = self._plan.waves[name], self._plan.waves[name].integer("max_running")
            starting = min(added, most or added)
            if running and running + starting > self._max_running:
                words: dict[str, str | int] = {"running": running, "wave": name, "starting": starting, "most": self._max_running}
                place = self._wave_cell(name, "max_running")
                said = _typed(wave, "max_running")
                yield build_finding("PLAN-650", place, said, room=max(0, self._max_running - running), **words)
            if len(self._tasks) + added > MOST_TASKS:
                words = {"there": len(self._tasks), "wave": name, "added": added, "most": MOST_TASKS}
                yield build_finding("PLAN-651", self._wave_cell(name, "wave"), name, **words)

    def _wave_cell(self, name: str, column: str) -> Cell:
        """A wave's cell in `Waves`; its first row's in `Servers` where it is not there."""
        wave = self._plan.waves[name]
        return wave.cell(column) if wave.index >= 0 else self._plan.rows(name)[0].cell("wave")


def _typed(row: SheetRow, column: str) -> str:
    """What a column says, as it was typed where the row itself says it."""
    return row.table.raw(column, row.index) if row.own(column) is not None else row.text(column)


def _named_by(row: ServerRow) -> str:
    """The column that a row names its source by."""
    return next(name for name in ("source_server_id", "source_name", "source_ip") if row.text(name))


def _unidentified(row: ServerRow, candidates: Iterable[str]) -> Iterator[Finding]:
    said = " and ".join(text for text in (row.source_name, row.source_ip) if text)
    if not said:
        return  # the sheet's own finding (PLAN-203)
    column, ids = _named_by(row), sorted(candidates)
    if not ids:
        yield build_finding("PLAN-660", row.cell(column), row.text(column), said=said)
        return
    known = ", ".join(ids[:_SHOWN_IDS]) + (" ..." if len(ids) > _SHOWN_IDS else "")
    yield build_finding("PLAN-661", row.cell(column), row.text(column), said=said, count=len(ids), known=known)


def _bound(row: ServerRow, sight: Sight, task: TaskSummary, target: Target) -> Finding:
    words = {"server": row.label, "task": task.id, "name": task.name or "-", "state": task.state or "-"}
    match sight.kind:
        case Sighting.OTHER_TASK_OF_SOURCE:
            has = task.target_vm_id or task.target_name or "-"
            return build_finding("PLAN-641", row.cell("target_vm_id"), row.text("target_vm_id"), target=has, **words)
        case Sighting.OTHER_TASK_OF_TARGET:
            other = task.source_name or task.source_server_id
            words |= {"target": target.vm_id, "other": other}
            return build_finding("PLAN-642", row.cell("target_vm_id"), row.text("target_vm_id"), **words)
    code = "PLAN-643" if task.state in _MIGRATED else "PLAN-640"
    return build_finding(code, row.cell(_named_by(row)), row.text(_named_by(row)), **words)
