"""A line to PostgreSQL that a test cuts: a TCP proxy on 127.0.0.1 before the server's socket, which sees the commits go by."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Self


class Cut(Enum):
    """Where the line breaks."""

    BEFORE_COMMIT = "the commit is not passed on"
    AFTER_COMMIT = "the commit is passed on, its answer is not"
    SWALLOW = "nothing is passed on any more, and nothing is closed"


class SeveredLine:
    """The proxy; an async context manager. A connection that is made after a cut is whole again; both are counted."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._cut: Cut | None = None
        self._mark = b"COMMIT"
        self._every, self._marks = 0, 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.cuts = 0
        self.connections = 0

    @property
    def host(self) -> str:
        """Host and port, as in a URL."""
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut_once(self, cut: Cut, mark: bytes = b"COMMIT") -> None:
        """Cut at the next statement that holds `mark`."""
        self._cut, self._every, self._mark = cut, 0, mark

    def cut_every(self, commits: int, cut: Cut) -> None:
        """Cut one in so many commits, from now on."""
        self._cut, self._every, self._marks = cut, commits, 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        from_server, to_server = await asyncio.open_unix_connection(self._socket)
        ends = (writer, to_server)
        self._writers.update(ends)
        answers = asyncio.create_task(self._answer(from_server, writer))
        try:
            while data := await reader.read(65_536):
                if self._mark in data and (cut := self._due()) is not None:
                    answers.cancel()
                    await asyncio.gather(answers, return_exceptions=True)
                    await self._break(cut, data, reader, from_server, to_server)
                    break
                to_server.write(data)
                await to_server.drain()
        finally:
            answers.cancel()
            for end in ends:
                end.close()
                self._writers.discard(end)

    def _due(self) -> Cut | None:
        self._marks += 1
        if self._cut is None or (self._every and self._marks % self._every):
            return None
        cut = self._cut
        self._cut = cut if self._every else None
        self.cuts += 1
        return cut

    async def _break(
        self,
        cut: Cut,
        commit: bytes,
        reader: asyncio.StreamReader,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        if cut is Cut.SWALLOW:
            await reader.read()
        elif cut is Cut.AFTER_COMMIT:
            to_server.write(commit)
            await from_server.read(1)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()
