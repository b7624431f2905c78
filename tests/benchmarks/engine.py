"""Ours, measured in this process: a wave of a plan, with journal and report, against the simulator at a URL.

    python -m tests.benchmarks.engine PLAN ROWS URL token|key

Prints seconds and CPU seconds of the whole run but its report, those of the report, and what the journal weighs.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from flows import event_loop, wave_attempts, wave_job
from flows.settings import Settings, load_settings
from flows.simulator.options import EXAMPLE_ACCESS_KEY, EXAMPLE_SECRET_KEY
from flows.submission.events import Silent, StopSignal
from tests.benchmarks.peers import WARM_UP_ROWS, reset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.wave_attempts import WaveAttempts
    from flows.wave_job import PreparedWave, WaveEnd

PROJECT = "00000000000000000000000000000001"


def main(plan: str, rows: int, url: str, credentials: str) -> dict[str, Any]:
    """Run once to warm up, then once that counts; each on an empty service, with a journal of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        prepared = wave_job.prepare(wave_job.WaveOrder(Path(plan), "wave-1", folder / "report.xlsx"))
        wave = replace(prepared, rows=prepared.rows[:rows])
        _measured(replace(prepared, rows=prepared.rows[:WARM_UP_ROWS]), _settings(url, credentials, folder / "warm-up.sqlite"))
        reset(url)
        found = _measured(wave, _settings(url, credentials, folder / "journal.sqlite"))
        return {**found, "journal_bytes": sum(file.stat().st_size for file in folder.glob("journal.sqlite*"))}


def _settings(url: str, credentials: str, journal: Path) -> Settings:
    kind: dict[str, Any] = (
        {"auth_token": "token"}
        if credentials == "token"
        else {"ak": EXAMPLE_ACCESS_KEY, "sk": EXAMPLE_SECRET_KEY, "project_id": PROJECT}
    )
    return load_settings(endpoint=url, journal=f"sqlite+aiosqlite:///{journal.as_posix()}", **kind)


def _measured(wave: PreparedWave, settings: Settings) -> dict[str, float]:
    report, kept = _TimedReport(), (wave_job.report, wave_attempts.read_attempts)
    wave_job.report, wave_attempts.read_attempts = report.write, report.read  # type: ignore[assignment]
    begun, cpu = time.perf_counter(), time.process_time()
    try:
        end = event_loop.run(_run(wave, settings))
    finally:
        wave_job.report, wave_attempts.read_attempts = kept
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu
    if not end.is_all_done:
        raise RuntimeError(f"the wave did not end well ({end.counts}): the figure would be worthless")
    return {
        "seconds": seconds - report.seconds,
        "cpu_seconds": cpu_seconds - report.cpu_seconds,
        "report_seconds": report.seconds,
    }


async def _run(wave: PreparedWave, settings: Settings) -> WaveEnd:
    return await wave_job.run(wave, settings, Silent(), StopSignal())


class _TimedReport:
    """The report, timed: what it reads of the journal, and its writing. It has a bar of its own."""

    def __init__(self) -> None:
        self._write, self._read = wave_job.report, wave_attempts.read_attempts
        self.seconds = self.cpu_seconds = 0.0

    async def read(self, *arguments: Any) -> WaveAttempts:
        with self._timed():
            return await self._read(*arguments)

    def write(self, *arguments: Any) -> WaveEnd:
        with self._timed():
            return self._write(*arguments)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - begun
            self.cpu_seconds += time.process_time() - cpu


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])))
