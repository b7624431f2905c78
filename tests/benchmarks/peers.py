"""What ours is compared with, each measured in this process: the same bodies, sent by a careless client.

    python -m tests.benchmarks.peers bare|bare-as-ours|sdk|sdk-threads|task-map BODIES ROWS URL

BODIES is a file with a body a line. Prints the seconds. None of them knows what became of a request that broke.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from flows import event_loop
from flows.simulator.options import EXAMPLE_ACCESS_KEY, EXAMPLE_SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONCURRENCY = 32
SDK_THREADS = 16
WARM_UP_ROWS = 100
_PROJECT = "00000000000000000000000000000001"
_HEADERS = {"content-type": "application/json", "x-auth-token": "token"}


def main(peer: str, bodies: str, rows: int, url: str) -> dict[str, Any]:
    """Send some to warm up, then those that count; each on an empty service."""
    lines = Path(bodies).read_bytes().splitlines()[:rows]
    send = PEERS[peer]
    send(url, lines[:WARM_UP_ROWS])
    reset(url)
    return {"seconds": send(url, lines)}


def reset(url: str) -> None:
    """Have the simulator forget all tasks."""
    with urllib.request.urlopen(urllib.request.Request(f"{url}/admin/reset", data=b"", method="POST"), timeout=30):  # noqa: S310
        pass


def bare_loop(url: str, bodies: Sequence[bytes]) -> float:
    """An httpx client on the httpx-aiohttp transport, as many creates on the wire as ours has."""
    return asyncio.run(_bare_loop(url, bodies))


def bare_loop_as_ours(url: str, bodies: Sequence[bytes]) -> float:
    """The bare loop on the event loop that ours runs on."""
    return event_loop.run(_bare_loop(url, bodies))


async def _bare_loop(url: str, bodies: Sequence[bytes]) -> float:
    import httpx_aiohttp

    waiting = iter(bodies)
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    transport = httpx_aiohttp.AiohttpTransport(limits=limits)
    begun = time.perf_counter()
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=_HEADERS) as client:

        async def sender() -> None:
            for body in waiting:
                answer = await client.post("/v3/tasks", content=body)
                answer.raise_for_status()

        await asyncio.gather(*(sender() for _ in range(CONCURRENCY)))
    return time.perf_counter() - begun


def sdk_loop(url: str, bodies: Sequence[bytes]) -> float:
    """The official SDK, one create after another; its request objects are made beforehand."""
    client, requests = _sdk(url, bodies)
    begun = time.perf_counter()
    for request in requests:
        client.create_task(request)
    return time.perf_counter() - begun


def sdk_threads(url: str, bodies: Sequence[bytes]) -> float:
    """The official SDK on 16 threads."""
    client, requests = _sdk(url, bodies)
    with ThreadPoolExecutor(SDK_THREADS) as pool:
        begun = time.perf_counter()
        for _ in pool.map(client.create_task, requests):
            pass
        return time.perf_counter() - begun


def _sdk(url: str, bodies: Sequence[bytes]) -> tuple[Any, list[Any]]:
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.http.http_config import HttpConfig
    from huaweicloudsdkcore.region.region import Region
    from huaweicloudsdksms import v3

    config = HttpConfig.get_default_config()
    config.pool_connections = config.pool_maxsize = SDK_THREADS
    builder = v3.SmsClient.new_builder().with_http_config(config)
    credentials = BasicCredentials(EXAMPLE_ACCESS_KEY, EXAMPLE_SECRET_KEY, _PROJECT)
    client = builder.with_credentials(credentials).with_region(Region("local", url)).build()
    return client, [v3.CreateTaskRequest(body=v3.PostTask(**json.loads(body))) for body in bodies]


def task_map(url: str, bodies: Sequence[bytes]) -> float:
    """A Prefect flow that maps a task over the bodies, one httpx create each, on threads; the server is another process."""
    from prefect import flow, task
    from prefect.cache_policies import NO_CACHE
    from prefect.futures import wait
    from prefect.task_runners import ThreadPoolTaskRunner

    with httpx.Client(base_url=url, headers=_HEADERS, limits=httpx.Limits(max_connections=CONCURRENCY)) as client:

        @task(cache_policy=NO_CACHE, persist_result=False)
        def create(body: bytes) -> None:
            client.post("/v3/tasks", content=body).raise_for_status()

        threads: Any = ThreadPoolTaskRunner(max_workers=CONCURRENCY)

        @flow(name="mapped", persist_result=False, task_runner=threads)
        def create_all() -> None:
            futures = create.map(list(bodies))
            wait(futures)
            for future in futures:
                future.result()

        begun = time.perf_counter()
        create_all()
        return time.perf_counter() - begun


PEERS: dict[str, Callable[[str, Sequence[bytes]], float]] = {
    "bare": bare_loop,
    "bare-as-ours": bare_loop_as_ours,
    "sdk": sdk_loop,
    "sdk-threads": sdk_threads,
    "task-map": task_map,
}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])))
