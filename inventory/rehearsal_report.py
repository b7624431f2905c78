"""The report of a rehearsal as a workbook: Summary, Waves, Servers, Gates, Faults and Notes.

Decides what stands where; the words are rehearsal_facts.py's, the looks report_style.py's. The same rehearsal is the same
file, to the byte: nothing in it tells when it was written. Called by `waves rehearse`.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment

from inventory.outcomes import Status
from inventory.rehearsal_facts import (
    TONES,
    against_forecast,
    cause_groups,
    facts,
    fault_lines,
    gate_line,
    shown,
    truth_lines,
    verdict_of,
    wave_verdict,
)
from inventory.rehearsal_records import Cause, Verdict
from inventory.report_file import put_report
from inventory.report_style import (
    BRAND,
    MIDDLE,
    MUTED,
    RULE,
    STATUS_COLOURS,
    TOP,
    WRAP,
    add_sheet,
    font,
    header_row,
    height_of,
    prepare_table,
    set_page,
    set_widths,
    styled,
    text_value,
    writable_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.rehearsal_records import Rehearsal, ServerRecord, WaveRecord

SERVER_COLUMNS = (
    ("server", 26.0), ("wave", 12.0), ("verdict", 12.0), ("cause", 24.0), ("late_minutes", 13.0), ("source_server_id", 38.0),
    ("row", 14.0), ("state", 18.0), ("bytes", 16.0), ("submitted", 24.0), ("started", 24.0), ("copied", 24.0), ("moved", 24.0),
    ("forecast_start", 24.0), ("forecast_end", 24.0), ("behind_minutes", 15.0), ("window_end", 24.0), ("restarts", 10.0),
    ("errors", 20.0), *((f"lost: {cause.value}", 20.0) for cause in Cause if cause is not Cause.FORECAST), ("note", 60.0),
)  # fmt: skip
"""The columns of `Servers` and their widths; what was lost is in minutes."""
WAVE_COLUMNS = (
    ("wave", 14.0), ("servers", 9.0), ("in time", 9.0), ("late", 8.0), ("not moved", 11.0), ("outcome", 58.0),
    ("planned start", 24.0), ("began", 24.0), ("submitted", 24.0), ("first started", 24.0), ("all copied", 24.0),
    ("approved", 24.0), ("all moved", 24.0), ("forecast end", 24.0), ("window end", 24.0), ("most frequent cause", 28.0),
)  # fmt: skip
NOTE_COLUMNS = (("wave", 14.0), ("note", 150.0))
GATE_COLUMNS = (
    ("wave", 14.0), ("gate", 12.0), ("decision", 16.0), ("asked", 24.0), ("decided", 24.0), ("minutes", 10.0), ("approver", 30.0),
    ("not met", 70.0), ("comment", 60.0),
)  # fmt: skip
FAULT_COLUMNS = (("kind", 14.0), ("fault", 40.0), ("times", 10.0))
_SUMMARY_WIDTHS = (2.0, 20.0, 12.0, 12.0, 12.0, 12.0, 96.0)
_LAST = "G"
_LAST_WIDTH, _WHOLE_WIDTH = _SUMMARY_WIDTHS[-1], sum(_SUMMARY_WIDTHS)
_CENTRE = Alignment(vertical="top", horizontal="center")
_WHEN = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def write_rehearsal(path: Path, plan: Path, found: Rehearsal) -> None:
    """Write the workbook to `path`, in place of what is there; raises ReportError, and then what was there is there still."""
    put_report(path, plan, lambda stream: _save(compose(found), stream, f"{found.begins_at:%Y-%m-%dT%H:%M:%SZ}"))


def compose(found: Rehearsal) -> Workbook:
    """The report as a workbook that is ready to be saved, once."""
    workbook = Workbook(write_only=True)
    workbook.properties.title = writable_text(f"Rehearsal of {found.plan}")
    workbook.properties.creator = "waves rehearse"
    workbook.properties.created = found.begins_at.replace(tzinfo=None)
    _add_summary(workbook, found)
    _add_waves(workbook, found)
    _add_servers(workbook, found)
    _add_gates(workbook, found)
    _add_faults(workbook, found)
    _add_notes(workbook, found)
    return workbook


def _save(workbook: Workbook, stream: BinaryIO, modified: str) -> None:
    """Save without the time of writing, which openpyxl puts into the properties and zip beside each part."""
    raw = BytesIO()
    workbook.save(raw)
    with ZipFile(raw) as made, ZipFile(stream, "w", ZIP_DEFLATED) as kept:
        for name in made.namelist():
            part = made.read(name)
            if name == "docProps/core.xml":
                part = _MODIFIED.sub(rb"\g<1>" + modified.encode(), part)
            kept.writestr(ZipInfo(name, _WHEN), part, ZIP_DEFLATED)


def _add_summary(workbook: Workbook, found: Rehearsal) -> None:
    page = _Page(add_sheet(workbook, "Summary"), f"Rehearsal of {found.plan}")
    page.head(found)
    page.title("The waves")
    page.names("Wave", "Servers", "In time", "Late", "Not moved", "How it went, and against its forecast")
    for wave in found.waves:
        page.wave(wave)
    if groups := cause_groups(found.servers):
        page.title("Who was late or left, and why")
        page.names("Cause", "Servers", "", "", "", "What to do, and for example")
        for group in groups:
            codes = f" ({group.codes})" if group.codes else ""
            told = f"{group.meaning}{codes}. For example {group.examples()}"
            page.add(
                page.cell(f"{group.verdict.value}: {group.name}", TONES[group.verdict], wrap=True),
                page.number(len(group.servers)),
                None,
                None,
                None,
                page.text(told),
                lines=told,
                height=height_of(f"{group.verdict.value}: {group.name}", _SUMMARY_WIDTHS[1]),
            )
    gates = [f"{wave.name}: {gate_line(gate)}" for wave in found.waves for gate in wave.gates]
    page.bullets("Gates", gates)
    went_wrong = [f"{words}: {many:,} ({told})" for words, many, told in fault_lines(found)]
    page.bullets("What went wrong on purpose", went_wrong or ["nothing: a rehearsal without faults"])
    page.bullets("What it proves of the tool", truth_lines(found))
    page.bullets("Notes", found.notes)
    page.title("The rehearsal")
    for name, value in facts(found):
        page.add(styled(page.sheet, name, face=font(colour=MUTED)), styled(page.sheet, value))


class _Page:
    """The summary, written downwards."""

    def __init__(self, sheet: Worksheet, title: str) -> None:
        self.sheet = sheet
        self._row = 0
        set_widths(sheet, _SUMMARY_WIDTHS)
        set_page(sheet, title, is_table=False)
        sheet.sheet_view.showGridLines = False
        sheet.sheet_properties.tabColor = BRAND

    def add(self, *cells: Cell | None, height: float = 16.0, lines: str = "") -> None:
        """A row that begins in column B, as high as the text `lines` needs in the last column."""
        self._row += 1
        needed = height_of(lines, _LAST_WIDTH) if lines else 0.0
        self.sheet.row_dimensions[self._row].height = max(height, needed)
        self.sheet.append([None, *cells])

    def _merge(self) -> None:
        self.sheet.merged_cells.add(f"B{self._row}:{_LAST}{self._row}")

    def head(self, found: Rehearsal) -> None:
        """What it is, how it went in one sentence, and the figures that say it."""
        self.add(height=8)
        self.add(
            styled(self.sheet, f"Rehearsal \N{MIDDLE DOT} {found.plan}", face=font(size=20, bold=True, colour=BRAND)), height=30
        )
        self.add(styled(self.sheet, "The whole programme on a simulated SMS", face=font(size=11, colour=MUTED)), height=18)
        self.add(height=6)
        ground, colour = STATUS_COLOURS[Status.CREATED if found.is_good else Status.REJECTED]
        left = Alignment(horizontal="left", vertical="center", indent=1)
        face = font(size=13, bold=True, colour=colour)
        rest = [styled(self.sheet, "", ground=ground) for _ in range(len(_SUMMARY_WIDTHS) - 2)]
        self.add(styled(self.sheet, verdict_of(found), face=face, ground=ground, alignment=left), *rest, height=28)

    def title(self, text: str) -> None:
        """A section's title over a rule."""
        self.add(height=10)
        line = [styled(self.sheet, "", border=RULE) for _ in range(len(_SUMMARY_WIDTHS) - 2)]
        self.add(
            styled(self.sheet, text, face=font(size=12, bold=True, colour=BRAND), border=RULE, alignment=MIDDLE), *line, height=20
        )

    def names(self, *names: str) -> None:
        """The columns' names."""
        face = font(bold=True, colour=MUTED)
        centred = range(1, len(names) - 1)
        self.add(
            *(styled(self.sheet, name, face=face, alignment=_CENTRE if at in centred else TOP) for at, name in enumerate(names))
        )

    def wave(self, wave: WaveRecord) -> None:
        """One wave in a line."""
        tally = wave.tally
        told = f"{wave_verdict(wave)}; {against_forecast(wave)}"
        self.add(
            self.cell(wave.name, Status.CREATED if wave.is_good else Status.REJECTED),
            self.number(len(wave.servers) - tally[Verdict.SKIPPED]),
            *(self.number(tally[verdict]) for verdict in (Verdict.MOVED, Verdict.LATE, Verdict.NOT_MOVED)),
            self.text(told),
            lines=told,
        )

    def bullets(self, title: str, lines: Sequence[str]) -> None:
        """A section of sentences, where there are some."""
        if not lines:
            return
        self.title(title)
        for line in lines:
            self.add(self.text(f"\N{BULLET} {line}"), height=height_of(line, _WHOLE_WIDTH))
            self._merge()

    def cell(self, text: str, tone: Status, *, wrap: bool = False) -> Cell:
        """A word in a status's colours."""
        ground, colour = STATUS_COLOURS[tone]
        return styled(self.sheet, text, face=font(bold=True, colour=colour), ground=ground, alignment=WRAP if wrap else TOP)

    def number(self, value: int) -> Cell:
        """A count in the middle of its column."""
        return styled(self.sheet, value, number_format="#,##0", alignment=_CENTRE)

    def text(self, text: str) -> Cell:
        """A sentence that wraps."""
        return styled(self.sheet, text, alignment=WRAP)


