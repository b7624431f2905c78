"""A workbook or CSV read into typed rows: headers, precedence, cells, and what looks empty and is not."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from inventory.checks import check_plan
from inventory.plan import Plan, PlanError, read_plan
from tests.inventory.test_bad_files import rewritten
from tests.plans import DEFAULTS, disk, found, make_plan, server

HEADER = "wave,source_name,vm_template_id,region_id,project_id\n"
ROW = "wave-1,web-01,tpl-1,r-1,p-1\n"


def plan(tmp_path: Path, *servers: dict[str, Any], **sheets: Any) -> Plan:
    return read_plan(make_plan(tmp_path / "plan.xlsx", list(servers) or None, **sheets))


def csv(tmp_path: Path, content: bytes) -> Plan:
    (tmp_path / "plan.csv").write_bytes(content)
    return read_plan(tmp_path / "plan.csv")


def test_a_header_matches_whatever_its_spelling(tmp_path: Path) -> None:
    """Case, spaces (non-breaking ones too), dashes, underscores and a closing star do not count; aliases do."""
    made = plan(tmp_path, {" WAVE*": "w", "Source\xa0ID": "src-1", "Target-VM_id": "vm-1", "Speed Limit": 5, "Esx Host": "e1"})
    row = made.servers[0]
    assert (row.wave, row.source_server_id, row.text("target_vm_id"), row.integer("speed_limit")) == ("w", "src-1", "vm-1", 5)
    assert row.extra == {"Esx Host": "e1"}
    assert (
        list(row.shown)
        == list(made.headers)
        == ["WAVE*", "Source\xa0ID".replace("\xa0", " "), "Target-VM_id", "Speed Limit", "Esx Host"]
    )


def test_precedence_is_row_wave_defaults(tmp_path: Path) -> None:
    made = plan(
        tmp_path,
        server(1, priority=0),
        server(2),
        server(3, wave="wave-2"),
        server(4, wave="wave-3"),
        waves=[{"wave": "wave-1", "priority": 1}, {"wave": "wave-2", "priority": None}],
        defaults={**DEFAULTS, "priority": 2},
    )
    assert [(row.integer("priority"), str(row.cell("priority"))) for row in made.servers] == [
        (0, "Servers!H2"),
        (1, "Waves!B2"),
        (2, "Defaults!B8"),
        (2, "Defaults!B8"),
    ]
    assert list(made.waves) == ["wave-1", "wave-2", "wave-3"]
    assert made.rows("wave-1") == made.servers[:2]


def test_what_is_not_said_is_absent(tmp_path: Path) -> None:
    row = plan(tmp_path, server(1, speed_limit="", note="  \xa0")).servers[0]
    assert (row.integer("speed_limit"), row.flag("syncing"), row.text("note"), row.decimal("over_speed_threshold")) == (
        None,
        None,
        "",
        None,
    )
    assert "speed_limit" not in row.values
    assert "note" not in row.values
    assert (str(row.cell("speed_limit")), str(row.cell("syncing"))) == ("Servers!H2", "Servers!A2")


def test_a_wrong_cell_does_not_fall_back(tmp_path: Path) -> None:
    """What the planner typed wrongly is not replaced by a default behind their back."""
    made = plan(tmp_path, server(1, priority="high"), defaults={**DEFAULTS, "priority": 2})
    assert made.servers[0].integer("priority") is None
    assert found(made.findings) == [("Servers!H2", "PLAN-112")]


def test_names_that_look_like_nothing_stay(tmp_path: Path) -> None:
    """No guessing of missing values: a server called NA, null or None is called so."""
    names = ["NA", "null", "None", "nan", "N/A", "TRUE", "007", "1e5"]
    made = plan(tmp_path, *(server(number, source_name=name) for number, name in enumerate(names, 1)))
    assert [row.source_name for row in made.servers] == names


def test_patterns_are_filled_in_for_each_row(tmp_path: Path) -> None:
    """In a task's name what SMS does not take becomes a dash; a field that the row lacks leaves the pattern to whoever knows it."""
    patterns = {**DEFAULTS, "name": "{source_name}-{wave}", "target_name": "{source_name}-hw"}
    rows = [server(1, source_name="web.a", target_name=None), server(2, name="own"), server(3, source_name=None, target_name="")]
    made = plan(tmp_path, *rows, defaults=patterns)
    assert [(row.text("name"), row.text("target_name")) for row in made.servers] == [
        ("web-a-wave-1", "web.a-hw"),
        ("own", "web-02-hw"),
        ("", ""),
    ]
    assert [row.pattern("name") for row in made.servers] == ["{source_name}-{wave}", "", "{source_name}-{wave}"]


