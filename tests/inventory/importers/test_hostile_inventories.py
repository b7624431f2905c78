"""Inventories made to harm: memory and time stay bounded, the line says which limit was met, exit 2, and no plan is written."""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from inventory.catalogue import PlanError
from inventory.compound_file import SIGNATURE, CompoundFile
from inventory.importers.import_findings import ImportRefusedError
from inventory.importers.run import import_file
from inventory.importers.source_file import read_source
from inventory.reading_limits import ReadingLimits
from tests.flows.cli.command_line import run
from tests.inventory.importers.samples import book, text, told
from tests.inventory.test_bad_files import rewritten, written
from tests.inventory.test_dialects import DIALECTS
from tests.inventory.test_hostile_files import FULL, ods, xls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def strings_claimed(path: Path) -> Path:
    """An .xls that claims more texts than any memory holds."""
    stream = CompoundFile((DIALECTS / "libreoffice.xls").read_bytes()).stream("Workbook")
    at = stream.index(struct.pack("<H", 0x00FC), 512)
    return xls(path, stream[at : at + 12], stream[at : at + 8] + b"\xff\xff\xff\x7f")


def far_cell(path: Path) -> Path:
    """An .xls with a cell in its last row: a blank cell that is there becomes a number far below."""
    stream = CompoundFile((DIALECTS / "libreoffice.xls").read_bytes()).stream("Workbook")
    at = next(at for at in _records(stream) if struct.unpack_from("<H", stream, at)[0] == 0x00FD)
    return xls(path, stream[at : at + 8], stream[at : at + 4] + struct.pack("<HH", 65_535, 255))


def _records(stream: bytes) -> list[int]:
    places, at = [], 0
    while at + 4 <= len(stream):
        places.append(at)
        at += 4 + struct.unpack_from("<H", stream, at + 2)[0]
    return places


def doctype(path: Path) -> Path:
    good = ods(path, "").read_bytes()
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        return written(path, rewritten(good, {"content.xml": b'<!DOCTYPE a [<!ENTITY b "c">]>' + archive.read("content.xml")}))


def repeated(path: Path) -> Path:
    return ods(path, f'<table:table-row table:number-rows-repeated="1000000">{FULL.format(16384)}</table:table-row>')


def locked(path: Path) -> Path:
    return written(
        path, rewritten(ods(path, "").read_bytes(), {"META-INF/manifest.xml": b"<manifest><encryption-data/></manifest>"})
    )


def no_reader(path: Path) -> Path:
    return written(path, SIGNATURE + bytes(5000))


HOSTILE = [
    ("list.xls", strings_claimed, "PLAN-005"),
    ("list.xls", far_cell, "PLAN-009"),
    ("list.xls", no_reader, "PLAN-005"),
    ("list.ods", repeated, "PLAN-009"),
    ("list.ods", doctype, "PLAN-010"),
    ("list.ods", locked, "PLAN-006"),
]


@pytest.mark.parametrize(("name", "make", "code"), HOSTILE, ids=[make.__name__ for _, make, _ in HOSTILE])
def test_a_hostile_inventory_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, make: Callable[[Path], Path], code: str
) -> None:
    """By the same guards as a plan's; nothing is left behind."""
    ran = run(capsys, "import", str(make(tmp_path / name)), "--out", str(tmp_path / "plan.xlsx"))
    assert (ran.code, f"[{code}]" in ran.err, "Traceback" in ran.err) == (2, True, False)
    assert not (tmp_path / "plan.xlsx").exists()


def test_the_limit_that_was_met_is_named_and_can_be_raised(tmp_path: Path) -> None:
    """Of a file's size, of its cells, and of a CSV's."""
    made = book(tmp_path / "list.xlsx", List=[["Hostname", "OS"], *(["web", "Linux"] for _ in range(60))])
    few = ReadingLimits(cells=100)
    for path in (made, text(tmp_path / "list.csv", "Hostname,OS\n" + "web,Linux\n" * 60)):
        with pytest.raises(PlanError, match="set WAVES_READ_LIMIT=2 to read 2 times as much") as caught:
            read_source(path, few)
        assert caught.value.code == "PLAN-009"
        assert len(read_source(path, few.raised(2)).sheets[0].rows) == 61
    with pytest.raises(PlanError, match="MiB are read"):
        read_source(made, ReadingLimits(file_bytes=1000))


def test_a_formula_that_was_never_calculated_is_told(tmp_path: Path) -> None:
    """It reads as nothing, and would be taken for nothing."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (["Hostname", "IP"], ["web", "=A1"]):
        sheet.append(row)
    workbook.save(tmp_path / "list.xlsx")
    made = import_file(tmp_path / "list.xlsx")
    assert {(place, "never calculated" in problem) for place, problem in told(made, "IMPORT-120")} == {("Sheet!B2", True)}


def binary_workbook(path: Path, row: int = 1, column: int = 1) -> Path:
    """An .xlsb as small as one can be: a header, a server, its name at this row and column (from 0)."""

    def record(kind: int, content: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return head + bytes([len(content)]) + content

    def wide(shown: str) -> bytes:
        return struct.pack("<I", len(shown)) + shown.encode("utf-16-le")

    def cell(at: int, shown: str) -> bytes:
        return record(6, struct.pack("<II", at, 0) + wide(shown))

    def header(at: int) -> bytes:
        return record(0, struct.pack("<I", at) + bytes(13))

    cells = header(0) + cell(0, "OS") + cell(1, "Hostname") + header(row) + cell(0, "Linux") + cell(column, "web-01")
    sheet = record(148, struct.pack("<4I", 0, row, 0, max(1, column))) + record(145) + cells + record(146)
    tabs = record(143) + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("List")) + record(144) + record(157, bytes(26))
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_rels/.rels", relations.format(""))
        archive.writestr("xl/workbook.bin", tabs)
        one = f'<Relationship Id="rId1" Type="{kind}/worksheet" Target="worksheets/sheet1.bin"/>'
        archive.writestr("xl/_rels/workbook.bin.rels", relations.format(one))
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return path


def test_a_binary_workbook_is_read_and_bounded(tmp_path: Path) -> None:
    """An .xlsb is no plan, and an inventory all the same; a cell far away fills no memory."""
    assert [server.name for server in import_file(binary_workbook(tmp_path / "list.xlsb")).servers] == ["web-01"]
    with pytest.raises(PlanError, match=r"its sheet 1 reaches to cell C61.*set WAVES_READ_LIMIT=2 to") as caught:
        read_source(binary_workbook(tmp_path / "far.xlsb", 60, 2), ReadingLimits(cells=100))
    assert caught.value.code == "PLAN-009"
    with pytest.raises(PlanError) as caught:
        read_source(binary_workbook(tmp_path / "far.xlsb", 1_048_575, 16_383))
    assert caught.value.code == "PLAN-005"


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["libreoffice.xls", "libreoffice.ods"]),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_no_bytes_end_in_a_traceback(tmp_path: Path, name: str, edits: list[tuple[float, int]]) -> None:
    """A real file with bytes changed comes in, or is refused by an error of ours."""
    content = bytearray((DIALECTS / name).read_bytes())
    for place, byte in edits:
        content[int(place * len(content))] = byte
    with suppress(PlanError, ImportRefusedError):
        import_file(written(tmp_path / name, bytes(content)))
