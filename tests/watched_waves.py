"""`waves` with every log record of every library written down: `python -m tests.watched_waves RECORDS DEFECT WORDS...`.

RECORDS gets each record that any logger makes at DEBUG, with all that its exception holds, and at the end one record of our own
through a library's logger, to show that nothing was missed. DEFECT `yes` has the engine fail at its last look.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any

from flows.cli.main import main
from flows.sms.client import SmsClient
from tests.secret_finder import everything_in

LAST_RECORD = "this is the last record, at DEBUG, of a library"


def watch(path: str) -> None:
    """Write down every record from now on, whatever handlers and levels are configured later."""
    make = logging.getLogRecordFactory()
    file = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123 - open until the process ends

    def written(*given: Any, **more: Any) -> logging.LogRecord:
        record = make(*given, **more)
        with suppress(Exception):
            file.write(f"{record.name} {record.levelname} {record.getMessage()} {record.args!r}\n")
            if record.exc_info and record.exc_info[1] is not None:
                file.write(everything_in(record.exc_info[1]))
        return record

    logging.setLogRecordFactory(written)
    for name in ("", "sqlalchemy"):  # which would set itself to WARNING
        logging.getLogger(name).setLevel(logging.DEBUG)


def break_the_last_look() -> None:
    """Have the second listing of all tasks fail, after it was answered, in a way that nobody foresaw."""
    list_tasks, listings = SmsClient.list_tasks, 0

    async def broken(self: SmsClient, source_server_id: str = "", *, vm_id: str = "") -> Any:
        nonlocal listings
        listed = await list_tasks(self, source_server_id, vm_id=vm_id)
        listings += not (source_server_id or vm_id)
        if listings > 1:
            raise LookupError("nobody foresaw this", self)
        return listed

    SmsClient.list_tasks = broken  # type: ignore[method-assign]


if __name__ == "__main__":
    watch(sys.argv[1])
    if sys.argv[2] == "yes":
        break_the_last_look()
    code = main(sys.argv[3:])
    logging.getLogger("aiohttp.client").debug(LAST_RECORD)
    sys.exit(code)
