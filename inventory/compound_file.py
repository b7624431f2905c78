"""The compound file (OLE) that an .xls is: one stream taken out of it, and put alone into a new one.

Decides whether its chains of sectors are sound: a reader that follows a chain in a circle never ends. What the file holds beside
the stream (macros, pictures, whatever its directory claims) is left behind. Called by xls_file.py.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_HEADER_FAT = 109
_ENTRY_BYTES = 128
_MINI_CUTOFF = 4096
_NEW_SECTOR = 4096


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    start: int
    size: int


class CompoundFile:
    """A compound file opened for reading. Raises ValueError, or struct.error, wherever it is damaged."""

    def __init__(self, content: bytes) -> None:
        if not content.startswith(SIGNATURE):
            raise ValueError("no compound file")
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in {9, 12} or mini_shift != 6:
            raise ValueError("sectors of an unknown size")
        self._content, self._sector, self._mini_sector = content, 1 << shift, 1 << mini_shift
        self._fat = self._read_fat()
        (directory,) = struct.unpack_from("<I", content, 48)
        (mini_fat,) = struct.unpack_from("<I", content, 60)
        self._entries = [*self._read_directory(self._chain(directory))]
        root = next((entry for entry in self._entries if entry.kind == 5), None)
        self._mini = self._chain(root.start)[: root.size] if root else b""
        self._mini_fat = _numbers(self._chain(mini_fat))

    @property
    def names(self) -> frozenset[str]:
        """The names of the streams, in upper case."""
        return frozenset(entry.name.upper() for entry in self._entries)

    def stream(self, name: str) -> bytes:
        """The stream of this name, whatever its case. Raises KeyError where there is none."""
        entry = next((each for each in self._entries if each.kind == 2 and each.name.upper() == name.upper()), None)
        if entry is None:
            raise KeyError(name)
        if entry.size >= _MINI_CUTOFF:
            found = self._chain(entry.start)
        else:
            places = _follow(self._mini_fat, entry.start)
            found = b"".join(self._mini[place * self._mini_sector : (place + 1) * self._mini_sector] for place in places)
        if len(found) < entry.size:
            raise ValueError("a stream that ends early")
        return found[: entry.size]

    def _sector_at(self, place: int) -> bytes:
        start = (place + 1) * self._sector
        return self._content[start : start + self._sector]

    def _chain(self, start: int) -> bytes:
        return b"".join(map(self._sector_at, _follow(self._fat, start)))

    def _read_fat(self) -> tuple[int, ...]:
        places = list(struct.unpack_from(f"<{_HEADER_FAT}I", self._content, 76))
        (more,) = struct.unpack_from("<I", self._content, 68)
        seen = set()
        while more not in {_END, _FREE}:
            if more in seen:
                raise ValueError("a chain in a circle")
            seen.add(more)
            *further, more = _numbers(self._sector_at(more)) or (_END,)
            places += further
        used = [place for place in places if place != _FREE]
        if len(used) * self._sector > len(self._content):
            raise ValueError("more sectors than the file has")
        return _numbers(b"".join(map(self._sector_at, used)))

    @staticmethod
    def _read_directory(content: bytes) -> list[_Entry]:
        entries = []
        for at in range(0, len(content) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            (length,) = struct.unpack_from("<H", content, at + 64)
            name = content[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", content, at + 116)
            entries.append(_Entry(name, content[at + 66], start, size))
        return entries


def _numbers(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])


def _follow(table: tuple[int, ...], start: int) -> list[int]:
    """The places of a chain. ValueError for one that leaves the table or comes back to itself."""
    places: list[int] = []
    while start not in {_END, _FREE}:
        if start >= len(table) or len(places) >= len(table):
            raise ValueError("a chain that does not end")
        places.append(start)
        start = table[start]
    return places


def write_compound_file(name: str, stream: bytes) -> bytes:
    """A compound file that holds nothing but one stream."""
    stream = stream.ljust(_MINI_CUTOFF, b"\0")
    sectors = -(-len(stream) // _NEW_SECTOR)
    per_sector = _NEW_SECTOR // 4
    fat_sectors = -(-(sectors + 2) // (per_sector - 1))
    if fat_sectors > _HEADER_FAT:
        raise ValueError("a stream too long for one file")
    # The stream stands first, so that a reader has read it all once it knows the directory; and the sector for small streams, of
    # which there are none, stands there because readers want one.
    small, first_fat = sectors, sectors + 1
    directory = first_fat + fat_sectors
    fat = [*range(1, sectors), _END, _END] + [_FAT] * fat_sectors + [_END]
    fat += [_FREE] * (fat_sectors * per_sector - len(fat))
    header = (
        SIGNATURE
        + bytes(16)
        + struct.pack("<HHHHH6x", 0x3E, 4, 0xFFFE, 12, 6)
        + struct.pack("<IIIIIIIII", 1, fat_sectors, directory, 0, _MINI_CUTOFF, _END, 0, _END, 0)
    )
    places = [*range(first_fat, directory), *[_FREE] * (_HEADER_FAT - fat_sectors)]
    header = (header + struct.pack(f"<{_HEADER_FAT}I", *places)).ljust(_NEW_SECTOR, b"\0")
    entries = _entry("Root Entry", 5, small, _NEW_SECTOR, child=1) + _entry(name, 2, 0, len(stream))
    body = stream.ljust((sectors + 1) * _NEW_SECTOR, b"\0")
    return header + body + struct.pack(f"<{len(fat)}I", *fat) + entries.ljust(_NEW_SECTOR, b"\0")


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<III", _FREE, _FREE, child)
    return (
        encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1) + links + bytes(36) + struct.pack("<IQ", start, size)
    )
