"""Give an order for a wave's tasks: read what is meant, ask where it deletes, carry it out, show it, exit.

Decides who is asked what, and the exit code; what is done to a task stands in `flows.operating`. A signal stops the order: nothing
new is sent, what is on the wire has two seconds; the next signal gives that up, and a third ends the process.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli import failure, output
from flows.cli import operate_view as view
from flows.cli.exits import Exit, exit_of_error
from flows.cli.submit_command import Signals, quiet

if TYPE_CHECKING:
    from pathlib import Path

    from flows.operate_job import PreparedOrder
    from flows.operating.operate import Preview
    from flows.operating.orders import ActionResult
    from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of one of the commands, as typed."""

    operation: str
    plan: Path
    wave: str
    where: tuple[str, ...]
    is_dry_run: bool
    is_yes: bool
    is_json: bool
    is_debug: bool
    restarts: int = 0
    limit: int = 0
    limit_from: str = ""
    limit_to: str = ""


class NotConfirmedError(Exception):
    """A deletion that nobody confirmed; its text is one line."""


def main(call: Call) -> int:
    """Do what was called for and return the exit code."""
    signals = Signals()
    quiet(is_debug=call.is_debug)
    try:
        prepared, settings = _prepare(call)
        if call.is_dry_run:
            return _preview(call, prepared, settings)
        if call.operation == "delete" and not call.is_yes:
            _confirm(prepared, settings)
        return _carry_out(call, prepared, settings, signals)
    except output.OutputLostError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user who did not ask for it
        return _failed(error, call)
    finally:
        signals.restore()


def _prepare(call: Call) -> tuple[PreparedOrder, Settings]:
    from flows.operate_job import OperateOrder, prepare
    from flows.operating.operations import Operation
    from flows.operating.speed import SpeedWish
    from flows.settings import load_settings
    from flows.where import parse_where

    operation = Operation(call.operation)
    speed = SpeedWish.of(call.limit, call.limit_from, call.limit_to) if operation is Operation.SPEED else None
    order = OperateOrder(call.plan, call.wave, operation, parse_where(call.where), speed, call.restarts)
    return prepare(order), load_settings()


def _looked(prepared: PreparedOrder, settings: Settings) -> list[Preview]:
    from flows.operate_job import look
    from flows.operating.orders import Unwatched
    from flows.submission.events import StopSignal

    return asyncio.run(look(prepared, settings, Unwatched(), StopSignal()))


def _preview(call: Call, prepared: PreparedOrder, settings: Settings) -> int:
    """Say for each row what the order would do; sends nothing."""
    seen = _looked(prepared, settings)
    if call.is_json:
        output.write_json({"wave": call.wave, "operation": call.operation, "servers": [one.as_json() for one in seen]})
    else:
        with output.to_output():
            view.show_previews(seen, sys.stdout)
    return Exit.DONE


def _confirm(prepared: PreparedOrder, settings: Settings) -> None:
    """Have a person on a terminal type the count of what is deleted. Raises NotConfirmedError."""
    if not (output.is_terminal(sys.stderr) and sys.stdin.isatty()):
        raise NotConfirmedError("a deletion has to be confirmed: type it on a terminal, or give --yes")
    seen = _looked(prepared, settings)
    count = sum(one.would for one in seen)
    view.show_previews(seen, sys.stderr)
    if not count:
        raise NotConfirmedError("none of these tasks can be deleted")
    word = "task" if count == 1 else "tasks"
    sys.stderr.write(f"type {count} to delete {count} {word}: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != str(count):
        raise NotConfirmedError("not confirmed")


def _carry_out(call: Call, prepared: PreparedOrder, settings: Settings, signals: Signals) -> int:
    from flows import event_loop
    from flows.operate_session import OperateSession

    session = OperateSession(prepared, settings)
    signals.stop(session)
    with view.Progress(prepared.order, session.board, sys.stderr):
        result = event_loop.run(session.run())
    code = _exit_of(result)
    signals.leave_with(code)
    if call.is_json:
        output.write_json(view.as_json(result))
    else:
        with output.to_output():
            view.show_end(result, prepared.order, sys.stdout)
    return code


def _exit_of(result: ActionResult) -> Exit:
    from flows.submission.events import StopKind

    if result.stop is not None and result.stop.kind is StopKind.INTERRUPTED:
        return Exit.INTERRUPTED
    if result.stop is not None and result.stop.kind is StopKind.REFUSED and not result.is_all_done:
        return Exit.REFUSED
    return Exit.DONE if result.is_all_done else Exit.NOT_DONE


def _failed(error: Exception, call: Call) -> int:
    """Say in one line why nothing was sent, or that something is wrong with us."""
    from flows.operating.speed import SpeedError

    code = Exit.WRONG if isinstance(error, (NotConfirmedError, SpeedError)) else exit_of_error(error)
    known, code = failure.told(error, code, is_debug=call.is_debug, ending="nothing was sent")
    if call.is_json:
        output.write_json({"wave": call.wave, "operation": call.operation, "error": known})
    return code
