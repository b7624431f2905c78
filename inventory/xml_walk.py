"""Walk the elements of an XML part by expat, in pieces, any DOCTYPE refused: what the readers of sheets' facts have in common.

Decides how a part is read and what is refused, nothing about elements. Base of sheet_errors.py's and ods_file.py's readers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import IO
from xml.parsers import expat

from inventory.sheet_facts import UnsafeXmlError

CHUNK_BYTES = 1 << 20


class XmlWalk(ABC):
    """One walk through one part; what it finds is the subclass's."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self.start
        self._parser.EndElementHandler = self.end

    def read(self, stream: IO[bytes]) -> None:
        """Walk the part to its end. Raises ValueError where it is not well formed, UnsafeXmlError for a DOCTYPE."""
        try:
            while chunk := stream.read(CHUNK_BYTES):
                self._parser.Parse(chunk)
            self._parser.Parse(b"", True)  # noqa: FBT003 - expat takes no keywords
        except expat.ExpatError as exc:
            raise ValueError(str(exc)) from exc

    @abstractmethod
    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    @abstractmethod
    def end(self, tag: str) -> None:
        """An element ends."""

    @abstractmethod
    def text(self, text: str) -> None:
        """A piece of the text that `hear_text` asked for."""

    def hear_text(self, *, wanted: bool) -> None:
        """Whether texts are handed on: to hear all of a sheet costs more than all else."""
        self._parser.CharacterDataHandler = self.text if wanted else None

    @staticmethod
    def _refuse(*_: object) -> None:
        raise UnsafeXmlError
