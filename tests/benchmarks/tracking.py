"""What it costs to follow 5,000 running tasks: CPU a look, the share of a core at a look each 30 s, and calls a look.

    python -m tests.benchmarks.tracking PLAN URL FOLDER LOOKS SECONDS

is the process that is measured: everything that `waves track --html` does, its terminal a file. For the figures of `make bench` the
simulator copies 30 times as fast and looks are a second apart, so that each shows as much that is new as one each 30 s does.
`python -m tests.benchmarks.tracking` alone looks each 30 s for five minutes, and takes as long.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from flows import event_loop, track_job, wave_job
from flows.cli.track_command import Call, views_of
from flows.settings import Settings, load_settings
from flows.submission.events import Silent, StopReason, StopSignal
from flows.track_job import TrackRequest
from tests.benchmarks.measure import Figure, in_own_process
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.tracking.events import Change, TrackWatcher
    from flows.tracking.picture import Picture

SERVERS = 5_000
LOOKS, SECONDS, FASTER = 10, 1.0, 30
INTERVAL = 30.0
MOST_SHARE, MOST_CALLS = 0.02, 30
BANDWIDTH = 10_000.0
_LISTING = "GET /v3/tasks"


def figures() -> Iterator[Figure]:
    """The figures of `make bench`."""
    found = measured(LOOKS, SECONDS, BANDWIDTH * FASTER)
    share = found["cpu_seconds"] / INTERVAL / MOST_SHARE
    look, bar = f"{found['cpu_seconds'] * 1000:.0f} ms of CPU", f"{MOST_SHARE:.0%} of a core at {INTERVAL:.0f} s"
    yield Figure(f"a look at {SERVERS:,} running tasks", look, bar, share, 1.0)
    yield Figure("calls a look", f"{found['calls']:.0f}", f"{MOST_CALLS}", found["calls"] / MOST_CALLS, 1.0)


def measured(looks: int, seconds: float, bandwidth: float) -> dict[str, float]:
    """Follow 5,000 running tasks for so many looks: CPU seconds and calls a look, and how many servers each look showed moved."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        plan = _plan(folder)
        with SimulatorProcess(any_source=True, any_target=True, authentication=False, bandwidth=bandwidth) as simulator:
            event_loop.run(_submit(plan, folder, simulator.url))
            while any(task["state"] != "RUNNING" for task in simulator.truth()["tasks"]):
                time.sleep(1)
            before = len(simulator.arrivals(_LISTING))
            found = in_own_process("tracking", plan, simulator.url, folder, looks, seconds)
            found["calls"] = (len(simulator.arrivals(_LISTING)) - before) / found["looks"]
    return found


def _plan(folder: Path) -> Path:
    numbers = range(1, SERVERS + 1)
    window = {"starts_at": "2027-01-10 20:00", "ends_at": "2027-01-11 06:00", "timezone": "UTC"}
    wave = {"wave": "wave-1", **window, "bandwidth_mbps": BANDWIDTH, "max_running": SERVERS}
    return make_plan(
        folder / "plan.xlsx",
        [server(number, auto_start=True) for number in numbers],
        disks=[disk(number) for number in numbers],
        waves=[wave],
    )


def _settings(url: str, folder: Path) -> Settings:
    return load_settings(endpoint=url, journal=f"sqlite+aiosqlite:///{(folder / 'journal.sqlite').as_posix()}", auth_token="token")


async def _submit(plan: Path, folder: Path, url: str) -> None:
    prepared = wave_job.prepare(wave_job.WaveOrder(plan, "wave-1", folder / "report.xlsx"))
    await wave_job.run(prepared, _settings(url, folder), Silent(), StopSignal())


class _Measured:
    """The views of `waves track`, what each look has cost, and how many servers it showed otherwise than the one before."""

    def __init__(self, views: TrackWatcher, stop: StopSignal, looks: int) -> None:
        self._views = views
        self._stop = stop
        self._looks = looks
        self._since = 0.0
        self._before: Picture | None = None
        self.costs: list[float] = []
        self.moved: list[int] = []

    def picture(self, picture: Picture) -> None:
        """A look is over once it is shown; the first reads the journal and forecasts the wave, and does not count."""
        self._views.picture(picture)
        if self._before is not None:
            self.costs.append(time.process_time() - self._since)
            self.moved.append(sum(now != then for now, then in zip(picture.servers, self._before.servers, strict=True)))
        self._before = picture
        if picture.polls > self._looks:
            self._stop.request(StopReason.interrupted())
        self._since = time.process_time()

    def change(self, change: Change) -> None:
        self._views.change(change)

    def remark(self, text: str) -> None:
        self._views.remark(text)


def main(plan: str, url: str, folder: str, looks: int, seconds: float) -> dict[str, Any]:
    """Follow, and measure so many looks."""
    stop, page = StopSignal(), Path(folder) / "wall.html"
    with (Path(folder) / "terminal").open("w") as terminal, views_of(Call(Path(plan), "wave-1", html=page), terminal) as views:
        watcher = _Measured(views, stop, looks)
        prepared = track_job.prepare(TrackRequest(Path(plan), "wave-1", interval_seconds=seconds))
        event_loop.run(track_job.run(prepared, _settings(url, Path(folder)), watcher, stop))
    return {
        "looks": len(watcher.costs) + 1,
        "cpu_seconds": statistics.mean(watcher.costs),
        "most_cpu_seconds": max(watcher.costs),
        "moved": statistics.mean(watcher.moved),
        "page_bytes": page.stat().st_size if page.exists() else 0,
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))))
    else:
        print(json.dumps(measured(LOOKS, INTERVAL, BANDWIDTH)))
