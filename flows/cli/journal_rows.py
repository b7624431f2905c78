"""Which source server of the journal a row of the plan means: the journal knows servers by id, and a sheet may name one otherwise.

Decides by what earlier runs of this very file found out, else by the target or the task's name where exactly one server of the
journal fits; nothing is guessed between two. Asks nobody, so that it works offline. Called by journal_command.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.task_name import make_task_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flows.submission.records import RowRecord
    from inventory.plan import ServerRow

UNKNOWN = "the sheet names this source by name or address only, and no server of the journal is known to be it"


@dataclass(frozen=True, slots=True)
class Meant:
    """A row of the plan and the source server that it means: "" where nobody can say. `row` is None for one that the plan lacks.

    `how` tells by what it was recognised where the sheet has no id, or that it was not.
    """

    row: ServerRow | None
    source_server_id: str
    how: str = ""


def meant(rows: Sequence[ServerRow], known: Mapping[str, RowRecord], placed: Mapping[int, str]) -> list[Meant]:
    """One `Meant` for each row, in order. `placed` is what runs of this very file found out, by the row's position."""
    taken = {row.source_server_id for row in rows if row.source_server_id}
    free = [record for source, record in known.items() if source not in taken]
    return [_meant(row, free, placed) for row in rows]


def _meant(row: ServerRow, free: Sequence[RowRecord], placed: Mapping[int, str]) -> Meant:
    if row.source_server_id:
        return Meant(row, row.source_server_id)
    if source := placed.get(row.position):
        return Meant(row, source, "known from an earlier run of this very file")
    for fits, how in ((_fits_target, "recognised by its target"), (_fits_name, "recognised by its task's name")):
        if source := _only(record.source_server_id for record in free if fits(row, record)):
            return Meant(row, source, how)
    return Meant(row, "", UNKNOWN)


def _only(sources: Iterable[str]) -> str:
    found = set(sources)
    return found.pop() if len(found) == 1 else ""


def _fits_target(row: ServerRow, record: RowRecord) -> bool:
    vm_id, template = row.text("target_vm_id"), row.text("vm_template_id")
    if vm_id:
        return record.target.vm_id == vm_id
    name = row.text("target_name")
    return bool(name and template) and (record.target.name, record.target.vm_template_id) == (name, template)


def _fits_name(row: ServerRow, record: RowRecord) -> bool:
    if not record.task_name:
        return False
    name = row.text("name") or (make_task_name(row.source_name, record.source_server_id) if row.source_name else "")
    return name == record.task_name
