"""The template's first sheet: how the plan is filled in, for somebody who has never seen one, on a page that can be printed.

Decides what is told, in which order and in which words; what columns.py and template_forms.py know is taken from there. It is as
wide as half a screen. Called by template.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.styles import Alignment, Border, Side
from openpyxl.worksheet.hyperlink import Hyperlink

from inventory.patterns import PATTERNED
from inventory.report_style import BRAND, INK, MUTED, PAPER, RULE, fill, font, set_page, set_text, set_widths
from inventory.template_forms import FORMS, MOST_SERVERS, Need
from inventory.template_style import DOUBTFUL, EXAMPLE, HEADERS, MISSING, SHARED, cell_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.styles import Font
    from openpyxl.worksheet.worksheet import Worksheet

_WIDTHS = (2.0, 20.0, 18.0, 54.0, 2.0)
_FIRST, _LAST = 2, 4
_LETTERS = 68
_WHOLE = 120
"""Letters that fit on a line of the last column, and of all three: more than their widths say, which are in digits."""

_LINE_POINTS = 14.0
_MONO = "Consolas"

_STEPS = (
    "Fill in Servers, a row for each server, in place of the three examples. The note at a header says what its column takes.",
    "Write what is alike for all servers once, in Defaults, and what is alike for a wave in its row of Waves.",
    "Leave Disks and the sheets behind it empty where SMS knows the source server: it tells its disks itself.",
    "Save, and have the plan checked. Each problem is told by its cell, with the remedy.",
    "Send a wave. The report stands beside the plan.",
)

_PRECEDENCE = (
    ("1  the row", "What stands in the server's own row in Servers."),
    ("2  its wave", "Else what the wave's row in Waves says in the column of the same name."),
    ("3  Defaults", "Else what Defaults says."),
    ("4  SMS", "Else SMS's own default, as the header's note says. An empty cell means: not said."),
)
_PATTERNS = (
    ("{source_name}-hw", "web-01 becomes web-01-hw"),
    ("{wave}-{source_name}", "web-01 in wave-1 becomes wave-1-web-01"),
)
_UNITS = (
    (
        "Sizes",
        "40 GiB",
        "Bytes, or a number with its unit. K, M, G, T and KiB, MiB, GiB, TiB count by 1024; KB, MB, GB, TB by 1000.",
    ),
    ("Speeds", "300", "Mbit/s. 0 or empty: no limit."),
    ("Times", "2027-01-09 20:00", "The wave's own time zone, as named in its column timezone or in Defaults."),
    ("Shares", "10%", "failure_budget takes a count of servers, such as 2, or a share of the wave."),
    ("Yes or no", "yes", "Also understood: no, true, false, 1, 0, x."),
    ("Lists", "web-01; db-01", "Names or ids, separated by a semicolon."),
    ("Ids", "0012", "Are texts: these columns are formatted so, or a spreadsheet would make the number 12 of 0012."),
)
_COLOURS = (
    (MISSING, "missing", "A cell that the row needs and that is empty, or two that exclude each other."),
    (DOUBTFUL, "twice", "The same source server in two rows."),
    (EXAMPLE, "example", "To be replaced: a worked row, until it has your own source_server_id, or a value."),
)
_HEADERS = {
    Need.REQUIRED: "To be filled in every row.",
    Need.SHARED: "Needed in one of several columns or sheets; the note says which.",
    Need.OPTIONAL: "May stay empty.",
    Need.OWN: "Add columns of your own in any place: they are carried into the report.",
}


def add_guide(book: Workbook, title: str, commands: Sequence[str]) -> None:
    """Add the sheet `Guide`; `commands` are shown as what to type next, in the order of the last steps."""
    page = _Page(book.create_sheet("Guide"), title)
    page.head(title, f"Which servers move to Huawei Cloud, in which wave, and how. Made for up to {MOST_SERVERS:,} servers.")
    page.steps(commands)
    page.sheets()
    page.headers()
    page.pairs("Where a value comes from", _PRECEDENCE)
    page.patterns()
    page.table("Units and spellings", _UNITS, mono=(2,))


class _Page:
    """The sheet being written, downwards."""

    def __init__(self, sheet: Worksheet, title: str) -> None:
        self._sheet = sheet
        self._row = 0
        set_widths(sheet, _WIDTHS)
        set_page(sheet, title, is_table=False)
        sheet.page_setup.orientation = "portrait"
        sheet.print_options.horizontalCentered = True
        sheet.sheet_view.showGridLines = False
        sheet.sheet_view.tabSelected = True
        sheet.sheet_properties.tabColor = BRAND

    def head(self, title: str, text: str) -> None:
        """The title on a band, and what the plan is."""
        for height, words, face in ((34.0, title, font(size=20, bold=True, colour="FFFFFF")), (24.0, text, font(colour="DCE5EF"))):
            self._next(height)
            self._ground(BRAND)
            self._write(_FIRST, words, face, _INDENT, to=_LAST)

    def steps(self, commands: Sequence[str]) -> None:
        """What to do, numbered; the commands below the last steps."""
        self._title("How to fill it in")
        plain = len(_STEPS) - len(commands)
        for number, text in enumerate(_STEPS, 1):
            self._next(_height(text, _WHOLE))
            self._write(_FIRST, f"{number}   {text}", font(), _INDENTED_WRAP, to=_LAST)
            if number > plain:
                self._next(22)
                self._ground(PAPER)
                face = font(size=11, colour=BRAND, name=_MONO)
                self._write(
                    _FIRST, commands[number - plain - 1], face, Alignment(vertical="center", indent=2, horizontal="left"), to=_LAST
                )
                self._next(5)

    def sheets(self) -> None:
        """Every sheet, with a link to it."""
        self._title("The sheets")
        for name, form in FORMS.items():
            text = f"{form.purpose[0].upper()}{form.purpose[1:]}.".replace("`", "").replace(" marked ↓", "")
            self._next(_height(text, _LETTERS))
            cell = self._write(_FIRST, name, font(bold=True, colour=SHARED), _INDENT, is_line=True)
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{name}'!A1", tooltip=f"Go to {name}")
            cell.font = font(bold=True, colour=SHARED)
            self._write(3, form.need, font(colour=INK if form.need == "required" else MUTED), _WRAPPED, is_line=True)
            self._write(4, text, font(), _WRAPPED, is_line=True)

    def headers(self) -> None:
        """What colours mean."""
        self._title("Colours")
        for need, text in _HEADERS.items():
            self._next(18)
            cell = self._write(_FIRST, f"{need.value} *" if need is Need.REQUIRED else need.value, font(), _INDENT)
            cell.style = HEADERS[need]
            cell.alignment = _INDENT
            self._write(3, text, font(), _INDENT, to=_LAST)
        for ground, name, text in _COLOURS:
            self._next(18)
            cell = self._write(_FIRST, name, font(), _INDENT)
            cell.fill = fill(ground)
            self._write(3, text, font(), _INDENT, to=_LAST)

    def patterns(self) -> None:
        """What {source_name}-hw is."""
        names = " and ".join(sorted(PATTERNED))
        self._title("Patterns")
        text = (
            f"In Defaults and Waves, {names} may hold columns of Servers in braces, filled in for each server. In the name of a "
            "task (name) characters that SMS does not take become a dash."
        )
        self._next(_height(text, _WHOLE))
        self._write(_FIRST, text, font(), _INDENTED_WRAP, to=_LAST)
        for pattern, result in _PATTERNS:
            self._next(18)
            self._write(_FIRST, pattern, font(size=9, colour=BRAND, name=_MONO), _INDENT)
            self._write(4, result, font(), _WRAPPED)

    def pairs(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """A section of two columns."""
        self._title(title)
        for name, text in rows:
            self._next(18)
            self._write(_FIRST, name, font(bold=True), _INDENT, is_line=True)
            self._write(3, text, font(), _INDENT, to=_LAST, is_line=True)

    def table(self, title: str, rows: Sequence[tuple[str, str, str]], mono: Sequence[int] = ()) -> None:
        """A section of three columns; those of `mono` are what is to be typed."""
        self._title(title)
        for row in rows:
            self._next(_height(row[2], _LETTERS))
            for place, text in enumerate(row, 1):
                face = font(bold=True) if place == 1 else font(size=9, colour=BRAND, name=_MONO) if place in mono else font()
                self._write(place + 1, text, face, _INDENT if place == 1 else _WRAPPED, is_line=True)

    def _title(self, text: str) -> None:
        self._next(12)
        self._next(22)
        for place in range(_FIRST, _LAST + 1):
            self._sheet.cell(self._row, place).border = Border(bottom=Side(style="medium", color=BRAND))
        self._write(_FIRST, text, font(size=12, bold=True, colour=BRAND), Alignment(vertical="center"))
        self._next(4)

    def _next(self, height: float) -> None:
        self._row += 1
        self._sheet.row_dimensions[self._row].height = height

    def _ground(self, colour: str) -> None:
        for place in range(_FIRST, _LAST + 1):
            self._sheet.cell(self._row, place).fill = fill(colour)

    def _write(self, place: int, text: str, face: Font, alignment: Alignment, *, to: int = 0, is_line: bool = False) -> Cell:
        cell = cell_at(self._sheet, self._row, place)
        set_text(cell, text)
        cell.font, cell.alignment = face, alignment
        if is_line:
            cell.border = RULE
        if to:
            self._sheet.merge_cells(start_row=self._row, end_row=self._row, start_column=place, end_column=to)
        return cell


_INDENT = Alignment(vertical="center", horizontal="left", indent=1)
_WRAPPED = Alignment(vertical="center", wrap_text=True)
_INDENTED_WRAP = Alignment(vertical="center", horizontal="left", indent=1, wrap_text=True)


def _height(text: str, letters: int) -> float:
    """The height in points of a row whose text wraps at so many letters."""
    return _LINE_POINTS * -(-len(text) // letters) + 5
