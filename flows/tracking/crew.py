"""Who belongs to a wave, and which task is whose: each row's source server, and the task that the journal has for it.

A row that names its source by name or address is resolved as the submission did; where no run has, SMS is asked once. Called by
tracker.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from flows.submission import history, schema
from flows.submission.identify import SourceDirectory, Unidentified
from flows.tracking.standing import GONE, NO_TASK, Standing, standing_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from flows.sms.client import SmsClient
    from flows.sms.task_sight import TaskSight
    from flows.submission.journal import Journal
    from flows.tracking.look import Look
    from flows.tracking.picture import ServerView
    from flows.tracking.trace import Trace
    from inventory.plan import Plan, ServerRow

_ALL = 100.0


@dataclass(slots=True)
class Member:
    """One server of the wave while it is followed; changes at each look.

    `task_id` is the journal's, "" where it has none; `sight` is what was last seen of its task, or of another's task of its source.
    `has_synced`: a round of changes has come to its end since it is in sync; the next round does not take that back.
    `is_shown` is false for a server of the wave that is only there because it shares the line with those who are followed.
    """

    row: ServerRow
    source_server_id: str
    is_shown: bool = True
    task_id: str = ""
    problem: str = ""
    bytes: float | None = None
    cap_mbps: float = float("inf")
    sight: TaskSight | None = None
    trace: Trace | None = None
    missed: int = 0
    has_synced: bool = False
    expected_end: float | None = None
    ends_at: float | None = None
    view: ServerView | None = None

    @property
    def state(self) -> str:
        """SMS's word, or what stands in its place."""
        if self.trace is None:
            return NO_TASK
        return GONE if self.trace.standing is Standing.GONE else self.trace.state

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        return standing_of(self.state, starts_itself=self.row.flag("auto_start") is True)

    @property
    def copy_progress(self) -> float:
        """How much of its disks is copied, 0-100."""
        return (self.sight.copy_progress if self.sight else None) or 0.0

    def note_round(self, sight: TaskSight) -> None:
        """Take in how far its round of changes is; call it before `sight` is kept. A round that begins anew has ended before."""
        if sight.state != "SYNCING":
            self.has_synced = False
            return
        was = self.sight.sync_progress if self.sight is not None and self.sight.state == "SYNCING" else None
        now = sight.sync_progress
        self.has_synced = self.has_synced or (now is not None and (now >= _ALL or (was is not None and now < was)))

    def find(self, seen: Look) -> TaskSight | None:
        """Its task in a look: the one of the journal, else the newest that its source has."""
        if self.task_id:
            return seen.tasks.get(self.task_id)
        of_source = seen.of_source(self.source_server_id) if self.source_server_id else []
        return of_source[0] if of_source else None


async def muster(plan: Plan, wave: str, shown: Collection[int], account: str, client: SmsClient, journal: Journal) -> list[Member]:
    """The servers of a wave that are not skipped; those at the positions `shown` are to be told of.

    Raises JournalUnavailableError, and an SmsError where SMS has to be asked who is meant and cannot be.
    """
    rows = [row for row in plan.rows(wave) if not row.skip]
    placed = await journal.read(lambda connection: history.placed(connection, account, plan.sha256))
    members = [Member(row, row.source_server_id or placed.get(row.position, ""), row.position in shown) for row in rows]
    nameless = [member for member in members if not member.source_server_id]
    if nameless:
        directory = SourceDirectory(await client.list_sources())
        for member in nameless:
            found = directory.identify(member.row)
            if isinstance(found, Unidentified):
                member.problem = f"{found.message}: {found.advice}"
            else:
                member.source_server_id = found
    await assign(members, account, journal)
    return members


async def assign(members: Sequence[Member], account: str, journal: Journal) -> None:
    """Note the tasks that the journal has by now. Raises JournalUnavailableError."""
    known = await journal.read(lambda connection: _task_ids(connection, account))
    for member in members:
        task_id = known.get(member.source_server_id, "")
        if task_id and task_id != member.task_id:
            member.task_id, member.trace, member.sight, member.missed, member.has_synced = task_id, None, None, 0, False


def _task_ids(connection: Connection, account: str) -> Mapping[str, str]:
    row = schema.row.c
    found = connection.execute(select(row.source_server_id, row.task_id).where(row.account == account, row.task_id != ""))
    return {source: task_id for source, task_id in found}  # noqa: C416 - rows of a result, not pairs
