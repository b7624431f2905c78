"""Files made to harm: memory and time stay bounded, nothing in them is run or followed, and the line says what was met."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from inventory.compound_file import SIGNATURE, CompoundFile, write_compound_file
from inventory.plan import PlanError, read_plan
from inventory.reading_limits import ReadingLimits, limits_of
from tests.inventory.test_bad_files import refused, rewritten, written
from tests.inventory.test_dialects import DIALECTS, SHEET
from tests.plans import found, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))


def sheet_of(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(SHEET)


def ods(path: Path, rows: str, name: str = "Servers") -> Path:
    """An .ods with the header of a plan, a server, and then these rows, as XML."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    head = "".join(
        f"<table:table-row>{''.join(cell.format(text) for text in texts)}</table:table-row>"
        for texts in (("wave", "source_name"), ("w", "web-01"))
    )
    content = (
        f"<office:document-content {NAMESPACES}><office:body><office:spreadsheet>"
        f'<table:table table:name="{name}">{head}{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return path


def xls(path: Path, change: bytes, to: bytes) -> Path:
    """LibreOffice's .xls, its workbook's stream changed in one place."""
    stream = CompoundFile((DIALECTS / "libreoffice.xls").read_bytes()).stream("Workbook")
    assert stream.count(change) >= 1
    return written(path, write_compound_file("Workbook", stream.replace(change, to, 1)))


def test_a_claimed_dimension_is_not_believed(tmp_path: Path) -> None:
    """1,048,576 x 16,384 cells are claimed; three are there."""
    path = make_plan(tmp_path / "plan.xlsx")
    xml = sheet_of(path)
    start, end = xml.index(b"<dimension"), xml.index(b"/>", xml.index(b"<dimension")) + 2
    claimed = xml[:start] + b'<dimension ref="A1:XFD1048576"/>' + xml[end:]
    assert len(read_plan(written(path, rewritten(path.read_bytes(), {SHEET: claimed}))).servers) == 1


def test_painted_rows_below_are_no_servers(tmp_path: Path) -> None:
    """Rows that are only formatted, to the last row of the sheet: nothing of them is laid out."""
    path = make_plan(tmp_path / "plan.xlsx")
    rows = b"".join(
        b'<row r="%d" s="0" customFormat="1"><c r="A%d" s="0"/></row>' % (row, row) for row in range(1_038_577, 1_048_577)
    )
    painted = sheet_of(path).replace(b"</sheetData>", rows + b"</sheetData>")
    made = read_plan(written(path, rewritten(path.read_bytes(), {SHEET: painted})))
    assert len(made.servers) == 1
    assert len(made.tables["Servers"].columns[0]) == 1


def test_a_doctype_is_refused_in_parts_that_nobody_reads(tmp_path: Path) -> None:
    good = make_plan(tmp_path / "good.xlsx").read_bytes()
    bomb = rewritten(
        good, {}, {"xl/externalLinks/externalLink1.xml": b'<?xml version="1.0"?><!-- <a> --><!DOCTYPE a [<!ENTITY b "c">]><a/>'}
    )
    assert refused(written(tmp_path / "plan.xlsx", bomb)) == "PLAN-010"


def test_an_ods_with_a_doctype_is_refused(tmp_path: Path) -> None:
    good = ods(tmp_path / "good.ods", "").read_bytes()
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        bomb = rewritten(good, {"content.xml": b'<!DOCTYPE a [<!ENTITY b "c">]>' + archive.read("content.xml")})
    assert refused(written(tmp_path / "plan.ods", bomb)) == "PLAN-010"


EMPTY = "<table:table-cell/>"
FULL = '<table:table-cell table:number-columns-repeated="{}" office:value-type="float" office:value="1"/>'


@pytest.mark.parametrize(
    ("rows", "met"),
    [
        (f'<table:table-row table:number-rows-repeated="1000000">{FULL.format(16384)}</table:table-row>', "XFD1000002"),
        (
            f'<table:table-row table:number-rows-repeated="4000000000">{FULL.format(1)}</table:table-row>',
            "more than a sheet can have",
        ),
        (f"<table:table-row>{FULL.format(4_000_000_000)}</table:table-row>", "more than a sheet can have"),
        (f"<table:table-row>{FULL.format(16384) * 2}</table:table-row>", "more than 16384 columns"),
        (
            f'<table:table-row table:number-rows-repeated="9000">{EMPTY * 4000}{FULL.format(1)}</table:table-row>',
            "reaches to cell EWW9002",
        ),
    ],
)
def test_a_few_bytes_of_ods_cannot_claim_a_million_rows(tmp_path: Path, rows: str, met: str) -> None:
    with pytest.raises(PlanError, match=met) as caught:
        read_plan(ods(tmp_path / "plan.ods", rows))
    assert caught.value.code == "PLAN-009"


def test_empty_cells_of_ods_may_repeat_to_the_end_of_the_sheet(tmp_path: Path) -> None:
    """As every .ods of LibreOffice has them."""
    cells = '<table:table-cell table:number-columns-repeated="16384"/>'
    rows = f'<table:table-row table:number-rows-repeated="1048574">{cells}</table:table-row>'
    assert len(read_plan(ods(tmp_path / "plan.ods", rows)).servers) == 1


def test_formulas_of_ods_without_a_value_and_old_errors_are_found(tmp_path: Path) -> None:
    text = '<table:table-cell office:value-type="string"><text:p>w</text:p></table:table-cell>'
    old = '<table:table-cell table:formula="of:=1/0" office:value-type="float" office:value="0"><text:p>Err:503</text:p>'
    cells = (f'{text}<table:table-cell table:formula="of:=A1"/>', f"{old}</table:table-cell>")
    rows = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    assert found(read_plan(ods(tmp_path / "plan.ods", rows)).findings) == [("Servers!A4", "PLAN-101"), ("Servers!B3", "PLAN-102")]


def test_an_encrypted_ods_or_xls_says_so(tmp_path: Path) -> None:
    good = ods(tmp_path / "good.ods", "").read_bytes()
    locked = rewritten(good, {"META-INF/manifest.xml": b"<manifest><encryption-data/></manifest>"})
    assert refused(written(tmp_path / "plan.ods", locked)) == "PLAN-006"
    first = struct.pack("<HHHH", 0x00E1, 2, 1200, 0x00C1)
    password = struct.pack("<HHHH", 0x002F, 2, 1200, 0x00C1)
    assert refused(xls(tmp_path / "plan.xls", first, password)) == "PLAN-006"


def test_an_xls_whose_sectors_go_in_a_circle_is_damaged(tmp_path: Path) -> None:
    """A reader that follows the chain would never end."""
    content = bytearray((DIALECTS / "libreoffice.xls").read_bytes())
    chain = struct.pack("<4I", 3, 4, 5, 6)
    content[content.index(chain) + 12 : content.index(chain) + 16] = struct.pack("<I", 3)
    assert refused(written(tmp_path / "plan.xls", bytes(content))) == "PLAN-005"


def test_an_xls_that_kills_its_reader_is_damaged(tmp_path: Path) -> None:
    """A count of texts that no memory holds; and bytes that end the reader's process."""
    stream = CompoundFile((DIALECTS / "libreoffice.xls").read_bytes()).stream("Workbook")
    at = stream.index(struct.pack("<H", 0x00FC), 512)
    assert refused(xls(tmp_path / "plan.xls", stream[at : at + 12], stream[at : at + 8] + b"\xff\xff\xff\x7f")) == "PLAN-005"
    assert refused(written(tmp_path / "plan.xls", SIGNATURE + bytes(5000))) == "PLAN-005"


def test_macros_are_left_out_and_links_are_not_followed(tmp_path: Path) -> None:
    """A project of macros and a link to another workbook lie in the file: its own values are all that is read."""
    path = make_plan(tmp_path / "plan.xlsm", [server(1)])
    xml = sheet_of(path)
    start = xml.index(b'<c r="C2"')
    end = xml.index(b"</c>", start) + 4
    linked = xml[:start] + b'<c r="C2" t="str"><f>[1]Hosts!A1</f><v>web-07</v></c>' + xml[end:]
    parts = {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 not a project", "xl/externalLinks/externalLink1.xml": b"<externalLink/>"}
    made = read_plan(written(path, rewritten(path.read_bytes(), {SHEET: linked}, parts)))
    assert (made.servers[0].source_name, found(made.findings)) == ("web-07", [])


NAMES = [
    '=HYPERLINK("http://example.org")',
    "+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "\u202eevil\u202c",
    "\u05e9\u05e8\u05ea",
    "e\u0301\u0323\u0302",
    "\U0001f469\u200d\U0001f4bb",
    "x" * 255,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_a_text_whatever_it_looks_like(tmp_path: Path, name: str) -> None:
    """As text it is kept to the letter; what is done with it where it is shown is decided there."""
    path = make_plan(tmp_path / "plan.xlsx", [server(1)])
    book = load_workbook(path)
    cell = book["Servers"]["C2"]
    cell.value, cell.data_type = name, "s"
    book.save(path)
    assert read_plan(path).servers[0].source_name == name


def test_the_longest_cell_is_kept_in_a_note_and_refused_in_a_name(tmp_path: Path) -> None:
    made = read_plan(make_plan(tmp_path / "plan.xlsx", [server(1, note="n" * 32_767, source_name="s" * 32_767)]))
    assert len(made.servers[0].text("note")) == 32_767
    assert found(made.findings) == [("Servers!C2", "PLAN-111")]
    assert len(made.findings[0].line()) < 300


def test_control_characters_and_lone_surrogates_are_refused_or_told(tmp_path: Path) -> None:
    """XML cannot hold them; Excel writes them as _x0007_ and _xD800_, and a CSV may hold anything."""
    path = make_plan(tmp_path / "plan.xlsx", [server(1, source_name="a_x0007_b"), server(2, source_name="a_xD800_b")])
    made = read_plan(path)
    for row in made.servers:
        assert row.source_name.encode("utf-8", "strict") is not None
    lone = "wave,source_name\nw,a\ud800b\n".encode("utf-16-le", "surrogatepass")
    assert refused(written(tmp_path / "plan.csv", b"\xff\xfe" + lone)) == "PLAN-011"


def test_a_sheet_may_be_called_anything(tmp_path: Path) -> None:
    """The only sheet is taken as Servers, and places are told by its own name."""
    path = make_plan(tmp_path / "plan.xlsx", [server(1, priority="x")], defaults={})
    book = load_workbook(path)
    book["Servers"].title = 'Bob\'s "plan" & <co>'
    book.save(path)
    assert found(read_plan(path).findings) == [('Bob\'s "plan" & <co>!H2', "PLAN-112")]


def test_a_csv_of_one_long_row_and_many_short_ones_is_too_big(tmp_path: Path) -> None:
    """Laid out it would be the product of both."""
    content = b"wave,source_name" + b"," * 9_000 + b"\n" + b"w,a\n" * 9_000
    with pytest.raises(PlanError, match="or set WAVES_READ_LIMIT=7 to read 7 times as much") as caught:
        read_plan(written(tmp_path / "plan.csv", content))
    assert caught.value.code == "PLAN-009"


@pytest.mark.parametrize("said", ["lots", "0", "17", "nan", "-1"])
def test_a_limit_that_is_none_says_so(said: str) -> None:
    with pytest.raises(PlanError, match="give a number from 1 to 16"):
        limits_of({"WAVES_READ_LIMIT": said})


def test_the_environment_raises_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits_of({"WAVES_READ_LIMIT": " 2 "}) == ReadingLimits().raised(2)
    monkeypatch.setenv("WAVES_READ_LIMIT", "lots")
    assert refused(make_plan(tmp_path / "plan.xlsx")) == "PLAN-013"
