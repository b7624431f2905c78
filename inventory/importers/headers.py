"""What a header is compared by: its letters alone, and the unit that stands at its end.

Decides nothing about columns. Called by whoever matches headers to fields.
"""

from __future__ import annotations

import re
import unicodedata

from inventory.columns import normalise
from inventory.values import show, strip

UNITS: dict[str, int] = {"b": 0, "bytes": 0, "byte": 0, "octets": 0, "байт": 0}
for _power, _names in enumerate(
    (
        "kib kb ko kio k кб kbyte kbytes kilobyte kilobytes كيلوبايت",
        "mib mb mo mio m мб mbyte mbytes megabyte megabytes mebibyte mebibytes ميجابايت",
        "gib gb go gio g гб gbyte gbytes gigabyte gigabytes gibibyte gibibytes جيجابايت",
        "tib tb to tio t тб tbyte tbytes terabyte terabytes tebibyte tebibytes تيرابايت",
        "pib pb po pio p пб",
    ),
    start=1,
):
    UNITS |= dict.fromkeys(_names.split(), _power)
"""A unit's spelling and its power of 1024: KB as much as KiB, French Go and Gio, Russian ГБ, Arabic جيجابايت."""

_BINARY = ("ib", "io")

_LONG = sorted((name for name in UNITS if len(name) > 1), key=len, reverse=True)
_BRACKETED = re.compile(
    rf"^(?P<base>.+?)[\s_]*[(\[（]\s*(?:in |en |в )?(?P<unit>{'|'.join(map(re.escape, UNITS))})\s*[)\]）]", re.IGNORECASE
)
_TRAILING = re.compile(rf"^(?P<base>.*?\w)[\s_.\-/,]+(?:in |en |в )?(?P<unit>{'|'.join(_LONG)})$", re.IGNORECASE)
_GLUED = re.compile(r"^(?P<base>.*[a-z])(?P<unit>[KMGT]i?[Bb])$")
_OPTIONAL = re.compile(r"\(\s*(?:optional|required|mandatory|optionnel|obligatoire|pflichtfeld)\s*\)\s*$", re.IGNORECASE)
_DOT_ABOVE = "\u0307"  # what is left of a Turkish İ in small letters
_DOTLESS = "ı"  # a Turkish I in small letters, which is an i to everybody else
_EDGES = "*:#.?!\"' "


def _plain(header: object) -> str:
    """A header in the one way to write its letters: accents as macOS takes them apart, full-width forms."""
    return unicodedata.normalize("NFKC", strip(show(header)))


def header_key(header: object) -> str:
    """A header without case, spaces, dashes, underscores, marks for "required", and what stands in brackets for it."""
    text = _OPTIONAL.sub("", _plain(header))
    return normalise(text.strip(_EDGES)).replace(_DOT_ABOVE, "").replace(_DOTLESS, "i")


def split_unit(header: object) -> tuple[str, str]:
    """The key of a header without its unit, and the unit as written ("" for none): `Capacity MiB` -> ("capacity", "MiB")."""
    text = _OPTIONAL.sub("", _plain(header)).strip("*:# ")
    match = _BRACKETED.match(text) or _TRAILING.match(text) or _GLUED.match(text)
    return (header_key(match["base"]), match["unit"]) if match else (header_key(text), "")


def unit_bytes(unit: str) -> int:
    """The bytes of a unit, 1024 to its power whatever its spelling: the larger reading, since a target must not be too small."""
    return int(1024 ** UNITS[unit.casefold()])


def binary_name(unit: str) -> str:
    """The unit's unmistakable name: `GB` -> `GiB`."""
    return ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")[UNITS[unit.casefold()]]


def is_decimal_spelling(unit: str) -> bool:
    """Whether the unit, as written, could mean powers of 1000."""
    spelt = unit.casefold()
    return UNITS[spelt] > 0 and not spelt.endswith(_BINARY) and "bibyte" not in spelt
