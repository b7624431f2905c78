"""Whether a cell that should name a server is only a form's example: `<server name>`, TBD, `your-server-01`.

Pure. Called for every name of an inventory.
"""

from __future__ import annotations

import re

from inventory.values import strip

_BRACKETED = re.compile(r"<[^<>]*>|\{\{.*\}\}|\$\{.*\}|\[[^\[\]]*\]|%[A-Za-z_ ]+%|__+.*__+|\(.*\)")
_WORDS = re.compile(
    r"(?:t\.?b\.?[adc]\.?|n/?\.?a\.?|none|null|nil|unknown|todo|fixme|"
    r"to be (?:defined|determined|confirmed|announced)|x{2,}|\?+|-+|–|\.+|_+|0|"
    r"placeholder|example|sample|"
    r"beispiel|exemple|ejemplo|пример|示例|例|total|totals|sum|summe|gesamt|somme|"
    r"(?:your|my|the|insert|enter|type|fill in|add|replace|change|ihr|votre|su)[\s_-].*"
    r"(?:name|server|host|hostname|here|hier|ici|aquí).*|"
    r"(?:server|host|vm|machine|computer)[\s_-]?name(?:[\s_-]?(?:here|\d+|x+))?|(?:hostname|servername)[\s_-]?(?:\d+|x+|here)?)",
    re.IGNORECASE,
)


def is_placeholder(text: str) -> bool:
    """Whether a text stands in the place of a name."""
    shown = strip(text)
    return bool(_BRACKETED.fullmatch(shown) or _WORDS.fullmatch(shown))
