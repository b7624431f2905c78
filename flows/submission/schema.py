"""The journal's tables, their version, and the way from an older version to this one.

Only shapes; `journal.py` says what is written of creates and when, `flows.tracking`, `flows.operating` and `flows.night` what is of
tasks that are made. Times are seconds since 1970, UTC, but for those of leases and reservations, which are lease time
(lease_clock.py). One journal serves many plans and many accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Boolean, Column, Connection, Float, Index, Integer, MetaData, String, Table, Text, inspect, select, text

VERSION = 3

metadata = MetaData()

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

run = Table(
    "run",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("wave", String, nullable=False),
    Column("plan_name", String, nullable=False),
    Column("plan_sha256", String, nullable=False),
    Column("author", String, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("ending", String, nullable=False, default=""),
    Column("kind", String, nullable=False, server_default="submit"),
)

row = Table(
    "row",
    metadata,
    Column("account", String, primary_key=True),
    Column("source_server_id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("task_id", String, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("run_id", String, nullable=False),
    Column("doubt_run_id", String, nullable=False, default=""),
    Column("bound_elsewhere", Boolean, nullable=False, default=False),
    Column("body_digest", String, nullable=False, default=""),
    Column("task_name", String, nullable=False, default=""),
    Column("target_vm_id", String, nullable=False, default=""),
    Column("target_name", String, nullable=False, default=""),
    Column("vm_template_id", String, nullable=False, default=""),
    Column("prior_task_ids", Text, nullable=False, default=""),
    Column("error_code", String, nullable=False, default=""),
    Column("error_message", Text, nullable=False, default=""),
    Column("updated_at", Float, nullable=False),
)
Index("row_by_target", row.c.account, row.c.target_vm_id)

holder = Table(
    "holder",
    metadata,
    Column("holder_id", String, primary_key=True),
    Column("run_id", String, nullable=False),
    Column("alive_until", Float, nullable=False),
    Column("ttl_seconds", Float, nullable=False),
    Column("clock", String, nullable=False),
    Column("last_group", Integer, nullable=False, default=0),
)

lease = Table(
    "lease",
    metadata,
    Column("account", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("holder_id", String, nullable=False),
    sqlite_with_rowid=False,
)

attempt = Table(
    "attempt",
    metadata,
    Column("account", String, primary_key=True),
    Column("source_server_id", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("run_id", String, nullable=False),
    Column("body_digest", String, nullable=False),
    Column("intent_at", Float, nullable=False),
    Column("answered_at", Float),
    Column("answer", String, nullable=False, default=""),
    Column("http_status", Integer),
    Column("request_id", String, nullable=False, default=""),
    Column("error_code", String, nullable=False, default=""),
    Column("error_message", Text, nullable=False, default=""),
    Column("task_id", String, nullable=False, default=""),
)

outcome = Table(
    "outcome",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("source_server_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("task_id", String, nullable=False),
    Column("error_code", String, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("decided_at", Float, nullable=False),
)

pace = Table(
    "pace",
    metadata,
    Column("account", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("window_limit", Integer),
    Column("window_seconds", Float),
    Column("seen_at", Float),
    Column("reserved_until", Float),
    Column("clock", String),
    Column("holder", String),
    Column("alone_from", Float),
    Column("lateness", Float),
    Column("window_log", Text),
)

action = Table(
    "action",
    metadata,
    Column("account", String, primary_key=True),
    Column("task_id", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("source_server_id", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("state_before", String, nullable=False),
    Column("intent_at", Float, nullable=False),
    Column("answered_at", Float),
    Column("answer", String, nullable=False, default=""),
    Column("http_status", Integer),
    Column("request_id", String, nullable=False, default=""),
    Column("error_code", String, nullable=False, default=""),
    Column("error_message", Text, nullable=False, default=""),
    Column("verdict", String, nullable=False, default=""),
    Column("settled_at", Float),
)
"""One operation on a task: durable before it is sent. `verdict` is empty while nobody knows whether SMS performed it."""

sight = Table(
    "sight",
    metadata,
    Column("account", String, primary_key=True),
    Column("task_id", String, primary_key=True),
    Column("source_server_id", String, nullable=False),
    Column("plan_name", String, nullable=False),
    Column("wave", String, nullable=False),
    Column("state", String, nullable=False),
    Column("progress", Float),
    Column("sub_task", String, nullable=False, default=""),
    Column("speed_mbps", Float),
    Column("bytes", Float),
    Column("due_mbps", Float),
    Column("is_syncing", Boolean, nullable=False, default=False),
    Column("started_at", Float),
    Column("copying_at", Float),
    Column("copied_at", Float),
    Column("finished_at", Float),
    Column("error_code", String, nullable=False, default=""),
    Column("error_message", Text, nullable=False, default=""),
    Column("is_gone", Boolean, nullable=False, default=False),
    Column("changed_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
)
"""What was last seen of a task, and when it began, copied, had copied, and ended. `due_mbps` is what the forecast's model gave it.

