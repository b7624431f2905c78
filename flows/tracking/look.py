"""One look at all tasks of an account: one paged listing, however many run, and a question by id for what it does not show.

Rows shift between pages, so that absence from a listing proves nothing: only SMS's own word on a task's page does. Called by
tracker.py, and by whoever has to know how tasks stand before and after it operates them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from flows.sms.client import SmsClient
    from flows.sms.task_sight import TaskSight
    from flows.submission.clock import Clock

MOST_ASKED = 40
"""So many tasks are asked for by id in one look; where more are missing, the listing is read again first."""

_READINGS = 3


@dataclass(frozen=True, slots=True)
class Look:
    """What one look showed. `at` is seconds since 1970, UTC; `tasks` are by id.

    `gone` are tasks that were wanted and that SMS says do not exist; `unseen` those that no listing showed and nobody could ask
    for this time: nothing is known of them.
    """

    at: float
    tasks: Mapping[str, TaskSight]
    gone: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    _by_source: dict[str, list[TaskSight]] = field(default_factory=dict, repr=False)

    def of_source(self, source_server_id: str) -> list[TaskSight]:
        """The tasks of a source server that are not on their way out, the newest first."""
        if not self._by_source:
            self._by_source.update(_by_source(self.tasks.values()))
        return self._by_source.get(source_server_id, [])


async def look(client: SmsClient, clock: Clock, wanted: Collection[str] = ()) -> Look:
    """See every task of the account; `wanted` are the ids of those that have to be there. Raises an SmsError."""
    seen: dict[str, TaskSight] = {}
    for _ in range(_READINGS):
        seen.update((task.id, task) for task in await client.list_sights())
        missing = [task_id for task_id in wanted if task_id not in seen]
        if len(missing) <= MOST_ASKED:
            break
    gone: set[str] = set()
    for task_id in missing[:MOST_ASKED]:
        task = await client.show_sight(task_id)
        if task is None:
            gone.add(task_id)
        else:
            seen[task_id] = task
    return Look(clock.wall(), seen, frozenset(gone), frozenset(missing[MOST_ASKED:]))


def _by_source(tasks: Iterable[TaskSight]) -> dict[str, list[TaskSight]]:
    found: dict[str, list[TaskSight]] = {}
    for task in tasks:
        if task.source_server_id and task.state != "DELETING":
            found.setdefault(task.source_server_id, []).append(task)
    for each in found.values():
        each.sort(key=lambda task: -(task.created_at or 0.0))
    return found
