"""Find secrets where none may be: in files, texts and whole folders, in the forms that libraries give them.

A secret is looked for as it is, percent-encoded, as XML, JSON and Python escape it, and as base64 at each of the three places where
it can begin in a longer text; signatures and the values of token headers are found by their shape.
"""

from __future__ import annotations

import base64
import json
import re
import traceback
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_SHAPES = {
    "a signature": re.compile(rb"Signature=[0-9a-fA-F]{64}"),
    "a token's header": re.compile(rb"(?i)x-(?:auth|subject|security)-token['\"]?\s*[:,=]\s*b?['\"]?[\w+/=-]{12,}"),
    "proxy credentials": re.compile(rb"(?i)proxy-authorization\W{1,8}basic\s+[\w+/=-]{8,}"),
}


def forms(secret: str) -> set[bytes]:
    """What a secret may look like to whoever finds it."""
    raw = secret.encode()
    escaped = {
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        escape(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }
    return {raw, *(text.encode() for text in escaped), *_base64_forms(raw)}


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """The part of its base64 that does not depend on its neighbours, at each of the three offsets."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            encoded = encode(b"\0" * offset + raw)
            yield encoded[(offset * 8 + 5) // 6 : (offset + len(raw)) * 8 // 6]


def leaks(data: bytes, secrets: Mapping[str, str]) -> list[str]:
    """The names of the secrets that `data` holds, and the shapes of secrets that it shows."""
    found = [name for name, secret in secrets.items() if any(form in data for form in forms(secret))]
    return found + [name for name, shape in _SHAPES.items() if shape.search(data)]


def leaks_in_files(paths: Iterable[Path], secrets: Mapping[str, str]) -> list[str]:
    """As `leaks`, for files and what is under folders, archives (workbooks) unpacked; each leak with the file's name."""
    found = []
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                found += [f"{file.name}: {leak}" for data in _contents(file) for leak in leaks(data, secrets)]
    return found


def _contents(file: Path) -> Iterator[bytes]:
    yield file.read_bytes()
    if file.suffix == ".xlsx":
        with zipfile.ZipFile(file) as archive:
            yield from map(archive.read, archive.namelist())


def everything_in(error: BaseException) -> str:
    """All that an exception can show: its traceback with all its causes and contexts, and of each of them arguments and fields."""
    shown, links = ["".join(traceback.format_exception(error))], [error]
    seen: set[int] = set()
    while links:
        link = links.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        shown += [str(link), repr(link), repr(link.args), repr(vars(link))]
        links += [other for other in (link.__cause__, link.__context__) if other is not None]
        links += link.exceptions if isinstance(link, BaseExceptionGroup) else ()
    return "\n".join(shown)
