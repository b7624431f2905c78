"""The journal's transactions on a real PostgreSQL: serial, durable, and brought to their end over a line that breaks."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import make_url, text

from flows.submission.clock import SystemClock
from flows.submission.database import JournalUnavailableError, open_database
from flows.submission.postgres_database import _LOCK, Limits, PostgresDatabase
from tests.flows.submission.clocks import PLENTY
from tests.flows.submission.severed import Cut, SeveredLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from flows.submission.database import Database
    from tests.postgres_server import PostgresServer

_ADD = text("INSERT INTO seen (number) VALUES (:number) ON CONFLICT DO NOTHING")


@pytest.fixture
def name(postgres: PostgresServer) -> str:
    database = postgres.fresh_database()
    postgres.sql("CREATE TABLE seen (number integer PRIMARY KEY)", database=database)
    return database


class Said:
    """What was said, and whether anything was."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.heard = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self.heard.set()


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
async def database(postgres: PostgresServer, name: str, said: Said) -> AsyncIterator[Database]:
    opened = open_database(postgres.url(name), SystemClock(), said)
    yield opened
    await opened.close()


def limited(url: str, limits: Limits, say: Callable[[str], None] = print) -> PostgresDatabase:
    return PostgresDatabase(make_url(url), SystemClock(), say, limits)


def add(number: int, calls: list[int] | None = None) -> Callable[[Connection], None]:
    def operation(connection: Connection) -> None:
        if calls is not None:
            calls.append(number)
        connection.execute(_ADD, {"number": number})

    return operation


def seen(connection: Connection) -> list[int]:
    return list(connection.execute(text("SELECT number FROM seen ORDER BY number")).scalars())


async def test_a_transaction_is_whole_or_not_at_all(database: Database) -> None:
    """An operation that raises leaves nothing behind, its own error comes out, and the next one runs."""

    def breaks(connection: Connection) -> None:
        connection.execute(_ADD, {"number": 1})
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await database.transact(breaks)
    await database.transact(add(2))
    assert await database.transact(seen) == [2]


async def test_a_server_that_is_set_to_lose_commits_or_to_look_at_the_past_is_overruled(
    postgres: PostgresServer, name: str, database: Database
) -> None:
    """What the promise rests on is set by the tool: commits that are on disk once told, and no snapshot from before the lock."""
    for setting in ("synchronous_commit = off", "default_transaction_isolation = 'repeatable read'", "statement_timeout = '1ms'"):
        await postgres.ask(f"ALTER DATABASE {name} SET {setting}", database="postgres")

    def settings(connection: Connection) -> list[str]:
        names = ("synchronous_commit", "transaction_isolation", "statement_timeout", "application_name")
        return [connection.execute(text(f"SHOW {one}")).scalar_one() for one in names]

    assert await database.transact(settings) == ["on", "read committed", "0", "migration-waves"]


async def test_transactions_are_serial_and_see_what_the_last_one_wrote(postgres: PostgresServer, name: str) -> None:
    """Eight connections that each read, and write one more: nothing is lost, as under SQLite's write lock."""

    def one_more(connection: Connection) -> None:
        connection.execute(_ADD, {"number": len(seen(connection))})

    databases = [open_database(postgres.url(name), SystemClock(), print) for _ in range(8)]
    await asyncio.gather(*(database.transact(one_more) for database in databases for _ in range(5)))
    assert await databases[0].transact(seen) == list(range(40))
    for database in databases:
        await database.close()


async def test_a_restarted_server_costs_nothing(postgres: PostgresServer, database: Database, said: Said) -> None:
    """The connection of before is dead; the next transaction waits for the server, says so once, and makes another."""
    await database.transact(add(1))
    await asyncio.to_thread(postgres.stop_at_once)
    waiting = asyncio.create_task(database.transact(add(2)))
    await said.heard.wait()
    assert not waiting.done()
    await asyncio.to_thread(postgres.start)
    await waiting
    assert await database.transact(seen) == [1, 2]
    assert len(said.lines) == 1
    assert said.lines[0].startswith("the journal's database is away (")


