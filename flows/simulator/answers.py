"""What goes back over the wire: an `Answer`, and the three shapes of an error (service, gateway, IAM).

Decides the shapes of facts section 3 (tables 11-13 of the page). Knows no rule of the service and sends nothing: wire.py does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Headers = tuple[tuple[bytes, bytes], ...]
JSON_TYPE: Headers = ((b"content-type", b"application/json"),)
HTML_TYPE: Headers = ((b"content-type", b"text/html; charset=utf-8"),)

_SHORT = 255
_MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, ready to send. `headers` leaves out the length and the request id, which wire.py adds."""

    status: int
    body: bytes = b""
    headers: Headers = JSON_TYPE


class Refusal(Exception):  # noqa: N818 - the service's word for it
    """The service says no: an `SMS.` code, the message, and the parameters that are wrong. 400 unless told otherwise."""

    def __init__(self, code: str, message: str, *, status: int = 400, params: Sequence[str] = ()) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = status
        self.params = tuple(params)

    def answer(self) -> Answer:
        """The refusal in the service's shape: texts cut to 255 characters, lists to 20 items, as the page bounds them."""
        value: dict[str, Any] = {"error_code": self.code, "error_msg": self.message[:_SHORT]}
        if self.status == 403:
            value["encoded_authorization_message"] = "XXXXXX"
        if self.params:
            value["error_param"] = list(self.params[:_MOST_PARTS])
            value["details"] = [{"error_code": self.code, "error_msg": text} for text in self.params[:_MOST_PARTS]]
        return json_answer(value, self.status)


class GatewayRefusal(Exception):  # noqa: N818 - see Refusal
    """The gateway says no before the service is asked: an `APIGW.` code, 401, 404 or 429, and headers such as Retry-After."""

    def __init__(self, status: int, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(f"{code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def answer(self, request_id: str) -> Answer:
        """The refusal in the gateway's shape, which carries the request id in its body too."""
        value = {"error_msg": self.message, "error_code": self.code, "request_id": request_id}
        return Answer(self.status, json_bytes(value), JSON_TYPE + self.headers)


def json_bytes(value: object) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def json_answer(value: object, status: int = 200, headers: Headers = ()) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, json_bytes(value), JSON_TYPE + headers)


def iam_error(status: int, title: str, message: str) -> Answer:
    """An error of IAM, whose shape is its own: `{"error": {"code", "message", "title"}}`."""
    return json_answer({"error": {"code": status, "message": message, "title": title}}, status)


GATEWAY_PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    b"<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
