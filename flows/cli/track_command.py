"""Follow one wave for `waves track`: read the plan, track, show it, and turn how it ended into an exit code.

The views are watchers of the tracker: a live table on a terminal, lines in a pipe, a page for the wall. None of them draws between
two looks, so that following 5,000 servers costs next to nothing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import failure, output
from flows.cli.exits import Exit, exit_of_error
from flows.cli.track_lines import TrackLines, show_end
from flows.submission.events import StopReason, StopSignal
from flows.tracking.events import Unwatched
from flows.tracking.standing import Goal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import FrameType

    from flows.teller import Teller
    from flows.track_job import PreparedTrack
    from flows.tracking.events import Change, TrackWatcher
    from flows.tracking.picture import Picture
    from flows.tracking.tracker import TrackResult


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves track`, as typed."""

    plan: Path
    wave: str
    where: tuple[str, ...] = ()
    until: Goal = Goal.DONE
    interval: float = 30.0
    html: Path | None = None
    is_json: bool = False
    is_debug: bool = False


def main(call: Call) -> int:
    """Track and show; the exit code."""
    try:
        prepared = _prepare(call)
        with views_of(call, sys.stderr if call.is_json else sys.stdout) as watcher:
            result = _run(prepared, watcher)
    except output.OutputLostError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user who did not ask for it
        return _failed(error, call)
    if call.is_json:
        output.write_json(result.picture.as_json() if result.picture is not None else {"wave": call.wave, "error": "interrupted"})
    if result.picture is not None:
        with suppress(OSError) if call.is_json else output.to_output():
            show_end(result.picture, call.plan, sys.stderr if call.is_json else sys.stdout)
    return exit_of_track(result)


def exit_of_track(result: TrackResult) -> Exit:
    """0 where the goal is reached in time by all; 130 where it was interrupted before."""
    if result.is_reached:
        return Exit.DONE
    return Exit.INTERRUPTED if result.stop is not None else Exit.NOT_DONE


def _prepare(call: Call) -> PreparedTrack:
    from flows.track_job import TrackRequest, prepare
    from flows.where import parse_where

    prepared = prepare(TrackRequest(call.plan, call.wave, parse_where(call.where), call.until, call.interval))
    if call.html is not None:
        from inventory.report import check_page_path

        check_page_path(call.html, call.plan)
    return prepared


def _run(prepared: PreparedTrack, watcher: TrackWatcher) -> TrackResult:
    from flows import event_loop, track_job
    from flows.settings import load_settings
    from flows.submission.clock import SystemClock
    from flows.teller import telling

    settings, stop, clock = load_settings(), StopSignal(), SystemClock()

    async def tracked() -> TrackResult:
        async with telling(settings, prepared.plan.name, clock, watcher.remark) as teller:
            with _Interrupts(stop):
                return await track_job.run(prepared, settings, _told(watcher, teller), stop, clock=clock)

    return event_loop.run(tracked())


def views_of(call: Call, stream: TextIO) -> Views:
    """What shows the wave, on this stream and wherever else it is wanted."""
    views: list[Any] = [_live(stream) if output.is_terminal(stream) else TrackLines(stream)]
    if call.html is not None:
        from flows.tracking.wall_page import WallPage

        views.append(WallPage(call.html, partial(output.say, output.Word.WARNING)))
    return Views(views)


def _live(stream: TextIO) -> Any:  # noqa: ANN401 - rich is imported on a terminal alone
    from flows.cli.track_view import TrackView

    return TrackView(stream)


def _told(watcher: TrackWatcher, teller: Teller | None) -> TrackWatcher:
    """The watcher, and people by the webhook, where there is one."""
    return Views([watcher, _ToldByTeller(teller)]) if teller is not None else watcher


class _ToldByTeller(Unwatched):
    """A watcher that has people told."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    def picture(self, picture: Picture) -> None:
        self._teller.picture(picture)


class Views:
    """Several watchers as one, closed together."""

    def __init__(self, views: Sequence[Any]) -> None:
        self._views = views

    def __enter__(self) -> TrackWatcher:
        return self

    def __exit__(self, *_exc: object) -> None:
        for view in self._views:
            view.close()

    def picture(self, picture: Picture) -> None:
        """Show it everywhere."""
        for view in self._views:
            view.picture(picture)

    def change(self, change: Change) -> None:
        """Show it everywhere."""
        for view in self._views:
            view.change(change)

    def remark(self, text: str) -> None:
        """Show it everywhere."""
        for view in self._views:
            view.remark(text)


class _Interrupts:
    """While tracking, Ctrl-C, SIGTERM and a closed terminal end it after the look that is under way; asked again, at once."""

    _NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

    def __init__(self, stop: StopSignal) -> None:
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        for name in self._NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                with suppress(ValueError):  # outside the main thread there are none to take
                    self._before[number] = signal.signal(number, self._on_signal)

    def __exit__(self, *_exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler's signature
        if self._stop.is_set:
            os._exit(Exit.INTERRUPTED)
        self._loop.call_soon_threadsafe(self._stop.request, StopReason.interrupted())


def _failed(error: Exception, call: Call) -> int:
    """Say in a line why there is nothing to follow, or that something is wrong with us."""
    known, code = failure.told(error, exit_of_error(error), is_debug=call.is_debug)
    if call.is_json:
        output.write_json({"wave": call.wave, "error": known})
    return code
