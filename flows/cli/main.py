"""The `waves` command: puts the commands together and turns every way a call can end into an exit code and a line (design 3).

Decides nothing that a command does. Each command is a module with `register(app)`; none of them imports anything heavy before it
is called, so that `waves --help` costs what typer costs. Called by the console script and by `python -m flows.cli`.
"""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli import (
    approve,
    check,
    demo,
    deploy,
    diff,
    explain,
    forecast,
    import_,
    journal,
    operate,
    output,
    plan,
    push,
    rehearse,
    run,
    schedule,
    simulate,
    status,
    submit,
    template,
    track,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "waves"
_DEBUG, _JSON = "--debug", "--json"
_USAGE, _DEFECT, _INTERRUPTED = 2, 1, 130


_COMMANDS = (
    (demo, "A wave from nothing to a true report, on a simulator that breaks requests."),
    (template, "An empty plan that helps whoever fills it in."),
    (import_, "A plan of another tool's inventory: RVTools, Azure Migrate, AWS, Google, any list of servers."),
    (check, "Every problem of a plan at once, each by sheet and cell with its remedy."),
    (explain, "What a code means, of a finding, of SMS or of a report, and what to do."),
    (diff, "What an edited plan changes, and what that means for rows already sent."),
    (forecast, "When each wave ends, whether that is in time, and what would make it fit."),
    (plan, "Waves for the servers that have none, balanced by forecast time."),
    (rehearse, "The whole programme on a simulated SMS, weeks in seconds: what is late and why."),
    (submit, "Create the migration tasks of one wave, exactly one for each server."),
    (run, "The whole night of one wave: submit, start, follow, gate, cut over, report."),
    (approve, "Decide at a wave's gate whether its night goes on, on the figures of this moment."),
    (deploy, "Make what Prefect needs to run waves: work pool, deployments, automations."),
    (push, "Store a plan where the workers reach it, and print the link to its form."),
    (schedule, "Have each wave start by itself at the time in the sheet, as scheduled runs of Prefect's."),
    (track, "How far a wave's servers are, who failed and why, and who will be late."),
    (operate, ""),
    (status, "All waves of a plan at a glance, and where the cloud is not what the sheet says."),
    (journal, "What was sent for each row, what came back, and what was decided."),
    (simulate, "A stand-in for SMS on this machine, to try things on."),
)
"""Every command, in the order in which a newcomer meets them, with its line in `waves --help`; a module of several has theirs."""


def make_app() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        name=PROGRAM,
        help=_overview.__doc__,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_overview)
    for command, summary in _COMMANDS:
        command.register(app)
        if summary:
            app.registered_commands[-1].short_help = summary
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (without the program's name; this process's by default) and return its exit code.

    Without any argument the help is shown. What a person can mend is told in one line; a traceback only under --debug.
    """
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    output.open_closed_streams()
    output.make_encoding_safe()
    try:
        return _run(words)
    finally:
        output.finish()


def _run(words: Sequence[str]) -> int:
    try:
        code = make_app()(args=words, prog_name=PROGRAM, standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        _say(words, "interrupted")
        return _INTERRUPTED
    except output.OutputLostError as error:
        output.error(str(error))
        return _DEFECT
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user who did not ask for it
        return _tell(error, words)
    return code if isinstance(code, int) else 0


def _tell(error: Exception, words: Sequence[str]) -> int:
    # typer has its own copy of click or the real one, by version: both tell a wrong call by this method.
    format_message = getattr(error, "format_message", None)
    if format_message is not None:
        _say(words, f"{_uncapitalised(str(format_message()))}: see {_command_of(words)} --help")
        return _USAGE
    is_debug = _DEBUG in words
    if is_debug:
        traceback.print_exception(error)
    _say(words, f"{type(error).__name__}: {error}" + ("" if is_debug else f": run again with {_DEBUG}"))
    return _DEFECT


def _say(words: Sequence[str], text: str) -> None:
    """Say why a call came to nothing; under --json in the one object, too."""
    if _JSON in words:
        with suppress(output.OutputLostError):
            output.write_json({"error": text})
    output.error(text)


def _command_of(words: Sequence[str]) -> str:
    """The command that was called, as far as it was one: where to read how the call is right."""
    names = {command.name for command in make_app().registered_commands}
    return f"{PROGRAM} {words[0]}" if words[0] in names else PROGRAM


def _uncapitalised(message: str) -> str:
    """A sentence of typer's as a part of ours."""
    said = message.strip().rstrip(".")
    return said[:1].lower() + said[1:]


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            output.write(f"{PROGRAM} {version('migration-waves')}")
        except PackageNotFoundError:
            output.write(f"{PROGRAM} (not installed)")
        raise typer.Exit


def _overview(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Move waves of servers to Huawei Cloud: one SMS migration task for each row of a plan, exactly once, and a true report.

    Begin with: waves demo

    Then: waves check plan.xlsx && waves submit plan.xlsx --wave wave-1
    """


if __name__ == "__main__":
    sys.exit(main())
