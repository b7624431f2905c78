"""What the rows of one run share: client, journal, clock, pace, sending slots, what is known, and the wish to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flows.submission.events import StopReason
from flows.submission.gate import Gate, WaveRules
from flows.submission.holding import Leases
from flows.submission.sightings import KnownTasks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from flows.sms.client import SmsClient
    from flows.submission.clock import Clock
    from flows.submission.events import StopSignal, Watcher
    from flows.submission.journal import Journal
    from flows.submission.records import RowRecord
    from flows.submission.survey import WaveRequest
    from flows.submission.throttle import Throttle
    from inventory.findings import Finding


_RENEW_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """How one run is to go. Seconds are steady time; `concurrency` is how many requests to create may be on the wire at once.

    `deadline_seconds` is the longest that one request may last; a lease outlives it by `lease_slack_seconds`. The first `canaries`
    rows go alone. `sick_after` creates in a row that end in doubt make the run wait until SMS is well, for `sick_seconds` at most.
    """

    settle_seconds: float = 10.0
    deadline_seconds: float = 40.0
    lease_slack_seconds: float = 30.0
    concurrency: int = 32
    retry_rejected: bool = False
    recreate: bool = False
    grace_seconds: float = 1.8
    canaries: int = 0
    sick_after: int = 10
    sick_seconds: float = 300.0

    @property
    def lease_seconds(self) -> float:
        """How long after its last sign of life a run counts as dead."""
        return self.deadline_seconds + self.lease_slack_seconds

    @property
    def renew_seconds(self) -> float:
        """How often a silent run gives a sign of life: often enough that a request can always be sent."""
        return min(_RENEW_SECONDS, self.lease_slack_seconds / 3)

    @property
    def rows_under_way(self) -> int:
        """How many rows may be between intent and answer: enough that no slot waits for a commit."""
        return self.concurrency * 5

    @property
    def first_places(self) -> int:
        """How many rows are taken up at first: few, so that runs that share a small wave have a part in it each."""
        return self.concurrency * 6

    @property
    def most_places(self) -> int:
        """How many rows are taken up at a time once as many more have ended: enough that leases are asked for in large groups."""
        return self.concurrency * 10


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a row needs to be brought to its end; one a run.

    `known`, `findings`, `gate` and `stop` change while rows go through.
    """

    account: str
    run_id: str
    options: Options
    client: SmsClient
    journal: Journal
    leases: Leases
    clock: Clock
    random: Random
    throttle: Throttle
    watcher: Watcher
    stop: StopSignal
    gate: Gate
    known: KnownTasks
    records: Mapping[str, RowRecord]
    started: float
    under_way: asyncio.Semaphore
    slots: asyncio.Semaphore
    findings: list[Finding] = field(default_factory=list)

    @property
    def why_unsent(self) -> StopReason:
        """Why a row is left where it is: the run stops, or sends nothing new."""
        return self.stop.reason or self.gate.reason or StopReason.interrupted()

    @classmethod
    def open(
        cls,
        request: WaveRequest,
        *,
        client: SmsClient,
        journal: Journal,
        throttle: Throttle,
        clock: Clock,
        random: Random,
        watcher: Watcher,
        stop: StopSignal,
    ) -> Desk:
        """The desk of a run, or of a dry run, that begins now: what it works with, and nothing known yet."""
        options = request.options
        return cls(
            account=request.account,
            run_id=f"{random.getrandbits(64):016x}",
            options=options,
            client=client,
            journal=journal,
            leases=Leases(journal, clock, options.deadline_seconds),
            clock=clock,
            random=random,
            throttle=throttle,
            watcher=watcher,
            stop=stop,
            gate=Gate(WaveRules.of(request.plan.waves.get(request.wave)), options, clock, watcher, stop),
            known=KnownTasks(),
            records={},
            started=clock.steady(),
            under_way=asyncio.Semaphore(options.rows_under_way),
            slots=asyncio.Semaphore(options.concurrency),
        )

    def with_records(self, records: Mapping[str, RowRecord]) -> Desk:
        """The same desk, knowing what the journal holds of the account."""
        return replace(self, records=records)
