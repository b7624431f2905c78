"""One run of a wave in a process of its own, to be killed.

    python -m tests.flows.submission.one_run PLAN FOLDER URL RATE [JOURNAL [SETTLE]]

Prints a line when rows are about to be sent, one for each remark, and at the end the outcomes as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from flows import event_loop, wave_job
from flows.settings import load_settings
from flows.submission.events import Phase, Silent, StopSignal
from tests.simulator_process import SimulatorProcess


class _Tell(Silent):
    def phase(self, phase: Phase, rows: int) -> None:
        print(phase.value, rows, flush=True)

    def remark(self, text: str) -> None:
        print(text, flush=True)


def main(plan: str, folder: str, url: str, rate: str, journal: str = "", settle: str = "2") -> None:
    """Submit wave-1 of the plan; the journal is in the folder unless its URL is given."""
    settings = load_settings(
        endpoint=url,
        ak=SimulatorProcess.access_key,
        sk=SimulatorProcess.secret_key,
        project_id="p-1",
        settle_seconds=float(settle),
        read_timeout_seconds=1.0,
        connect_timeout_seconds=1.0,
        lease_slack_seconds=2.0,
        rate_per_second=float(rate),
        journal=journal or f"sqlite+aiosqlite:///{folder}/journal.sqlite",
    )
    prepared = wave_job.prepare(wave_job.WaveOrder(Path(plan), "wave-1", Path(folder) / "report.xlsx"))
    end = event_loop.run(wave_job.run(prepared, settings, _Tell(), StopSignal()))
    print(json.dumps([[one.source_server_id, one.status.value, one.task_id] for one in end.result.outcomes]))


if __name__ == "__main__":
    main(*sys.argv[1:])
