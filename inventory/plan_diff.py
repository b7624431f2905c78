"""What an edited plan changes: rows added, gone and moved, cells of rows, disks, waves and limits; each by its cell in both plans.

Decides which row of the one plan is which of the other: by source server id, then by the server's id in an inventory, its name, its
address; never by where it stands. What holds for a row is compared, precedence applied, so that a changed default is a change of
every row that takes it. Asks nobody: what a change means for a row that was sent already is flows/cli/diff_sent.py's to say. Called
by `waves diff`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from inventory.cell_references import column_letters
from inventory.columns import SERVERS, SHEETS, WAVE_DEFAULTS, Kind, normalise
from inventory.disk_checks import DETAIL_SHEETS, exact_bytes
from inventory.rows import Cell
from inventory.source_server import one_spelling
from inventory.values import show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from inventory.columns import Column
    from inventory.plan import Plan, ServerRow
    from inventory.rows import SheetRow

Key: TypeAlias = tuple[str, ...]

_ROW_KEYS: Mapping[str, tuple[str, ...]] = {
    "Disks": ("name",),
    "Volumes": ("disk", "name", "index"),
    "VolumeGroups": ("name",),
    "LogicalVolumes": ("volume_group", "name"),
    "Btrfs": ("name",),
    "BtrfsSubvolumes": ("file_system_name", "subvol_name"),
}
"""What a row of a server's disks is recognised by, beside its server."""

_OF_WAVES_ALONE = tuple(column for column in SHEETS["Waves"] if column.name not in {"wave", *(each.name for each in WAVE_DEFAULTS)})
_LIMIT_KEY = ("column", "value")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs. `old_cell` and `new_cell` are where each stands: in the row, or where the row takes it from.

    `before` and `after` are as a spreadsheet shows them, "" where nothing is said. `api_field` is what it is sent as, "" where it
    is ours alone.
    """

    column: str
    before: str
    after: str
    old_cell: Cell
    new_cell: Cell
    api_field: str = ""


@dataclass(frozen=True, slots=True)
class PartChange:
    """A row of `sheet` beside `Servers` that came, went or changed. `name` says which; a cell is None where there is no row."""

    sheet: str
    name: str
    old_cell: Cell | None
    new_cell: Cell | None
    changes: tuple[Change, ...] = ()

    @property
    def kind(self) -> str:
        """`added`, `gone` or `changed`."""
        return "added" if self.old_cell is None else "gone" if self.new_cell is None else "changed"


@dataclass(frozen=True, slots=True)
class RowPair:
    """A server in both plans, or in one: `old` is None for a row that was added, `new` for one that is gone."""

    old: ServerRow | None
    new: ServerRow | None
    changes: tuple[Change, ...] = ()
    disks: tuple[PartChange, ...] = ()

    @property
    def row(self) -> ServerRow:
        """The row as it is now, or last was."""
        return cast("ServerRow", self.new or self.old)

    @property
    def is_moved(self) -> bool:
        """Whether it is in another wave now."""
        return self.old is not None and self.new is not None and self.old.wave != self.new.wave

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return self.old is not None and self.new is not None and not (self.is_moved or self.changes or self.disks)


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """All pairs of rows, those that do not differ too: the new plan's rows in their order, then what is gone in the old one's."""

    pairs: tuple[RowPair, ...]
    waves: tuple[PartChange, ...] = ()
    limits: tuple[PartChange, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether the two plans say the same."""
        return not self.waves and not self.limits and all(pair.is_same for pair in self.pairs)

    @property
    def added(self) -> list[RowPair]:
        """Rows that only the new plan has."""
        return [pair for pair in self.pairs if pair.old is None]

    @property
    def gone(self) -> list[RowPair]:
        """Rows that only the old plan has."""
        return [pair for pair in self.pairs if pair.new is None]

    @property
    def moved(self) -> list[RowPair]:
        """Rows that are in another wave."""
        return [pair for pair in self.pairs if pair.is_moved]

    @property
    def changed(self) -> list[RowPair]:
        """Rows of both plans of which a value differs."""
        return [pair for pair in self.pairs if pair.changes]

    @property
    def with_other_disks(self) -> list[RowPair]:
        """Rows of both plans whose disks, or what is on them, differ."""
        return [pair for pair in self.pairs if pair.disks]


