"""Read a mapping: a small YAML file that says which column is which field, in which unit, and what its texts mean.

Declarative: columns, units, values, constants, and no expressions. Every mistake is told with its line. Makes a Format of it,
so that a mapped sheet is read as any other. Called by `waves import --mapping`.

    sheet: Inventory           # the sheet that lists the servers; left out: the first that has the columns
    header_row: 3              # counted from 1; left out: it is looked for
    columns:
      Rechner: source_name
      System: {field: os_type, values: {W: WINDOWS, L: LINUX}}
      Platte: {field: disk_size, unit: GiB}
      Interna: ignore
    constants:
      wave: wave-1
    disks:                     # a sheet of disks, where there is one
      sheet: Platten
      columns:
        Rechner: server
        Platte: name
        Kapazität: {field: size, unit: MiB}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inventory.catalogue import near
from inventory.columns import SERVERS
from inventory.importers.forms import KEEP, LEAVE, SIZED, Form, Format, Role, Take
from inventory.importers.headers import UNITS, header_key
from inventory.importers.import_findings import ImportRefusedError, import_finding
from inventory.importers.matching import HEADER_WITHIN_ROWS, sheet_key
from inventory.values import strip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from inventory.findings import Finding
    from inventory.importers.source_file import SourceFile

MAX_MAPPING_BYTES = 1 << 20

SERVER_FIELDS: dict[str, str] = {
    **{column.name: column.name for column in SERVERS if column.name != "source_ip"},
    "source_ip": "addresses",
    "os": "os",
    "fqdn": "fqdn",
    "power": "power",
    "template": "template",
    "disk_count": "disk_count",
    "disk_size": "total_size",
    "disk_used": "total_used",
    "keep": KEEP,
    "ignore": LEAVE,
}
"""The fields that a column of the list of servers can be, and what the importers call them."""

DISK_FIELDS: dict[str, str] = {
    "server": "server",
    "server_id": "server_id",
    "name": "disk_name",
    "size": "size",
    "used_size": "used",
    "device_use": "device_use",
    "ignore": LEAVE,
}
"""The fields that a column of the sheet of disks can be."""

_TOP = ("sheet", "header_row", "columns", "constants", "disks")
_OF_DISKS = ("sheet", "header_row", "columns")
_OF_COLUMN = ("field", "unit", "values")


@dataclass(frozen=True)
class Plotted:
    """A mapping as read: the format that it makes, and the line on which each header is named, by role."""

    name: str
    format: Format
    lines: Mapping[Role, Mapping[str, int]]
    sheets: Mapping[Role, str] = field(default_factory=dict)


class _Mistakes:
    """What is wrong with a mapping, each with its line."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[tuple[int, Finding]] = []

    def add(self, line: int, why: str, remedy: str) -> None:
        """Note one."""
        self.found.append((line, import_finding("IMPORT-006", name=self.name, line=str(line), why=why, remedy=remedy)))

    def raise_if_any(self) -> None:
        """Raise ImportRefusedError with all of them."""
        if self.found:
            raise MappingError([found for _, found in sorted(self.found, key=lambda each: each[0])])


class MappingError(ImportRefusedError):
    """A mapping with mistakes; `findings` are all of them."""

    def __init__(self, findings: list[Finding]) -> None:
        Exception.__init__(self, findings[0].line())
        self.finding = findings[0]
        self.findings = tuple(findings)


