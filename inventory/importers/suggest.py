"""Propose a mapping for a sheet: from its headers where people use them for a field, else from what its cells look like.

Every line says why; what is a guess says so. Decides nothing: a person reads it, mends it and gives it to --mapping. Called by
`waves import --suggest`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inventory.importers.headers import split_unit
from inventory.importers.import_findings import ImportRefusedError
from inventory.importers.matching import HEADER_WITHIN_ROWS
from inventory.importers.placeholders import is_placeholder
from inventory.importers.sizes import is_nothing
from inventory.importers.systems import addresses, os_type
from inventory.importers.words import meaning
from inventory.values import show, strip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inventory.importers.source_file import SourceFile, SourceSheet

_SAMPLE = 200
_MOST = 0.7
_FIELDS = {"addresses": "source_ip", "weak_name": "source_name", "total_size": "disk_size", "total_used": "disk_used"}
_UNMAPPED = frozenset({"evidence", "against", "other", ""})
_GUESSES = ((10**9, "bytes"), (10**5, "MiB"), (0, "GiB"))


def suggest_mapping(file: SourceFile) -> str:
    """A mapping, as YAML, for the sheet with the most columns that mean something. Raises ImportRefusedError for no table."""
    best = max(
        ((*_header(sheet), sheet) for sheet in file.sheets), key=lambda found: (found[0], found[1] >= 0), default=(0, -1, None)
    )
    _, index, sheet = best
    if sheet is None or index < 0:
        raise ImportRefusedError("IMPORT-001", name=file.name, why="it holds no table")
    headers = [strip(show(cell)) for cell in sheet.rows[index]]
    lines = [
        f"# A proposal for {file.name}: read it, mend it, then: waves import {file.name} --mapping THIS.yaml --out plan.xlsx",
        f"sheet: {_quoted(sheet.name)}",
        f"header_row: {index + 1}",
        "columns:",
    ]
    taken: set[str] = set()
    for place, header in enumerate(headers):
        if header in headers[:place] and header:
            lines.append(f"  # {_quoted(header)} stands twice; the first is taken")
        elif header:
            cells = [
                row[place]
                for row in sheet.rows[index + 1 : index + 1 + _SAMPLE]
                if place < len(row) and row[place] not in ("", None)
            ]
            lines.append(_line(header, cells, taken))
    if "wave" not in taken:
        lines += ["# constants:", "#   wave: wave-1    # where one wave holds for all"]
    return "\n".join(lines) + "\n"


def _header(sheet: SourceSheet) -> tuple[int, int]:
    """How many headers of the likeliest header row mean something, and where it is; (0, -1) for a sheet without a table."""
    found = (0, -1)
    for index, row in enumerate(sheet.rows[:HEADER_WITHIN_ROWS]):
        texts = [cell for cell in row if isinstance(cell, str) and strip(cell)]
        known = sum(bool(meaning(cell)) for cell in texts)
        if len(texts) > 1 and (found[1] < 0 or known > found[0]):
            found = (known, index)
    return found


def _line(header: str, cells: Sequence[object], taken: set[str]) -> str:
    field, why = _guess(header, cells)
    if field in taken and field not in {"keep", "note", "os"}:
        field, why = "keep", f"another column is {field} already"
    taken.add(field)
    unit = _unit(header, cells) if field in {"disk_size", "disk_used"} else ("", "")
    value = f"{{field: {field}, unit: {unit[0]}}}" if unit[0] else field
    return f"  {_quoted(header)}: {value}    # {why}{unit[1]}"


def _guess(header: str, cells: Sequence[object]) -> tuple[str, str]:
    said = meaning(header)
    if said == "disk_count" and split_unit(header)[1]:
        said = "total_size"
    if said not in _UNMAPPED:
        return _FIELDS.get(said, said), "by its header"
    texts = [strip(show(cell)) for cell in cells if not is_nothing(show(cell))]
    if said == "" and texts:
        if _share(texts, lambda text: bool(addresses(text))) > _MOST:
            return "source_ip", "its cells are addresses (a guess)"
        if _share(texts, lambda text: bool(os_type(text))) > _MOST:
            return "os", "its cells name operating systems (a guess)"
        if _share(texts, _is_host) > _MOST and len(set(texts)) > _MOST * len(texts):
            return "fqdn", "its cells look like host names (a guess)"
    return "keep", "no field known; carried as it is"


def _share(texts: Sequence[str], fits: Callable[[str], bool]) -> float:
    return sum(map(fits, texts)) / len(texts)


def _is_host(text: str) -> bool:
    parts = text.split(".")
    return (
        len(parts) > 2
        and not is_placeholder(text)
        and all(part.replace("-", "").isalnum() for part in parts)
        and not parts[-1].isdecimal()
    )


def _unit(header: str, cells: Sequence[object]) -> tuple[str, str]:
    unit = split_unit(header)[1]
    if unit:
        return unit, ", its unit by its header"
    bare = [cell for cell in cells if isinstance(cell, int | float) or (isinstance(cell, str) and cell.strip().isdecimal())]
    numbers = sorted(number for number in map(float, bare) if 0 <= number < float("inf"))
    if not numbers:
        return "", ", its cells say the unit"
    middle = numbers[len(numbers) // 2]
    guess = next(name for least, name in _GUESSES if middle >= least)
    return guess, f", the unit a guess: {numbers[0]:g} to {numbers[-1]:g}"


def _quoted(text: str) -> str:
    """A text as YAML takes it whatever it holds."""
    return json.dumps(text, ensure_ascii=False)
