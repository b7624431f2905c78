"""A journal of an earlier version, in a file or on a server, becomes one of this version when it is opened, and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect

from flows.sms.errors import ThrottleWindow
from flows.submission import schema
from flows.submission.clock import SystemClock
from flows.submission.database import open_database
from flows.submission.journal import open_journal
from flows.submission.life import RowState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.flows.submission.places import Place

VERSION_1 = (
    "CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (key))",
    """CREATE TABLE run (run_id VARCHAR NOT NULL, account VARCHAR NOT NULL, wave VARCHAR NOT NULL, plan_name VARCHAR NOT NULL,
       plan_sha256 VARCHAR NOT NULL, author VARCHAR NOT NULL, started_at FLOAT NOT NULL, ended_at FLOAT, ending VARCHAR NOT NULL,
       PRIMARY KEY (run_id))""",
    """CREATE TABLE "row" (account VARCHAR NOT NULL, source_server_id VARCHAR NOT NULL, state VARCHAR NOT NULL,
       task_id VARCHAR NOT NULL, attempts INTEGER NOT NULL, run_id VARCHAR NOT NULL, doubt_run_id VARCHAR NOT NULL,
       bound_elsewhere BOOLEAN NOT NULL, body_digest VARCHAR NOT NULL, task_name VARCHAR NOT NULL, target_vm_id VARCHAR NOT NULL,
       target_name VARCHAR NOT NULL, vm_template_id VARCHAR NOT NULL, prior_task_ids TEXT NOT NULL, error_code VARCHAR NOT NULL,
       error_message TEXT NOT NULL, updated_at FLOAT NOT NULL, lease_owner VARCHAR, lease_until FLOAT, lease_clock VARCHAR,
       PRIMARY KEY (account, source_server_id))""",
    'CREATE INDEX row_by_target ON "row" (account, target_vm_id)',
    """CREATE TABLE target (account VARCHAR NOT NULL, target_vm_id VARCHAR NOT NULL, lease_owner VARCHAR, lease_until FLOAT,
       lease_clock VARCHAR, PRIMARY KEY (account, target_vm_id))""",
    """CREATE TABLE attempt (account VARCHAR NOT NULL, source_server_id VARCHAR NOT NULL, number INTEGER NOT NULL,
       run_id VARCHAR NOT NULL, body_digest VARCHAR NOT NULL, intent_at FLOAT NOT NULL, answered_at FLOAT, answer VARCHAR NOT NULL,
       http_status INTEGER, request_id VARCHAR NOT NULL, error_code VARCHAR NOT NULL, error_message TEXT NOT NULL,
       task_id VARCHAR NOT NULL, PRIMARY KEY (account, source_server_id, number))""",
    """CREATE TABLE outcome (run_id VARCHAR NOT NULL, position INTEGER NOT NULL, source_server_id VARCHAR NOT NULL,
       status VARCHAR NOT NULL, task_id VARCHAR NOT NULL, error_code VARCHAR NOT NULL, error_message TEXT NOT NULL,
       attempts INTEGER NOT NULL, decided_at FLOAT NOT NULL, PRIMARY KEY (run_id, position))""",
    """CREATE TABLE pace (account VARCHAR NOT NULL, kind VARCHAR NOT NULL, window_limit INTEGER, window_seconds FLOAT,
       seen_at FLOAT, reserved_until FLOAT, PRIMARY KEY (account, kind))""",
    "INSERT INTO meta VALUES ('schema_version', '1')",
    """INSERT INTO "row" VALUES ('account-1', 'src-1', 'sending', '', 1, 'run-1', 'run-1', false, 'd', 'web-01', 'vm-1', 'web', '',
       '["t-0"]', '', '', 1000.0, NULL, NULL, NULL)""",
    """INSERT INTO attempt VALUES ('account-1', 'src-1', 1, 'run-1', 'd', 1000.0, NULL, '', NULL, '', '', '', '')""",
    "INSERT INTO pace VALUES ('account-1', 'creates', 200, 300.0, 4000000000.0, NULL)",
)


def shape(connection: Connection) -> dict[str, set[str]]:
    """The tables and their columns."""
    found = inspect(connection)
    return {table: {column["name"] for column in found.get_columns(table)} for table in found.get_table_names()}


async def test_a_journal_of_version_1_is_brought_to_this_version(place: Place) -> None:
    """A row in flight is in flight still, and what is there afterwards has the shape of a fresh journal."""
    for statement in VERSION_1:
        await place.ask(statement)
    async with open_journal(place.url, SystemClock(), print) as journal:
        row = (await journal.rows("account-1"))["src-1"]
        [attempt] = await journal.attempts("account-1", "src-1")
        windows = await journal.known_windows("account-1")
    assert (row.state, row.target.vm_id, row.prior_task_ids) == (RowState.SENDING, "vm-1", ("t-0",))
    assert (attempt.start.intent_at, attempt.end) == (1000.0, None)
    assert windows == {"creates": ThrottleWindow(200, 300.0)}
    assert await place.ask("SELECT value FROM meta") == [(str(schema.VERSION),)]
    database = open_database(place.url, SystemClock(), print)
    there = await database.transact(shape)
    await database.close()
    assert there == {table.name: {column.name for column in table.columns} for table in schema.metadata.sorted_tables}
