"""Name what can become of a request, and what a row of the code table holds. Only types; used by the whole client."""

from __future__ import annotations

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
    """When the same request, or the task that failed so, may be tried again."""

    NOW = "now"
    SLOWLY = "slowly"
    AFTER_FIX = "after a fix"
    """Something outside the request has to be mended first: the source, the target, the account, the way there."""
    RESTART = "restart"
    """What a task failed of passes by itself: the task is restarted."""
    NEVER = "never"
    """The same request gets the same answer: the row has to change."""


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code: its class, when to try again, what it means, and what an engineer does about it (an imperative)."""

    code: str
    error_class: ErrorClass
    retry: Retry
    meaning: str
    advice: str
