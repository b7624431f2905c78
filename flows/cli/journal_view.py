"""What `waves journal` shows: plain lines in a pipe, tables on a terminal, one object with `--json`; times in the local zone.

Decides no words of a decision: submission/decisions.py has them. Called by journal_command.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from flows.cli import output
from flows.cli.journal_actions import action_as_json, action_line
from flows.submission.decisions import decisions, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.cli.journal_command import Told
    from flows.cli.journal_rows import Meant
    from flows.submission.decisions import Decision
    from flows.submission.history import OutcomeStory, RowStory, RunStory
    from flows.submission.records import AttemptRecord

_DIGEST_SHOWN = 12
_NO_RULE = ("finished", "interrupted")
_COLUMNS = ("#", "sent", "answer", "decision")


def _moment(seconds: float) -> str:
    """A time of the journal, as people here read it: local, with its offset, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(sep=" ", timespec="milliseconds")


def show(told: Told, stream: TextIO) -> None:
    """The whole history: account, runs, then each row with its attempts."""
    if output.is_terminal(stream):
        _draw(told, stream)
    else:
        output.write("\n".join(_lines(told)))


def as_json(told: Told) -> dict[str, Any]:
    """The one object of `waves journal --json`; times are ISO 8601 with their offset, null where there is none."""
    return {
        "plan": told.plan,
        "wave": told.wave,
        "journal": told.journal,
        "account": told.account,
        "accounts": list(told.accounts),
        "runs": [_run_as_json(run) for run in told.runs],
        "rows": [
            {
                **_row_as_json(one, told.stories.get(one.source_server_id)),
                "actions": [action_as_json(action, _iso) for action in told.actions.get(one.source_server_id, ())],
            }
            for one in told.rows
        ],
    }


def _run_as_json(run: RunStory) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "kind": run.kind,
        "wave": run.wave,
        "plan": run.plan_name,
        "author": run.author,
        "started_at": _iso(run.started_at),
        "ended_at": _iso(run.ended_at),
        "ending": run.ending,
        "is_alive": run.is_alive,
        "counts": dict(run.counts),
    }


def _row_as_json(one: Meant, story: RowStory | None) -> dict[str, Any]:
    record = story.record if story else None
    attempts = zip(story.attempts, decisions(story), strict=True) if story else ()
    return {
        "row": _place(one),
        "source_server_id": one.source_server_id,
        "server": one.row.label if one.row else "",
        "recognised": one.how,
        "state": record.state.value if record else "",
        "standing": standing(record),
        "held_by": story.held_by if story else "",
        "since": _iso(story.updated_at) if story else None,
        "task_id": record.task_id if record else "",
        "task_name": record.task_name if record else "",
        "target": str(record.target) if record and record.attempts else "",
        "error_code": record.error_code if record else "",
        "error_message": record.error_message if record else "",
        "attempts": [_attempt_as_json(attempt, decision) for attempt, decision in attempts],
        "outcomes": [_outcome_as_json(outcome) for outcome in story.outcomes] if story else [],
    }


def _attempt_as_json(attempt: AttemptRecord, decision: Decision) -> dict[str, Any]:
    start, end = attempt.start, attempt.end
    return {
        "number": start.number,
        "run_id": start.run_id,
        "intent_at": _iso(start.intent_at),
        "answered_at": _iso(end.answered_at) if end else None,
        "body_digest": start.body_digest,
        "answer": end.answer if end else "",
        "http_status": end.http_status if end else None,
        "request_id": end.request_id if end else "",
        "error_code": end.error_code if end else "",
        "error_message": end.error_message if end else "",
        "task_id": end.task_id if end else "",
        "decision": decision.decided,
        "reason": decision.reason,
        "result": decision.result,
    }


def _outcome_as_json(outcome: OutcomeStory) -> dict[str, Any]:
    return {
        "run_id": outcome.run_id,
        "status": outcome.status,
        "task_id": outcome.task_id,
        "error_code": outcome.error_code,
        "error_message": outcome.error_message,
        "decided_at": _iso(outcome.decided_at),
    }


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else _moment(seconds).replace(" ", "T")


def _lines(told: Told) -> Iterator[str]:
    """One line for the journal, each run, and each row; indented below a row its attempts and what each run said of it."""
    yield output.one_line(f"journal {told.journal}  account {told.account or 'none yet'}")
    yield from (output.one_line(_run_line(run)) for run in told.runs)
    for one in told.rows:
        story = told.stories.get(one.source_server_id)
        yield output.one_line(_heading(one, story))
        lines = [*_story_lines(story)] if story else []
        lines += [action_line(action, _moment) for action in told.actions.get(one.source_server_id, ())]
        yield from (f"  {output.one_line(line)}" for line in lines)