def diff_plans(old: Plan, new: Plan, wave: str | None = None) -> PlanDiff:
    """What `new` says otherwise than `old`; with a wave only what is or was in it."""
    pairs = []
    columns, extra = _compared(old, new), _shared_extras(old, new)
    for before, after in _matched(old.servers, new.servers):
        if wave is not None and wave not in {row.wave for row in (before, after) if row is not None}:
            continue
        if before is None or after is None:
            pairs.append(RowPair(before, after))
        else:
            changes = (*_changes(before, after, columns), *_extra_changes(before, after, extra))
            pairs.append(RowPair(before, after, changes, tuple(_disks(old, new, before, after))))
    waves = tuple(change for change in _waves(old, new) if wave in {None, change.name})
    return PlanDiff(tuple(pairs), waves, tuple(_limits(old, new)))


def _matched(old: Sequence[ServerRow], new: Sequence[ServerRow]) -> list[tuple[ServerRow | None, ServerRow | None]]:
    """Each new row with the old one of the same server, in the new plan's order; then the old ones that have none."""
    partner: dict[int, ServerRow] = {}
    left_old, left_new = list(old), list(new)
    for key, only_one in ((_by_id, False), (_by_inventory, True), (_by_name, True), (_by_address, True)):
        for before, after in _same_key(left_old, left_new, key, only_one=only_one):
            partner[after.index] = before
        taken = {row.index for row in partner.values()}
        left_old = [row for row in left_old if row.index not in taken]
        left_new = [row for row in left_new if row.index not in partner]
    paired = [(partner.get(row.index), row) for row in new]
    return [*paired, *((row, None) for row in left_old)]


def _by_id(row: ServerRow) -> str:
    return row.source_server_id.casefold()


def _by_inventory(row: ServerRow) -> str:
    return row.text("inventory_id").casefold()


def _by_name(row: ServerRow) -> str:
    return row.source_name.casefold()


def _by_address(row: ServerRow) -> str:
    return one_spelling(row.source_ip)


def _same_key(
    old: Iterable[ServerRow], new: Iterable[ServerRow], key: Callable[[ServerRow], str], *, only_one: bool
) -> Iterator[tuple[ServerRow, ServerRow]]:
    """Rows of the same key. A name or an address that two rows have tells nobody which is which (`only_one`).

    An id may well be in two waves: then the rows of one wave belong together, and the rest by the names of their waves.
    """
    old_by, new_by = _grouped(old, key), _grouped(new, key)
    for text, afters in new_by.items():
        befores = old_by.get(text, [])
        if only_one and (len(befores) > 1 or len(afters) > 1):
            continue
        for after in list(afters):
            before = next((each for each in befores if each.wave == after.wave), None)
            if before is not None:
                befores.remove(before)
                afters.remove(after)
                yield before, after
        yield from zip(sorted(befores, key=lambda row: row.wave), sorted(afters, key=lambda row: row.wave), strict=False)


def _grouped(rows: Iterable[ServerRow], key: Callable[[ServerRow], str]) -> dict[str, list[ServerRow]]:
    grouped: defaultdict[str, list[ServerRow]] = defaultdict(list)
    for row in rows:
        if text := key(row):
            grouped[text].append(row)
    return grouped


def _compared(old: Plan, new: Plan) -> tuple[Column, ...]:
    """The columns of `Servers` of which either plan says anything, in the contract's order; the wave is told by itself."""
    said = {"skip"}
    for plan in (old, new):
        said.update(plan.tables["Servers"].known, plan.defaults, *(wave.table.known for wave in plan.waves.values()))
    return tuple(column for column in SERVERS if column.name != "wave" and column.name in said)


def _changes(before: SheetRow, after: SheetRow, columns: Iterable[Column]) -> Iterator[Change]:
    for column in columns:
        old, new = _said(before, column), _said(after, column)
        if old != new:
            cells = before.cell(column.name), after.cell(column.name)
            yield Change(column.name, _shown(before, column), _shown(after, column), *cells, column.api_field or "")


def _said(row: SheetRow, column: Column) -> object:
    """What a row says in a column, for comparing: its value, a pattern as it stands, what cannot be read as it was typed."""
    value = row.get(column.name)
    if value is not None:
        return one_spelling(value) if column.kind is Kind.IP and isinstance(value, str) else value
    return _unread(row, column) or None


