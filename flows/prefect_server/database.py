"""The database of a server of our own: Prefect's default file, so that `prefect server start` shows the same runs later.

Migrating an empty file takes most of a first start (8.4 s against 2.6 s). So a migrated, empty file is made once a Prefect
version, in the user's state folder, and copied to where the database is missing. Both appear whole or not at all, whoever else does
the same at that moment. Called by child.py, before the server starts.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from importlib.metadata import version
from pathlib import Path


def template_path() -> Path:
    """Where the migrated, empty database of the installed Prefect lies, or will lie; its folder may not exist yet."""
    from platformdirs import user_state_path

    return user_state_path("migration-waves", appauthor=False) / f"prefect-{version('prefect')}.db"


def put_database(database: Path) -> None:
    """Have a migrated database at `database`, where there is none: a copy of the template, which is made first if it must be.

    Raises OSError where a folder cannot be written; the server then migrates a file of its own, as it would have without us.
    """
    if database.exists():
        return
    template = template_path()
    if not template.exists():
        _make_template(template)
    database.parent.mkdir(parents=True, exist_ok=True)
    with _beside(database) as copy:
        shutil.copyfile(template, copy)
        _put(copy, database)


def _make_template(template: Path) -> None:
    template.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="migrating-", dir=template.parent, ignore_cleanup_errors=True) as folder:
        migrated = Path(folder) / "prefect.db"
        _migrate(migrated)
        with _beside(template) as copy:
            # Of a database in WAL mode only VACUUM INTO is sure to make one whole file.
            with contextlib.closing(sqlite3.connect(migrated)) as connection:
                connection.execute("VACUUM INTO ?", (str(copy),))
            copy.replace(template)


def _migrate(database: Path) -> None:
    """Run Prefect's migrations on a new file."""
    import asyncio

    from prefect.server.database import provide_database_interface
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings

    async def create() -> None:
        interface = provide_database_interface()
        await interface.create_db()
        engine = await interface.engine()
        await engine.dispose()

    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: f"sqlite+aiosqlite:///{database}"}):
        asyncio.run(create())


@contextlib.contextmanager
def _beside(path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202
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
