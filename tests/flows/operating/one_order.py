"""One order in a process of its own, to be killed.

    python -m tests.flows.operating.one_order PLAN FOLDER URL OPERATION

Prints each result as it comes, and at the end all of them as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flows import event_loop, operate_job
from flows.operating.operations import Operation
from flows.operating.orders import Unwatched
from flows.settings import load_settings
from flows.submission.events import StopSignal
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from flows.operating.orders import ServerResult


class _Tell(Unwatched):
    def result(self, result: ServerResult) -> None:
        print(result.source_server_id, result.ended.value, flush=True)


def main(plan: str, folder: str, url: str, operation: str) -> None:
    """Carry out the order for wave-1 of the plan; the journal is in the folder."""
    settings = load_settings(
        endpoint=url,
        ak=SimulatorProcess.access_key,
        sk=SimulatorProcess.secret_key,
        project_id="p-1",
        settle_seconds=0.5,
        read_timeout_seconds=1.0,
        connect_timeout_seconds=1.0,
        lease_slack_seconds=1.0,
        journal=f"sqlite+aiosqlite:///{folder}/journal.sqlite",
    )
    prepared = operate_job.prepare(operate_job.OperateOrder(Path(plan), "wave-1", Operation(operation)))
    result = event_loop.run(operate_job.run(prepared, settings, _Tell(), StopSignal(), poll_seconds=0.1))
    print(json.dumps([[one.source_server_id, one.ended.value, one.task_id] for one in result.results]))


if __name__ == "__main__":
    main(*sys.argv[1:])
