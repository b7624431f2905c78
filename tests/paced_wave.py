"""One wave as `waves submit` runs it, in a process of its own that tells when each of its creates started: for tests and figures.

    python -m tests.paced_wave PLAN WAVE REPORT

Prepares, says `ready`, waits for a line, runs; prints one JSON object. Moments are of the machine's steady clock, which is the same
in all its processes. Settings come from the environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import event_loop, wave_job
from flows.settings import load_settings
from flows.submission.events import Silent, StopSignal
from flows.submission.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROOT = Path(__file__).resolve().parent.parent


class _Watched(Throttle):
    """A throttle that keeps the moments at which it let a request start."""

    all_starts: list[float] = []  # noqa: RUF012 - of this process

    async def acquire(self) -> float:
        started = await super().acquire()
        if self.shared is not None:  # else those are reads
            self.all_starts.append(started)
        return started


def run_at_once(orders: Sequence[tuple[Path, str]], folder: Path, environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """Run waves of plans, each in a process of its own, all at the same time; what each of them tells: starts, notes, statuses."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.paced_wave", str(plan), wave, str(folder / f"{number}.xlsx")],
            env=dict(environment),
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, (plan, wave) in enumerate(orders)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        return [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _main(plan: str, wave: str, report: str) -> None:
    wave_job.Throttle = _Watched  # type: ignore[attr-defined]
    prepared = wave_job.prepare(wave_job.WaveOrder(Path(plan), wave, Path(report)))
    settings = load_settings()
    print("ready", flush=True)
    sys.stdin.readline()
    end = event_loop.run(wave_job.run(prepared, settings, Silent(), StopSignal()))
    told = {"starts": _Watched.all_starts, "notes": list(end.result.notes), "statuses": dict(end.counts)}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
