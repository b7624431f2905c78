"""Where every command's words go: data to standard output, `error:`, `warning:` and `hint:` lines to standard error (design 3).

Decides colour (a terminal without NO_COLOR; the word is always there too), and that no console's encoding and no reader that has
gone ends a command; output that is lost (a full disk) is an error. Knows nothing of plans or waves. Imports rich nowhere: whoever
draws tables does, on a terminal alone.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator


class Word(StrEnum):
    """What a line on standard error begins with."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"
    NOTE = "note"


_COLOURS = {Word.ERROR: "1;31", Word.WARNING: "33", Word.HINT: "36", Word.NOTE: "36"}
_DULL = "dumb"
_STANDARD_ERROR = 2


class OutputLostError(Exception):
    """Standard output could not be written, and not because its reader has gone; its text is one line."""


def open_closed_streams() -> None:
    """Have a stream that the shell closed (`>&-`) lead nowhere: no file opened later takes its number, and its words."""
    while (spare := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(spare)
    sys.stdout = sys.stdout or io.StringIO()
    sys.stderr = sys.stderr or io.StringIO()


def make_encoding_safe() -> None:
    """Have standard output and error show `?` for what a console cannot print (cp1252 on Windows) instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(word: Word, text: str) -> None:
    """One line on standard error; a reader that has gone is no failure."""
    with suppress(OSError):
        sys.stderr.write(f"{painted(word, sys.stderr)} {one_line(text)}\n")
        sys.stderr.flush()


def error(text: str) -> None:
    """Say what went wrong, where, and what to do."""
    say(Word.ERROR, text)


def hint(text: str) -> None:
    """Say what to do next, apart from the error."""
    say(Word.HINT, text)


def write(text: str) -> None:
    """Data, on standard output. A reader that has gone (`| head`) gets nothing more and is no failure."""
    with to_output():
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


@contextmanager
def to_output() -> Iterator[None]:
    """What is written inside is on standard output at the end; as `write`. Raises OutputLostError, as that does."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        close_stream(sys.stdout)
    except OSError as error:
        close_stream(sys.stdout)
        raise OutputLostError(f"standard output cannot be written ({str(error.strerror).lower()}): what it held is lost") from error


def write_json(value: object) -> None:
    """The one object of `--json`; characters that the stream's encoding may not have are escaped as JSON does it."""
    write(json.dumps(value, ensure_ascii=not is_unicode(sys.stdout)))


def finish() -> None:
    """Leave nothing for the interpreter to flush at the exit, which fails loudly where a stream cannot be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            close_stream(stream)


def close_stream(stream: TextIO) -> None:
    """Send what is still written to a stream nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads the stream on a terminal that can do more than print lines."""
    return stream.isatty() and os.environ.get("TERM") != _DULL


def is_coloured(stream: TextIO) -> bool:
    """Whether lines may carry colour. The old Windows console shows the codes themselves: only its successor has colour."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and (os.name != "nt" or "WT_SESSION" in os.environ)


def is_unicode(stream: TextIO) -> bool:
    """Whether the stream takes every character."""
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


def painted(word: Word, stream: TextIO) -> str:
    """The word and its colon, in its colour where the stream has colours."""
    text = f"{word.value}:"
    return f"\033[{_COLOURS[word]}m{text}\033[0m" if is_coloured(stream) else text


def one_line(text: str) -> str:
    """A text without line breaks, so that a line stays one."""
    return " ".join(text.split("\n")).strip()