`speed_mbps` is that of the moment while a task copies, and the mean of its copy afterwards.
"""
Index("sight_by_wave", sight.c.account, sight.c.plan_name, sight.c.wave)

stage = Table(
    "stage",
    metadata,
    Column("account", String, primary_key=True),
    Column("plan_name", String, primary_key=True),
    Column("wave", String, primary_key=True),
    Column("stage", String, primary_key=True),
    Column("run_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("began_at", Float, nullable=False),
    Column("ended_at", Float),
)
"""How far a wave is on its path, stage by stage; `detail` is JSON."""

approval = Table(
    "approval",
    metadata,
    Column("account", String, primary_key=True),
    Column("plan_name", String, primary_key=True),
    Column("wave", String, primary_key=True),
    Column("gate", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("run_id", String, nullable=False),
    Column("criteria", Text, nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("closes_at", Float),
    Column("decision", String, nullable=False, default=""),
    Column("approver", String, nullable=False, default=""),
    Column("comment", Text, nullable=False, default=""),
    Column("decided_at", Float),
)
"""A gate at which somebody is asked, the figures (JSON) it was asked on, and who decided what; `decision` empty: still open."""

notice = Table(
    "notice",
    metadata,
    Column("account", String, primary_key=True),
    Column("plan_name", String, primary_key=True),
    Column("wave", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("said_at", Float, nullable=False),
)
"""What has been said to people, so that it is said once."""


class JournalTooNewError(Exception):
    """The journal was written by a later version of this tool, whose rules this one cannot know."""


Migration = Callable[[Connection], None]


def _to_leases(connection: Connection) -> None:
    """Version 1 had columns for leases that nobody used; version 2 has one row for each run that is alive, and one a lease.

    Its pace remembered windows alone; now runs reserve their slots there.
    """
    for column in ("lease_owner", "lease_until", "lease_clock"):
        connection.execute(text(f'ALTER TABLE "row" DROP COLUMN {column}'))
    connection.execute(text("DROP TABLE target"))
    metadata.create_all(connection, tables=[holder, lease])
    for added in (pace.c.clock, pace.c.holder, pace.c.alone_from, pace.c.lateness, pace.c.window_log):
        kind = added.type.compile(dialect=connection.dialect)
        connection.execute(text(f"ALTER TABLE pace ADD COLUMN {added.name} {kind}"))


def _to_night(connection: Connection) -> None:
    """Version 2 knew of creates alone; version 3 knows what became of the tasks, and what was done to them."""
    connection.execute(text("ALTER TABLE run ADD COLUMN kind VARCHAR NOT NULL DEFAULT 'submit'"))
    metadata.create_all(connection, tables=[action, sight, stage, approval, notice])


MIGRATIONS: Mapping[int, Migration] = {2: _to_leases, 3: _to_night}
"""Version -> what brings a journal of the version before it to that version. Each runs in the transaction that sets the version."""


def is_current(connection: Connection) -> bool:
    """Whether the database holds a journal of this version."""
    if not inspect(connection).has_table(meta.name):
        return False
    return connection.execute(select(meta.c.value).where(meta.c.key == "schema_version")).scalar() == str(VERSION)


def make_or_migrate(connection: Connection) -> None:
    """Bring the database to `VERSION`, inside the caller's transaction; a fresh one is made whole.

    Raises JournalTooNewError where the journal is of a later version; then nothing was changed.
    """
    if not inspect(connection).has_table(meta.name):
        metadata.create_all(connection)
        connection.execute(meta.insert().values(key="schema_version", value=str(VERSION)))
        return
    found = int(connection.execute(select(meta.c.value).where(meta.c.key == "schema_version")).scalar_one())
    if found > VERSION:
        message = f"the journal is of version {found}, this tool knows {VERSION}: update migration-waves"
        raise JournalTooNewError(message)
    for version in range(found + 1, VERSION + 1):
        MIGRATIONS[version](connection)
    if found != VERSION:
        connection.execute(meta.update().where(meta.c.key == "schema_version").values(value=str(VERSION)))
