"""Find the entry that somebody means, however they spell its code: `plan112`, `PLAN 112`, `7605`, `waves.dns`, `PLAN-1l2`.

Decides when a spelling is plain enough; where it is not, what it may have been meant to be. Pure. Called by explain_command.py.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.cli.explain_entries import Entry

_NUMBERED = re.compile(r"([A-Z]*?)([0-9OIL]*[0-9][0-9OIL]*)")
_AS_DIGITS = str.maketrans("OIL", "011")
_DIGITS = (3, 4)
_MOST_GUESSES = 4
_LIKENESS = 0.7


def find(spelt: str, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that the spelling means: one; several where a bare number or name is that of several codes; none."""
    spellings = list(_spellings(_bare(spelt)))
    by_code = {_bare(entry.code): entry for entry in entries}
    for each in spellings:
        if each in by_code:
            return [by_code[each]]
    for each in spellings:
        if alike := [entry for entry in entries if each and _bare(re.split(r"[-.]", entry.code)[-1]) == each]:
            return alike
    return []


def guesses(spelt: str, entries: Sequence[Entry]) -> list[str]:
    """The codes that are most like what was typed; none where nothing is."""
    by_bare = {_bare(entry.code): entry.code for entry in entries}
    return [by_bare[each] for each in difflib.get_close_matches(_bare(spelt), by_bare, n=_MOST_GUESSES, cutoff=_LIKENESS)]


def _bare(code: str) -> str:
    """A code without its signs, in capitals."""
    return "".join(character for character in code.upper() if character.isalnum())


def _spellings(bare: str) -> Iterator[str]:
    """What was typed, then with digits for the letters that look like some, then with the zeros that a number begins with."""
    yield bare
    match = _NUMBERED.fullmatch(bare)
    if match:
        number = match[2].translate(_AS_DIGITS)
        yield f"{match[1]}{number}"
        for digits in _DIGITS:
            yield f"{match[1]}{number.zfill(digits)}"
