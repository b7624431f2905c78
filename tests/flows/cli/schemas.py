"""The schemas of what commands print with `--json`, as the docs have them, and how a test holds an output against its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from flows.cli.check_schema import check_schema
from flows.cli.forecast_schema import forecast_schema
from flows.cli.import_schema import import_schema
from flows.cli.rehearse_schema import rehearse_schema
from flows.cli.submit_schema import submit_schema
from flows.cli.track_schema import track_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "check": check_schema,
    "submit": submit_schema,
    "import": import_schema,
    "forecast": forecast_schema,
    "track": track_schema,
    "rehearse": rehearse_schema,
}
"""By the command's name; each is `.docs/NAME.schema.json`."""


def assert_told(command: str, printed: Any) -> None:
    """What a command printed has the keys of its schema, each of its kind, and no other: nothing undocumented is printed."""
    errors = [f"{error.json_path}: {error.message}" for error in _validator(command).iter_errors(printed)]
    assert not errors, "\n".join(errors)


@cache
def _validator(command: str) -> Draft202012Validator:
    return Draft202012Validator(_closed(SCHEMAS[command]()))


def _closed(schema: Any) -> Any:
    """The schema with every object held to the properties that it names; one that names none maps what it likes."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return closed | {"additionalProperties": False} if isinstance(closed.get("properties"), dict) and "type" in closed else closed
