"""The leases that one run holds: taken for rows, shared by its own rows, proven before a byte leaves, and let go of (design 5.7).

Between runs the journal keeps rows apart (leases.py). Within a run this does: two of its rows never work on one target at the same
time, and what two rows share is let go of when the second has ended. Called by intake.py and submitter.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.submission.journal import LeaseLostError
from flows.submission.leases import Granted, Held, LeaseRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.submission.clock import Clock
    from flows.submission.journal import Journal
    from flows.submission.leases import Key
    from flows.submission.records import RowRecord


@dataclass(frozen=True, slots=True)
class Grant:
    """What a row was given to work with: how it stands in the journal, and under which holder it may write.

    `neighbours` are the rows of other sources that hold its target, or may; `taken_at` is the moment of the grant (steady seconds):
    whatever another run sent for this row, it sent before.
    """

    request: LeaseRequest
    holder_id: str
    record: RowRecord | None
    neighbours: tuple[RowRecord, ...]
    taken_at: float
    keys: tuple[Key, ...]


class Leases:
    """The leases of one run. `deadline_seconds` is how long one request may last, and must be outlived by its lease."""

    def __init__(self, journal: Journal, clock: Clock, deadline_seconds: float) -> None:
        self._journal = journal
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._users: Counter[tuple[str, Key]] = Counter()
        self._unused: list[tuple[str, Key]] = []
        self._asking = 0
        self._targets: dict[str, str] = {}

    async def take(self, requests: Sequence[LeaseRequest]) -> list[Grant | Held]:
        """An answer for each request. Raises JournalUnavailableError, or LeaseLostError (then ask again)."""
        wanted = [self._is_first_for_its_target(request) for request in requests]
        asked = [request for request, is_first in zip(requests, wanted, strict=True) if is_first]
        self._asking += 1
        try:
            lease = await self._journal.lease(asked)
            answers = iter(lease.answers)
            return [
                self._granted(request, lease.holder_id, next(answers)) if is_first else Held("", None)
                for request, is_first in zip(requests, wanted, strict=True)
            ]
        except BaseException:
            for request in asked:
                self._targets.pop(request.target_vm_id, None)
            raise
        finally:
            self._asking -= 1
            self._give_back()

    def release(self, grant: Grant) -> None:
        """The row has ended: what no other row of this run uses goes back."""
        self._targets.pop(grant.request.target_vm_id, None)
        for key in grant.keys:
            held = grant.holder_id, key
            self._users[held] -= 1
            if self._users[held] <= 0:
                self._unused.append(held)
        self._give_back()

    def is_proven(self, grant: Grant) -> bool:
        """Whether the lease is certain to outlive a request that is sent now."""
        return self._journal.outlives(grant.holder_id, self._deadline_seconds)

    def is_held(self, grant: Grant) -> bool:
        """Whether the lease is certain to be this run's at this moment."""
        return self._journal.outlives(grant.holder_id, 0.0)

    async def prove(self, grant: Grant) -> None:
        """Return when the lease outlives a request that is sent now.

        Raises LeaseLostError where it was lost, JournalUnavailableError where it cannot be renewed.
        """
        while not self.is_proven(grant):
            await self._journal.renew()
            if not self.is_held(grant):
                raise LeaseLostError

    def _give_back(self) -> None:
        """Let go of what no row uses; not while a request is on its way, whose answer may give the very same to another row."""
        if self._asking:
            return
        for holder_id, key in dict.fromkeys(self._unused):
            if self._users[holder_id, key] <= 0:
                del self._users[holder_id, key]
                self._journal.release(holder_id, [key])
        self._unused.clear()

    def _is_first_for_its_target(self, request: LeaseRequest) -> bool:
        """Reserve the target within this run; one row at a time works on it."""
        target = request.target_vm_id
        return not target or self._targets.setdefault(target, request.source_server_id) == request.source_server_id

    def _granted(self, request: LeaseRequest, holder_id: str, answer: Granted | Held) -> Grant | Held:
        if isinstance(answer, Held):
            self._targets.pop(request.target_vm_id, None)
            return answer
        for key in answer.keys:
            self._users[holder_id, key] += 1
        return Grant(request, holder_id, answer.record, answer.neighbours, self._clock.steady(), answer.keys)
