"""Creates a second: the engine with everything on against a bare httpx-aiohttp loop with the same bodies and concurrency."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx
import httpx_aiohttp

from flows import wave_job
from flows.settings import Settings, load_settings
from flows.sms.auth import make_auth
from flows.sms.client import ClientOptions, SmsClient
from flows.submission.clock import SystemClock
from flows.submission.desk import Options
from flows.submission.events import Silent, StopSignal
from flows.submission.journal import open_journal
from flows.submission.survey import WaveRequest
from flows.submission.throttle import Throttle
from flows.submission.wave_run import submit_wave
from inventory.build import build_post_task
from tests.benchmarks.measure import Figure, paired
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from flows.wave_job import PreparedWave

CONCURRENCY = 32


def figure(rows: int = 2000, bar: float = 0.6) -> Figure:
    """The engine's creates a second, journal on and no limit, over the bare loop's; both by token, each on an empty service."""
    with TemporaryDirectory() as folder, SimulatorProcess(any_source=True, any_target=True, authentication=False) as simulator:
        prepared = _prepared(Path(folder), rows)
        settings = load_settings(endpoint=simulator.url, auth_token="token", journal=f"sqlite+aiosqlite:///{folder}/journal.sqlite")
        bodies = [build_post_task(row, prepared.plan, None).to_json() for row in prepared.rows]

        def ours() -> float:
            simulator.reset()
            for file in Path(folder).glob("journal.sqlite*"):
                file.unlink()
            return rows / asyncio.run(_engine(prepared, settings))

        def bare() -> float:
            simulator.reset()
            return rows / asyncio.run(_bare_loop(simulator.url, bodies))

        mine, other, ratio = paired(ours, bare)
    return Figure(
        f"{rows:,} creates, journal on, no limit",
        f"{mine:,.0f}/s",
        f"bare httpx-aiohttp loop {other:,.0f}/s",
        ratio,
        bar,
        at_most=False,
    )


def _prepared(folder: Path, rows: int) -> PreparedWave:
    numbers = range(1, rows + 1)
    plan = make_plan(folder / "plan.xlsx", [server(number) for number in numbers], disks=[disk(number) for number in numbers])
    return wave_job.prepare(wave_job.WaveOrder(plan, "wave-1", folder / "report.xlsx"))


async def _engine(prepared: PreparedWave, settings: Settings) -> float:
    clock = SystemClock()
    options = Options(settle_seconds=settings.settle_seconds, concurrency=CONCURRENCY)
    request = WaveRequest(prepared.plan, "wave-1", prepared.rows, settings.account, "bench", {}, options)
    begun = time.perf_counter()
    client = SmsClient(ClientOptions.of(settings), make_auth(settings))
    async with open_journal(settings.journal_url, clock, print) as journal, client:
        result = await submit_wave(
            request,
            client=client,
            journal=journal,
            throttle=Throttle(clock),
            clock=clock,
            random=Random(1),
            watcher=Silent(),
            stop=StopSignal(),
        )
    seconds = time.perf_counter() - begun
    if any(not outcome.status.is_done for outcome in result.outcomes):
        raise RuntimeError("the wave did not end well: the figure would be worthless")
    return seconds


async def _bare_loop(url: str, bodies: list[bytes]) -> float:
    waiting = iter(bodies)
    headers = {"content-type": "application/json", "x-auth-token": "token"}
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    transport = httpx_aiohttp.AiohttpTransport(limits=limits)
    begun = time.perf_counter()
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=headers) as client:

        async def sender() -> None:
            for body in waiting:
                answer = await client.post("/v3/tasks", content=body)
                answer.raise_for_status()

        await asyncio.gather(*(sender() for _ in range(CONCURRENCY)))
    return time.perf_counter() - begun
