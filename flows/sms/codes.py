"""Find what an error code means, which class it is of and what to do about it: SMS's, the gateway's, IAM's and ours, known or not.

The rows are in code_table.py; this module finds them, and makes one for a code that nobody has seen. Read by errors.py,
verdict.py and the command line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flows.sms.code_table import LEGACY_ROWS, OTHER_ROWS, SMS_ROWS
from flows.sms.error_class import CodeRow, ErrorClass, Retry

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CODES",
    "CodeRow",
    "ErrorClass",
    "Retry",
    "advice_for",
    "is_cured_by_restart",
    "is_service_code",
    "may_be_cured",
    "row_for",
]


def _rows() -> dict[str, CodeRow]:
    numbered = ((f"SMS.{row[0]}", row) for row in (*SMS_ROWS, *LEGACY_ROWS))
    named = ((row[0], row) for row in OTHER_ROWS)
    return {code: CodeRow(code, *row[1:]) for code, row in (*numbered, *named)}


CODES: Mapping[str, CodeRow] = _rows()
"""Every code that is known, in the order of the tables."""

_SERVICE_CODE = re.compile(r"[A-Za-z][A-Za-z_]{1,15}\.\d{2,8}")


def is_service_code(code: str) -> bool:
    """Whether `code` has the form that Huawei's services and gateway give theirs (`SMS.7605`): no other page says a definite no."""
    return bool(_SERVICE_CODE.fullmatch(code)) and not code.startswith("HTTP.")


def row_for(code: str) -> CodeRow:
    """The table's row for `code`, or one made for a code that nobody has seen: every code has a class and advice.

    A service's own code is a no; anything else (a status that no service explains) may hide a task, so it is ambiguous.
    """
    if row := CODES.get(code):
        return row
    if is_service_code(code):
        return CodeRow(
            code,
            ErrorClass.DEFINITE_NO,
            Retry.NEVER,
            "an error that this table does not know",
            f"look {code} up in the SMS error codes, correct the row, then retry",
        )
    if code.startswith("HTTP.3"):
        return CodeRow(
            code,
            ErrorClass.AMBIGUOUS,
            Retry.AFTER_FIX,
            "the endpoint points elsewhere",
            "set SMS_ENDPOINT to the address that it points to, if that is SMS",
        )
    return CodeRow(
        code,
        ErrorClass.AMBIGUOUS,
        Retry.NEVER,
        "an answer that SMS does not give",
        f"check SMS_ENDPOINT and the proxies on the way ({code}), then run again",
    )


def advice_for(code: str) -> str:
    """What to do about `code`: an action, never empty, also for a code never seen before."""
    return row_for(code).advice


def may_be_cured(code: str) -> bool:
    """Whether the same request may get another answer than a rejection by `code`, once something beside the row was mended.

    Of a code that nobody has seen, nobody knows: it may.
    """
    return code not in CODES or CODES[code].retry is not Retry.NEVER


def is_cured_by_restart(code: str) -> bool:
    """Whether a task that failed with this code of SMS's may be restarted without anybody having mended anything.

    Of a code that nobody has seen, nobody knows: no.
    """
    return code.startswith("SMS.") and code in CODES and CODES[code].retry in {Retry.NOW, Retry.SLOWLY, Retry.RESTART}
