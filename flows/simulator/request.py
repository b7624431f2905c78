"""One request as the service sees it, free of ASGI, and how it is read: queries, whole numbers, JSON objects.

Decides what is a bad parameter (SMS.9001). Made by wire.py, or by a test; read by the api modules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from flows.simulator.answers import Refusal
from flows.simulator.validation import read_json


@dataclass(slots=True)
class Request:
    """A request: `path` and `raw_query` as on the wire, header names in lower case."""

    method: str
    path: str
    raw_query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def query(self) -> dict[str, str]:
        """The query's parameters; the last one counts where one is repeated."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True)) if self.raw_query else {}

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Refusal SMS.9001 when it is not one."""
        value = read_json(self.body)
        if not isinstance(value, dict):
            raise bad_parameter("body: must be an object")
        return value


def bad_parameter(text: str) -> Refusal:
    """The service's 400 for a wrong parameter."""
    return Refusal("SMS.9001", "Invalid parameters.", params=[text])


def whole(query: dict[str, str], name: str, low: int, high: int, default: int | None) -> int:
    """A whole number of a query. Raises Refusal SMS.9001 when it is out of bounds, or absent while there is no default."""
    text = query.get(name)
    if text is None or text == "":
        if default is None:
            raise bad_parameter(f"{name}: is mandatory")
        return default
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise bad_parameter(f"{name}: must be {low} to {high}")
    return int(text)


def page(query: dict[str, str], default: int, most: int) -> tuple[int, int]:
    """Offset and limit of a listing, in rows; a limit of 0 means the default (facts 4.1)."""
    return whole(query, "offset", 0, 65535, 0), whole(query, "limit", 0, most, default) or default
