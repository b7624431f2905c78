"""An annotated copy: each finding at its cell, everything of the planner's still there, and what is not is said."""

from __future__ import annotations

import random
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from inventory.annotate import AnnotateError, Annotation, write_annotated
from inventory.checks import check_plan
from inventory.findings import Finding, Severity
from inventory.plan import read_plan
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RED, YELLOW = "00FBD5D5", "00FFF0B8"
ERROR, WARNING = ("error", RED), ("warning", YELLOW)


def annotated(plan: Path, copy: str = "copy.xlsx", findings: list[Finding] | None = None) -> Path:
    """The plan's annotated copy, beside it, with what a check finds."""
    path = plan.parent / copy
    if findings is None:
        read = read_plan(plan)
        write_annotated(path, plan, Annotation(check_plan(read), read.sha256, "1 wave", "waves check plan.xlsx"))
    else:
        write_annotated(path, plan, Annotation(findings))
    return path


def marks(copy: Path) -> dict[str, tuple[str, str]]:
    """Each marked cell: the first word of its comment, and its colour."""
    book = load_workbook(copy)
    return {
        f"{sheet.title}!{cell.coordinate}": (str(cell.comment.text).split(":")[0], str(cell.fill.fgColor.rgb))
        for sheet in book.worksheets[1:]
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment is not None and cell.comment.author == "waves check"
    }


def first_sheet(copy: Path) -> str:
    """The text of the first sheet."""
    sheet = load_workbook(copy).worksheets[0]
    return "\n".join(str(value) for row in sheet.iter_rows(values_only=True) for value in row if value is not None)


def error_at(cell: str, sheet: str = "Servers", **words: str) -> Finding:
    found = {"value": "", "problem": "it is wrong", "remedy": "mend it"} | words
    return Finding("PLAN-112", Severity.ERROR, sheet, cell, **found)


def with_parts(path: Path, **parts: str | tuple[str, str, str]) -> Path:
    """The workbook with parts added, or with a text in a part replaced (part, old, new)."""
    with zipfile.ZipFile(path) as archive:
        held = {info.filename: archive.read(info) for info in archive.infolist()}
    for change in parts.values():
        if isinstance(change, tuple):
            part, old, new = change
            assert old.encode() in held[part]
            held[part] = held[part].replace(old.encode(), new.encode())
        else:
            held[change] = b"<x/>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return path


def test_each_bad_cell_is_filled_and_commented(tmp_path: Path) -> None:
    """Errors and warnings are told apart by colour and by the comment's first word, on every sheet."""
    plan = make_plan(
        tmp_path / "plan.xlsx", [server(1, priority="12O"), server(2, migration_ip=None)], disks=[disk(1, size="40 gigs")]
    )
    assert marks(annotated(plan)) == {"Servers!H2": ERROR, "Servers!G3": WARNING, "Disks!E2": ERROR}


def test_findings_are_listed_with_links(tmp_path: Path) -> None:
    """The first sheet lists them; each place leads to its cell, 300 with one cause to their range."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(n, speed_limit="12O") for n in range(1, 301)] + [server(301, os_type="LINX")])
    book = load_workbook(annotated(plan))
    sheet = book.worksheets[0]
    links = {str(row[1].value): row[1].hyperlink.location for row in sheet.iter_rows() if row[1].hyperlink is not None}
    assert (sheet.title, book.active) == ("Findings", sheet)
    assert links == {"Servers!H2:H301 (300 cells)": "'Servers'!H2:H301", "Servers!I302": "'Servers'!I302"}


def test_the_plan_is_never_written(tmp_path: Path) -> None:
    """Not under its own name, not by a link to it, and no other workbook is written over; an earlier copy is."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1)])
    (tmp_path / "linked.xlsx").symlink_to(plan)
    make_plan(tmp_path / "other.xlsx", [server(2)])
    held = plan.read_bytes()
    for name in ("plan.xlsx", "linked.xlsx", "other.xlsx", "copy.xlsm", "copy", "nowhere/copy.xlsx"):
        with pytest.raises(AnnotateError):
            annotated(plan, name)
    assert annotated(plan) == annotated(plan)
    assert plan.read_bytes() == held