def read_mapping(path: Path) -> Plotted:
    """Read a mapping. Raises MappingError with every mistake."""
    mistakes = _Mistakes(path.name)
    text = _text(path, mistakes)
    root = _compose(text, mistakes)
    mistakes.raise_if_any()
    parts = dict(_entries(root, _TOP, "the mapping", mistakes))
    form, lines = _form(parts, SERVER_FIELDS, Role.SERVERS, mistakes)
    forms, of_role, sheets = [form], {Role.SERVERS: lines}, {Role.SERVERS: _scalar(parts.get("sheet"), mistakes)}
    if "disks" in parts:
        of_disks = dict(_entries(parts["disks"], _OF_DISKS, "disks", mistakes))
        disk_form, disk_lines = _form(of_disks, DISK_FIELDS, Role.DISKS, mistakes)
        forms.append(disk_form)
        of_role[Role.DISKS] = disk_lines
        sheets[Role.DISKS] = _scalar(of_disks.get("sheet"), mistakes)
    if "columns" not in parts:
        mistakes.add(1, "it names no columns", "add columns: with a line for each, such as Server: source_name")
    elif not any(take.field in {"source_name", "addresses", "source_server_id", "inventory_id"} for take in form.takes):
        line = parts["columns"].start_mark.line + 1
        mistakes.add(line, "no column says which server it is", "map one to source_name, source_ip or source_server_id")
    mistakes.raise_if_any()
    return Plotted(path.name, Format("mapping", f"mapped by {path.name}", tuple(forms)), of_role, sheets)


def check_columns(mapping: Plotted, file: SourceFile) -> None:
    """Raise MappingError where the inventory has not the columns or sheets that the mapping names."""
    mistakes = _Mistakes(mapping.name)
    for form in mapping.format.forms:
        _check_form(mapping, form, file, mistakes)
    mistakes.raise_if_any()


def _check_form(mapping: Plotted, form: Form, file: SourceFile, mistakes: _Mistakes) -> None:
    wanted = {header_key(header): (header, line) for header, line in mapping.lines[form.role].items()}
    sheets = [sheet for sheet in file.sheets if not form.sheets or sheet_key(sheet.name) in form.sheets]
    if not sheets:
        names = ", ".join(sheet.name for sheet in file.sheets)
        mistakes.add(1, f'{file.name} has no sheet "{mapping.sheets[form.role]}"', f"give one of its sheets: {names}")
        return
    rows = [
        {header_key(cell): str(cell) for cell in row if isinstance(cell, str) and strip(cell)}
        for sheet in sheets
        for index, row in enumerate(sheet.rows[:HEADER_WITHIN_ROWS])
        if not form.header_row or index == form.header_row - 1
    ]
    best = max(rows, key=lambda row: len(wanted.keys() & row.keys()), default={})
    for key, (header, line) in wanted.items():
        if key not in best:
            guess = near(key, best)
            hint = f'did you mean "{best[guess]}"?' if guess else f"its columns are {', '.join(list(best.values())[:12]) or 'none'}"
            mistakes.add(line, f'{file.name} has no column "{header}"', hint)


def _text(path: Path, mistakes: _Mistakes) -> str:
    try:
        content = path.read_bytes()
        if len(content) > MAX_MAPPING_BYTES:
            mistakes.add(1, "it is larger than 1 MiB", "give a mapping")
            return ""
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        mistakes.add(1, "it is not UTF-8", "save it as UTF-8")
    except OSError as exc:
        mistakes.add(1, f"it cannot be read ({str(exc.strerror or exc).lower()})", "check the path")
    return ""


def _compose(text: str, mistakes: _Mistakes) -> Any:  # noqa: ANN401 - yaml has no types
    import yaml

    if mistakes.found:
        return None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        reason = str(getattr(exc, "problem", None) or "it cannot be read")
        mistakes.add(mark.line + 1 if mark else 1, f"it is no YAML: {reason}", "mend the line; quote texts that hold : or #")
        return None
    except (RecursionError, ValueError):
        mistakes.add(1, "it is no YAML of a mapping", "see waves import --help")
        return None
    if root is None:
        mistakes.add(1, "it is empty", "begin with waves import --suggest")
    return root


