"""Any text as text on a page: escaped, with nothing invisible in it that could make it read as something else.

Called by report_html.py and report_html_data.py.
"""

from __future__ import annotations

import html
import re

_unseen = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff]"
)
_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F


def visible(text: str) -> str:
    """The text with each control character as its picture, and each character that turns or hides others as its number.

    A bidi override would have `gpj.exe` read as `exe.jpg`; an ordinary right-to-left name has none and stays as it is.
    """
    return _unseen.sub(_shown, text) if not text.isascii() or not text.isprintable() else text


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    return "\N{SYMBOL FOR DELETE}" if code == _DELETE else f"[U+{code:04X}]"


def escaped(text: str) -> str:
    """The text for an element or a quoted attribute."""
    return html.escape(visible(text))


def element(name: str, text: str, kind: str = "") -> str:
    """An element of one text."""
    return f'<{name} class="{kind}">{escaped(text)}</{name}>' if kind else f"<{name}>{escaped(text)}</{name}>"