def test_a_plan_that_changes_meanwhile_is_not_marked(tmp_path: Path) -> None:
    """Marks that belong to another version would be at the wrong cells."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1)])
    with pytest.raises(AnnotateError, match="was changed while it was checked: run again"):
        write_annotated(tmp_path / "copy.xlsx", plan, Annotation([], "0" * 64))


def test_there_is_never_half_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk is full the copy that was there is there still, and nothing else is left."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1)])
    held = annotated(plan).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inventory.whole_file.os.fsync", full)
    with pytest.raises(AnnotateError, match="no space left on device"):
        annotated(plan)
    assert (tmp_path / "copy.xlsx").read_bytes() == held
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.xlsx", "plan.xlsx"]


def an_architects_plan(path: Path) -> Path:
    """A plan with everything that its writer may have put into it."""
    book = load_workbook(make_plan(path, [server(n, priority="12O" if n == 3 else 1, rack="r1") for n in range(1, 6)]))
    sheet: Any = book["Servers"]
    sheet["B2"].font = Font(name="Georgia", bold=True, color="00FF0000")
    sheet["H4"].number_format, sheet["H4"].alignment = "0.00", Alignment(horizontal="right", indent=2)
    sheet["H4"].border = Border(top=Side("thick"))
    sheet["H4"].comment = Comment("ask Anna", "Bert")
    sheet["C3"].comment = Comment("of the old estate", "Anna")
    sheet["K1"], sheet["L1"], sheet["M1"], sheet["N1"] = "sums", "texts", "left", "right"
    sheet["K2"], sheet["K3"] = "=COUNTA(B2:B6)", "=SUM(H2:H3)"
    sheet["L2"] = CellRichText("half ", TextBlock(InlineFont(b=True), "bold"))
    sheet["L3"].value, sheet["L3"].data_type, sheet["L3"].quotePrefix = "=1+1", "s", True
    sheet["L4"] = "x" * 32_767
    sheet.column_dimensions["B"].width, sheet.column_dimensions["Z"].hidden = 33.5, True
    sheet.row_dimensions[3].hidden, sheet.row_dimensions[4].height = True, 40.0
    sheet.freeze_panes, sheet.auto_filter.ref = "C2", "A1:I6"
    sheet.auto_filter.add_filter_column(0, ["wave-1"])
    choices = DataValidation("list", formula1='"LINUX,WINDOWS"', showErrorMessage=True)
    choices.add("J2:J6")
    sheet.add_data_validation(choices)
    above_two = CellIsRule("greaterThan", ["2"], fill=PatternFill(bgColor="00FFC000"))  # type: ignore[no-untyped-call]
    sheet.conditional_formatting.add("H2:H6", above_two)
    sheet.merge_cells("M2:N3")
    sheet.print_title_rows, sheet.print_area = "1:1", "A1:I6"
    book.defined_names["racks"] = DefinedName("racks", attr_text="Servers!$I$2:$I$6")
    book.create_sheet("Notes of 'Anna'").sheet_state = "hidden"
    book.save(path)
    return path


def look(path: Path) -> Mapping[str, Any]:
    """What of a plan's sheet a planner would miss."""
    book = load_workbook(path, rich_text=True)
    sheet = book["Servers"]
    cells = {cell.coordinate: cell for row in sheet.iter_rows() for cell in row}
    return {
        "values": {ref: (cell.value, cell.data_type) for ref, cell in cells.items() if cell.value is not None},
        "looks": {
            ref: repr((cell.font, cell.number_format, cell.alignment, cell.border, cell.quotePrefix)) for ref, cell in cells.items()
        },
        "fills": {ref: cell.fill.fgColor.rgb for ref, cell in cells.items() if ref != "H4"},
        "widths": {letter: (each.width, each.hidden) for letter, each in sheet.column_dimensions.items()},
        "rows": {number: (each.height, each.hidden) for number, each in sheet.row_dimensions.items()},
        "panes": sheet.freeze_panes,
        "filter": (sheet.auto_filter.ref, [each.filters.filter for each in sheet.auto_filter.filterColumn]),
        "validations": [(each.type, each.formula1, str(each.sqref)) for each in sheet.data_validations.dataValidation],
        "conditions": [(str(area.sqref), [rule.operator for rule in area.rules]) for area in sheet.conditional_formatting],
        "merged": sorted(map(str, sheet.merged_cells.ranges)),
        "print": (sheet.print_title_rows, sheet.print_area),
        "names": {name: each.attr_text for name, each in book.defined_names.items()},
        "sheets": [(each.title, each.sheet_state) for each in book.worksheets if each.title != "Findings"],
    }


