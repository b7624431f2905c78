"""Draw README's pictures of the template and of a report: LibreOffice prints them, poppler makes pixels. `make pictures` calls it.

    python -m tests.workbook_pictures       write them, where soffice and pdftoppm are there

Each picture carries the digest of the words that it shows (`made_from`), by which a test knows a stale one without either program.
Pixels are not compared: they differ by the version of LibreOffice and its fonts (Carlito in place of Calibri, where it is there).
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from openpyxl import load_workbook

from inventory.examples.make_wave_plan import PLAN_PATH
from inventory.outcomes import Outcome, Status
from inventory.plan import read_plan
from inventory.report import WaveReport, write_report
from inventory.template_file import write_template
from tests.libreoffice import convert
from tests.png import read_text, write_png

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent.parent / ".docs"
STALE = "a picture of a workbook is stale: run `make pictures` (it needs LibreOffice and poppler) and commit what it writes"

_NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
_DOTS_PER_INCH = 100
_MARGIN = 12
_WHITE = 250
_BUT_ITS_FOOT = 0.94
_GUIDE_BEGINS = 0.592
_VERSIONS = re.compile(r"[0-9]+(\.[0-9]+)+")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the workbook, the sheet of it that is shown, on which printed page that begins, and how much of the page."""

    write: Callable[[Path], None]
    sheet: str
    page: int
    height: float = _BUT_ITS_FOOT


def write() -> None:
    """Draw them all."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workbooks = [_written(picture, folder / f"{key}.xlsx") for key, picture in PICTURES.items()]
        for (key, picture), workbook, pages in zip(PICTURES.items(), workbooks, convert(workbooks, "pdf", folder), strict=True):
            write_png(FOLDER / f"{key}.png", _page(pages, picture), {"made-from": made_from(picture, workbook)})


def _written(picture: Picture, path: Path) -> Path:
    picture.write(path)
    return path


def made_from(picture: Picture, workbook: Path) -> str:
    """The digest of every word on the sheet that the picture shows; versions change it not."""
    cells = (cell for row in load_workbook(workbook)[picture.sheet].iter_rows() for cell in row if cell.value is not None)
    words = "\n".join(f"{cell.coordinate}={cell.value}" for cell in cells)
    return hashlib.sha256(_VERSIONS.sub("", words).encode()).hexdigest()


def stale() -> list[str]:
    """The pictures whose words are no longer those that they were made from."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            key
            for key, picture in PICTURES.items()
            if read_text(FOLDER / f"{key}.png").get("made-from")
            != made_from(picture, _written(picture, Path(folder) / f"{key}.xlsx"))
        ]


def _page(pages: Path, picture: Picture) -> NDArray[np.uint8]:
    """What is shown of the page as pixels (rows, columns, RGB)."""
    number = str(picture.page)
    command = ["pdftoppm", "-r", str(_DOTS_PER_INCH), "-f", number, "-l", number, str(pages)]
    content = subprocess.run(command, check=True, capture_output=True).stdout
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", content)
    assert head is not None
    pixels = np.frombuffer(content, np.uint8, offset=head.end()).reshape(int(head[2]), int(head[1]), 3)
    return _trimmed(pixels[: int(len(pixels) * picture.height)])


def _trimmed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without the white around it, but for a margin."""
    darkest = pixels.min(axis=2)
    rows, columns = np.flatnonzero(darkest.min(axis=1) < _WHITE), np.flatnonzero(darkest.min(axis=0) < _WHITE)
    inside = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.pad(inside, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), constant_values=255)


def _write_template(path: Path) -> None:
    write_template(path, ("waves check plan.xlsx", "waves submit plan.xlsx --wave wave-1"), _NOW)


_NAMED = {
    "app-01": (Status.REJECTED, "SMS.6526", "raise the quota of the target region, then --retry-rejected"),
    "app-02": (Status.REJECTED, "SMS.6526", "raise the quota of the target region, then --retry-rejected"),
    "files-01": (Status.CONFLICT, "SMS.7605", "task 5c1e0f4a holds the target: end it, or give the row another target"),
    "cache-01": (Status.EXISTS, "", ""),
}


def example_report() -> WaveReport:
    """A report on the first wave of the shipped plan, with something of everything."""
    plan, started = read_plan(PLAN_PATH), _NOW
    outcomes = []
    for place, row in enumerate(plan.rows("wave-1"), 1):
        status, code, advice = _NAMED.get(row.source_name, (Status.CREATED, "", ""))
        task = f"{place:08x}-0000-4000-8000-000000000000" if status.is_done else ""
        outcomes.append(Outcome(row, row.source_server_id, status, task, code, "", advice, 1, started))
    return WaveReport(
        plan,
        "wave-1",
        "3f9d2c1b",
        "planner",
        started,
        started + timedelta(minutes=4, seconds=12),
        outcomes,
        notes=("SMS said 429 twice: the pace was lowered to 40 requests a second for a minute.",),
        endpoint="https://sms.ap-southeast-3.myhuaweicloud.com",
        next_command="waves submit wave-plan.xlsx --wave wave-1 --retry-rejected",
    )


def _write_report(path: Path) -> None:
    write_report(path, example_report())


PICTURES: Mapping[str, Picture] = {
    "template": Picture(_write_template, "Guide", 1, _GUIDE_BEGINS),
    "template-servers": Picture(_write_template, "Servers", 2),
    "report": Picture(_write_report, "Summary", 1),
}


if __name__ == "__main__":
    write()
    sys.stdout.writelines(f"{FOLDER / key}.png\n" for key in PICTURES)