def _table(
    workbook: Workbook, name: str, columns: Sequence[tuple[str, float]], rows: int, found: Rehearsal, titles: int
) -> Worksheet:
    sheet = add_sheet(workbook, name)
    prepare_table(sheet, [width for _, width in columns], rows, f"{found.plan} - rehearsal - {name}", titles=titles)
    sheet.append(header_row(sheet, [title for title, _ in columns]))
    return sheet


def _add_waves(workbook: Workbook, found: Rehearsal) -> None:
    sheet = _table(workbook, "Waves", WAVE_COLUMNS, len(found.waves), found, titles=1)
    for wave in found.waves:
        tally, causes = wave.tally, wave.causes.most_common(1)
        ground, colour = STATUS_COLOURS[Status.CREATED if wave.is_good else Status.REJECTED]
        sheet.append(
            [
                text_value(sheet, wave.name),
                len(wave.servers) - tally[Verdict.SKIPPED],
                *(tally[verdict] for verdict in (Verdict.MOVED, Verdict.LATE, Verdict.NOT_MOVED)),
                styled(sheet, wave_verdict(wave), face=font(bold=True, colour=colour), ground=ground),
                *(
                    shown(at) or None
                    for at in (
                        wave.planned_at,
                        wave.began_at,
                        wave.submitted_at,
                        wave.started_at,
                        wave.copied_at,
                        wave.approved_at,
                        wave.moved_at,
                        wave.forecast_ends_at,
                        wave.window_ends_at,
                    )
                ),
                causes[0][0].value if causes else None,
            ]
        )