def test_what_the_planner_made_survives(tmp_path: Path) -> None:
    """Values, formats, formulas, widths, filters, validations, hidden rows, names and so on; only the bad cell's fill is new."""
    plan = an_architects_plan(tmp_path / "plan.xlsx")
    copy = annotated(plan)
    assert look(copy) == look(plan)
    assert marks(copy) == {"Servers!H4": ERROR}


def test_comments_that_were_there_are_kept(tmp_path: Path) -> None:
    """Ours comes first and the planner's own stays below, with its author."""
    sheet = load_workbook(annotated(an_architects_plan(tmp_path / "plan.xlsx")))["Servers"]
    ours, theirs = sheet["H4"].comment, sheet["C3"].comment
    assert ours is not None
    assert theirs is not None
    assert ours.text.startswith('error: priority "12O" is not a number')
    assert ours.text.endswith("Bert:\nask Anna")
    assert (theirs.text, theirs.author) == ("of the old estate", "Anna")


def test_going_on_in_the_copy(tmp_path: Path) -> None:
    """Who mends in the copy and has it checked finds no mark of what is mended, and no second sheet of ours."""
    first = annotated(an_architects_plan(tmp_path / "plan.xlsx"))
    book = load_workbook(first)
    book["Servers"]["H4"], book["Servers"]["H5"] = 1, "l"
    book.save(first)
    second = annotated(first, "second.xlsx")
    assert marks(second) == {"Servers!H5": ERROR}
    sheets = load_workbook(second)
    assert sheets.sheetnames == ["Findings", "Servers", "Defaults", "Notes of 'Anna'"]
    assert sheets["Servers"]["H4"].comment.text == "ask Anna"
    assert sheets["Servers"]["H4"].fill.fill_type is None


def test_a_sheet_of_the_planners_may_have_our_name(tmp_path: Path) -> None:
    """Then ours gets another."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1)], findings=[{"mine": 1}])
    assert load_workbook(annotated(plan)).sheetnames == ["Findings (2)", "Servers", "findings", "Defaults"]


def test_a_cell_in_a_merged_one_is_marked_where_that_begins(tmp_path: Path) -> None:
    """A merged area has one cell that can be seen."""
    plan = an_architects_plan(tmp_path / "plan.xlsx")
    assert marks(annotated(plan, findings=[error_at("N3"), error_at("M3")])) == {"Servers!M2": ERROR}


def test_both_weights_at_one_cell_are_an_error(tmp_path: Path) -> None:
    """The error is told first and gives the colour; the warning stays."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1)])
    weak = Finding("PLAN-504", Severity.WARNING, "Servers", "H2", "", "it is odd", "look")
    copy = annotated(plan, findings=[weak, error_at("H2:H3")])
    text = str(load_workbook(copy)["Servers"]["H2"].comment.text)
    assert marks(copy) == {"Servers!H2": ERROR, "Servers!H3": ERROR}
    assert text == "error: it is wrong: mend it  [PLAN-112]\n\nwarning: it is odd: look  [PLAN-504]"


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("xl/media/image1.png", "pictures"),
        ("xl/pivotTables/pivotTable1.xml", "pivot tables"),
        ("xl/slicers/slicer1.xml", "slicers"),
        ("xl/ctrlProps/ctrlProp1.xml", "buttons"),
        ("xl/embeddings/oleObject1.bin", "embedded files"),
        ("xl/diagrams/data1.xml", "diagrams"),
        ("xl/threadedComments/threadedComment1.xml", "threads of comments"),
        ("xl/connections.xml", "data connections"),
        ("customXml/item1.xml", "custom XML"),
        ("_xmlsignatures/sig1.xml", "signatures"),
    ],
)
def test_what_the_copy_lacks_is_named(tmp_path: Path, part: str, told: str) -> None:
    """Found in the package and said on the first sheet."""
    plan = with_parts(make_plan(tmp_path / "plan.xlsx", [server(1)]), part=part)
    assert told in first_sheet(annotated(plan))


