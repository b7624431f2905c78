"""A process of its own that reads sheets of an .xls: bytes in, JSON out, and nobody harmed if it dies.

The reader of this old format can be made to claim any amount of memory, or to end the whole process, by a few wrong bytes. Run as
a script by xls_file.py, with the sheets' places and a bound on memory in bytes as arguments; knows nothing of plans.
"""

from __future__ import annotations

import io
import json
import sys
from datetime import date, datetime, time, timedelta


def main() -> None:
    """Read the workbook from standard input, and write a list of sheets, each a list of rows, to standard output."""
    most, *places = map(int, sys.argv[1:])
    _bound_memory(most)
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    sheets = [book.get_sheet_by_index(place).to_python(skip_empty_area=False) for place in places]
    json.dump(sheets, sys.stdout, default=_as_json)


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
