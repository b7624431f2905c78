"""What SMS says of a task that is under way: its state, how far it is, how fast, how long still, and why it failed.

Built by hand from the answer's dict (facts 7.1), as models.py builds what the engine needs: 5,000 rows a poll have to cost next to
nothing. `state` alone decides what a task does; progress and speed are for people, since SMS has shown both wrong while it ran.
Made by client.py; read by `flows.tracking` and `flows.operating`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.sms.bodies import json_object
from flows.sms.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COPY, SYNC = "MIGRATE_", "SYNC_"
"""How the names of the sub-tasks begin that copy the disks, and that copy what changed meanwhile."""

_COPY_SHARE = 0.9
"""What the copy counts of a task's progress: the other sub-tasks take minutes, whatever the server's size."""

_SUCCESS = frozenset({"MIGRATE_SUCCESS", "SYNC_SUCCESS"})
_FULL = 100.0
_LONGEST_WORD = 64
_MILLISECONDS = 1000.0


@dataclass(slots=True, unsafe_hash=True)
class TaskSight:
    """A task as one listing or its own page shows it; texts are empty and numbers None where SMS says nothing. Treat as read-only.

    `progress` is that of the whole task and `copy_progress` that of the copy of its disks, both 0-100; `sync_progress` that of the
    last round of changes. `sub_task` is what it does now. Speed is Mbit/s; times are seconds since 1970, UTC. `connected` comes
    with the task's own page, or with the source where a listing shows it. `copied_at` is the end of the copy as SMS tells it.
    """

    id: str
    name: str = ""
    state: str = ""
    source_server_id: str = ""
    source_name: str = ""
    source_ip: str = ""
    source_state: str = ""
    connected: bool | None = None
    target_vm_id: str = ""
    syncing: bool | None = None
    speed_limit_mbps: int | None = None
    progress: float | None = None
    sub_task: str = ""
    copy_progress: float | None = None
    sync_progress: float | None = None
    speed_mbps: float | None = None
    remain_seconds: int | None = None
    error_code: str = ""
    error_message: str = ""
    created_at: float | None = None
    started_at: float | None = None
    copying_at: float | None = None
    copied_at: float | None = None
    finished_at: float | None = None

    @property
    def is_offline(self) -> bool:
        """Whether SMS has lost the agent on the source server."""
        return self.connected is False or self.source_state == "unavailable"


@dataclass(slots=True)
class _Steps:
    """What the sub-tasks of a task say together."""

    progress: float | None = None
    current: str = ""
    is_current_begun: bool = False
    copy: float | None = None
    sync: float | None = None
    started_at: float | None = None
    copying_at: float | None = None
    copied_at: float | None = None
    ended_at: float | None = None


def sight_of(row: object) -> TaskSight | None:
    """The task that one element of a listing, or a detail, describes; None for what has no id, and is no task therefore."""
    if not isinstance(row, dict) or not (task_id := _text(row.get("id"))):
        return None
    get = row.get
    state = _shown(_text(get("state")))
    source, target = _nested(get("source_server")), _nested(get("target_server"))
    steps = _steps(get("sub_tasks"), _shown(_text(get("subtask_info"))))
    error_code, error_message = _error(_text(get("error_json")))
    is_done = state in _SUCCESS
    # Between two rounds of changes nothing is done; what comes next waits for the cutover.
    is_idle = state == "SYNCING" and not steps.is_current_begun
    connected = get("connected", source.get("connected"))
    syncing, limit = get("syncing"), get("speed_limit")
    started_at = _moment(get("start_date")) or steps.started_at
    return TaskSight(
        task_id,
        _text(get("name")),
        state,
        _text(source.get("id")),
        _text(source.get("name")),
        _text(source.get("ip")),
        _shown(_text(source.get("state"))),
        connected if type(connected) is bool else None,
        _text(target.get("vm_id")),
        syncing if type(syncing) is bool else None,
        limit if type(limit) is int else None,
        _FULL if is_done else steps.progress,
        "" if is_done or is_idle else steps.current,
        steps.copy,
        steps.sync,
        _number(get("migrate_speed")),
        _seconds_left(get("remain_seconds")),
        error_code,
        error_message,
        _moment(get("create_date")),
        started_at,
        steps.copying_at,
        steps.copied_at,
        (_moment(get("finish_date")) or steps.ended_at) if is_done else None,
    )


def _steps(rows: object, info: str) -> _Steps:
    if not isinstance(rows, list) or not rows:
        name, _, share = info.rpartition("-")
        is_share = bool(name) and share.isascii() and share.isdigit() and len(share) <= len("100")
        return _Steps(_share(int(share)), name) if is_share else _Steps(None, info)
    return _read(rows)


def _read(rows: Sequence[object]) -> _Steps:
    found = _Steps()
    own, count = 0.0, 0
    for row in rows:
        if not isinstance(row, dict):
            continue
        name, share = _shown(_text(row.get("name"))), _share(row.get("progress"))
        began, ended = _moment(row.get("start_date")), _moment(row.get("end_date"))
        if began is not None and (found.started_at is None or began < found.started_at):
            found.started_at = began
        if ended is not None and (found.ended_at is None or ended > found.ended_at):
            found.ended_at = ended
        if not found.current and share < _FULL:
            found.current, found.is_current_begun = name, began is not None or share > 0
        if name.startswith(COPY):
            found.copy, found.copying_at, found.copied_at = share, began, ended if share >= _FULL else None
        elif name.startswith(SYNC):
            found.sync = share
        else:
            own, count = own + share, count + 1
    of_own = own / count if count else _FULL
    found.progress = of_own if found.copy is None else _COPY_SHARE * found.copy + (1 - _COPY_SHARE) * of_own
    return found


def _error(told: str) -> tuple[str, str]:
    """Code and message of `error_json`: JSON in a text, of a shape that no page tells; else the text itself."""
    if not told:
        return "", ""
    document: Mapping[str, Any] | None = json_object(told.encode("utf-8", "replace"))
    if document is None:
        return "", one_line(told)
    code = _word(document.get("error_code") or document.get("errorCode") or document.get("code"))
    message = document.get("error_msg") or document.get("errorMsg") or document.get("message") or document.get("error_param")
    said = ", ".join(map(_word, message)) if isinstance(message, list) else _word(message)
    return one_line(code, 64), one_line(said)


_NOTHING: Mapping[str, Any] = {}


def _nested(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def _text(value: object) -> str:
    return value if type(value) is str else ""


def _shown(text: str) -> str:
    """A word that goes to terminals and pages: foreign, therefore without anything invisible, and no longer than a word."""
    return text if len(text) <= _LONGEST_WORD and text.isprintable() else one_line(text, _LONGEST_WORD)


def _word(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _number(value: object) -> float | None:
    return float(value) if type(value) in (int, float) and value >= 0 else None  # type: ignore[arg-type, operator]


def _seconds_left(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _share(value: object) -> float:
    """A percentage, kept to 0-100: null and more than 100 have been seen (facts 7.1)."""
    return min(_FULL, max(0.0, float(value))) if type(value) in (int, float) else 0.0  # type: ignore[arg-type]


def _moment(value: object) -> float | None:
    """Epoch milliseconds as seconds; 0 is not said."""
    return value / _MILLISECONDS if type(value) is int and value > 0 else None
