"""Say a thing once: what has been said is in the journal, so that neither the next poll nor the next process says it again.

Called by tracker.py, and by whoever else notifies people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite

from flows.submission import schema

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from flows.submission.journal import Journal

_MOST_AT_ONCE = 1_000

LATE, FAILED, GONE, DONE = "late", "failed", "gone", "done"
"""Kinds of notices; a key is a task's id, or "" for the wave itself."""


class Notices:
    """What was said of one wave of one plan and account."""

    def __init__(self, journal: Journal, account: str, plan_name: str, wave: str) -> None:
        self._journal = journal
        self._of = {"account": account, "plan_name": plan_name, "wave": wave}
        self._said: set[tuple[str, str]] = set()

    async def unsaid(self, kind: str, keys: Collection[str], at: float) -> list[str]:
        """Those of `keys` that nobody has said yet; they count as said from now on. Raises JournalUnavailableError."""
        asked = [key for key in dict.fromkeys(keys) if (kind, key) not in self._said]
        if not asked:
            return []
        rows = [{**self._of, "kind": kind, "key": key, "said_at": at} for key in asked]

        def write(connection: Connection) -> list[str]:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            new: list[str] = []
            for first in range(0, len(rows), _MOST_AT_ONCE):
                added = insert(schema.notice).values(rows[first : first + _MOST_AT_ONCE]).on_conflict_do_nothing()
                new += connection.execute(added.returning(schema.notice.c.key)).scalars()
            return new

        found = await self._journal.transact(write)
        self._said.update((kind, key) for key in asked)
        unsaid = set(found)
        return [key for key in asked if key in unsaid]
