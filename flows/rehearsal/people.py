"""The people of a rehearsal: who approves at a gate after a while, and who types a command again when it left something undone.

Decides how long they take, by a seeded Random. An approver looks at the figures: criteria that are not met take longer, and servers
that failed beyond the failure budget are not approved. Called by wave_night.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.night import approvals
from flows.night.approvals import Ballot, DecidedError, Decision

if TYPE_CHECKING:
    from random import Random

    from flows.night.approvals import Approval
    from flows.rehearsal.clock import RehearsalClock
    from flows.rehearsal.poll_clock import News
    from flows.submission.journal import Journal
    from flows.submission.wave_key import WaveKey

APPROVER = "the approver of the rehearsal"
AGAIN_SECONDS = 300.0
"""How long it takes somebody to read a report and to type its command again."""
MOST_RUNS = 4
"""So often somebody tries before the rest is left for the day."""
_MEDIAN_SECONDS = 900.0
_SPREAD = 0.7
"""Of the logarithm: nine of ten are there within 37 minutes, one of a hundred takes longer than an hour and a quarter."""
_LONGER = 2.0
_DECISIVE = "failed"
"""The criterion that an approver does not wave through (flows.night.criteria)."""


@dataclass(frozen=True, slots=True)
class Approver:
    """Whoever is asked at the gates of a wave."""

    random: Random
    clock: RehearsalClock
    news: News

    async def decide(self, journal: Journal, wave: WaveKey, asked: Approval) -> Approval:
        """Take a while, look at the figures, and decide; what was decided, which another, or the clock, may have done before."""
        seconds = self.random.lognormvariate(0.0, _SPREAD) * _MEDIAN_SECONDS
        unmet = [each for each in asked.criteria if each.holds is False]
        await self.clock.sleep(seconds * (_LONGER if unmet else 1.0))
        refusal = next((each for each in unmet if each.name == _DECISIVE), None)
        ballot = Ballot(
            Decision.APPROVED if refusal is None else Decision.NOT_APPROVED,
            APPROVER,
            "" if not unmet else "; ".join(each.line() for each in unmet),
        )
        now = self.clock.wall()
        try:
            decided = await journal.transact(lambda connection: approvals.decide(connection, wave, asked.gate, ballot, now))
        except DecidedError as error:
            decided = error.approval
        self.news.happen()
        return decided
