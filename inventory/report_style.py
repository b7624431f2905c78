"""How a workbook of ours looks, and how any text gets into a cell of it unharmed: colours, fonts, widths, text that is no formula.

Decides nothing about contents. Text is never taken for a formula, never breaks the file, and is never cut in silence.
Called by report.py and its sheets, and by whatever else writes a workbook; imported only when one is written (it loads openpyxl).
"""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, cast

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from inventory.outcomes import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

INK = "1F2A37"
MUTED = "6B7280"
BRAND = "12355B"
LINE = "D5DBE3"
PAPER = "F3F6FA"
FONT = "Calibri"

# Fill, text. Each pair keeps a contrast of at least 4.5; the word in the cell carries the meaning, the colour repeats it.
STATUS_COLOURS: dict[Status, tuple[str, str]] = {
    Status.CREATED: ("D3F0DC", "0B5A2B"),
    Status.EXISTS: ("D6EAF8", "154C79"),
    Status.SKIPPED: ("E8EAED", "4B5563"),
    Status.CONFLICT: ("FDE3CF", "8A3B00"),
    Status.REJECTED: ("FBD5D5", "9B1C1C"),
    Status.INVALID: ("EADCF7", "5B2A86"),
    Status.UNCERTAIN: ("FFF0B8", "6B5200"),
    Status.DEFERRED: ("DCE3F5", "33418A"),
}
BAR_COLOURS: dict[Status, str] = {
    Status.CREATED: "2E9E5B",
    Status.EXISTS: "3B8AC4",
    Status.SKIPPED: "9AA3AF",
    Status.CONFLICT: "E67E22",
    Status.REJECTED: "D64545",
    Status.INVALID: "8E5BC0",
    Status.UNCERTAIN: "E0B400",
    Status.DEFERRED: "5B6FC9",
}
SEVERITY_COLOURS = {"error": STATUS_COLOURS[Status.REJECTED], "warning": STATUS_COLOURS[Status.UNCERTAIN]}

TEXT_LIMIT = 32_767
CUT_MARK = " [... cut: a cell holds 32,767 characters]"

# What a spreadsheet may run (= + - @, and what its importers skip before them), what openpyxl takes for an error value (#N/A), and
# what XML 1.0 cannot carry.
_needs_care = re.compile("\\A[=+\\-@\t\r\n#]|[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]").search
_unwritable = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROL_PICTURES = 0x2400
_A4 = 9
_PAPER_CHARACTERS = 190
"""So many characters of our size stand beside each other on a landscape A4 before they are too small to read."""
_SQUEEZE = 0.15
"""By so much of a page a table may be pressed together before it takes another one."""
_MOST_SHARED = 500
_LETTERS_A_UNIT = 1.25
_LINE_POINTS = 14.5
_MOST_LINES = 8
_FOOTER_LIMIT = 80  # a footer holds 255 characters in all, each & counting twice


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(_CONTROL_PICTURES + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


def add_sheet(workbook: Workbook, title: str) -> Worksheet:
    """A new sheet of a write-only workbook: rows by `append` only; widths, printing and charts as on any worksheet."""
    return cast("Worksheet", workbook.create_sheet(title))


def writable_text(text: str) -> str:
    """The text as a workbook can hold it: control characters become their pictures, and what is too long says that it was cut."""
    if _needs_care(text):
        text = _unwritable.sub(_picture, text)
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - len(CUT_MARK)] + CUT_MARK


def text_value(sheet: Worksheet, text: str) -> str | Cell | None:
    """What to append for `text`: the text itself; a cell marked as text where it could be taken for more; None for no text."""
    if not text or (not _needs_care(text) and len(text) <= TEXT_LIMIT):
        return text or None
    cell = WriteOnlyCell(sheet)
    set_text(cell, text)
    return cell


def set_text(cell: Cell, text: str) -> None:
    """Put `text` into the cell as text whatever it looks like, with the mark that keeps it text when somebody edits it."""
    cell.value = writable_text(text)
    cell.data_type = "s"
    if _needs_care(text):
        cell.quotePrefix = True


def font(*, size: int = 10, bold: bool = False, colour: str = INK, name: str = FONT) -> Font:
    """A font of the house."""
    return Font(name=name, size=size, bold=bold, color=colour)


def fill(colour: str) -> PatternFill:
    """A cell filled with one colour (RRGGBB)."""
    return PatternFill("solid", fgColor=colour)


RULE = Border(bottom=Side(style="thin", color=LINE))
WRAP = Alignment(vertical="top", wrap_text=True)
TOP = Alignment(vertical="top")
MIDDLE = Alignment(vertical="center")
_LOW = Alignment(vertical="bottom")
_LOW_WRAP = Alignment(vertical="bottom", wrap_text=True)
"""Beside cells without a look, which stand at the bottom of their row."""


