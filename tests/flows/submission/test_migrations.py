"""A journal of an earlier version, in a file or on a server, becomes one of this version when it is opened, and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect

from flows.sms.errors import ThrottleWindow
from flows.submission import schema
from flows.submission.clock import SystemClock
from flows.submission.database import open_database
from flows.submission.journal import open_journal
from flows.submission.lease_clock import LeaseTime
from flows.submission.leases import Granted, LeaseRequest
from flows.submission.life import RowState
from flows.submission.pace_statements import Asked, reserve
from flows.submission.records import RunRecord

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


@pytest.fixture
async def old(place: Place) -> Place:
    """A place that holds a journal of version 1."""
    for statement in VERSION_1:
        await place.ask(statement)
    return place


async def test_a_journal_of_version_1_is_brought_to_this_version(old: Place) -> None:
    """A row in flight is in flight still, and what is there afterwards has the shape of a fresh journal."""
    async with open_journal(old.url, SystemClock(), print) as journal:
        row = (await journal.rows("account-1"))["src-1"]
        [attempt] = await journal.attempts("account-1", "src-1")
        windows = await journal.known_windows("account-1")
    assert (row.state, row.target.vm_id, row.prior_task_ids) == (RowState.SENDING, "vm-1", ("t-0",))
    assert (attempt.start.intent_at, attempt.end) == (1000.0, None)
    assert windows == {"creates": ThrottleWindow(200, 300.0)}
    assert await old.ask("SELECT value FROM meta") == [(str(schema.VERSION),)]
    database = open_database(old.url, SystemClock(), print)
    there = await database.transact(shape)
    await database.close()
    assert there == {table.name: {column.name for column in table.columns} for table in schema.metadata.sorted_tables}


async def test_a_row_of_version_1_is_leased_as_it_stood(old: Place) -> None:
    """What the run that died under the old version left in flight is there to be settled by the next one."""
    async with open_journal(old.url, SystemClock(), print) as journal:
        await journal.start_run(RunRecord("run-2", "account-1", "wave-1", "plan.xlsx", "", "me@here", 1000.0), 60.0, 10.0)
        [granted] = (await journal.lease([LeaseRequest("src-1", "vm-1")])).answers
    assert isinstance(granted, Granted)
    assert granted.record is not None
    assert (granted.record.state, granted.record.doubt_run_id) == (RowState.SENDING, "run-1")


async def test_the_pace_goes_by_a_window_of_version_1(old: Place) -> None:
    """No more slots are given away in it than its limit."""
    asked = Asked("account-1", "us", (), 300, wall=100.0)
    async with open_journal(old.url, SystemClock(), print) as journal:
        granted = await journal.transact(lambda connection: reserve(connection, asked, LeaseTime(7.0, "boot-1")))
    assert (granted.window, len(granted.slots)) == (ThrottleWindow(200, 300.0), 200)
