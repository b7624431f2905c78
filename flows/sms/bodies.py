"""Read the body of an answer: JSON where it is JSON, and from an error its code, message and request id.

Knows the shapes of the service, the gateway and IAM (facts 3), HTML pages and nothing at all. Judges nothing: verdict.py does.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic_core import from_json

from flows.sms.codes import is_service_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import httpx

_SHAPES = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))
_REQUEST_ID_KEYS = ("request_id", "requestId", "RequestId")
_LOOKED_AT_BYTES = 65_536
_SHORTEST_SECRET = 4
_SIGNATURE = re.compile(r"Signature=[0-9a-f]{16,}")


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error answer says of itself; each text is empty where it says nothing, and as foreign as it came."""

    code: str = ""
    message: str = ""
    request_id: str = ""

    @property
    def is_service_error(self) -> bool:
        """Whether one of Huawei's services speaks, and not a proxy, a load balancer or another site."""
        return is_service_code(self.code)


def json_object(content: bytes) -> dict[str, object] | None:
    """The JSON object that the bytes are, or None: also for JSON of another kind, broken UTF-8 and bottomless nesting."""
    try:
        value = from_json(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def is_plain_yes(content: bytes) -> bool:
    """Whether a successful answer to an operation is SMS's: nothing, or JSON that names no error; a proxy's page is neither."""
    if not content.strip():
        return True
    try:
        value = from_json(content)
    except ValueError:
        return False
    return not isinstance(value, dict) or not _code_and_message(value)[0]


def hide(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret in it replaced: error pages echo headers and bodies."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return _SIGNATURE.sub("Signature=***", text)


def error_body(response: httpx.Response, secrets: Sequence[str] = ()) -> ErrorBody:
    """Code, message and request id of an error answer that has been read; the header's request id wins over the body's."""
    header_id = response.headers.get("x-request-id", "")
    content = response.content
    document = json_object(content) if len(content) <= _LOOKED_AT_BYTES * 16 else None
    if document is None:
        return ErrorBody("", _page_text(hide(content[:_LOOKED_AT_BYTES].decode("utf-8", "replace"), secrets)), header_id)
    code, message = _code_and_message(document)
    message = hide(message or _refused_parameters(document), secrets)
    return ErrorBody(hide(code, secrets), message, hide(header_id or _request_id(document), secrets))


def _levels(document: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    yield document
    for value in document.values():
        if isinstance(value, dict):
            yield value


def _code_and_message(document: Mapping[str, object]) -> tuple[str, str]:
    for level in _levels(document):
        for code_key, message_key in _SHAPES:
            code, message = _word(level.get(code_key)), _word(level.get(message_key))
            if code:
                return code, message
    return "", next(
        (text for level in _levels(document) if (text := _word(level.get("message")) or _word(level.get("error_msg")))), ""
    )


def _request_id(document: Mapping[str, object]) -> str:
    for level in _levels(document):
        for key in _REQUEST_ID_KEYS:
            if found := _word(level.get(key)):
                return found
    return ""


def _refused_parameters(document: Mapping[str, object]) -> str:
    parameters = document.get("error_param")
    return "; ".join(item for item in parameters if isinstance(item, str)) if isinstance(parameters, list) else ""


def _word(value: object) -> str:
    """The value as text: codes come as numbers, too (IAM's 401)."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _page_text(text: str) -> str:
    """What a body that is not JSON says: a page's title, or the beginning of its text."""
    if not text.strip():
        return ""
    if title := re.search(r"<title[^>]*>(.{0,500}?)</title>", text, re.IGNORECASE | re.DOTALL):
        return f'a web page, "{html.unescape(title[1]).strip()}", not an answer of SMS'
    if "<" in text[:200]:
        return "a web page, not an answer of SMS"
    return f'"{text.strip()[:160]}", not an answer of SMS'
