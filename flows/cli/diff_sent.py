"""What an edited plan means for rows that were sent already: the journal's word on each row that differs.

Decides by what the journal holds (a task, an attempt in doubt, a refusal) and by what would be sent today: the body's digest where
the sheet alone makes it, else the columns that changed. Reads nothing itself and asks nobody: SMS may have been changed by others,
which `waves submit` finds out. Called by diff_command.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli.journal_rows import meant
from flows.submission.life import RowState
from flows.submission.records import Target
from flows.submission.shipment import pack
from inventory.build import BuildError, build_post_task, needs_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flows.submission.records import RowRecord
    from flows.submission.shipment import Shipment
    from inventory.plan import Plan, ServerRow
    from inventory.plan_diff import Change, PlanDiff, RowPair
    from inventory.rows import Cell

_SHOWN_CHANGES = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """What an edit means for one row that was sent.

    `kind`: `drift` (the task stays as it is), `conflict` (another target), `gone` (a task without a row), `exists` (a task for a
    row that came, moved, or is skipped), `as sent` (edited back), `in doubt`, `again` (refused before, and sent again). `columns`
    are those that differ and are sent. `is_of_old`: the cell is one of the old plan. `means` names neither server nor task, so
    that rows of one cause are alike.
    """

    kind: str
    cell: Cell
    server: str
    source_server_id: str
    task_id: str
    means: str
    columns: tuple[str, ...] = ()
    is_of_old: bool = False


def tell_sent(
    diff: PlanDiff,
    old: Plan,
    new: Plan,
    records: Mapping[str, RowRecord],
    placed_old: Mapping[int, str],
    placed_new: Mapping[int, str],
) -> list[Sent]:
    """What the journal says of the rows that differ, in the order of the diff.

    `placed_old` and `placed_new` are what runs of that very file found out: source servers by their row's position.
    """
    ids_old = {one.row.position: one.source_server_id for one in meant(old.servers, records, placed_old) if one.row}
    ids_new = {one.row.position: one.source_server_id for one in meant(new.servers, records, placed_new) if one.row}
    teller = _Teller(old, new, records, ids_old, ids_new)
    return [told for pair in diff.pairs if not pair.is_same for told in teller.tell(pair)]


class _Teller:
    def __init__(
        self, old: Plan, new: Plan, records: Mapping[str, RowRecord], ids_old: Mapping[int, str], ids_new: Mapping[int, str]
    ) -> None:
        self._old, self._new, self._records = old, new, records
        self._ids_old, self._ids_new = ids_old, ids_new
        self._still_there = set(ids_new.values())

    def tell(self, pair: RowPair) -> Iterator[Sent]:
        if pair.old is not None:
            yield from self._left_behind(pair.old, pair.new)
        if pair.new is None:
            return
        record = self._records.get(self._ids_new[pair.new.position])
        if record is None:
            return
        if record.state.is_in_flight:
            means = (
                "an earlier attempt is in doubt; the next run settles it by what was sent then, before it sends what the sheet says"
            )
            yield self._sent("in doubt", pair.new, record, means)
        elif record.state is RowState.BOUND:
            yield from self._bound(pair, pair.new, record)
        elif record.state is RowState.REFUSED and (columns := self._columns(pair)):
            means = f"SMS rejected it before ({record.error_code}); the edited row is sent again by the next submit"
            yield self._sent("again", pair.new, record, means, columns)

    def _left_behind(self, before: ServerRow, after: ServerRow | None) -> Iterator[Sent]:
        """A source server that the new plan does not name any more, whose task is there."""
        source = self._ids_old[before.position]
        record = self._records.get(source)
        if source in self._still_there or record is None:
            return
        where = "no row of the plan is this server any more" if after is None else "its row names another source server now"
        if record.state is RowState.BOUND:
            means = f"SMS has its task, and {where}: nothing deletes the task, and no wave follows it"
            yield self._sent("gone", before, record, means, is_of_old=True)
        elif record.state.is_in_flight:
            means = f"an earlier attempt is in doubt, and {where}: look in the SMS console"
            yield self._sent("in doubt", before, record, means, is_of_old=True)

    def _bound(self, pair: RowPair, row: ServerRow, record: RowRecord) -> Iterator[Sent]:
        if pair.old is None or pair.is_moved:
            came = "came into the plan" if pair.old is None else f"moved to {row.wave}"
            yield self._sent("exists", row, record, f"SMS has its task already; the row {came}, and submit will report EXISTS")
        if pair.old is None:
            return
        if row.skip and not pair.old.skip:
            yield self._sent("exists", row, record, "SMS has its task; the sheet now skips the row, and the task stays", ("skip",))
        columns = self._columns(pair)
        if not columns:
            return
        today, before = self._shipment(self._new, row), self._shipment(self._old, pair.old)
        if today is not None and today.body_digest == record.body_digest:
            yield self._sent("as sent", row, record, "the row says again what was sent for it", columns)
            return
        if _has_other_target(row, today, record):
            means = (
                f"SMS has its task with the target {record.target}; the sheet now names another, and submit will report CONFLICT"
            )
            yield self._sent("conflict", row, record, means, columns)
            return
        means = f"{self._knows(before, record)} {_values(pair, columns, 'before')}; "
        means += f"the sheet now says {_values(pair, columns, 'after')}; "
        yield self._sent("drift", row, record, means + "submit will report DRIFT, and will not change the task", columns)

    def _columns(self, pair: RowPair) -> tuple[str, ...]:
        """The columns of a difference that are sent; `disks` for what the other sheets say of the server, where that is sent."""
        columns = [change.column for change in pair.changes if _is_sent(change)]
        id_of_either = {row.source_server_id for row in (pair.old, pair.new) if row is not None}
        has_disks = any(plan.has_disks(source) for plan in (self._old, self._new) for source in id_of_either)
        return (*columns, "disks") if pair.disks and has_disks else tuple(columns)

    def _knows(self, before: Shipment | None, record: RowRecord) -> str:
        """How sure it is that SMS was sent what the old plan says."""
        if before is None or not record.body_digest:
            return f"SMS has, if {self._old.name} is what was sent,"
        return (
            "SMS has"
            if before.body_digest == record.body_digest
            else f"something else was sent than {self._old.name} says, which is"
        )

    def _shipment(self, plan: Plan, row: ServerRow) -> Shipment | None:
        """What would be sent for a row; None where it takes SMS to say, or nothing would be."""
        if needs_source(row, plan):
            return None
        try:
            return pack(row, build_post_task(row, plan, None))
        except BuildError:
            return None

    def _sent(
        self, kind: str, row: ServerRow, record: RowRecord, means: str, columns: Sequence[str] = (), *, is_of_old: bool = False
    ) -> Sent:
        place = columns[0] if len(columns) == 1 and columns[0] != "disks" else "wave"
        return Sent(kind, row.cell(place), row.label, record.source_server_id, record.task_id, means, tuple(columns), is_of_old)


def _is_sent(change: Change) -> bool:
    return bool(change.api_field) and change.column != "source_server_id"


def _has_other_target(row: ServerRow, today: Shipment | None, record: RowRecord) -> bool:
    target = today.target if today else Target(row.text("target_vm_id"), row.text("target_name"), row.text("vm_template_id"))
    if target.vm_id or record.target.vm_id:
        return target.vm_id != record.target.vm_id
    return bool(target.name and record.target.name) and target.name != record.target.name


def _values(pair: RowPair, columns: Sequence[str], side: str) -> str:
    """The values of one side, a few of them: `speed_limit 100, priority (not sent)`."""
    sent = [change for change in pair.changes if _is_sent(change)]
    nothing = "(not sent)" if side == "before" else "(empty)"
    words = [f"{change.column} {getattr(change, side) or nothing}" for change in sent[:_SHOWN_CHANGES]]
    if len(sent) > _SHOWN_CHANGES:
        words.append(f"{len(sent) - _SHOWN_CHANGES} more")
    if "disks" in columns:
        words.append("other disks" if side == "after" else "its disks")
    return ", ".join(words)
