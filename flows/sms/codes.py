"""Table of the error codes of SMS, its gateway and ours: what each means, which class it is of, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ErrorClass(StrEnum):
    """What became of a request that failed; for a create, whether it may have made a task."""

    DEFINITE_NO = "definite no"
    NOT_SENT = "not sent"
    THROTTLED = "throttled"
    AMBIGUOUS = "ambiguous"
    STOP = "stop"


class Retry(StrEnum):
    """When the same request may be sent again."""

    NOW = "now"
    SLOWLY = "slowly"
    AFTER_FIX = "after a fix"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code: its class, when to try again, what it means, and what an engineer does about it."""

    code: str
    error_class: ErrorClass
    retry: Retry
    meaning: str
    advice: str


CODES: Mapping[str, CodeRow] = {}


def row_for(code: str) -> CodeRow:
    """The table's row for `code`."""
    return CODES.get(code) or CodeRow(
        code, ErrorClass.DEFINITE_NO, Retry.NEVER, "a code not known here", "look it up in the SMS API error codes"
    )


def advice_for(code: str) -> str:
    """What to do about `code`."""
    return row_for(code).advice
