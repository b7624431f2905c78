"""Hold the sheet against the task that is there: each setting that both speak of, and whether the row was edited since it was sent.

Pure. What SMS does not tell, or tells as another kind of value, is not compared, nor what the sheet leaves to SMS; state and
progress are the task's own affair. A task with another target is no drift but a conflict (protocol.py). Called by endings.py and
preview.py, and by whoever tells how a programme stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic_core import from_json

from flows.sms.models import TOLD_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from flows.sms.models import TaskSummary
    from flows.submission.records import RowRecord
    from flows.submission.shipment import Shipment

_NAMED = ("name", "type", "os_type", "vm_template_id")
_ANY_CASE = frozenset({"type", "os_type"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that the sheet gives otherwise than the task has it; `column` is the sheet's."""

    column: str
    sheet: str
    task: str


def differences(shipment: Shipment, task: TaskSummary) -> list[Difference]:
    """What the sheet says of the task and SMS tells otherwise, in the order of the request's fields."""
    found = (compared(column, wanted, has) for column, wanted, has in _pairs(from_json(shipment.body), task))
    return [each for each in found if each is not None]


def compared(column: str, wanted: object, has: object) -> Difference | None:
    """The difference between what a row says in a column and what the task has; None where there is none, or nobody can tell."""
    if _is_comparable(wanted, has) and not _is_same(column, wanted, has):
        return Difference(column, _shown(wanted), _shown(has))
    return None


def edited_since(record: RowRecord, shipment: Shipment, found: Sequence[Difference]) -> Sequence[str] | None:
    """The columns in which the row is known to differ from what was last sent for it; None where it was not edited since.

    Empty where it was, in columns that neither journal nor SMS tells of. A body that holds what SMS reports of the source (its
    disks) changes without the planner, so nothing is said of it.
    """
    if not record.body_digest or record.body_digest == shipment.body_digest or not shipment.is_of_sheet_alone:
        return None
    known = {difference.column for difference in found}
    if record.task_name != shipment.task_name:
        known.add("name")
    return sorted(known)


def _pairs(body: Mapping[str, Any], task: TaskSummary) -> Iterator[tuple[str, object, object]]:
    for name in _NAMED:
        yield name, body.get(name), getattr(task, name)
    yield "target_name", body["target_server"].get("name"), task.target_name
    for name, has in zip(TOLD_SETTINGS, task.settings, strict=False):
        yield name, body.get(name), has


def _is_comparable(wanted: object, has: object) -> bool:
    """Whether both say something, and the same kind of thing: a flag, a number, or a text."""
    if isinstance(wanted, bool) or isinstance(has, bool):
        return isinstance(wanted, bool) and isinstance(has, bool)
    if isinstance(wanted, int | float):
        return isinstance(has, int | float)
    return isinstance(wanted, str) and isinstance(has, str) and bool(wanted) and bool(has)


def _is_same(column: str, wanted: object, has: object) -> bool:
    return str(wanted).casefold() == str(has).casefold() if column in _ANY_CASE else wanted == has


def _shown(value: object) -> str:
    """A value as planners write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f'"{value}"' if isinstance(value, str) else f"{value:.15g}"