def test_an_empty_sheet_says_nothing(tmp_path: Path) -> None:
    """A tab that was made and never filled is no mistake."""
    book = load_workbook(make_plan(tmp_path / "plan.xlsx"))
    for name in ("Disks", "Waves", "Limits"):
        book.create_sheet(name)
    book.save(tmp_path / "plan.xlsx")
    made = read_plan(tmp_path / "plan.xlsx")
    assert found(check_plan(made)) == []
    assert (made.disks, made.limits, list(made.waves)) == ({}, (), ["wave-1"])


def test_blank_rows_and_titles_keep_the_row_numbers(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (
        ["Wave plan of the year"],
        [],
        ["wave", "source_name", "priority"],
        ["w", "a", 1],
        [None, "  "],
        ["w", "b", "x7"],
    ):
        sheet.append(cells)
    book.save(tmp_path / "plan.xlsx")
    made = read_plan(tmp_path / "plan.xlsx")
    assert [(row.position, row.source_name) for row in made.servers] == [(4, "a"), (6, "b")]
    assert found(made.findings) == [("Sheet!C6", "PLAN-112")]


def test_windows_have_their_time_zone(tmp_path: Path) -> None:
    """Typed as a date, as text, and with an offset of its own; without a zone it is UTC."""
    made = plan(
        tmp_path,
        waves=[
            {
                "wave": "a",
                "starts_at": datetime(2027, 1, 9, 20, tzinfo=UTC).replace(tzinfo=None),
                "ends_at": "2027-01-09 22:00",
                "timezone": "Europe/Berlin",
            },
            {"wave": "b", "starts_at": "2027-01-09T20:00+02:00", "ends_at": date(2027, 1, 10)},
        ],
    )
    a, b = made.waves["a"], made.waves["b"]
    assert (a.starts_at, a.ends_at) == (datetime(2027, 1, 9, 19, tzinfo=UTC), datetime(2027, 1, 9, 21, tzinfo=UTC))
    assert (b.starts_at, b.ends_at) == (datetime(2027, 1, 9, 18, tzinfo=UTC), datetime(2027, 1, 10, tzinfo=UTC))
    assert made.waves["wave-1"].starts_at is None


def test_disks_and_limits_are_grouped(tmp_path: Path) -> None:
    limits = [{"column": "esx_host", "value": "*", "max_running": 2}]
    made = plan(tmp_path, server(1, esx_host="e"), disks=[disk(), disk(name="/dev/vdb", size="1.5 TiB"), disk(2)], Limits=limits)
    assert [row.integer("size") for row in made.disks["src-0001-a1b2"]] == [42949672960, 1649267441664]
    assert (made.has_disks("src-0002-a1b2"), made.has_disks("src-0003-a1b2"), made.has_disks("")) == (True, False, False)
    assert [(limit.column, limit.value, limit.max_running) for limit in made.limits] == [("esx_host", "*", 2)]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_csv_reads_alike(tmp_path: Path, separator: str, encoding: str) -> None:
    text = (HEADER + ROW.replace("web-01", "wéb-01")).replace(",", separator).replace("\n", "\r\n")
    made = csv(tmp_path, text.encode(encoding))
    assert [row.source_name for row in made.servers] == ["wéb-01"]
    assert found(check_plan(made)) == []


def test_an_old_encoding_is_read_and_told(tmp_path: Path) -> None:
    made = csv(tmp_path, (HEADER + ROW.replace("web-01", "wéb-01")).encode("cp1252"))
    assert made.servers[0].source_name == "wéb-01"
    assert found(check_plan(made)) == [("Servers", "PLAN-109")]


def test_a_csv_keeps_quotes_separators_and_row_numbers(tmp_path: Path) -> None:
    content = 'sep=;\nwave;source_name;note;vm_template_id;priority\nw;a;"x; y\nz";t;1\nw;b;;t;high\n'
    made = csv(tmp_path, content.encode())
    assert [(row.position, row.text("note")) for row in made.servers] == [(2, "x; y\nz"), (3, "")]
    assert found(made.findings) == [("Servers!E3", "PLAN-112")]


def test_cells_without_a_header_are_told(tmp_path: Path) -> None:
    """In a CSV a row that is too long has shifted: an error. In a workbook it is a remark beside the table."""
    assert found(csv(tmp_path, (HEADER + "wave-1,web-01, big,tpl-1,r-1,p-1\n").encode()).findings) == [("Servers!F2", "PLAN-105")]
    path = make_plan(tmp_path / "plan.xlsx")
    book = load_workbook(path)
    book["Servers"]["J2"] = "ask Ann"
    book["Disks hidden" if "Disks hidden" in book else "Defaults"].sheet_state = "hidden"
    book.save(path)
    assert found(read_plan(path).findings) == [("Defaults", "PLAN-108"), ("Servers!J2", "PLAN-106")]


def test_dates_where_none_belong(tmp_path: Path) -> None:
    made = plan(tmp_path, server(1, source_name=date(2027, 1, 2), priority=timedelta(hours=1), note=date(2027, 1, 2)))
    assert found(made.findings) == [("Servers!C2", "PLAN-117"), ("Servers!H2", "PLAN-117")]
    assert made.servers[0].text("note").startswith("2027-01-02")


_CELLS = {
    "an error": ('<c r="H2" t="e"><v>#DIV/0!</v></c>', "PLAN-101"),
    "an error of a formula": ("<c r='H2' t='e'><f>1/0</f><v>#DIV/0!</v></c>", "PLAN-101"),
    "a formula never calculated": ('<c r="H2"><f>1+1</f></c>', "PLAN-102"),
    "a formula with an empty value": ('<c r="H2"><f>1+1</f><v></v></c>', "PLAN-102"),
    "a shared formula": ('<c r="H2"><f t="shared" si="0"/><v/></c>', "PLAN-102"),
    "a formula that gives text, never calculated": ('<c r="H2" t="str"><f>A1</f></c>', "PLAN-102"),
    "a formula that gives an empty text": ('<c r="H2" t="str"><f>""</f><v></v></c>', ""),
    "a calculated formula": ('<c r="H2"><f>1+1</f><v>2</v></c>', ""),
    "a prefix and another quote": (
        "<x:c xmlns:x='http://schemas.openxmlformats.org/spreadsheetml/2006/main' r='H2' t='e'><x:v>#N/A</x:v></x:c>",
        "PLAN-101",
    ),
}


@pytest.mark.parametrize("kind", _CELLS)
def test_what_only_looks_empty_is_found(tmp_path: Path, kind: str) -> None:
    """Calamine gives an empty text for all of these."""
    cell, code = _CELLS[kind]
    path = make_plan(tmp_path / "plan.xlsx", [server(1, speed_limit=77)])
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(part)
    start = xml.index(b'<c r="H2"')
    end = xml.index(b"</c>", start) + 4
    path.write_bytes(rewritten(path.read_bytes(), {part: xml[:start] + cell.encode() + xml[end:]}))
    assert found(read_plan(path).findings) == ([("Servers!H2", code)] if code else [])


def test_cells_without_references_are_counted(tmp_path: Path) -> None:
    """Some writers leave the references out: a cell then follows the one before it."""
    path = make_plan(tmp_path / "plan.xlsx", [server(1, speed_limit="=1+1")])
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(part)
    bare = re.sub(rb'<(c|row) r="[A-Z]*[0-9]+"', rb"<\1", xml)
    path.write_bytes(rewritten(path.read_bytes(), {part: bare}))
    made = read_plan(path)
    assert made.servers[0].source_name == "web-01"
    assert found(made.findings) == [("Servers!H2", "PLAN-102")]


def test_errors_in_unknown_columns_are_nobodys(tmp_path: Path) -> None:
    assert found(plan(tmp_path, server(1, my_sum="=1+1", other="#REF!")).findings) == []


def test_reading_leaves_the_heavy_libraries_alone() -> None:
    """The command line's help and the contract of columns cost no pandas; a check costs no openpyxl and no pydantic."""
    code = (
        "import sys, inventory.plan, inventory.checks, inventory.columns\n"
        "assert not {'pandas', 'openpyxl', 'pydantic', 'python_calamine'} & set(sys.modules)\n"
        "from pathlib import Path\n"
        "try: inventory.plan.read_plan(Path('none.xlsx'))\n"
        "except inventory.plan.PlanError: pass\n"
        "assert not {'openpyxl', 'pydantic'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_real_estate_reads_without_errors() -> None:
    """546 servers, 1,385 disks, 6 waves, as assessed; four disks of more than 2 TiB have no room for GPT."""
    path = Path(__file__).parents[2] / ".." / "shared" / "real-inventory" / "wave_plan_546_servers.xlsx"
    if not path.exists():
        pytest.skip("the real inventory is not here")
    made = read_plan(path)
    disks = [row for rows in made.disks.values() for row in rows]
    assert (len(made.servers), len(disks), len(made.waves)) == (546, 1385, 6)
    assert sum(row.integer("size") or 0 for row in disks) == 239_440_131_784_704
    assert [len(made.rows(wave)) for wave in made.waves] == [91] * 6
    filled = ["Disks!D234", "Disks!D466", "Disks!D1121", "Disks!D1279"]
    assert found(check_plan(made)) == [(place, "PLAN-527") for place in filled]


def test_a_plan_error_says_what_where_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        csv(tmp_path, b"wawe,source_name\nx,y\n")
    assert str(caught.value) == (
        'Servers!A1  the header has no column wave: rename "wawe" to wave, '
        "or add a column wave that says which wave moves each server  [PLAN-022]"
    )


def test_a_plan_error_survives_pickling(tmp_path: Path) -> None:
    """A flow run hands it from process to process."""
    with pytest.raises(PlanError) as caught:
        read_plan(tmp_path / "none.xlsx")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own, made in this line
    assert (str(again), again.code) == (str(caught.value), "PLAN-001")


def test_a_table_may_stand_anywhere(tmp_path: Path) -> None:
    """Empty rows above and columns to the left of it shift its cells, and the places in the findings with them."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for column, cells in enumerate((("Wave", "w"), ("Source name", "a"), ("Priority", "x")), start=3):
        for row, text in enumerate(cells, start=5):
            sheet.cell(row, column, text)
    book.save(tmp_path / "plan.xlsm")
    made = read_plan(tmp_path / "plan.xlsm")
    assert (made.servers[0].position, made.servers[0].source_name, made.headers) == (6, "a", ("Wave", "Source name", "Priority"))
    assert found(made.findings) == [("Sheet!E6", "PLAN-112")]


def test_shared_strings_are_read(tmp_path: Path) -> None:
    """As spreadsheets save texts, in a part of their own."""
    path = make_plan(tmp_path / "plan.xlsx", [server(1)])
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").replace(
            b'<c r="C2" t="inlineStr"><is><t>web-01</t></is></c>', b'<c r="C2" t="s"><v>0</v></c>'
        )
        rels = archive.read("xl/_rels/workbook.xml.rels")
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    strings = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>shared</t></si></sst>'
    relation = b'<Relationship Id="rId99" Type="' + kind + b'" Target="sharedStrings.xml"/></Relationships>'
    parts: dict[str, bytes | None] = {
        "xl/worksheets/sheet1.xml": xml,
        "xl/_rels/workbook.xml.rels": rels.replace(b"</Relationships>", relation),
    }
    path.write_bytes(rewritten(path.read_bytes(), parts, {"xl/sharedStrings.xml": strings}))
    assert read_plan(path).servers[0].source_name == "shared"
