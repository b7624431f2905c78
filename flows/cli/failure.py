"""Say in one line why a command did nothing: what a person can mend, or that something is wrong with us. Called by *_command.py."""

from __future__ import annotations

import traceback

from flows.cli import output
from flows.cli.exits import Exit


def told(error: Exception, code: Exit | None, *, is_debug: bool, ending: str = "") -> tuple[str, Exit]:
    """Say it on standard error; what `--json` has as its error, and the exit code.

    `code` is that of an error that a person can mend, whose text is the line to show, with `ending` where it does not say that
    itself; None is a defect, which is told with its class, and with its trace under --debug.
    """
    if code is not None:
        text = str(error) if not ending or ending in str(error) else f"{error}: {ending}"
        output.error(text)
        return str(error), code
    if is_debug:
        traceback.print_exception(error)
    text = f"{type(error).__name__}: {error}"
    output.error(text if is_debug else f"{text}: run again with --debug")
    return text, Exit.NOT_DONE
