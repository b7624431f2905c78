"""Write pixels as a small PNG, and read its words again: a palette of 256 colours, which is plenty for a printed table."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_STEP = 4
"""Shades nearer to each other than this are one: letters have soft edges, of more shades than anybody sees."""


def write_png(path: Path, pixels: NDArray[np.uint8], words: Mapping[str, str]) -> None:
    """Write (rows, columns, RGB) with `words` by keyword (Latin letters) beside them."""
    palette, places = _indexed(pixels)
    height, width = places.shape
    lines = np.hstack([np.zeros((height, 1), np.uint8), places]).tobytes()
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        *((b"tEXt", f"{name}\0{text}".encode("latin-1")) for name, text in words.items()),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    path.write_bytes(_SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks))


def read_text(path: Path) -> dict[str, str]:
    """The words of a PNG by keyword; none of a file that is no PNG or not there."""
    content = path.read_bytes() if path.exists() else b""
    texts = (body.decode("latin-1").partition("\0") for kind, body in _chunks(content) if kind == b"tEXt")
    return {name: text for name, _, text in texts}


def _indexed(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The most frequent colours, and for each pixel the place of the nearest of them."""
    rough = np.minimum((pixels.astype(np.uint16) + _STEP // 2) // _STEP * _STEP, 255)
    colours, where, counts = np.unique(rough.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    chosen = colours[np.argsort(-counts, kind="stable")[:_COLOURS]]
    distances = ((colours[:, None, :].astype(np.int32) - chosen[None, :, :].astype(np.int32)) ** 2).sum(axis=2)
    nearest = distances.argmin(axis=1).astype(np.uint8)
    return chosen.astype(np.uint8), nearest[where.reshape(-1)].reshape(pixels.shape[:2])


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while content.startswith(_SIGNATURE) and place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        yield content[place + 4 : place + 8], content[place + 8 : place + 8 + size]
        place += 12 + size
