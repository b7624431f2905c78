"""The database of a server of our own: Prefect's default file, so that `prefect server start` shows the same runs later.

Migrating an empty file takes most of a first start (8.4 s against 2.6 s). So a migrated, empty file is made once a Prefect
version, in the user's state folder, and copied to where the database is missing. Both appear whole or not at all, whoever else does
the same at that moment. Called by child.py, before the server starts; run as `python -m flows.prefect_server.database` to make the
file (Prefect binds a process to the first database that it opens, so the server's process cannot).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def template_path() -> Path:
    """Where the migrated, empty database of the installed Prefect lies, or will lie; its folder may not exist yet."""
    from platformdirs import user_state_path

    return user_state_path("migration-waves", appauthor=False) / f"prefect-{version('prefect')}.db"


def start_migrating(database: Path) -> subprocess.Popen[bytes] | None:
    """Start making the template beside what else has to be done, where it will be needed and is missing; None else.

    The process ends by itself when the standard input that it shares with this one ends.
    """
    if database.exists() or template_path().exists():
        return None
    return subprocess.Popen([sys.executable, "-m", "flows.prefect_server.database"])


def put_database(database: Path) -> None:
    """Have a migrated database at `database`, where there is none and a template is there: a copy of it.

    Raises OSError where a folder cannot be written; the server then migrates a file of its own, as it would have without us.
    """
    template = template_path()
    if database.exists() or not template.exists():
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with _beside(database) as copy:
        shutil.copyfile(template, copy)
        _put(copy, database)


def make_template() -> None:
    """Migrate a new file and put it in the template's place, whole."""
    template = template_path()
    template.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="migrating-", dir=template.parent, ignore_cleanup_errors=True) as folder:
        migrated = Path(folder) / "prefect.db"
        os.environ["PREFECT_API_DATABASE_CONNECTION_URL"] = f"sqlite+aiosqlite:///{migrated}"
        asyncio.run(_migrate())
        with _beside(template) as copy:
            # Of a database in WAL mode only VACUUM INTO is sure to make one whole file.
            with contextlib.closing(sqlite3.connect(migrated)) as connection:
                connection.execute("VACUUM INTO ?", (str(copy),))
            copy.replace(template)


async def _migrate() -> None:
    from prefect.server.database import provide_database_interface

    interface = provide_database_interface()
    await interface.create_db()
    engine = await interface.engine()
    await engine.dispose()


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A new name beside `path`; what is left of it afterwards is removed."""
    copy = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _put(copy: Path, database: Path) -> None:
    """Give the copy its name unless another process was first: a database that is in use must not be replaced."""
    try:
        os.link(copy, database)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        with contextlib.suppress(FileExistsError), database.open("xb") as target, copy.open("rb") as source:
            shutil.copyfileobj(source, target)


if __name__ == "__main__":
    from flows.prefect_server.end_of_input import EndOfInput

    EndOfInput().start()
    make_template()
    os._exit(0)
