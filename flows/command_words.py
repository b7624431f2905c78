"""Words of a command line, quoted so that the command we tell a person to run next can be pasted as it stands.

Decides when a word needs quotes, and which: double ones, which every shell knows, unless a POSIX shell would read something inside
them. Called for hints and reports.
"""

from __future__ import annotations

import os
import shlex

_BARE = "@%+=:,./-_" + ("\\" if os.name == "nt" else "")
_READ_IN_DOUBLE_QUOTES = frozenset('"$`\\!')


def quoted(word: str) -> str:
    """The word as it has to be typed."""
    if word and all(letter.isalnum() or letter in _BARE for letter in word):
        return word
    if os.name != "nt" and not _READ_IN_DOUBLE_QUOTES.isdisjoint(word):
        return shlex.quote(word)
    return f'"{word}"'
