"""A plan is the same plan whatever program wrote it, in every format that is read."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inventory.checks import check_plan
from inventory.plan import Plan, read_plan
from tests.inventory.test_bad_files import rewritten
from tests.plans import disk, found, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Callable

DIALECTS = Path(__file__).parent / "dialects"
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("suffix", ["xlsx", "ods", "xls"])
def test_what_libreoffice_writes_is_read_alike(suffix: str) -> None:
    """Values, formulas, merged cells, right-to-left and combining names; what is hidden or an error is told at its place."""
    made = read_plan(DIALECTS / f"libreoffice.{suffix}")
    rows = [(row.wave, row.source_server_id, row.source_name, row.flag("syncing"), row.text("note")) for row in made.servers]
    assert rows == [
        ("wave-1", "src-0001-a1b2", "web-01", True, "first line\nsecond line"),
        ("wave-1", "src-0002-a1b2", "web-02 \u0645\u0631\u062d\u0628\u0627", False, "two  spaces"),
        ("wave-1", "src-0003-a1b2", "e\u0301-03", True, "ab"),
    ]
    assert [row.integer("priority") for row in made.servers] == [2, 1, None]
    assert [row.integer("size") for row in made.disks["src-0001-a1b2"]] == [1_500_000_000_000, 42_949_672_960]
    assert made.waves["wave-1"].starts_at == datetime(2027, 1, 9, 19, 30, tzinfo=UTC)
    assert sorted(found(made.findings)) == [
        ("Defaults", "PLAN-108"),
        ("Servers", "PLAN-132"),
        ("Servers!A4:A5", "PLAN-133"),
        ("Servers!E5", "PLAN-101"),
        ("Servers!F3", "PLAN-136"),
    ]


def changed(tmp_path: Path, change: Callable[[bytes], bytes], *parts: str) -> Plan:
    """The plan of two servers and a wave, the bytes of these parts (of all where none are named) changed."""
    waves = [{"wave": "wave-1", "starts_at": datetime(2027, 1, 9, 20), "timezone": "UTC"}]  # noqa: DTZ001 - as a spreadsheet has it
    path = make_plan(tmp_path / "plan.xlsx", [server(1), server(2)], disks=[disk(1), disk(2)], waves=waves)
    with zipfile.ZipFile(path) as archive:
        made: dict[str, bytes | None] = {name: change(archive.read(name)) for name in parts or archive.namelist()}
    path.write_bytes(rewritten(path.read_bytes(), made))
    return read_plan(path)


def test_strict_open_xml_is_read(tmp_path: Path) -> None:
    """Excel's "Strict Open XML": other namespaces, and dates as ISO texts of a type of their own."""

    def strict(part: bytes) -> bytes:
        part = part.replace(
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"
        )
        part = part.replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
        return re.sub(rb'<c r="B2"[^>]*t="n"[^>]*><v>46396.8[0-9]*</v>', rb'<c r="B2" t="d"><v>2027-01-09T20:00:00</v>', part)

    made = changed(tmp_path, strict)
    assert [row.source_name for row in made.servers] == ["web-01", "web-02"]
    assert made.waves["wave-1"].starts_at == datetime(2027, 1, 9, 20, tzinfo=UTC)
    assert found(check_plan(made)) == []


def test_what_google_sheets_writes_is_read(tmp_path: Path) -> None:
    """A thousand painted rows below the plan, and functions of its own whose values it keeps beside a stand-in."""
    stand_in = b'<c r="C2" t="str"><f>IFERROR(__xludf.DUMMYFUNCTION("""COMPUTED_VALUE"""),"web-01")</f><v>web-01</v></c>'
    painted = b"".join(b'<row r="%d"><c r="A%d" s="0"/><c r="Z%d" s="0"/></row>' % (row, row, row) for row in range(4, 1001))

    def google(part: bytes) -> bytes:
        return re.sub(rb'<c r="C2".*?</c>', lambda _: stand_in, part).replace(b"</sheetData>", painted + b"</sheetData>")

    made = changed(tmp_path, google, SHEET)
    assert [row.source_name for row in made.servers] == ["web-01", "web-02"]
    assert found(check_plan(made)) == []


def test_dates_of_a_mac_are_dates(tmp_path: Path) -> None:
    """Workbooks that began on a Mac count days from 1904."""

    def mac(part: bytes) -> bytes:
        part = re.sub(rb"<workbookPr ?/>", b'<workbookPr date1904="1"/>', part)
        return part.replace(b"<v>46396.8", b"<v>44934.8")

    assert changed(tmp_path, mac).waves["wave-1"].starts_at == datetime(2027, 1, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize("name", ["plan.xlsx", "plan.xls", "plan"])
def test_the_content_decides_not_the_name(tmp_path: Path, name: str) -> None:
    """An .xls that is an .xlsx, and the other way round: both are opened, as spreadsheets do after asking."""
    for suffix in ("xlsx", "ods", "xls"):
        (tmp_path / name).write_bytes((DIALECTS / f"libreoffice.{suffix}").read_bytes())
        assert len(read_plan(tmp_path / name).servers) == 3