EXTENDED = """<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"
  xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><x14:dataValidations
  xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" count="2"><x14:dataValidation type="list" allowBlank="1"
  showErrorMessage="1" error="no such zone"><x14:formula1><xm:f>Zones!$A$1:$A$9</xm:f></x14:formula1><xm:sqref>H2:H99</xm:sqref>
  </x14:dataValidation><x14:dataValidation type="of a later Excel">
  <x14:formula1><xm:f>1</xm:f></x14:formula1><xm:sqref>I2</xm:sqref>
  </x14:dataValidation></x14:dataValidations></ext></extLst></worksheet>"""


def test_a_drop_down_from_another_sheet_survives(tmp_path: Path) -> None:
    """Excel writes it where openpyxl does not look: it comes in the plain form, and one that cannot is left out."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1, rack="r1")])
    copy = annotated(with_parts(plan, sheet=("xl/worksheets/sheet1.xml", "</worksheet>", EXTENDED)))
    held = load_workbook(copy)["Servers"].data_validations.dataValidation
    assert [(each.type, each.formula1, str(each.sqref), each.error, each.allowBlank) for each in held] == [
        ("list", "Zones!$A$1:$A$9", "H2:H99", "no such zone", True)
    ]
    assert (
        "extended validation (drop-downs from another sheet, in the plain form where that is possible): in Servers"
        in first_sheet(copy)
    )


def test_an_empty_cell_has_the_format_of_its_column(tmp_path: Path) -> None:
    """Where the file has no cell, the mark makes one that looks as the planner set up the column: text stays text."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1)])
    book = load_workbook(plan)
    book["Servers"].column_dimensions["I"].number_format = "@"
    book.save(plan)
    assert load_workbook(annotated(plan, findings=[error_at("I2")]))["Servers"]["I2"].number_format == "@"


def test_charts_and_formulas_are_told(tmp_path: Path) -> None:
    """A chart comes along in a plainer form; a formula has its value once the copy is opened."""
    book = load_workbook(an_architects_plan(tmp_path / "plan.xlsx"))
    chart = BarChart()
    sheet: Any = book["Servers"]
    chart.add_data(Reference(worksheet=sheet, range_string="Servers!$H$2:$H$6"))
    sheet.add_chart(chart, "P2")
    book.save(tmp_path / "plan.xlsx")
    copy = annotated(tmp_path / "plan.xlsx")
    assert "charts (drawn anew" in first_sheet(copy)
    assert "values of formulas" in first_sheet(copy)


def test_a_plain_plan_lacks_nothing(tmp_path: Path) -> None:
    """Nothing is said to be missing where nothing is."""
    copy = annotated(make_plan(tmp_path / "plan.xlsx", [server(1)]))
    assert "Not in this copy" not in first_sheet(copy)
    assert "Nothing was found" in first_sheet(copy)


def test_a_csv_gets_a_copy_of_its_values(tmp_path: Path) -> None:
    """Each value in the cell in which the finding has it, as text; what is not in it is said."""
    plan = tmp_path / "plan.csv"
    plan.write_text("wave;source_name;priority;target_vm_id\nwave-1;=1+1;12O;00123\n")
    copy = annotated(plan)
    row = [(cell.value, cell.data_type) for cell in load_workbook(copy)["Servers"][2]]
    assert row == [("wave-1", "s"), ("=1+1", "s"), ("12O", "s"), ("00123", "s")]
    assert marks(copy)["Servers!C2"] == ERROR
    assert "a .csv file cannot be copied whole, so this holds its values alone" in first_sheet(copy)