def _story_lines(story: RowStory) -> Iterator[str]:
    for attempt, decision in zip(story.attempts, decisions(story), strict=True):
        start = attempt.start
        asked = f"attempt {start.number}  {_moment(start.intent_at)}  run {start.run_id}  body {start.body_digest[:_DIGEST_SHOWN]}"
        yield f"{asked}  request {_request_id(attempt) or 'unknown'}  {_answer_of(attempt)}  -> {_decision_line(decision)}"
    for outcome in story.outcomes:
        yield f"outcome  {_moment(outcome.decided_at)}  run {outcome.run_id}  {_outcome_line(outcome)}"


def _heading(one: Meant, story: RowStory | None) -> str:
    """A row in one line: its cell, its server, where it stands, its task and its target."""
    record = story.record if story else None
    words = [_place(one), one.row.label if one.row else "", one.source_server_id, one.how and f"({one.how})"]
    state = f"{record.state.value}: {standing(record)}" if record else standing(None)
    words += [state if one.source_server_id else "", f"task {record.task_id}" if record and record.task_id else ""]
    if record and record.attempts:
        words.append(f"target {record.target}")
    if story and story.held_by:
        words.append(f"run {story.held_by} works on it")
    if record and record.error_code:
        words.append(f"{record.error_code} {record.error_message}".rstrip())
    return "  ".join(word for word in words if word)


def _answer_of(attempt: AttemptRecord) -> str:
    """What came back for an attempt."""
    end = attempt.end
    if end is None:
        return "no answer written down"
    status = f"HTTP {end.http_status}" if end.http_status is not None else "no HTTP answer"
    said = " ".join(word for word in (end.answer, end.task_id, end.error_code, end.error_message) if word)
    return f"{status}, {said}"


def _place(one: Meant) -> str:
    return str(one.row.cell("wave")) if one.row else ""


def _request_id(attempt: AttemptRecord) -> str:
    return attempt.end.request_id if attempt.end else ""


def _decision_line(decision: Decision) -> str:
    return f"{decision.decided}, because {decision.reason}" + (f": {decision.result}" if decision.result else "")


def _outcome_line(outcome: OutcomeStory) -> str:
    return " ".join(word for word in (outcome.status, outcome.task_id, outcome.error_code, outcome.error_message) if word)


def _run_line(run: RunStory) -> str:
    tally = ", ".join(f"{count} {status}" for status, count in run.counts.items())
    what = f"{run.wave} of {run.plan_name}" if run.kind == "submit" else f"{run.kind} {run.wave} of {run.plan_name}"
    line = f"run {run.run_id}  {_moment(run.started_at)}  {what}  by {run.author}  {_ended(run)}"
    return f"{line}: {tally}" if tally else line


def _ended(run: RunStory) -> str:
    """How a run ended; one that was killed is not known to be dead before its lease is over."""
    if run.ended_at is None:
        return "goes on, or died within its lease" if run.is_alive else "died"
    how = run.ending if run.ending in _NO_RULE else f"stopped ({run.ending})"
    return f"{how} {_moment(run.ended_at)}"


def _draw(told: Told, stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, no_color=not output.is_coloured(stream))
    console.print(Text(f"journal {told.journal}\naccount {told.account or 'none yet'}", "dim"))
    for run in told.runs:
        console.print(Text(_run_line(run), "dim"))
    for one in told.rows:
        story = told.stories.get(one.source_server_id)
        console.print(Text(f"\n{_heading(one, story)}", "bold"))
        if story and story.attempts:
            table = Table(*_COLUMNS, show_edge=False, pad_edge=False)
            for attempt, decision in zip(story.attempts, decisions(story), strict=True):
                table.add_row(*(Text(text, overflow="fold") for text in _cells(attempt, decision)))
            console.print(table)
        for outcome in story.outcomes if story else ():
            console.print(Text(f"{_moment(outcome.decided_at)}  run {outcome.run_id}  {_outcome_line(outcome)}"), soft_wrap=True)
        for action in told.actions.get(one.source_server_id, ()):
            console.print(Text(output.one_line(action_line(action, _moment))), soft_wrap=True)


def _cells(attempt: AttemptRecord, decision: Decision) -> tuple[str, ...]:
    start = attempt.start
    sent = (
        _moment(start.intent_at),
        f"run {start.run_id}",
        f"body {start.body_digest[:_DIGEST_SHOWN]}",
        f"request {_request_id(attempt) or 'unknown'}",
    )
    return (str(start.number), "\n".join(sent), _answer_of(attempt), _decision_line(decision))
