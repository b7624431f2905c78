"""Tell the history of a plan's rows from the journal, for `waves journal`; it sends nothing and asks nobody else.

Decides which rows and which account are meant, and the exit code. What the journal says is read in one transaction
(submission/history.py), so that rows and runs are of one moment.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli import output
from flows.cli.exits import Exit, exit_of_error
from flows.cli.journal_rows import Meant, meant
from flows.cli.journal_view import as_json, show
from flows.operating import action_log
from flows.settings import load_settings
from flows.submission import history
from flows.submission.clock import SystemClock
from flows.submission.journal import JournalUnavailableError
from flows.submission.lease_clock import lease_time
from flows.where import parse_where, rows_that_fit
from inventory.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from flows.operating.action_records import Action
    from flows.settings import Settings
    from flows.submission.history import RowStory, RunStory
    from inventory.plan import Plan, ServerRow


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves journal`, as typed."""

    plan: Path
    wave: str | None
    source: str | None
    where: tuple[str, ...]
    is_json: bool


class NothingToTellError(Exception):
    """The call names a row, a wave, a journal or an account that is not there; its text is one line."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the journal says of the rows that were asked for. `runs` are those that any of these rows had a part in.

    `actions` is what was done to the tasks of each source server, in the order in which it was intended.
    """

    plan: str
    wave: str
    journal: str
    account: str
    accounts: Sequence[str]
    rows: Sequence[Meant]
    stories: Mapping[str, RowStory]
    runs: Sequence[RunStory]
    actions: Mapping[str, Sequence[Action]]


def main(call: Call) -> int:
    """Read and show; the exit code."""
    try:
        told = asyncio.run(tell(call))
    except Exception as error:
        code = Exit.WRONG if isinstance(error, NothingToTellError) else exit_of_error(error)
        if code is None:
            raise
        output.error(str(error))
        if call.is_json:
            output.write_json({"plan": call.plan.name, "wave": call.wave or "", "error": str(error)})
        return code
    if call.is_json:
        output.write_json(as_json(told))
    else:
        show(told, sys.stdout)
    if told.account not in told.accounts and told.accounts:
        output.say(output.Word.WARNING, f"the journal has nothing of the account {told.account}; it has {_list(told.accounts)}")
    return Exit.DONE


async def tell(call: Call) -> Told:
    """What the journal says. Raises NothingToTellError, and the errors of plan, settings and journal."""
    where = parse_where(call.where)
    plan = read_plan(call.plan)
    rows = rows_that_fit(plan, _rows(plan, call.wave), where)
    settings = load_settings(credentials=False)
    _check_journal(settings)
    clock = SystemClock()

    def ask(connection: Connection) -> Told:
        known = history.accounts(connection)
        account = _account(settings, known)
        found = _chosen(call, plan, rows, connection, account)
        now = lease_time(connection, clock)
        stories = history.stories(connection, account, {one.source_server_id for one in found} - {""}, now)
        actions = action_log.of_sources(connection, account, stories)
        concerned = {run_id for story in stories.values() for run_id in story.run_ids}
        concerned |= {action.run_id for done in actions.values() for action in done}
        runs = [run for run in history.runs(connection, account, now) if run.run_id in concerned]
        return Told(plan.name, call.wave or "", settings.journal_shown, account, known, found, stories, runs, actions)

    try:
        return await history.read_history(settings.journal_url, clock, lambda text: output.say(output.Word.NOTE, text), ask)
    except JournalUnavailableError as error:
        raise JournalUnavailableError(settings.journal_problem(error)) from error


def _rows(plan: Plan, wave: str | None) -> Sequence[ServerRow]:
    if wave is None:
        return plan.servers
    if wave not in plan.waves:
        raise NothingToTellError(f"{plan.name} has no wave {wave}: its waves are {_list(plan.waves)}")
    return plan.rows(wave)


def _check_journal(settings: Settings) -> None:
    """A journal is not made by asking it: one that is not there yet has nothing to tell."""
    scheme, _, place = settings.journal_url.partition("://")
    if scheme.startswith("sqlite") and not Path(place[1:].partition("?")[0]).expanduser().exists():
        raise NothingToTellError(f"there is no journal at {settings.journal_shown}: nothing was sent yet, or set WAVES_JOURNAL")


def _account(settings: Settings, known: Sequence[str]) -> str:
    """Whose history is asked for: what the settings name, else the only account that the journal knows."""
    if settings.endpoint:
        return settings.account
    if len(known) == 1:
        return known[0]
    if not known:
        return ""
    raise NothingToTellError(f"the journal knows {len(known)} accounts, {_list(known)}: set SMS_ENDPOINT and SMS_PROJECT_ID to one")


def _chosen(call: Call, plan: Plan, rows: Sequence[ServerRow], connection: Connection, account: str) -> list[Meant]:
    """The rows that are meant, each with its source server; also one that only the journal knows, if it is asked for by its id."""
    known = history.records(connection, account)
    found = meant(rows, known, history.placed(connection, account, plan.sha256))
    if call.source is None:
        return found
    chosen = [one for one in found if call.source == one.source_server_id or (one.row and call.source == one.row.source_name)]
    if not chosen and call.source in known:
        return [Meant(None, call.source, f"not in {plan.name}" + (f", wave {call.wave}" if call.wave else ""))]
    if not chosen:
        raise NothingToTellError(f"neither {plan.name} nor the journal has a source server {call.source}")
    return chosen


def _list(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(names) or "none"