def _entries(node: Any, known: tuple[str, ...], of: str, mistakes: _Mistakes) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """The entries of a mapping node; unknown keys (where `known` says which there are) and those given twice are mistakes."""
    if getattr(node, "id", "") != "mapping":
        mistakes.add(node.start_mark.line + 1, f"{of} is no list of names and values", "write name: value, one a line")
        return
    seen: set[str] = set()
    for key, value in node.value:
        name, line = str(key.value) if key.id == "scalar" else "", key.start_mark.line + 1
        if key.id != "scalar":
            mistakes.add(line, f"{of} has a name that is no text", "write name: value")
        elif name in seen:
            mistakes.add(line, f'"{name}" stands twice in {of}', "keep one of the two")
        elif known and name not in known:
            guess = near(name, known)
            hint = f'did you mean "{guess}"?' if guess else f"it may have {', '.join(known)}"
            mistakes.add(line, f'"{name}" is not known in {of}', hint)
        else:
            seen.add(name)
            yield name, value


def _form(parts: Mapping[str, Any], fields: Mapping[str, str], role: Role, mistakes: _Mistakes) -> tuple[Form, dict[str, int]]:
    takes: list[Take] = []
    values: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    lines: dict[str, int] = {}
    if "columns" in parts:
        for header, node in _entries(parts["columns"], (), "columns", mistakes):
            lines[header] = node.start_mark.line + 1
            take, texts = _take(header, node, fields, mistakes)
            takes += [take] if take else []
            values += [(header_key(header), texts)] if texts else []
    constants = _constants(parts.get("constants"), mistakes) if role is Role.SERVERS else ()
    sheet = _scalar(parts.get("sheet"), mistakes)
    required = ("source_name|addresses|source_server_id|inventory_id",) if role is Role.SERVERS else ("server|server_id", "size")
    form = Form(
        role,
        tuple(takes),
        required,
        sheets=(sheet_key(sheet),) if sheet else (),
        carries=role is Role.SERVERS,
        is_mapped=True,
        header_row=_row(parts.get("header_row"), mistakes),
        values=tuple(values),
        constants=constants,
    )
    return form, lines


def _take(
    header: str,
    node: Any,  # noqa: ANN401
    fields: Mapping[str, str],
    mistakes: _Mistakes,
) -> tuple[Take | None, tuple[tuple[str, str], ...]]:
    line = node.start_mark.line + 1
    said = {"field": node} if node.id == "scalar" else dict(_entries(node, _OF_COLUMN, f'the column "{header}"', mistakes))
    name = _scalar(said.get("field"), mistakes)
    if name not in fields:
        guess = near(name, fields)
        hint = f'did you mean "{guess}"?' if guess else f"give one of {', '.join(fields)}"
        mistakes.add(line, f'the field "{name}" is not known' if name else f'the column "{header}" has no field', hint)
        return None, ()
    unit = _scalar(said.get("unit"), mistakes)
    if unit and unit.casefold() not in UNITS:
        mistakes.add(line, f'"{unit}" is no unit', "give bytes, KiB, MiB, GiB or TiB")
    elif unit and fields[name] not in SIZED:
        mistakes.add(line, f"{name} has no unit", "leave unit out")
    texts = _entries(said["values"], (), f'the values of "{header}"', mistakes) if "values" in said else ()
    return Take(fields[name], header.replace(";", " "), unit), tuple(
        (key.casefold(), _scalar(each, mistakes)) for key, each in texts
    )


def _constants(node: Any, mistakes: _Mistakes) -> tuple[tuple[str, str], ...]:  # noqa: ANN401
    if node is None:
        return ()
    known = tuple(column.name for column in SERVERS)
    return tuple((name, _scalar(each, mistakes)) for name, each in _entries(node, known, "constants", mistakes))


def _scalar(node: Any, mistakes: _Mistakes) -> str:  # noqa: ANN401
    if node is None:
        return ""
    if node.id != "scalar":
        mistakes.add(node.start_mark.line + 1, "a text is expected here", "give one value")
        return ""
    return str(node.value)


def _row(node: Any, mistakes: _Mistakes) -> int:  # noqa: ANN401
    text = _scalar(node, mistakes)
    if not text:
        return 0
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= HEADER_WITHIN_ROWS:
        mistakes.add(node.start_mark.line + 1, f'header_row "{text}" is no row', f"give a number from 1 to {HEADER_WITHIN_ROWS}")
        return 0
    return int(text)
