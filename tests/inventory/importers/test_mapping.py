"""A mapping: columns, units, values and constants said by a person; every mistake told with its line; one proposed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.importers.import_findings import ImportRefusedError
from inventory.importers.mapping import MappingError, read_mapping
from inventory.importers.run import import_file
from inventory.importers.source_file import read_source
from inventory.importers.suggest import suggest_mapping
from tests.inventory.importers.samples import GIB, book, disks, said, text

if TYPE_CHECKING:
    from pathlib import Path

MAPPING = """\
sheet: Inventar
header_row: 2
columns:
  Kiste: source_name
  System: {field: os_type, values: {w: WINDOWS, l: LINUX}}
  Platte (GB): {field: disk_size, unit: TiB}
  Interna: ignore
constants:
  wave: wave-1
disks:
  sheet: Platten
  columns:
    Kiste: server
    Platte: name
    Menge: {field: size, unit: MiB}
"""


def inventory(folder: Path) -> Path:
    """A workbook that no importer knows."""
    return book(
        folder / "inv.xlsx",
        Inventar=[
            ["Stand 2027"],
            ["Kiste", "System", "Platte (GB)", "Interna", "Amt"],
            ["a", "W", 2, "x", 7],
            ["b", "l", 1, "y", 8],
        ],
        Platten=[["Kiste", "Platte", "Menge"], ["a", "sda", 1024]],
    )


def test_a_mapped_sheet(tmp_path: Path) -> None:
    """Values are translated, the unit said counts and not the header's, constants hold for all, the rest is kept."""
    made = import_file(inventory(tmp_path), mapping=read_mapping(text(tmp_path / "map.yaml", MAPPING)))
    assert said(made, "source_name", "os_type", "wave") == [["a", "WINDOWS", "wave-1"], ["b", "LINUX", "wave-1"]]
    assert disks(made) == [("a", "sda", GIB), ("b", "all disks together", 1024 * GIB)]
    assert [dict(server.extra) for server in made.servers] == [{"Amt": 7}, {"Amt": 8}]
    assert made.unmapped == ["Interna", "Amt"]


MISTAKES = [
    ("columns:\n  A: source_nmae\n", [2], "did you mean"),
    ("columns:\n  A: source_name\n  A: os\n", [3], "stands twice"),
    ("colums:\n  A: source_name\n", [1, 1], "did you mean"),
    ("columns:\n  A: {field: disk_size, unit: parsec}\n  B: source_name\n  C: {field: os, unit: GB}\n", [2, 4], "is no unit"),
    ("columns:\n  A: os\n", [2], "which server"),
    ("columns: [A, B]\n", [1, 1], "no list of names"),
    ("columns:\n  A: source_name\nheader_row: zero\nconstants: {wvae: 1}\n", [3, 4], "is no row"),
    ("columns:\n  A: [source_name\n", [3], "no YAML"),
    ("", [1], "it is empty"),
    ("columns:\n  A: source_name\n  B: {feld: os}\n", [3, 3], "not known"),
    ("columns: &x\n  A: *x\n", [1], "not known"),
]


@pytest.mark.parametrize(("content", "lines", "words"), MISTAKES)
def test_every_mistake_has_its_line(tmp_path: Path, content: str, lines: list[int], words: str) -> None:
    """All of them at once."""
    with pytest.raises(MappingError) as refused:
        read_mapping(text(tmp_path / "map.yaml", content))
    told = [finding.line() for finding in refused.value.findings]
    assert [int(line.split("line ")[1].split(":")[0]) for line in told][: len(lines)] == lines
    assert any(words in line for line in told)


def test_a_column_that_the_sheet_has_not(tmp_path: Path) -> None:
    """With its line in the mapping, and the column that is like it."""
    with pytest.raises(MappingError) as refused:
        import_file(
            inventory(tmp_path), mapping=read_mapping(text(tmp_path / "map.yaml", MAPPING.replace("Interna:", "Internas:")))
        )
    assert 'line 7: inv.xlsx has no column "Internas": did you mean "Interna"?' in str(refused.value)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    """A mapping, or mistakes."""
    path = tmp_path_factory.getbasetemp() / "map.yaml"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with suppress(ImportRefusedError):
        assert read_mapping(path).format.forms


def test_a_proposal_can_be_used_as_it_is(tmp_path: Path) -> None:
    """From headers where they say something, else from what the cells look like; it reads back and imports."""
    rows = [
        ["Server name", "Col A", "Col B", "Storage", "Dept: #1"],
        *[[f"s{n}", f"10.0.0.{n}", "Windows Server 2019", 40 * n, "x"] for n in range(1, 9)],
    ]
    path = book(tmp_path / "odd.xlsx", Blatt=rows)
    proposed = suggest_mapping(read_source(path))
    assert '"Col A": source_ip    # its cells are addresses (a guess)' in proposed
    assert '"Storage": {field: disk_size, unit: GiB}' in proposed
    made = import_file(path, mapping=read_mapping(text(tmp_path / "map.yaml", proposed)))
    assert said(made, "source_name", "source_ip", "os_type")[0] == ["s1", "10.0.0.1", "WINDOWS"]
    assert made.bytes == sum(40 * n for n in range(1, 9)) * GIB
