"""A process of its own that reads sheets of a workbook: bytes in, JSON out, and nobody harmed if it dies.

The reader of the binary formats can be made to claim any amount of memory, or to end the whole process, by a few wrong bytes. Run
as a script by child_reader.py, with a bound on memory in bytes, a bound on cells, and the sheets' places (none for all) as
arguments; knows nothing of plans.
"""

from __future__ import annotations

import io
import json
import sys
from datetime import date, datetime, time, timedelta


def main() -> None:
    """Read the workbook from standard input, and write `{"names": [...], "sheets": [rows, ...]}` to standard output.

    Or `{"area": [...]}`: the sheet (from 0) with which there are more cells than the bound, its rows and its columns.
    """
    most, cells, *places = map(int, sys.argv[1:])
    _bound_memory(most)
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    sheets = []
    for place in places or range(len(book.sheet_names)):
        sheet = book.get_sheet_by_index(place)
        last_row, last_column = sheet.end or (-1, -1)
        cells -= (last_row + 1) * (last_column + 1)
        if cells < 0:
            json.dump({"area": [place, last_row + 1, last_column + 1]}, sys.stdout)
            return
        sheets.append(sheet.to_python(skip_empty_area=False))
    json.dump({"names": book.sheet_names, "sheets": sheets}, sys.stdout, default=_as_json)


def _bound_memory(most: int) -> None:
    try:
        import resource
    except ImportError:  # there is no such thing on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _as_json(cell: object) -> dict[str, str | float]:
    match cell:
        case datetime():
            return {"datetime": cell.isoformat()}
        case date():
            return {"date": cell.isoformat()}
        case time():
            return {"time": cell.isoformat()}
        case timedelta():
            return {"seconds": cell.total_seconds()}
        case _:
            raise TypeError(type(cell).__name__)


if __name__ == "__main__":
    main()