def styled(
    sheet: Worksheet,
    value: str | float,
    *,
    face: Font | None = None,
    ground: str = "",
    alignment: Alignment = TOP,
    border: Border | None = None,
    number_format: str = "",
) -> Cell:
    """A cell with a look; text in it is text. `ground` is the fill (RRGGBB)."""
    cell = WriteOnlyCell(sheet)
    if isinstance(value, str):
        set_text(cell, value)
    else:
        cell.value = value
    cell.font = face or font()
    cell.alignment = alignment
    if ground:
        cell.fill = fill(ground)
    if border is not None:
        cell.border = border
    if number_format:
        cell.number_format = number_format
    return cell


def header_row(sheet: Worksheet, titles: Sequence[str], own: int = 0) -> list[Cell]:
    """A table's header; from the column `own` on (0-based) in the second colour: what we added to the planner's columns."""
    face, middle = font(bold=True, colour="FFFFFF"), Alignment(vertical="center")
    return [
        styled(sheet, title, face=face, ground=BRAND if place >= own else "47607D", alignment=middle)
        for place, title in enumerate(titles)
    ]


def set_widths(sheet: Worksheet, widths: Sequence[float], first: int = 1) -> None:
    """Set the columns' widths in characters, from the column `first` on (1 is A). Must come before the first row."""
    for number, width in enumerate(widths, first):
        sheet.column_dimensions[get_column_letter(number)].width = width


def set_page(sheet: Worksheet, title: str, *, is_table: bool = True, pages_wide: int = 1) -> None:
    """Print on A4, landscape, as wide as the paper: a table on many pages under its header, anything else on one page.

    Title and page number stand at the foot. Must come before the first row.
    """
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _A4
    sheet.page_setup.fitToWidth = pages_wide
    sheet.page_setup.fitToHeight = 0 if is_table else 1
    sheet.page_setup.pageOrder = "overThenDown"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = sheet.page_margins.top = 0.4
    sheet.page_margins.bottom, sheet.page_margins.footer = 0.7, 0.3
    if (foot := sheet.oddFooter) is not None:
        foot.left.text, foot.right.text = writable_text(title)[:_FOOTER_LIMIT].replace("&", "&&"), "&P / &N"
    if is_table:
        sheet.print_title_rows = "1:1"


def prepare_table(sheet: Worksheet, widths: Sequence[float], rows: int, title: str, *, titles: int = 0) -> None:
    """Make the sheet a long table of so many rows below its header in row 1: filter, frozen header, printing.

    The first `titles` columns stay in sight, and are on every sheet of paper, of which there are as many beside each other as a
    reader's eyes ask for. Must come before the first row.
    """
    set_widths(sheet, widths)
    named = sum(widths[:titles])
    paper = max(_PAPER_CHARACTERS - named, _PAPER_CHARACTERS / 2)
    set_page(sheet, title, pages_wide=max(ceil((sum(widths) - named) / paper - _SQUEEZE), 1))
    if titles:
        sheet.print_title_cols = f"A:{get_column_letter(titles)}"
    sheet.sheet_view.showGridLines = True
    sheet.freeze_panes = f"{get_column_letter(titles + 1)}2"
    sheet.row_dimensions[1].height = 20
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(widths))}{rows + 1}"


def status_cells(sheet: Worksheet) -> dict[Status, Cell]:
    """One cell a status: each row is written before the next one takes it, so that 20,000 rows share eight of them."""
    return {
        status: styled(sheet, status.value, face=font(bold=True, colour=colour), ground=ground, alignment=_LOW)
        for status, (ground, colour) in STATUS_COLOURS.items()
    }


class SharedCells:
    """Cells that wrap, one for each text that comes again and again; each row is written before the next one takes them."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._cells: dict[str, Cell] = {}

    def cell(self, text: str) -> Cell | str | None:
        """The cell for a text, None for no text; once there are many texts, what `text_value` makes of it."""
        if not text:
            return None
        found = self._cells.get(text)
        if found is None:
            if len(self._cells) >= _MOST_SHARED:
                return text_value(self._sheet, text)
            found = self._cells[text] = styled(self._sheet, text, alignment=_LOW_WRAP)
        return found


def height_of(text: str, width: float) -> float:
    """How high a row is to be, in points, for a text that wraps in a column of so many characters: LibreOffice does not look."""
    return _LINE_POINTS * min(max(ceil(len(text) / (width * _LETTERS_A_UNIT)), 1), _MOST_LINES)