async def test_an_administrator_who_ends_the_connection_is_survived(
    postgres: PostgresServer, name: str, database: Database, said: Said
) -> None:
    """A connection that ends between transactions, as at a failover."""
    await database.transact(add(1))
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migration-waves'"
    assert await postgres.ask(f"{ended} AND datname = '{name}'", database="postgres") == [(True,)]
    await database.transact(add(2))
    assert await database.transact(seen) == [1, 2]


async def test_of_several_hosts_the_one_that_answers_is_taken(postgres: PostgresServer, name: str) -> None:
    """As SQLAlchemy writes them, for a server with a standby; after a failover the connection goes to the other one."""
    async with SeveredLine(postgres.socket) as second:
        async with SeveredLine(postgres.socket) as first:
            url = f"postgresql+asyncpg://postgres@/{name}?host={first.host}&host={second.host}"
            database = open_database(url, SystemClock(), print)
            await database.transact(add(1))
            assert (first.connections, second.connections) == (1, 0)
        await database.transact(add(2))
        assert second.connections == 1
        assert await database.transact(seen) == [1, 2]
        await database.close()


async def test_a_server_that_can_only_be_read_is_waited_for(
    postgres: PostgresServer, name: str, database: Database, said: Said
) -> None:
    """A standby that is taking over: until it has, nothing can be durable there, and what can be read may be old."""
    await postgres.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on", database="postgres")
    waiting = asyncio.create_task(database.transact(seen))
    await said.heard.wait()
    await postgres.ask(f"ALTER DATABASE {name} RESET default_transaction_read_only", database="postgres")
    assert await waiting == []
    assert said.lines == ["the journal's database is away (it can only be read, as a standby): waiting for it"]


@pytest.mark.parametrize("cut", [Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT])
async def test_a_line_cut_at_commit_has_the_operation_run_again(postgres: PostgresServer, name: str, cut: Cut) -> None:
    """Whether the commit was made cannot be known: it is run again, and an operation that is safe to run twice is there once."""
    calls: list[int] = []
    async with SeveredLine(postgres.socket) as line:
        database = open_database(postgres.url(name, host=line.host), SystemClock(), print)
        await database.transact(add(1))
        line.cut_once(cut)
        await database.transact(add(2, calls))
        assert calls == [2, 2]
        assert await database.transact(seen) == [1, 2]
        await database.close()


async def test_a_line_that_swallows_everything_is_given_up_and_made_anew(postgres: PostgresServer, name: str) -> None:
    """No error ever comes from such a line: what has not answered in time is taken for lost."""
    async with SeveredLine(postgres.socket) as line:
        database = limited(postgres.url(name, host=line.host), Limits(answer=0.3))
        await database.transact(add(1))
        line.cut_once(Cut.SWALLOW)
        async with asyncio.timeout(PLENTY):
            await database.transact(add(2))
        assert await database.transact(seen) == [1, 2]
        await database.close()


async def test_a_server_that_takes_the_connection_and_then_says_nothing_is_given_up(
    postgres: PostgresServer, name: str, said: Said
) -> None:
    """The driver asks a new server for its version first: that is no place to wait for ever either."""
    async with SeveredLine(postgres.socket) as line:
        database = limited(postgres.url(name, host=line.host), Limits(answer=0.3), said)
        line.cut_once(Cut.SWALLOW, b"version()")
        async with asyncio.timeout(PLENTY):
            await database.transact(add(1))
        assert len(said.lines) == 1
        await database.close()


async def test_what_a_lost_connection_left_waiting_for_its_standby_is_not_taken_for_durable(
    postgres: PostgresServer, name: str, database: Database
) -> None:
    """The commit was made here and not yet there when the connection ended: run again it waits as the first time."""
    await database.transact(add(1))
    await _standby(postgres, "gone")
    waiting = asyncio.create_task(database.transact(add(2)))
    try:
        first = await _waits_for_standby(postgres, name)
        await postgres.ask(f"SELECT pg_terminate_backend({first})", database="postgres")
        second = await _waits_for_standby(postgres, name, other_than=first)
        assert second != first
        assert not waiting.done()
    finally:
        await _standby(postgres, "")
        await waiting
    assert await database.transact(seen) == [1, 2]


