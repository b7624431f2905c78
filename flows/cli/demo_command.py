"""Show a whole wave for `waves demo`: the simulator with faults on, `waves submit` as a person runs it, report against truth.

Decides what is broken, what is shown, and the exit code. Everything it makes stands in one folder, and a second demo there starts
afresh. Touches nothing else: neither a `.env` beside it nor the user's journal nor real credentials reach the submission.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, TextIO

from flows.cli import output
from flows.cli.demo_processes import NotStartedError, SimulatorProcess, ending_on_signals, run_visibly
from flows.cli.demo_truth import Reported, disagreements, read_outcomes, tell_faults
from flows.cli.exits import Exit
from flows.simulator.options import AccessKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WAVE = "wave-1"
PLAN = "wave-plan.xlsx"
REPORT = f"wave-plan.{WAVE}.report.xlsx"
_JOURNAL = "journal.sqlite"
_MADE = (PLAN, REPORT, _JOURNAL, f"{_JOURNAL}-wal", f"{_JOURNAL}-shm")
_FAULTS = "reset-after=0.15,504-after=0.1,malformed-after=0.1,drop-before=0.1,429-retry-before=0.1,read-503-before=0.03"
_SEED = "45"
_LAG_SECONDS = "0.5"
_SETTLE_SECONDS = "2"
_OURS = ("SMS_", "CLOUD_SDK_", "IAM_", "WAVES_")
_COLUMNS = ("server", "status", "task", "requests", "what SMS said")
"""The last one is left out where SMS said nothing against any row."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the demo ended."""

    submit_code: int
    report: Path
    outcomes: Sequence[Reported]
    faults: str
    disagreements: Sequence[str]

    @property
    def code(self) -> int:
        """The exit code: a disagreement outweighs a wave that is not done."""
        return Exit.NOT_DONE if self.disagreements else self.submit_code


def main(folder: Path, *, is_json: bool) -> int:
    """Run the demo in a folder, made where it is not there; the exit code."""
    stream = sys.stderr if is_json else sys.stdout
    try:
        with ending_on_signals():
            start_afresh(folder)
            return _show(_run(folder, stream), stream, is_json=is_json)
    except NotStartedError as error:
        output.error(str(error))
    except OSError as error:
        place = error.filename or folder
        output.error(f"{place} cannot be written ({error.strerror or error}): close it where it is open, or give another --folder")
    return Exit.WRONG


def start_afresh(folder: Path) -> None:
    """Put the example plan into the folder, without what the last demo left there; other files stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _MADE:
        (folder / name).unlink(missing_ok=True)
    (folder / PLAN).write_bytes(files("inventory.examples").joinpath(PLAN).read_bytes())


def _run(folder: Path, stream: TextIO) -> Ended:
    plan = folder / PLAN
    arguments = ["--port=0", f"--fleet={plan}", f"--faults={_FAULTS}", f"--seed={_SEED}", f"--lag={_LAG_SECONDS}"]
    with SimulatorProcess(arguments) as simulator:
        print(f"SMS is simulated, and breaks requests on purpose: {simulator.url}/admin", file=stream)
        print(f"$ cd {folder} && waves submit {PLAN} --wave {WAVE}", file=stream, flush=True)
        command = [sys.executable, "-m", "flows.cli", "submit", PLAN, "--wave", WAVE]
        code = run_visibly(command, folder, _environment(folder, simulator.url), sys.stderr if stream is sys.stderr else None)
        truth = simulator.truth()
    report = folder / REPORT
    outcomes = read_outcomes(report) if report.exists() else []
    return Ended(code, report, outcomes, tell_faults(truth["faults"]), disagreements(outcomes, truth))


def _environment(folder: Path, url: str) -> dict[str, str]:
    """Ours without any setting of `waves`, and those that lead to the simulator."""
    key = AccessKey()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | {
        "SMS_ENDPOINT": url,
        "CLOUD_SDK_AK": key.access,
        "CLOUD_SDK_SK": key.secret,
        "SMS_SETTLE_SECONDS": _SETTLE_SECONDS,
        "WAVES_JOURNAL": f"sqlite+aiosqlite:///{(folder.resolve() / _JOURNAL).as_posix()}",
    }


def _show(ended: Ended, stream: TextIO, *, is_json: bool) -> int:
    if ended.submit_code == Exit.INTERRUPTED or not ended.outcomes:
        return ended.submit_code or Exit.NOT_DONE
    show_table(ended.outcomes, stream)
    print(ended.faults, file=stream)
    for line in ended.disagreements:
        output.error(line)
    tasks = len([outcome for outcome in ended.outcomes if outcome.task_id])
    if not ended.disagreements:
        print(
            f"the report and the simulator's truth agree: {len(ended.outcomes)} servers, {tasks} tasks, none of them twice",
            file=stream,
        )
    print(f"report: {ended.report}", file=stream, flush=True)
    if is_json:
        output.write_json(_as_json(ended))
    return ended.code


def show_table(outcomes: Sequence[Reported], stream: TextIO) -> None:
    """What became of each row, as a table: drawn on a terminal, in plain columns elsewhere."""
    rows = [
        (each.server, each.status, each.task_id, str(each.attempts), f"{each.error_code} {each.error_message}".strip())
        for each in outcomes
    ]
    shown = _COLUMNS if any(row[-1] for row in rows) else _COLUMNS[:-1]
    lines = [shown, *(row[: len(shown)] for row in rows)]
    if output.is_terminal(stream):
        _draw(lines, stream)
        return
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip(), file=stream)


def _draw(lines: Sequence[Sequence[str]], stream: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Lines of plain characters where the console may not have others.
    table = Table(box=box.SIMPLE_HEAD if output.is_unicode(stream) else box.ASCII2, pad_edge=False)
    for name in lines[0]:
        table.add_column(name, justify="right" if name == "requests" else "left")
    for row in lines[1:]:
        table.add_row(*(Text(text) for text in row))
    Console(file=stream, highlight=False, no_color=not output.is_coloured(stream)).print(table)


def _as_json(ended: Ended) -> dict[str, object]:
    return {
        "report": str(ended.report),
        "servers": len(ended.outcomes),
        "outcomes": [
            {"source_server_id": each.source_server_id, "status": each.status, "task_id": each.task_id} for each in ended.outcomes
        ],
        "faults": ended.faults,
        "agrees": not ended.disagreements,
        "disagreements": list(ended.disagreements),
    }
