"""Tell people by the webhook of the settings what happens to a wave while it is run or followed; nothing waits for it.

What is to be told is noted by whoever sees it, and one task of its own sends it: a receiver that is slow, or away, delays no look
and no server. Called by night_job.py and by `waves track`.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from flows.programme.occasions import gate_occasion, occasions
from flows.programme.webhook import Notifier, Webhook
from flows.submission.journal import JournalUnavailableError, open_journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from flows.programme.occasions import Occasion
    from flows.settings import Settings
    from flows.submission.clock import Clock
    from flows.tracking.picture import Picture

_FINISH_SECONDS = 10.0
"""How long the last notifications have, once the night is over."""


class Teller:
    """What is to be told: the gates that opened, and the last picture, which has all that the ones before it had."""

    def __init__(self) -> None:
        self._gates: list[Occasion] = []
        self._picture: Picture | None = None
        self._is_new = asyncio.Event()
        self._is_over = False

    def picture(self, picture: Picture) -> None:
        """The wave as it was seen."""
        if not picture.problem:
            self._picture = picture
            self._is_new.set()

    def gate(self, wave: str, key: str, words: str) -> None:
        """A gate opened; `key` names the question."""
        self._gates.append(gate_occasion(wave, key, words))
        self._is_new.set()

    def finish(self) -> None:
        """Nothing more comes."""
        self._is_over = True
        self._is_new.set()

    async def send(self, notifier: Notifier) -> None:
        """Send what comes, until there is nothing more. Raises JournalUnavailableError."""
        while True:
            await self._is_new.wait()
            self._is_new.clear()
            picture, gates = self._picture, self._gates
            self._picture, self._gates = None, []
            await notifier.tell(gates)
            if picture is not None:
                await notifier.tell(occasions(picture))
            if self._is_over and not self._is_new.is_set():
                return


@asynccontextmanager
async def telling(settings: Settings, plan_name: str, clock: Clock, remark: Callable[[str], None]) -> AsyncIterator[Teller | None]:
    """Somebody to tell things to, who sends them to the webhook; None where the settings name none."""
    url = settings.webhook.get_secret_value()
    if not url:
        yield None
        return
    teller = Teller()
    sending = asyncio.create_task(_send(teller, url, settings, plan_name, clock, remark))
    try:
        yield teller
    finally:
        teller.finish()
        await asyncio.wait([sending], timeout=_FINISH_SECONDS)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


async def _send(teller: Teller, url: str, settings: Settings, plan_name: str, clock: Clock, remark: Callable[[str], None]) -> None:
    try:
        async with open_journal(settings.journal_url, clock, remark) as journal, Webhook(url, clock.sleep) as webhook:
            await teller.send(Notifier(webhook, journal, clock, settings.account, plan_name, remark))
    except JournalUnavailableError as error:
        remark(f"warning: nobody is told any more: {settings.journal_problem(error)}")
