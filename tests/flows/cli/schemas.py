"""The schemas of what commands print with `--json`, as the docs have them, and how a test holds an output against its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from flows.cli.check_schema import check_schema
from flows.cli.diff_schema import diff_schema
from flows.cli.explain_schema import explain_schema
from flows.cli.forecast_schema import forecast_schema
from flows.cli.import_schema import import_schema
from flows.cli.journal_schema import journal_schema
from flows.cli.operate_schema import operate_schema
from flows.cli.plan_schema import plan_schema
from flows.cli.push_schema import push_schema
from flows.cli.rehearse_schema import rehearse_schema
from flows.cli.run_schema import approve_schema, run_schema
from flows.cli.schedule_schema import schedule_schema
from flows.cli.status_schema import status_schema
from flows.cli.submit_schema import submit_schema
from flows.cli.track_schema import track_schema
from flows.operating.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "import": import_schema,
    "check": check_schema,
    "explain": explain_schema,
    "diff": diff_schema,
    "forecast": forecast_schema,
    "plan": plan_schema,
    "rehearse": rehearse_schema,
    "submit": submit_schema,
    "run": run_schema,
    "approve": approve_schema,
    "push": push_schema,
    "schedule": schedule_schema,
    "track": track_schema,
    "operate": operate_schema,
    "status": status_schema,
    "journal": journal_schema,
}
"""By name; each is `.docs/NAME.schema.json`. `operate` is that of several commands, the others are of the command of their name."""

_SHARED: Mapping[str, str] = dict.fromkeys((each.value for each in Operation), "operate")


def hold_to_schema(command: str, printed: Any) -> None:
    """What a command printed is as its schema says, where it has one; a wrong command line has its error alone."""
    if _SHARED.get(command, command) in SCHEMAS and list(printed) != ["error"]:
        assert_told(command, printed)


def assert_told(command: str, printed: Any) -> None:
    """What a command printed has the keys of its schema, each of its kind, and no other: nothing undocumented is printed."""
    errors = [f"{error.json_path}: {error.message}" for error in _validator(_SHARED.get(command, command)).iter_errors(printed)]
    assert not errors, "\n".join(errors)


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(_closed(SCHEMAS[name]()))


def _closed(schema: Any) -> Any:
    """The schema with every object held to the properties that it names; one that names none maps what it likes."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return closed | {"additionalProperties": False} if isinstance(closed.get("properties"), dict) and "type" in closed else closed
