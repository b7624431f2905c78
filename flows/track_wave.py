"""The Prefect flow `track-wave`: follow the tasks of one wave of a plan until they are as far as is wanted.

Thin: tracking runs in another thread (track_session.py) and Prefect shows it (track_room.py). It changes nothing at SMS: run again
after a crash, it goes on. Called by Prefect.
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
from flows.places import PlaceError, fetch, is_elsewhere
from flows.scheduling import reruns
from flows.scheduling.sign_of_life import signs_of_life
from flows.settings import SettingsError
from flows.sms.errors import SmsError
from flows.submission.journal import JournalUnavailableError
from flows.track_job import TrackRequest, prepare
from flows.track_room import TrackRoom
from flows.track_session import TrackSession
from flows.tracking.standing import Goal
from flows.tracking.wall_page import WallPage
from flows.wave_job import PlanRefusedError
from flows.where import WhereError, parse_where
from inventory.plan import PlanError
from inventory.report import ReportError, check_page_path

if TYPE_CHECKING:
    from flows.tracking.tracker import TrackResult

_REFUSALS = (PlanError, PlanRefusedError, WhereError, ReportError, SettingsError, PlaceError)


@flow(name="track-wave", flow_run_name="track {wave}", persist_result=False)
async def track_wave(
    plan: str,
    wave: str,
    until: Literal["done", "started", "migrated", "synced"] = "done",
    where: list[str] = [],  # noqa: B006 - a form's default; never changed
    interval: float = 30.0,
    html: str = "",
    credentials: str = "",
) -> State[Any]:
    """Follow the SMS migration tasks of one wave: how far each server is, who fails and why, who will miss the window.

    Args:
        plan: The plan workbook: a path, as the machine that runs this sees it, or a URL (s3://..., https://...).
        wave: The wave to follow, as its rows in the sheet `Servers` name it.
        until: How far every server has to be: done (cut over), started, migrated (copied), synced (a round of changes, too).
        where: Only rows that fit: COLUMN=PATTERN, with * and ?. All must hold.
        interval: Seconds between two looks at SMS.
        html: Where a page for a wall screen is written at each look (.html), on the machine that runs this. Empty: nowhere.
        credentials: The name of a block of SMS credentials. Empty: those of the machine that runs this.
    """
    if worn_out := reruns.too_many():
        return Failed(message=f"nothing is followed: {worn_out}")
    async with signs_of_life(), AsyncExitStack() as files:
        try:
            settings = await settings_of(credentials)
            folder = Path(files.enter_context(TemporaryDirectory(prefix="waves-")))
            here = await asyncio.to_thread(fetch, plan, folder)
            request = TrackRequest(here, wave, parse_where(where), Goal(until), interval)
            prepared = await asyncio.to_thread(prepare, request)
            pages = _pages(html, here)
        except _REFUSALS as error:
            return Failed(message=f"nothing is followed: {error}")
        session = TrackSession(prepared, settings, pages)
        session.run_in_thread()
        return await _follow(session)


async def _follow(session: TrackSession) -> State[Any]:
    with hears_its_end():
        return await _followed(session)


async def _followed(session: TrackSession) -> State[Any]:
    room = TrackRoom(session)
    watch = beside(room.follow())
    try:
        result = await session.ended()
    except TOLD_TO_END:
        # Cancelled in the UI, or told to end: 30 seconds from here the process is killed.
        session.interrupt()
        await session.ended()
        await room.close()
        raise
    except (JournalUnavailableError, SmsError) as error:
        return Failed(message=f"{session.prepared.request.wave} cannot be followed: {error}")
    finally:
        watch.cancel()
    await room.close()
    return final_state(result, session.prepared.request)


def final_state(result: TrackResult, request: TrackRequest) -> State[Any]:
    """Completed where every server has reached the goal in time, Cancelled where it was stopped, else Failed; each in one line."""
    told = result.picture.line() if result.picture is not None else "nothing was seen"
    line = f"{request.wave}: {told}"
    if result.is_reached:
        return Completed(message=line)
    return Cancelled(message=f"stopped; {line}") if result.stop is not None else Failed(message=line)


def _pages(html: str, plan: Path) -> list[WallPage]:
    if not html:
        return []
    if is_elsewhere(html):
        raise PlaceError("the page for a wall screen is written at each look: give a path, not a URL (html)")
    check_page_path(Path(html), plan)
    return [WallPage(Path(html), lambda _text: None)]
