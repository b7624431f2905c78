"""Say what went wrong between us and SMS, in one family of exceptions; each answers one question: may the task exist?

    SmsError
      Refused      definite no: SMS said no to this request, nothing was made
      NotSent      the request never left this machine, nothing was made
      Throttled    the gateway turned it away for its rate, nothing was made
      Ambiguous    SMS may have done it and nobody knows: look before sending again
      StopRun      the credentials or their rights are refused: every other request would be too

Holds no rule of its own: verdict.py decides which of them an answer or a broken connection is, codes.py what a code means and
what to do about it. Raised by client.py and auth.py, caught by `flows.submission` and the command line.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from flows.sms.codes import CODES, CodeRow, ErrorClass, Retry, advice_for, row_for

__all__ = [
    "CODES",
    "Ambiguous",
    "CodeRow",
    "ErrorClass",
    "NotSent",
    "Refused",
    "Retry",
    "SmsError",
    "StopRun",
    "ThrottleWindow",
    "Throttled",
    "advice_for",
    "error_of",
    "one_line",
    "row_for",
]

MESSAGE_LIMIT = 255
"""Characters of a message that are kept: the API page bounds `error_msg` to as many; a proxy's page knows no bound."""


def one_line(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """The text as one line of at most `limit` characters: white space folded, control and invisible characters dropped.

    Foreign text goes to terminals, logs and workbooks: an escape sequence or a change of writing direction must not get there.
    """
    folded = " ".join(text[: limit * 8].split())
    clean = "".join(char for char in folded if char == " " or unicodedata.category(char)[0] not in "CZ")
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class ThrottleWindow:
    """The window that a gateway's 429 names: at most `limit` requests in `seconds`."""

    limit: int
    seconds: float

    @property
    def per_second(self) -> float:
        """The rate that the window allows when it is spread evenly."""
        return self.limit / self.seconds


class SmsError(Exception):
    """A request to SMS that did not succeed; raised only as one of its subclasses.

    `code` is SMS's (`SMS.7605`), the gateway's (`APIGW.0308`), or ours where nobody gave one (`HTTP.502`, `WAVES.TLS`). `message`
    is one bounded line without control characters, `request_id` is empty where there was none, `http_status` None where no answer
    came.
    """

    error_class: ClassVar[ErrorClass] = ErrorClass.AMBIGUOUS

    def __init__(self, code: str, message: str, *, request_id: str = "", http_status: int | None = None, advice: str = "") -> None:
        """Take the facts of one failure; without `advice` the table's for `code` is given."""
        self.code = one_line(code, 64)
        self.message = one_line(message) or row_for(self.code).meaning
        self.request_id = one_line(request_id, 64)
        self.http_status = http_status
        self.advice = advice or advice_for(self.code)
        super().__init__(self.code, self.message)

    @property
    def may_exist(self) -> bool:
        """Whether a create that ended so may have made a task all the same."""
        return self.error_class is ErrorClass.AMBIGUOUS

    def __str__(self) -> str:
        """One line: code, what happened, what to do, and the request id for a support ticket."""
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.code} {self.message}: {self.advice}{request}"


class Refused(SmsError):  # noqa: N818 - an outcome, not a mishap
    """SMS looked at the request and said no; the same request would get the same answer."""

    error_class: ClassVar[ErrorClass] = ErrorClass.DEFINITE_NO


class NotSent(SmsError):  # noqa: N818 - an outcome, not a mishap
    """No connection came about, so no byte of the request left this machine."""

    error_class: ClassVar[ErrorClass] = ErrorClass.NOT_SENT


class Throttled(SmsError):  # noqa: N818 - an outcome, not a mishap
    """The request was turned away for its rate.

    `retry_after` is the server's wish in seconds, None where it has none; `window` is what the message names, None where it names
    none.
    """

    error_class: ClassVar[ErrorClass] = ErrorClass.THROTTLED

    def __init__(
        self,
        code: str,
        message: str,
        *,
        request_id: str = "",
        http_status: int | None = None,
        advice: str = "",
        retry_after: float | None = None,
        window: ThrottleWindow | None = None,
    ) -> None:
        """As SmsError, with what the server said about when to come back."""
        super().__init__(code, message, request_id=request_id, http_status=http_status, advice=advice)
        self.retry_after = retry_after
        self.window = window


class Ambiguous(SmsError):  # noqa: N818 - an outcome, not a mishap
    """SMS may have performed the request; for a create only a look at its tasks can tell."""

    error_class: ClassVar[ErrorClass] = ErrorClass.AMBIGUOUS


class StopRun(SmsError):  # noqa: N818 - an outcome, not a mishap
    """The credentials, or their rights, were refused: nothing was made, and no other request will fare better."""

    error_class: ClassVar[ErrorClass] = ErrorClass.STOP


_BY_CLASS: dict[ErrorClass, type[SmsError]] = {kind.error_class: kind for kind in (Refused, NotSent, Throttled, Ambiguous, StopRun)}


def error_of(error_class: ErrorClass, code: str, message: str, *, request_id: str = "", http_status: int | None = None) -> SmsError:
    """The exception of that class (a Throttled so made knows neither Retry-After nor window)."""
    return _BY_CLASS[error_class](code, message, request_id=request_id, http_status=http_status)
