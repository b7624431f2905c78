"""The report's first sheet, for an architect to send to a customer: how it went, who ran what when, what is left, what to do next.

Decides what is said first, and in which words; every figure comes from the outcomes. Called by report.py alone.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from openpyxl.chart import BarChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import DataPoint
from openpyxl.styles import Alignment, Border, Side

from inventory.outcomes import Status
from inventory.report_facts import all_notes, problem_groups, run_facts, subject, totals, verdict
from inventory.report_night import unmoved_groups
from inventory.report_style import (
    BAR_COLOURS,
    BRAND,
    MIDDLE,
    MUTED,
    PAPER,
    RULE,
    STATUS_COLOURS,
    TOP,
    WRAP,
    add_sheet,
    font,
    set_page,
    set_widths,
    styled,
)

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.report import WaveReport

_WIDTHS = (2.0, 17.0, 15.0, 11.0, 58.0, 2.0, 56.0)
_LAST = "G"
_PROBLEM_GROUPS = 12
_NAMED_SERVERS = 5
_FEWEST_WAVES = 2
_LINE_POINTS = 14.0
_CENTRE = Alignment(vertical="top", horizontal="center")
_INDENT = Alignment(horizontal="left", vertical="top", indent=1)
_TILE = Alignment(vertical="center", horizontal="center")
_BESIDE = Border(left=Side(style="thick", color="FFFFFF"), right=Side(style="thick", color="FFFFFF"))


def add_summary(workbook: Workbook, report: WaveReport) -> None:
    """Add the sheet `Summary`, with a chart of the outcomes."""
    page = _Page(add_sheet(workbook, "Summary"), report)
    page.head()
    page.facts()
    first, last = page.counts()
    page.waves()
    page.next_steps()
    page.problems()
    page.unmoved()
    page.notes()
    if last >= first:
        page.chart(first, last)


class _Page:
    """The sheet being written, downwards."""

    def __init__(self, sheet: Worksheet, report: WaveReport) -> None:
        self._sheet = sheet
        self._report = report
        self._row = 0
        self._chart_row = 0
        self._tally = Counter(outcome.status for outcome in report.outcomes)
        set_widths(sheet, _WIDTHS)
        set_page(sheet, f"{report.plan.name} - {report.wave}", is_table=False)
        sheet.sheet_view.showGridLines = False
        sheet.sheet_properties.tabColor = BRAND

    def _add(self, *cells: Cell | None, height: float = 16.0) -> None:
        """Append a row that begins in column B."""
        self._row += 1
        self._sheet.row_dimensions[self._row].height = height
        self._sheet.append([None, *cells])

    def _merge_from(self, column: str) -> None:
        """Let the row just added run from `column` to the last column as one cell."""
        self._sheet.merged_cells.add(f"{column}{self._row}:{_LAST}{self._row}")

    def _band(self, text: str, ground: str, colour: str, *, size: int = 10, height: float = 22.0) -> None:
        face = font(size=size, bold=True, colour=colour)
        alignment = Alignment(horizontal="left", vertical="center", indent=1)
        rest = [styled(self._sheet, "", ground=ground) for _ in range(len(_WIDTHS) - 2)]
        self._add(styled(self._sheet, text, face=face, ground=ground, alignment=alignment), *rest, height=height)

    def _title(self, text: str, right: str = "") -> None:
        """A section's title over a rule, with another over the last column."""
        self._add(height=10)
        face = font(size=12, bold=True, colour=BRAND)
        line = [styled(self._sheet, "", border=RULE) for _ in range(len(_WIDTHS) - 3)]
        first, last = (styled(self._sheet, words, face=face, border=RULE, alignment=MIDDLE) for words in (text, right))
        self._add(first, *line, last, height=20)

    def head(self) -> None:
        """The wave's name, in one sentence how it went, and the three figures that say it."""
        report, told = self._report, verdict(self._report)
        self._add(height=8)
        self._add(
            styled(self._sheet, f"Migration report \N{MIDDLE DOT} {report.wave}", face=font(size=20, bold=True, colour=BRAND)),
            height=30,
        )
        self._add(styled(self._sheet, subject(self._report), face=font(size=11, colour=MUTED)), height=18)
        self._add(height=6)
        self._band(told.text, *STATUS_COLOURS[told.tone], size=13, height=28)
        self._tiles()

    def _tiles(self) -> None:
        """Servers, done, in need of attention, share done: in figures that are read from across a table."""
        whole = len(self._report.outcomes)
        done = self._report.done
        if not whole:
            return
        self._add(height=8)
        of_left = STATUS_COLOURS[Status.CONFLICT][1] if whole > done else MUTED
        tiles = (
            ("servers", whole, "#,##0", BRAND),
            ("done", done, "#,##0", STATUS_COLOURS[Status.CREATED][1]),
            ("need attention", whole - done, "#,##0", of_left),
            ("of the wave is done", done / whole, "0.0 %", BRAND),
        )
        numbers, words = [], []
        for word, value, number_format, colour in tiles:
            face = font(size=22, bold=True, colour=colour)
            numbers.append(
                styled(self._sheet, value, face=face, ground=PAPER, alignment=_TILE, number_format=number_format, border=_BESIDE)
            )
            words.append(styled(self._sheet, word, face=font(colour=MUTED), ground=PAPER, alignment=_TILE, border=_BESIDE))
        for cells, height in ((numbers, 34), (words, 18)):
            rest = styled(self._sheet, "", ground=PAPER)
            self._add(cells[0], cells[1], rest, cells[2], rest, cells[3], height=height)
            self._sheet.merged_cells.add(f"C{self._row}:D{self._row}")
            self._sheet.merged_cells.add(f"E{self._row}:F{self._row}")

    def facts(self) -> None:
        """Who, what, where and when."""
        self._title("The run", "Servers by outcome")
        self._chart_row = self._row + 1
        for name, value in run_facts(self._report):
            self._add(styled(self._sheet, name, face=font(colour=MUTED)), styled(self._sheet, value or "-"))

    def counts(self) -> tuple[int, int]:
        """The table of statuses with what each means; returns the first and the last of its rows."""
        self._title("Outcomes")
        self._names("Status", "Servers", "Share", "Meaning")
        first, whole = self._row + 1, len(self._report.outcomes)
        for status in Status:
            if count := self._tally[status]:
                ground, colour = STATUS_COLOURS[status]
                self._add(
                    styled(self._sheet, status.value, face=font(bold=True, colour=colour), ground=ground, alignment=_INDENT),
                    styled(self._sheet, count, number_format="#,##0", alignment=_CENTRE),
                    styled(self._sheet, count / whole, number_format="0.0 %", alignment=_CENTRE),
                    styled(self._sheet, status.meaning, alignment=WRAP),
                    height=_height(status.meaning, 120),
                )
                self._merge_from("E")
        return first, self._row

    def _names(self, *names: str) -> None:
        face = font(bold=True, colour=MUTED)
        self._add(
            *(
                styled(
                    self._sheet,
                    name,
                    face=face,
                    alignment=_CENTRE if name in {"Servers", "Share"} else _INDENT if name == "Status" else TOP,
                )
                for name in names
            )
        )

    def next_steps(self) -> None:
        """The command to type next, ready to be copied."""
        self._title("What to do next")
        command = self._report.next_command
        if command:
            face = font(size=11, colour=BRAND, name="Consolas")
            cells = [styled(self._sheet, "", ground=PAPER) for _ in range(len(_WIDTHS) - 2)]
            self._add(
                styled(
                    self._sheet,
                    command,
                    face=face,
                    ground=PAPER,
                    alignment=Alignment(horizontal="left", vertical="center", indent=1),
                ),
                *cells,
                height=24,
            )
        else:
            self._add(styled(self._sheet, "Nothing: no row of the wave is left."))

    def waves(self) -> None:
        """How each wave went, where there are several."""
        waves = totals(self._report.outcomes)
        if len(waves) < _FEWEST_WAVES:
            return
        self._title("By wave")
        self._names("Wave", "Servers", "Done", "What became of them")
        for wave, tally in waves.items():
            done = sum(count for status, count in tally.items() if status.is_done)
            told = ", ".join(f"{tally[status]:,} {status.value}" for status in Status if tally[status])
            self._add(
                styled(self._sheet, wave or "-", face=font(bold=True), alignment=_INDENT),
                styled(self._sheet, tally.total(), number_format="#,##0", alignment=_CENTRE),
                styled(self._sheet, done / tally.total(), number_format="0.0 %", alignment=_CENTRE),
                styled(self._sheet, told, alignment=WRAP),
                height=_height(told, 120),
            )
            self._merge_from("E")

    def problems(self) -> None:
        """What is not done, by reason, the most frequent first, with some of its servers and the advice."""
        groups = problem_groups(self._report.outcomes)
        if not groups:
            return
        self._title("What needs attention")
        self._names("Status", "Code", "Servers", "What to do", "", "For example")
        for group in groups[:_PROBLEM_GROUPS]:
            ground, colour = STATUS_COLOURS[group.status]
            named = group.examples(_NAMED_SERVERS)
            self._add(
                styled(self._sheet, group.status.value, face=font(bold=True, colour=colour), ground=ground, alignment=_INDENT),
                styled(self._sheet, group.code or "-"),
                styled(self._sheet, len(group.servers), number_format="#,##0", alignment=_CENTRE),
                styled(self._sheet, group.todo, alignment=WRAP),
                None,
                styled(self._sheet, named, alignment=WRAP),
                height=max(_height(group.todo, 58), _height(named, 56)),
            )
        if len(groups) > _PROBLEM_GROUPS:
            self._add(styled(self._sheet, f"{len(groups) - _PROBLEM_GROUPS} more reasons: see Outcomes.", face=font(colour=MUTED)))

    def unmoved(self) -> None:
        """After a night, the servers that have a task and are not moved, by state and reason, with the advice."""
        groups = unmoved_groups(self._report.night) if self._report.night is not None else []
        if not groups:
            return
        self._title("What is not moved")
        self._names("Status", "Error", "Servers", "What to do", "", "For example")
        ground, colour = STATUS_COLOURS[Status.CONFLICT]
        for group in groups[:_PROBLEM_GROUPS]:
            named = group.examples(_NAMED_SERVERS)
            self._add(
                styled(self._sheet, group.state, face=font(bold=True, colour=colour), ground=ground, alignment=_INDENT),
                styled(self._sheet, group.code or "-"),
                styled(self._sheet, len(group.servers), number_format="#,##0", alignment=_CENTRE),
                styled(self._sheet, group.todo, alignment=WRAP),
                None,
                styled(self._sheet, named, alignment=WRAP),
                height=max(_height(group.todo, 58), _height(named, 56)),
            )
        if len(groups) > _PROBLEM_GROUPS:
            self._add(styled(self._sheet, f"{len(groups) - _PROBLEM_GROUPS} more reasons: see Tasks.", face=font(colour=MUTED)))

    def notes(self) -> None:
        """The run's own remarks, and how many findings the plan has."""
        notes = all_notes(self._report)
        if not notes:
            return
        self._title("Notes")
        for note in notes:
            self._add(styled(self._sheet, f"\N{BULLET} {note}", alignment=WRAP), height=_height(note, 150))
            self._merge_from("B")

    def chart(self, first: int, last: int) -> None:
        """A bar for each status, in the status's colour, with its count."""
        chart = BarChart(barDir="bar", gapWidth=min(45 + 60 * (7 - last + first), 400))
        chart.add_data(Reference(self._sheet, min_col=3, min_row=first, max_row=last))
        chart.set_categories(Reference(self._sheet, min_col=2, min_row=first, max_row=last))
        series = chart.series[0]
        for place, status in enumerate(status for status in Status if self._tally[status]):
            point = DataPoint(idx=place)
            point.graphicalProperties.solidFill = BAR_COLOURS[status]
            series.dPt.append(point)
        series.dLbls = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False, showPercent=False)
        chart.legend = None
        chart.x_axis.scaling.orientation = "maxMin"
        chart.x_axis.delete, chart.y_axis.delete = False, True
        chart.y_axis.majorGridlines = None
        chart.y_axis.scaling.min = 0
        chart.width, chart.height = 11, 6.2
        self._sheet.add_chart(chart, f"G{self._chart_row}")


def _height(text: str, width: int) -> float:
    """The height in points of a row whose text wraps at `width` characters."""
    lines = sum(-(-max(len(line), 1) // width) for line in text.splitlines() or [""])
    return lines * _LINE_POINTS + 2