async def test_a_lock_that_another_process_holds_is_waited_for_and_said_once(
    postgres: PostgresServer, name: str, said: Said
) -> None:
    """As on SQLite: however often the wait is given up and begun anew, there is one line."""
    database = limited(postgres.url(name), Limits(lock=0.05), said)
    other = await _holder(postgres, name)
    waiting = asyncio.create_task(database.transact(add(1)))
    await _has_waited(postgres, name, times=3)
    assert not waiting.done()
    await other.close()
    await waiting
    await database.close()
    assert len(said.lines) == 1
    assert said.lines[0].startswith("the journal is locked by another process")


async def test_a_process_that_was_stopped_does_not_keep_the_lock(postgres: PostgresServer, name: str, database: Database) -> None:
    """The server ends a transaction that nothing comes from; the process finds out when it goes on, and runs it again."""
    program = (
        "import asyncio, sys\n"
        "from sqlalchemy import make_url, text\n"
        "from flows.submission.clock import SystemClock\n"
        "from flows.submission.postgres_database import Limits, PostgresDatabase\n"
        "calls = []\n"
        "def operation(connection):\n"
        "    calls.append(1)\n"
        "    connection.execute(text('INSERT INTO seen VALUES (1) ON CONFLICT DO NOTHING'))\n"
        "    if len(calls) == 1:\n"
        "        print('in', flush=True)\n"
        "        sys.stdin.readline()\n"
        "async def main():\n"
        "    database = PostgresDatabase(make_url(sys.argv[1]), SystemClock(), print, Limits(idle=0.1))\n"
        "    await database.transact(operation)\n"
        "    await database.close()\n"
        "    print(len(calls))\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program, postgres.url(name)]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"in\n"
    async with asyncio.timeout(PLENTY):
        await database.transact(add(2))
    assert await database.transact(seen) == [2]
    printed, _ = await process.communicate(b"\n")
    assert printed.splitlines()[-1] == b"2"
    assert await database.transact(seen) == [1, 2]


async def test_an_operation_whose_waiter_is_cancelled_is_brought_to_its_end(database: Database) -> None:
    """Wherever that happens: what has begun is written, and the next one finds nothing of it in its way."""
    begun: list[int] = []
    for number in range(1, 41):
        waiter = asyncio.create_task(database.transact(add(number, begun)))
        for _ in range(number):
            await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
    assert await database.transact(seen) == begun
    assert len(begun) > 10


async def test_hurry_ends_the_patience(postgres: PostgresServer, database: Database, said: Said) -> None:
    """A run that was told to stop does not wait for a server that is away."""
    await database.transact(add(1))
    await asyncio.to_thread(postgres.stop_at_once)
    try:
        waiting = asyncio.create_task(database.transact(add(2)))
        await said.heard.wait()
        database.hurry()
        with pytest.raises(JournalUnavailableError):
            await waiting
    finally:
        await asyncio.to_thread(postgres.start)


async def test_patience_ends(postgres: PostgresServer, name: str) -> None:
    """Nobody is there: one clear line, and nothing was done."""
    calls: list[int] = []
    async with SeveredLine(postgres.socket) as line:
        host = line.host
    database = limited(postgres.url(name, host=host), Limits(patience=0.2))
    with pytest.raises(JournalUnavailableError, match="Connect call failed"):
        await database.transact(add(1, calls))
    assert calls == []
    await database.close()


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("postgresql+asyncpg://nobody_here:canary@HOST/NAME", 'role "nobody_here" does not exist'),
        ("postgresql+asyncpg://postgres:canary@HOST/no_such", 'database "no_such" does not exist'),
        ("postgresql+asyncpg://postgres:canary@no-such-host.invalid/NAME", "nodename|Name|resolution"),
        ("postgresql+asyncpg://postgres:canary@HOST/NAME?ssl=require", "rejected SSL"),
        ("postgresql+asyncpg://postgres:canary@HOST/NAME?sslmode=require", "sslmode"),
        ("postgresql+asyncpg://postgres@HOST/NAME?password=canary&sslmode=canary", "sslmode"),
    ],
)
async def test_what_no_patience_mends_is_said_at_once_and_without_the_password(
    postgres: PostgresServer, name: str, url: str, line: str, said: Said
) -> None:
    """One line that says what is wrong; what is under the error, and every word that was said, is without the password too."""
    async with SeveredLine(postgres.socket) as severed:
        opened = limited(url.replace("HOST", severed.host).replace("NAME", name), Limits(patience=0.5), said)
        with pytest.raises(JournalUnavailableError, match=line) as refused:
            await opened.transact(seen)
        await opened.close()
    assert said.lines == []
    assert "\n" not in str(refused.value)
    assert "canary" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://me:can:ary@host:canary/db",
        "postgresql+asyncpg://me:canary@host:5432x/db",
        "postgresql+asyncpg://me:can@ary@host/db",
        "postgresql+psycopg2://me:canary@host/db",
        "postgresql://me:canary@host/db",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_a_word_of_it(url: str) -> None:
    """A password's own colon or @ makes the rest of the URL look like anything: nothing of it is told."""
    with pytest.raises(JournalUnavailableError, match="WAVES_JOURNAL is no URL of a journal") as refused:
        open_database(url, SystemClock(), print)
    assert "ary" not in str(refused.value)
    assert "ary" not in "".join(traceback.format_exception(refused.value)).replace(url, "")