def test_a_dialect_gets_a_copy_of_its_values(tmp_path: Path) -> None:
    """A workbook that openpyxl cannot read and calamine can: its values come, and why is said."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1, priority="12O")])
    with_parts(plan, styles=("xl/styles.xml", 'patternType="gray125"', 'patternType="of a dialect"'))
    copy = annotated(plan)
    assert marks(copy) == {"Servers!H2": ERROR}
    assert "it is written in a way that cannot be copied whole" in first_sheet(copy)


@pytest.mark.parametrize(
    "change",
    [
        ("xl/worksheets/sheet1.xml", "</sheetData>", '</sheetData><mergeCells><mergeCell ref="J1:XFD1048576"/></mergeCells>'),
        ("xl/worksheets/sheet1.xml", "</sheetData>", '</sheetData><hyperlinks><hyperlink ref="1:1048576"/></hyperlinks>'),
        ("xl/comments/comment1.xml", 'ref="A1"', 'ref="A1:XFD1048576"'),
    ],
)
def test_a_range_over_a_whole_sheet_is_not_laid_out(tmp_path: Path, change: tuple[str, str, str]) -> None:
    """A merged area, a link, a comment over 17 thousand million cells: openpyxl would make each of them; the values are copied."""
    book = load_workbook(make_plan(tmp_path / "plan.xlsx", [server(1, priority="12O")]))
    book["Servers"]["A1"].comment = Comment("of the old estate", "Anna")
    book.save(tmp_path / "plan.xlsx")
    copy = annotated(with_parts(tmp_path / "plan.xlsx", change=change), findings=[error_at("H2")])
    assert marks(copy) == {"Servers!H2": ERROR}
    assert "this holds its values alone" in first_sheet(copy)


def test_more_cells_than_the_limit_are_not_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Styled empty rows count, too. The limit that was met is named, and how to raise it; the values are in the copy."""
    monkeypatch.setattr("inventory.annotate.MOST_CELLS", 100)
    plan = make_plan(tmp_path / "plan.xlsx", [server(1, priority="12O")])
    rows = "".join(f'<row r="{number}" s="1"/>' for number in range(3, 203))
    with_parts(plan, sheet=("xl/worksheets/sheet1.xml", "</sheetData>", f"{rows}</sheetData>"))
    copy = annotated(plan, findings=[error_at("H2")])
    assert marks(copy) == {"Servers!H2": ERROR}
    assert "at most 100 are copied whole (WAVES_READ_LIMIT=3 raises that)" in first_sheet(copy)


def test_hostile_texts_are_text(tmp_path: Path) -> None:
    """Formulas, control characters, half characters and the longest value of a cell, in a finding and in its comment."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1)])
    hostile = ["=1+1", "+cmd|' /C calc'!A0", "\x00\x07\ud800", "x" * 40_000, "<b>&\u202e", "#N/A"]
    copy = annotated(plan, findings=[error_at(f"H{n}", value=text, problem=text) for n, text in enumerate(hostile, 2)])
    sheet = load_workbook(copy).worksheets[0]
    assert len(marks(copy)) == len(hostile)
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_any_bytes_give_a_copy_or_our_own_error(tmp_path: Path, seed: int) -> None:
    """Whatever became of the file, nothing but our own error is raised."""
    chance = random.Random(seed)
    plan = make_plan(tmp_path / "plan.xlsx", [server(1)])
    content = bytearray(plan.read_bytes())
    for _ in range(chance.randint(1, 30)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    plan.write_bytes(bytes(content))
    with suppress(AnnotateError):
        annotated(plan, findings=[error_at("H2")])


def test_nothing_is_found_in_a_workbook_without_a_plan(tmp_path: Path) -> None:
    """A finding without a cell, on a sheet that is there, leads to the sheet."""
    book = Workbook()
    book.save(tmp_path / "plan.xlsx")
    copy = annotated(tmp_path / "plan.xlsx", findings=[error_at("", sheet="Sheet")])
    link = load_workbook(copy).worksheets[0]["B7"].hyperlink
    assert link is not None
    assert link.location == "'Sheet'!A1"
