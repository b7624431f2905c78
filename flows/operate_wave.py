"""The Prefect flow `operate-wave`: start, stop, restart, sync, cut over, limit or delete the tasks of one wave of a plan.

Thin: the order is carried out in another thread (operate_session.py) and Prefect shows it (operate_room.py). Run again after a
crash, it settles what was in doubt and goes on. Called by Prefect.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State  # noqa: TC002 - Prefect reads the annotations
from prefect.states import Cancelled, Completed, Failed

from flows.credentials import settings_of
from flows.ending import TOLD_TO_END, beside, hears_its_end
from flows.operate_job import OperateOrder, look, prepare
from flows.operate_room import OperateRoom
from flows.operate_session import OperateSession
from flows.operating.operations import Operation
from flows.operating.orders import Unwatched
from flows.operating.speed import SpeedError, SpeedWish
from flows.places import PlaceError, fetch
from flows.scheduling import reruns
from flows.scheduling.sign_of_life import signs_of_life
from flows.settings import SettingsError
from flows.sms.errors import SmsError
from flows.submission.events import StopKind, StopSignal
from flows.submission.journal import JournalUnavailableError
from flows.wave_job import PlanRefusedError
from flows.where import WhereError, parse_where
from inventory.plan import PlanError

if TYPE_CHECKING:
    from flows.operating.orders import ActionResult


class NotConfirmedError(Exception):
    """A deletion whose count is not the one that was typed; its text is one line."""


_REFUSALS = (
    PlanError,
    PlanRefusedError,
    WhereError,
    SettingsError,
    PlaceError,
    SpeedError,
    NotConfirmedError,
    SmsError,
    JournalUnavailableError,
)


@flow(name="operate-wave", flow_run_name="{operation} {wave}", persist_result=False)
async def operate_wave(
    plan: str,
    wave: str,
    operation: Literal["start", "stop", "restart", "sync", "cutover", "speed", "delete"] = "start",
    where: list[str] = [],  # noqa: B006 - a form's default; never changed
    limit_mbps: int = 0,
    limit_from: str = "",
    limit_to: str = "",
    restarts: int = 2,
    tasks_to_delete: int = 0,
    credentials: str = "",
) -> State[Any]:
    """Operate the SMS migration tasks of one wave of a plan: each action once, whatever breaks, and a result for each server.

    Args:
        plan: The plan workbook: a path, as the machine that runs this sees it, or a URL (s3://..., https://...).
        wave: The wave to operate, as its rows in the sheet `Servers` name it.
        operation: What is done. `start` stays until all servers are started, or the wave's window ends.
        where: Only rows that fit: COLUMN=PATTERN, with * and ?. All must hold.
        limit_mbps: For `speed`: at most so many Mbit/s a server (0: no limit).
        limit_from: For `speed`: from when in each day (HH:MM). Empty: from midnight.
        limit_to: For `speed`: until when in each day (HH:MM). Empty: to midnight.
        restarts: For `start`: how often a task is restarted by itself, if that cures its failure.
        tasks_to_delete: For `delete`: the number of tasks that this deletes, as a confirmation; any other number deletes none.
        credentials: The name of a block of SMS credentials. Empty: those of the machine that runs this.
    """
    if worn_out := reruns.too_many():
        return Failed(message=f"nothing was done: {worn_out}")
    async with signs_of_life(), AsyncExitStack() as files:
        try:
            settings = await settings_of(credentials)
            folder = Path(files.enter_context(TemporaryDirectory(prefix="waves-")))
            here = await asyncio.to_thread(fetch, plan, folder)
            wanted = Operation(operation)
            speed = SpeedWish.of(limit_mbps, limit_from, limit_to) if wanted is Operation.SPEED else None
            order = OperateOrder(here, wave, wanted, parse_where(where), speed, restarts)
            prepared = await asyncio.to_thread(prepare, order)
            if wanted is Operation.DELETE:
                seen = await look(prepared, settings, Unwatched(), StopSignal())
                _check_count(tasks_to_delete, sum(one.would for one in seen))
        except _REFUSALS as error:
            return Failed(message=f"nothing was sent: {error}")
        session = OperateSession(prepared, settings)
        session.run_in_thread()
        return await _follow(session)


async def _follow(session: OperateSession) -> State[Any]:
    with hears_its_end():
        return await _followed(session)


async def _followed(session: OperateSession) -> State[Any]:
    room = OperateRoom(session)
    watch = beside(room.follow())
    try:
        result = await session.ended()
    except TOLD_TO_END:
        # Cancelled in the UI, or told to end: 30 seconds from here the process is killed.
        session.interrupt()
        await room.close(await session.ended())
        raise
    except JournalUnavailableError as error:
        return Failed(message=f"nothing was sent: {error}")
    finally:
        watch.cancel()
    await room.close(result)
    return final_state(result)


def final_state(result: ActionResult) -> State[Any]:
    """Completed where nothing is left to do, Cancelled where it was stopped, else Failed; each with one line."""
    tally = ", ".join(f"{count} {word}" for word, count in result.counts.items())
    line = f"{result.operation} {result.wave}: {tally}"
    stop = result.stop
    if stop is not None and stop.kind is StopKind.INTERRUPTED:
        return Cancelled(message=f"stopped; {line}")
    if stop is not None:
        return Failed(message=f"{stop.message}; {line}")
    return Completed(message=line) if result.is_all_done else Failed(message=line)


def _check_count(typed: int, count: int) -> None:
    if not count:
        raise NotConfirmedError("none of these tasks can be deleted: `waves delete --dry-run` says why")
    if typed != count:
        raise NotConfirmedError(f"this would delete {count} tasks, and tasks_to_delete says {typed}: give {count} to confirm")