async def test_a_password_that_a_server_repeats_is_not_told(postgres: PostgresServer, name: str) -> None:
    """Wherever it comes from: what is said of an error does not hold it."""
    database = open_database(postgres.url(name, user="postgres:canary"), SystemClock(), print)
    with pytest.raises(JournalUnavailableError, match=r'integer: "\*\*\*"'):
        await database.transact(lambda connection: connection.execute(text("SELECT CAST('canary' AS integer)")))
    await database.close()


async def test_the_right_to_write_is_asked_for_in_one_line(postgres: PostgresServer, name: str) -> None:
    """A permission is not waited for."""
    await postgres.ask("CREATE ROLE reader LOGIN", database=name)
    try:
        database = open_database(postgres.url(name, user="reader"), SystemClock(), print)
        with pytest.raises(JournalUnavailableError, match="permission denied for table seen"):
            await database.transact(add(1))
        await database.close()
    finally:
        await postgres.ask("DROP ROLE reader", database=name)


def test_a_journal_in_a_file_loads_no_driver_of_a_server(tmp_path: Path) -> None:
    """What is not used costs no start-up time."""
    program = (
        "import json, sys\n"
        "from flows.submission.journal import open_journal\n"
        "from flows.submission.clock import SystemClock\n"
        "open_journal('sqlite+aiosqlite:///' + sys.argv[1], SystemClock(), print)\n"
        "print(json.dumps([name for name in sys.modules if name.split('.')[0] == 'asyncpg']))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "journal.sqlite")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert json.loads(printed) == []


async def _holder(postgres: PostgresServer, name: str) -> Any:
    """A connection that holds the journal's lock until it is closed."""
    connection = await asyncpg.connect(host=str(postgres.folder), user="postgres", database=name)
    await connection.execute("BEGIN")
    await connection.execute(str(_LOCK))
    return connection


async def _has_waited(postgres: PostgresServer, name: str, times: int) -> None:
    """Return when so many connections have been seen to wait for the lock."""
    waiting: set[int] = set()
    async with asyncio.timeout(PLENTY):
        while len(waiting) < times:
            found = await postgres.ask("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'", database=name)
            waiting.update(pid for (pid,) in found)


async def _standby(postgres: PostgresServer, standby: str) -> None:
    """Have the server's commits wait for a standby of that name."""
    await postgres.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'", database="postgres")
    await postgres.ask("SELECT pg_reload_conf()", database="postgres")
    while await postgres.ask("SHOW synchronous_standby_names", database="postgres") != [(standby,)]:
        pass


async def _waits_for_standby(postgres: PostgresServer, name: str, other_than: int = 0) -> int:
    """The connection whose commit waits for a standby, as soon as one does."""
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = $1 AND pid <> $2"
    async with asyncio.timeout(PLENTY):
        while not (found := await postgres.ask(waiting, name, other_than, database="postgres")):
            pass
    return int(found[0][0])
