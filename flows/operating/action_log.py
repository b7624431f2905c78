"""Keep actions in the journal: the intent before anything is sent, what came back, the verdict; and read them again.

Functions of a connection, to be run by `journal.transact` or `journal.read`; each is safe to run twice. An intent is written only
under the lease on its source, read in the same transaction: a run that others had to take for dead writes none (design 5.7).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from flows.operating.action_records import Action, action_of, columns_of
from flows.operating.operations import Operation
from flows.submission import schema
from flows.submission.group_commit import LeaseLostError
from flows.submission.leases import LeaseKind
from flows.submission.records import MADE
from inventory.outcomes import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from flows.operating.action_records import ActionKey
    from flows.operating.evidence import Verdict
    from flows.operating.orders import ServerResult
    from flows.submission.leases import Key

_ASKED_AT_ONCE = 500
_ACTION = schema.action
_BEGINNERS = tuple(operation.value for operation in Operation if operation.begins_copying)


def write_intent(connection: Connection, action: Action, holder_id: str, more_keys: Iterable[Key] = ()) -> None:
    """Make an intent durable. Raises LeaseLostError where the holder has not the lease on the source, and those on `more_keys`."""
    account = action.key.account
    for kind, key in ((LeaseKind.SOURCE, action.source_server_id), *more_keys):
        lease = schema.lease.c
        held = select(lease.holder_id).where(lease.account == account, lease.kind == kind.value, lease.key == key)
        if connection.execute(held).scalar() != holder_id:
            raise LeaseLostError
    there = connection.execute(select(_ACTION.c.run_id, _ACTION.c.intent_at).where(_is(action.key))).first()
    if there is None:
        connection.execute(insert(_ACTION), [columns_of(action)])
    elif (there.run_id, there.intent_at) != (action.run_id, action.intent_at):
        raise LeaseLostError  # another run has acted on the task since this one looked


def write_end(connection: Connection, action: Action) -> None:
    """Note what came back, or what a look has settled. A verdict that another run has come to meanwhile gives way to an answer."""
    values = columns_of(action)
    changed = {name: values[name] for name in ("answered_at", "answer", "http_status", "request_id", "error_code", "error_message")}
    if action.verdict is not None:
        changed |= {"verdict": values["verdict"], "settled_at": values["settled_at"]}
    connection.execute(update(_ACTION).where(_is(action.key)).values(**changed))


def settle(connection: Connection, key: ActionKey, verdict: Verdict, at: float) -> None:
    """Note what a look has shown of an action that was in doubt."""
    open_one = update(_ACTION).where(_is(key), _ACTION.c.verdict == "")
    connection.execute(open_one.values(verdict=verdict.value, settled_at=at))


def of_task(connection: Connection, account: str, task_id: str) -> list[Action]:
    """All that was done to a task, or may have been, in its order."""
    chosen = select(_ACTION).where(_ACTION.c.account == account, _ACTION.c.task_id == task_id)
    return [action_of(dict(row)) for row in connection.execute(chosen.order_by(_ACTION.c.number)).mappings()]


def of_sources(connection: Connection, account: str, sources: Collection[str]) -> Mapping[str, Sequence[Action]]:
    """The actions on the tasks of each source, in the order of their intents."""
    found: defaultdict[str, list[Action]] = defaultdict(list)
    wanted = set(sources)
    chosen = select(_ACTION).where(_ACTION.c.account == account)
    if len(wanted) <= _ASKED_AT_ONCE:
        chosen = chosen.where(_ACTION.c.source_server_id.in_(wanted))
    for row in connection.execute(chosen.order_by(_ACTION.c.intent_at, _ACTION.c.number)).mappings():
        if row["source_server_id"] in wanted:
            found[row["source_server_id"]].append(action_of(dict(row)))
    return found


def begun_since(connection: Connection, account: str, *, open_since: float, done_since: float) -> Mapping[str, str]:
    """The tasks that somebody has started a moment ago, or may have, and the state of each before that.

    A listing may not show it yet: they count as running until it shows another state. What is in doubt counts from its intent on,
    what was performed from its answer (seconds since 1970).
    """
    columns = _ACTION.c
    in_doubt = (columns.verdict == "") & (columns.intent_at >= open_since)
    is_done = (columns.verdict == "done") & (columns.settled_at >= done_since)
    chosen = select(columns.task_id, columns.state_before).where(columns.account == account, columns.operation.in_(_BEGINNERS))
    return {row.task_id: row.state_before for row in connection.execute(chosen.where(in_doubt | is_done).order_by(columns.number))}


def standing(connection: Connection, account: str) -> tuple[Counter[str], set[str]]:
    """How often each task was restarted without anybody's order, and the tasks of which an action is in doubt."""
    columns = _ACTION.c
    restarts = select(columns.task_id, columns.detail).where(
        columns.account == account, columns.operation == Operation.RESTART.value, columns.verdict.in_(("", "done"))
    )
    counted = Counter(row.task_id for row in connection.execute(restarts) if json.loads(row.detail or "{}").get("automatic"))
    in_doubt = select(columns.task_id).where(columns.account == account, columns.verdict == "")
    return counted, set(connection.execute(in_doubt).scalars())


def made_here(connection: Connection, account: str, task_ids: Collection[str]) -> set[str]:
    """Those of the tasks of which the journal says that this tool made them: no other is ever deleted."""
    wanted = list(task_ids)
    made: set[str] = set()
    attempt, outcome, run = schema.attempt.c, schema.outcome.c, schema.run.c
    for first in range(0, len(wanted), _ASKED_AT_ONCE):
        some = wanted[first : first + _ASKED_AT_ONCE]
        answered = select(attempt.task_id).where(attempt.account == account, attempt.answer == MADE, attempt.task_id.in_(some))
        adopted = select(outcome.task_id).join(schema.run, run.run_id == outcome.run_id)
        adopted = adopted.where(run.account == account, outcome.status == Status.CREATED.value, outcome.task_id.in_(some))
        made.update(connection.execute(answered).scalars(), connection.execute(adopted).scalars())
    return made


def write_results(connection: Connection, run_id: str, results: Sequence[ServerResult], at: float) -> None:
    """Keep what an order came to for each row, where a submission keeps its outcomes."""
    table = schema.outcome
    positions = [result.row.position for result in results]
    for first in range(0, len(positions), _ASKED_AT_ONCE):
        some = positions[first : first + _ASKED_AT_ONCE]
        connection.execute(delete(table).where(table.c.run_id == run_id, table.c.position.in_(some)))
    rows = [
        {
            "run_id": run_id,
            "position": result.row.position,
            "source_server_id": result.source_server_id,
            "status": result.ended.value,
            "task_id": result.task_id,
            "error_code": result.code,
            "error_message": result.message,
            "attempts": result.sent,
            "decided_at": at,
        }
        for result in results
    ]
    if rows:
        connection.execute(insert(table), rows)


def _is(key: ActionKey) -> ColumnElement[bool]:
    columns = _ACTION.c
    return (columns.account == key.account) & (columns.task_id == key.task_id) & (columns.number == key.number)
