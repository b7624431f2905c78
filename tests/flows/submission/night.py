"""One wave against a real simulator: what the tests of the engine share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flows import wave_job
from flows.settings import Settings, load_settings
from flows.submission.clock import SystemClock
from flows.submission.events import Silent, StopSignal
from flows.submission.journal import open_journal
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from flows.submission.events import Watcher
    from flows.submission.records import AttemptRecord, RowRecord
    from flows.wave_job import WaveEnd
    from tests.simulator_process import SimulatorProcess


@dataclass
class Night:
    """A simulator, a folder, a journal in it, and the settings of every run; `submit` runs a wave as `waves submit` does."""

    simulator: SimulatorProcess
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)

    def plan(self, servers: int | list[dict[str, Any]] = 1, **sheets: Any) -> Path:
        """A plan of so many servers with a disk each, or of the given rows."""
        rows = [server(number) for number in range(1, servers + 1)] if isinstance(servers, int) else servers
        disks = sheets.pop("disks", [disk(source_server_id=row.get("source_server_id", "")) for row in rows])
        return make_plan(self.folder / "plan.xlsx", rows, disks=disks, **sheets)

    async def submit(
        self, plan: Path, wave: str = "wave-1", *, watcher: Watcher | None = None, stop: StopSignal | None = None, **order: Any
    ) -> WaveEnd:
        """Run the wave to its report."""
        report = self.folder / "report.xlsx"
        prepared = wave_job.prepare(wave_job.WaveOrder(plan, wave, report, **order))
        return await wave_job.run(prepared, self.run_settings(), watcher or Silent(), stop or StopSignal())

    async def attempts(self, number: int = 1) -> list[AttemptRecord]:
        """What the journal holds of the attempts for a server."""
        settings = self.run_settings()
        async with open_journal(settings.journal_url, SystemClock(), print) as journal:
            return await journal.attempts(settings.account, server(number)["source_server_id"])

    async def records(self) -> dict[str, RowRecord]:
        """The rows of the journal by source server id."""
        settings = self.run_settings()
        async with open_journal(settings.journal_url, SystemClock(), print) as journal:
            return await journal.rows(settings.account)

    def run_settings(self) -> Settings:
        """The settings of every run of this night."""
        given: dict[str, Any] = {
            "endpoint": self.simulator.url,
            "ak": self.simulator.access_key,
            "sk": self.simulator.secret_key,
            "project_id": "p-1",
            "settle_seconds": 0.4,
            "read_timeout_seconds": 1.0,
            "connect_timeout_seconds": 1.0,
            "lease_slack_seconds": 1.0,
            "journal": f"sqlite+aiosqlite:///{self.folder / 'journal.sqlite'}",
        }
        return load_settings(**{**given, **self.settings})


def flat(end: WaveEnd, *fields: str) -> list[tuple[Any, ...]]:
    """The outcomes as plain tuples: status and attempts, or the named fields."""
    return [tuple(_plain(getattr(outcome, name)) for name in fields or ("status", "attempts")) for outcome in end.result.outcomes]


def contradictions(end: WaveEnd, simulator: SimulatorProcess) -> list[str]:
    """Every outcome that the simulator's truth contradicts: done must mean one task, that one; anything else none of this row's."""
    truth = simulator.truth()
    tasks_by_source, found = truth["tasks_by_source"], [f"{source} has two tasks" for source in truth["duplicates"]]
    for outcome in end.result.outcomes:
        ids = tasks_by_source.get(outcome.source_server_id, [])
        if outcome.status.is_done != (ids == [outcome.task_id]):
            found.append(f"{outcome.source_server_id} is {outcome.status.value} {outcome.task_id}, and has {ids}")
    return found


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)
