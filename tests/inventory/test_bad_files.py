"""A file that is no plan gets one line and no traceback, whatever its bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from inventory import sheet_errors
from inventory.checks import check_plan
from inventory.plan import PlanError, read_plan
from inventory.reading_limits import ReadingLimits
from tests.plans import disk, make_plan, server

FILE_CODES = {f"PLAN-0{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20, 21, 22, 23, 24)}

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def refused(path: Path) -> str:
    """The code of the one line that reading the file gives."""
    with pytest.raises(PlanError) as caught:
        read_plan(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(f"[{caught.value.code}]")
    return caught.value.code


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.fixture
def good(tmp_path: Path) -> bytes:
    return make_plan(tmp_path / "good.xlsx", disks=[disk()]).read_bytes()


def rewritten(content: bytes, change: dict[str, bytes | None], add: dict[str, bytes] | None = None) -> bytes:
    """The workbook with parts replaced, left out (None) or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change.get(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
        for name, part in (add or {}).items():
            new.writestr(name, part)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("plan.xlsx", b"", "PLAN-003"),
        ("plan.csv", b"\r\n \n", "PLAN-003"),
        ("plan.xlsx", bytes(100), "PLAN-003"),
        ("plan.xlsx", b"PK\x03\x04", "PLAN-005"),
        ("plan.xlsx", b"\x89PNG\r\n\x1a\n\x00\x00", "PLAN-005"),
        ("plan.xlsx", _OLE + "EncryptedPackage".encode("utf-16-le"), "PLAN-006"),
        ("plan.xlsx", b"<!DOCTYPE html><html>Sign in</html>", "PLAN-007"),
        ("plan.xlsx", b"wave,source_name\nwave-1,web-01\n", "PLAN-007"),
        ("plan.xlsx", b"%PDF-1.7 ...", "PLAN-007"),
        ("~$plan.xlsx", b"\x05owner", "PLAN-007"),
        ("plan.xls", _OLE, "PLAN-005"),
        ("plan.ods", b"\x00anything", "PLAN-005"),
        ("plan.numbers", b"\x00anything", "PLAN-008"),
        ("plan.csv", b"wave,source_name\nwave-1,\x81\x8d\n", "PLAN-011"),
        ("plan.csv", b"wave,note\x00\nwave-1,x\n", "PLAN-011"),
        ("plan.csv", b'wave,note\nwave-1,"never closed\nwave-2,x\n', "PLAN-012"),
        ("plan.csv", b"alpha,beta\n1,2\n", "PLAN-021"),
        ("plan.csv", b"wawe,source_name\nwave-1,web-01\n", "PLAN-022"),
        ("plan.csv", b"wave,source_name\n,\n", "PLAN-023"),
    ],
)
def test_what_is_no_plan_says_so(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    assert refused(written(tmp_path / name, content)) == code


def test_a_missing_file_a_folder_and_a_locked_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = make_plan(tmp_path / "plan.xlsx")
    assert refused(tmp_path / "none.xlsx") == "PLAN-001"
    assert refused(tmp_path) == "PLAN-002"
    assert refused(tmp_path / "a\0b.xlsx") in {"PLAN-001", "PLAN-004"}

    def deny(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", deny)
    assert refused(locked) == "PLAN-004"


def test_a_workbook_cut_off_anywhere_is_damaged(tmp_path: Path, good: bytes) -> None:
    for share in range(1, 20):
        assert refused(written(tmp_path / "plan.xlsx", good[: len(good) * share // 20])) == "PLAN-005"


def test_other_archives_are_named(tmp_path: Path, good: bytes) -> None:
    cases = {
        "PLAN-007": rewritten(good, {"xl/workbook.xml": None, "_rels/.rels": None}, {"word/document.xml": b"<w/>"}),
        "PLAN-008": rewritten(good, {"xl/workbook.xml": None, "_rels/.rels": None}, {"mimetype": b"x"}),
    }
    for code, content in cases.items():
        assert refused(written(tmp_path / "plan.xlsx", content)) == code
    assert refused(written(tmp_path / "plan.csv", good)) == "PLAN-007"


def test_an_encrypted_zip_says_so(tmp_path: Path, good: bytes) -> None:
    flagged = good.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
    assert flagged != good
    assert refused(written(tmp_path / "plan.xlsx", flagged)) == "PLAN-006"


def test_a_doctype_is_refused_in_every_part(tmp_path: Path, good: bytes) -> None:
    good = rewritten(good, {}, {"xl/sharedStrings.xml": b"<sst></sst>"})
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in (
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
        "xl/_rels/workbook.xml.rels",
    ):
        bomb = b'<!DOCTYPE a [<!ENTITY b "c">]>' + parts[name].rpartition(b"?>")[2]
        assert refused(written(tmp_path / "plan.xlsx", rewritten(good, {name: bomb}))) == "PLAN-010"


def test_bombs_are_refused_unopened(tmp_path: Path, good: bytes) -> None:
    """A part that unpacks to too much, and a stray cell that makes the sheet as large as a sheet can be."""
    far = Workbook()
    sheet = far.active
    assert sheet is not None
    sheet.title = "Servers"
    sheet.append(["wave", "source_name"])
    sheet.cell(1_048_576, 16_384, "stray")
    far.save(tmp_path / "far.xlsx")
    with pytest.raises(PlanError, match="XFD1048576"):
        read_plan(tmp_path / "far.xlsx")
    bomb = written(tmp_path / "plan.xlsx", rewritten(good, {}, {"xl/media/image1.png": bytes(2 << 20)}))
    with pytest.raises(PlanError, match=r"2 MiB, and at most 1 MiB are read.*or set WAVES_READ_LIMIT=2 to") as caught:
        read_plan(bomb, ReadingLimits(part_bytes=1 << 20))
    assert caught.value.code == "PLAN-009"
    assert len(read_plan(bomb, ReadingLimits(part_bytes=1 << 20).raised(2)).servers) == 1


def test_a_formatted_cell_far_away_is_not_a_large_sheet(tmp_path: Path) -> None:
    """Only cells that hold something count; one that is merely painted does not."""
    path = make_plan(tmp_path / "plan.xlsx")
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(part).replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>')
    assert len(read_plan(written(path, rewritten(path.read_bytes(), {part: xml}))).servers) == 1
    assert sheet_errors.MAX_CELLS < 1_048_576 * 16_384


def test_sheets_that_are_missing_or_double(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("Serverz")
    book.save(tmp_path / "plan.xlsx")
    with pytest.raises(PlanError, match='rename "Serverz" to it'):
        read_plan(tmp_path / "plan.xlsx")
    assert refused(tmp_path / "plan.xlsx") == "PLAN-020"
    twice: dict[str, Any] = {"Volume Groups": [{"a": 1}], "VolumeGroups": [{"a": 1}]}
    assert refused(make_plan(tmp_path / "plan.xlsx", **twice)) == "PLAN-024"


_SOURCE: dict[str, bytes] = {}


def _base(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    if "content" not in _SOURCE:
        rows = [server(number, speed_limit="=1/0", priority=number % 3) for number in range(1, 8)]
        path = make_plan(tmp_path_factory.mktemp("base") / "plan.xlsx", rows, disks=[disk()], waves=[{"wave": "wave-1"}])
        _SOURCE["content"] = path.read_bytes()
    return _SOURCE["content"]


def survives(path: Path) -> None:
    """The file is read and checked, or refused as a plan: nothing else is ever raised."""
    try:
        check_plan(read_plan(path))
    except PlanError as error:
        assert error.code in FILE_CODES  # noqa: PT017 - either end is fine


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
def test_no_bytes_end_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, edits: list[tuple[float, int]]
) -> None:
    """Bytes of the file itself are changed at random."""
    content = bytearray(_base(tmp_path_factory))
    for place, byte in edits:
        content[int(place * len(content))] = byte
    survives(written(tmp_path / "plan.xlsx", bytes(content)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    part=st.sampled_from(
        ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet4.xml", "xl/styles.xml"]
    ),
    edits=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(list(b'<>/"= \x00\xff019Azre&;:'))), min_size=1, max_size=6
    ),
)
def test_no_xml_ends_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, part: str, edits: list[tuple[float, int]]
) -> None:
    """The XML inside is changed at random, in a zip that is whole."""
    base = _base(tmp_path_factory)
    with zipfile.ZipFile(io.BytesIO(base)) as archive:
        xml = bytearray(archive.read(part))
    for place, byte in edits:
        xml[int(place * len(xml))] = byte
    survives(written(tmp_path / "plan.xlsx", rewritten(base, {part: bytes(xml)})))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(min_size=1, max_size=300)
    | st.text(max_size=200).map(lambda text: ("wave,name\n" + text).encode("utf-8", "ignore"))
)
def test_no_csv_ends_in_a_traceback(tmp_path: Path, content: bytes) -> None:
    survives(written(tmp_path / "plan.csv", content))


DIALECTS = Path(__file__).parent / "dialects"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["plan.xlsx", "plan.xlsm", "plan.xls", "plan.ods", "plan.csv", "plan.numbers", "plan"]),
    start=st.sampled_from([b"", b"PK\x03\x04", _OLE[:8], _OLE[:76], b"PK\x03\x04" + bytes(26) + b"mimetype"]),
    rest=st.binary(max_size=300),
)
def test_no_bytes_with_a_workbooks_name_end_in_a_traceback(tmp_path: Path, name: str, start: bytes, rest: bytes) -> None:
    survives(written(tmp_path / name, start + rest))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
def test_no_content_of_an_ods_ends_in_a_traceback(tmp_path: Path, edits: list[tuple[float, int]]) -> None:
    """The XML of a real file is changed at random, in a zip that is whole."""
    base = (DIALECTS / "libreoffice.ods").read_bytes()
    with zipfile.ZipFile(io.BytesIO(base)) as archive:
        xml = bytearray(archive.read("content.xml"))
    for place, byte in edits:
        xml[int(place * len(xml))] = byte
    survives(written(tmp_path / "plan.ods", rewritten(base, {"content.xml": bytes(xml)})))


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
def test_no_bytes_of_an_xls_end_in_a_traceback(tmp_path: Path, edits: list[tuple[float, int]]) -> None:
    content = bytearray((DIALECTS / "libreoffice.xls").read_bytes())
    for place, byte in edits:
        content[int(place * len(content))] = byte
    survives(written(tmp_path / "plan.xls", bytes(content)))
