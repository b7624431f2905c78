"""Look at all waves for `waves status`, show them, and turn what they need into an exit code."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli import failure, output
from flows.cli.exits import Exit, exit_of_error

if TYPE_CHECKING:
    from pathlib import Path

    from flows.programme.gather import Programme


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves status`, as typed."""

    plan: Path
    metrics: Path | None = None
    notifies: bool = False
    is_json: bool = False
    is_debug: bool = False


def main(call: Call) -> int:
    """Look and show; the exit code."""
    try:
        programme = _look(call)
    except output.OutputLostError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user who did not ask for it
        return _failed(error, call)
    from flows.cli.status_view import show

    if call.is_json:
        output.write_json(programme.as_json())
    with suppress(OSError) if call.is_json else output.to_output():
        show(programme, sys.stderr if call.is_json else sys.stdout)
    return Exit.NOT_DONE if programme.needs_attention else Exit.DONE


def _look(call: Call) -> Programme:
    from flows import event_loop
    from flows.programme_job import StatusRequest, run
    from flows.settings import load_settings

    settings = load_settings()
    if call.notifies and not settings.webhook.get_secret_value():
        output.say(output.Word.WARNING, "WAVES_WEBHOOK is not set: nobody is told")
    request = StatusRequest(call.plan, call.metrics, call.notifies)
    return event_loop.run(run(request, settings, lambda text: output.say(output.Word.NOTE, text)))


def _failed(error: Exception, call: Call) -> int:
    """Say in a line why there is nothing to see, or that something is wrong with us."""
    known, code = failure.told(error, exit_of_error(error), is_debug=call.is_debug)
    if call.is_json:
        output.write_json({"plan": call.plan.name, "error": known})
    return code
