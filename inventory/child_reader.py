"""Read a workbook in a process that may die (reader_child.py): memory and time bounded, damage told in one line.

Decides the bounds. For .xls, whose sheets xls_file.py has looked at before, and .xlsb, which nobody has. Called by xls_file.py and
book.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from inventory.catalogue import plan_error
from inventory.cell_references import column_letters
from inventory.reading_limits import TooBigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.reading_limits import ReadingLimits

Rows: TypeAlias = "list[list[object]]"
"""A sheet's cells, row by row from A1."""

MAX_CHILD_BYTES = 3 * 1024**3
MAX_CHILD_SECONDS = 60


def read_in_child(name: str, content: bytes, limits: ReadingLimits, places: Sequence[int] = ()) -> tuple[list[str], list[Rows]]:
    """The names of all sheets, and the rows of those at these places (from 0), or of all.

    Raises PlanError where the reader cannot make sense of them, or they are too big.
    """
    seconds = MAX_CHILD_SECONDS * limits.times
    bounds = (int(MAX_CHILD_BYTES * limits.times), limits.cells)
    script = Path(__file__).with_name("reader_child.py")
    command = [sys.executable, "-I", str(script), *map(str, bounds), *map(str, places)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, check=True, timeout=seconds)  # noqa: S603 - our own
        said: dict[str, Any] = json.loads(done.stdout, object_hook=_as_cell)
    except subprocess.TimeoutExpired as exc:
        raise limits.refusal(name, TooBigError(f"reading it takes more than {seconds:g} s", 2, 1)) from exc
    except (subprocess.CalledProcessError, ValueError, KeyError) as exc:
        raise plan_error("PLAN-005", name=name) from exc
    except OSError as exc:
        raise plan_error("PLAN-004", name=name, reason=exc.strerror or "its reader does not start") from exc
    if "area" in said:
        place, height, width = said["area"]
        what = f"its sheet {place + 1} reaches to cell {column_letters(width - 1)}{height}"
        raise limits.refusal(name, TooBigError(what, height * width, limits.cells))
    return said["names"], said["sheets"]


def _as_cell(said: dict[str, Any]) -> object:
    match said:
        case {"datetime": str(text)}:
            return datetime.fromisoformat(text)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case {"time": str(text)}:
            return time.fromisoformat(text)
        case {"seconds": float(seconds)}:
            return timedelta(seconds=seconds)
        case _:
            return said
