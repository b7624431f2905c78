"""Compare two plans and tell what the journal makes of it, for `waves diff`; it sends nothing, and asks nobody but the journal.

Decides which account's journal counts, and the exit code, which is that of `diff`. A journal that is not there, or cannot be read,
is said, and the sheets are compared all the same.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.diff_view import as_json, show
from flows.cli.exits import Exit
from inventory.catalogue import PlanError
from inventory.plan import read_plan
from inventory.plan_diff import diff_plans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from flows.cli.diff_sent import Sent
    from flows.settings import Settings
    from inventory.plan import Plan
    from inventory.plan_diff import PlanDiff

_SAME, _DIFFERENT = Exit.DONE, Exit.NOT_DONE


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves diff`, as typed."""

    old: Path
    new: Path
    wave: str | None
    is_json: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """Two plans, what differs, and what it means for rows that were sent.

    `note` is why nothing is known of that, or "".
    """

    old: Plan
    new: Plan
    wave: str | None
    diff: PlanDiff
    sent: Sequence[Sent] = ()
    account: str = ""
    note: str = ""


class _NoJournalError(Exception):
    """Why nothing is known of what was sent; its text is one line."""


def main(call: Call) -> int:
    """Compare and show; the exit code: 0 same, 1 different, 2 a plan that cannot be read."""
    try:
        compared = compare(call)
    except PlanError as error:
        output.error(str(error))
        if call.is_json:
            output.write_json({"old": call.old.name, "new": call.new.name, "error": str(error)})
        return Exit.WRONG
    if call.is_json:
        output.write_json(as_json(compared))
    else:
        show(compared, sys.stdout)
    if compared.note:
        output.say(output.Word.NOTE, compared.note)
    return _SAME if compared.diff.is_same else _DIFFERENT


def compare(call: Call) -> Compared:
    """Read both, and the journal if there are differences. Raises PlanError: no plan, or no such wave in either."""
    old, new = read_plan(call.old), read_plan(call.new)
    if call.wave is not None and call.wave not in old.waves and call.wave not in new.waves:
        waves = ", ".join(dict.fromkeys([*old.waves, *new.waves])) or "none"
        raise PlanError(f"neither plan has a wave {call.wave}", f"name one of {waves}")
    diff = diff_plans(old, new, call.wave)
    if diff.is_same:
        return Compared(old, new, call.wave, diff)
    try:
        account, sent = asyncio.run(_read_journal(old, new, diff))
    except _NoJournalError as error:
        return Compared(old, new, call.wave, diff, note=str(error))
    return Compared(old, new, call.wave, diff, sent, account)


async def _read_journal(old: Plan, new: Plan, diff: PlanDiff) -> tuple[str, Sequence[Sent]]:
    """The account whose journal was read, and what it says of the rows that differ. Raises _NoJournalError."""
    from flows.cli.diff_sent import tell_sent
    from flows.settings import SettingsError, load_settings
    from flows.submission import history
    from flows.submission.clock import SystemClock
    from flows.submission.journal import JournalUnavailableError

    try:
        settings = load_settings(credentials=False)
    except SettingsError as error:
        raise _NoJournalError(str(error)) from error
    _check_journal(settings)

    def ask(connection: Connection) -> tuple[str, Sequence[Sent]]:
        account = _account(settings, history.accounts(connection))
        records = history.records(connection, account)
        placed = [history.placed(connection, account, plan.sha256) for plan in (old, new)]
        return account, tell_sent(diff, old, new, records, placed[0], placed[1])

    try:
        say = lambda text: output.say(output.Word.NOTE, text)  # noqa: E731 - one line, used once
        return await history.read_history(settings.journal_url, SystemClock(), say, ask)
    except JournalUnavailableError as error:
        raise _NoJournalError(f"{settings.journal_problem(error)}: only the sheets were compared") from error


def _check_journal(settings: Settings) -> None:
    """A journal is not made by asking it."""
    scheme, _, place = settings.journal_url.partition("://")
    if scheme.startswith("sqlite") and not Path(place[1:].partition("?")[0]).expanduser().exists():
        raise _NoJournalError(
            f"there is no journal at {settings.journal_shown}: only the sheets were compared, nothing is known of what was sent"
        )


def _account(settings: Settings, known: Sequence[str]) -> str:
    """Whose rows were sent: what the settings name, else the only account that the journal knows."""
    if settings.endpoint:
        return settings.account
    if len(known) > 1:
        names = ", ".join(known)
        raise _NoJournalError(
            f"the journal knows {len(known)} accounts, {names}: only the sheets were compared; set SMS_ENDPOINT and SMS_PROJECT_ID"
        )
    return known[0] if known else ""