def _shown(row: SheetRow, column: Column) -> str:
    value = row.get(column.name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column.kind is Kind.SIZE and isinstance(value, int):
        return exact_bytes(value)
    return _unread(row, column) if value is None else show(value)


def _unread(row: SheetRow, column: Column) -> str:
    if row.is_refused(column.name):
        return row.table.raw(column.name, row.index)
    inherited = row.inherited.get(column.name)
    return show(inherited.value) if inherited is not None else ""


def _shared_extras(old: Plan, new: Plan) -> Sequence[tuple[str, str]]:
    """The headers of columns that a plan does not know, old and new spelling: carried into the report, and so compared."""

    def unknown(plan: Plan) -> dict[str, str]:
        table = plan.tables["Servers"]
        known = set(table.known.values())
        return {normalise(header): header for place, header in enumerate(table.headers) if header and place not in known}

    before, after = unknown(old), unknown(new)
    return [(before.get(each, ""), after.get(each, "")) for each in dict.fromkeys([*after, *before])]


def _extra_changes(before: ServerRow, after: ServerRow, headers: Sequence[tuple[str, str]]) -> Iterator[Change]:
    if not headers:
        return
    old, new = before.extra, after.extra
    for old_header, new_header in headers:
        said, says = old.get(old_header, ""), new.get(new_header, "")
        if said != says:
            cells = _extra_cell(before, old_header), _extra_cell(after, new_header)
            yield Change(new_header or old_header, said, says, *cells)


def _extra_cell(row: ServerRow, header: str) -> Cell:
    table = row.table
    place = table.headers.index(header) if header in table.headers else 0
    return Cell(table.sheet, f"{column_letters(place)}{table.position(row.index)}")


def _disks(old: Plan, new: Plan, before: ServerRow, after: ServerRow) -> Iterator[PartChange]:
    for sheet in DETAIL_SHEETS:
        columns = [column for column in SHEETS[sheet] if column.name != "source_server_id"]
        yield from _parts(sheet, _of_server(old, sheet, before), _of_server(new, sheet, after), _ROW_KEYS[sheet], columns)


def _of_server(plan: Plan, sheet: str, row: ServerRow) -> Sequence[SheetRow]:
    grouped: Mapping[str, Sequence[SheetRow]] = {
        "Disks": plan.disks,
        "Volumes": plan.volumes,
        "VolumeGroups": plan.volume_groups,
        "LogicalVolumes": plan.logical_volumes,
        "Btrfs": plan.btrfs,
        "BtrfsSubvolumes": plan.btrfs_subvolumes,
    }[sheet]
    key = plan.key_of(row)
    return grouped.get(key, ()) if key else ()


def _parts(
    sheet: str, old: Iterable[SheetRow], new: Iterable[SheetRow], names: Sequence[str], columns: Sequence[Column]
) -> Iterator[PartChange]:
    """Rows of a sheet beside `Servers`, matched by what they are called; of two alike the first belongs to the first."""
    befores: defaultdict[Key, list[SheetRow]] = defaultdict(list)
    for row in old:
        befores[_key(row, names)].append(row)
    first = names[0]
    for after in new:
        key = _key(after, names)
        if not befores[key]:
            yield PartChange(sheet, _called(key), None, after.cell(first))
            continue
        before = befores[key].pop(0)
        if changes := tuple(_changes(before, after, columns)):
            yield PartChange(sheet, _called(key), before.cell(first), after.cell(first), changes)
    for key, rows in befores.items():
        for row in rows:
            yield PartChange(sheet, _called(key), row.cell(first), None)


def _key(row: SheetRow, names: Sequence[str]) -> Key:
    return tuple(row.text(name) for name in names)


def _called(key: Key) -> str:
    return " ".join(text for text in key if text)


def _waves(old: Plan, new: Plan) -> Iterator[PartChange]:
    """What `Waves` alone says of a wave (its window, its limits); what it says for its rows is a change of theirs."""
    for name in dict.fromkeys([*new.waves, *old.waves]):
        before, after = old.waves.get(name), new.waves.get(name)
        if before is not None and after is not None:
            if changes := tuple(_changes(before, after, _OF_WAVES_ALONE)):
                yield PartChange("Waves", name, before.cell("wave"), after.cell("wave"), changes)
        elif before is not None and before.index >= 0:
            yield PartChange("Waves", name, before.cell("wave"), None)
        elif after is not None and after.index >= 0:
            yield PartChange("Waves", name, None, after.cell("wave"))


def _limits(old: Plan, new: Plan) -> Iterator[PartChange]:
    columns = [column for column in SHEETS["Limits"] if column.name not in _LIMIT_KEY]
    yield from _parts("Limits", old.sheet_rows("Limits"), new.sheet_rows("Limits"), _LIMIT_KEY, columns)
