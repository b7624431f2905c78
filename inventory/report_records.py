"""What a report tells of the past of a row, as plain records: the inventory knows no journal and no engine.

Filled by the flow (flows/wave_attempts.py), shown by report_journal.py and report_html.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to create the task of a server, of this run or an earlier one. Times are UTC.

    `number` counts over all runs. `answered_at` is None, and `answer` says so, where no answer was written down. `body_digest` is
    the SHA-256 of the request's body, in hex. `decided`, `reason` and `result` tell what the engine made of the answer, in words.
    """

    source_server_id: str
    server: str
    number: int
    run_id: str
    sent_at: datetime
    answered_at: datetime | None
    body_digest: str
    answer: str
    http_status: int | None = None
    request_id: str = ""
    decided: str = ""
    reason: str = ""
    result: str = ""