def _add_servers(workbook: Workbook, found: Rehearsal) -> None:
    servers = found.servers
    sheet = _table(workbook, "Servers", SERVER_COLUMNS, len(servers), found, titles=1)
    words = {}
    for verdict, tone in TONES.items():
        ground, colour = STATUS_COLOURS[tone]
        words[verdict] = styled(sheet, verdict.value, face=font(bold=True, colour=colour), ground=ground)
    for server in servers:
        sheet.append(_server(sheet, server, words[server.verdict]))


def _server(sheet: Worksheet, server: ServerRecord, verdict: Cell) -> list[str | float | Cell | None]:
    behind = server.behind_seconds
    return [
        text_value(sheet, server.server),
        text_value(sheet, server.wave),
        verdict,
        server.cause.value if server.cause is not None else None,
        _minutes(server.late_seconds) or None,
        text_value(sheet, server.source_server_id),
        text_value(sheet, server.cell),
        server.state,
        server.bytes,
        *(shown(at) or None for at in (server.submitted_at, server.started_at, server.copied_at, server.moved_at)),
        *(shown(at) or None for at in (server.forecast_started_at, server.forecast_ends_at)),
        None if behind is None else _minutes(behind),
        shown(server.window_ends_at) or None,
        server.restarts or None,
        ", ".join(server.errors) or None,
        *(_minutes(server.lost.get(cause, 0.0)) or None for cause in Cause if cause is not Cause.FORECAST),
        text_value(sheet, server.note),
    ]


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)


def _add_gates(workbook: Workbook, found: Rehearsal) -> None:
    gates = [(wave.name, gate) for wave in found.waves for gate in wave.gates]
    sheet = _table(workbook, "Gates", GATE_COLUMNS, len(gates), found, titles=1)
    for place, (name, gate) in enumerate(gates, 2):
        held = "\n".join(gate.held)
        high = sum(height_of(line, GATE_COLUMNS[-2][1]) for line in gate.held)
        sheet.row_dimensions[place].height = max(high, height_of(gate.comment, GATE_COLUMNS[-1][1]))
        sheet.append(
            [
                text_value(sheet, name),
                gate.name,
                gate.decision,
                shown(gate.asked_at),
                shown(gate.decided_at) or None,
                None if gate.seconds is None else _minutes(gate.seconds),
                text_value(sheet, gate.approver),
                styled(sheet, held, alignment=WRAP) if held else None,
                styled(sheet, gate.comment, alignment=WRAP) if gate.comment else None,
            ]
        )


def _add_faults(workbook: Workbook, found: Rehearsal) -> None:
    sheet = _table(workbook, "Faults", FAULT_COLUMNS, len(found.faults), found, titles=0)
    for name, many in found.faults.items():
        kind, _, fault = name.partition(": ")
        sheet.append([kind, fault, many])


def _add_notes(workbook: Workbook, found: Rehearsal) -> None:
    notes = [(wave.name, note) for wave in found.waves for note in wave.notes]
    sheet = _table(workbook, "Notes", NOTE_COLUMNS, len(notes), found, titles=0)
    for place, (name, note) in enumerate(notes, 2):
        sheet.row_dimensions[place].height = height_of(note, NOTE_COLUMNS[-1][1])
        sheet.append([text_value(sheet, name), styled(sheet, note, alignment=WRAP)])
