"""Turn a row, with its disks in the sheet or in SMS, into the body of its create.

Decides what the row's values become, field by field, and when a source must be asked for; source_findings.py decides what SMS's
knowledge of the source rules out. Sends nothing and asks nobody: the flow hands in the source server. Called by the flow for every
row of a wave, and by `waves check --online`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from inventory.build_findings import BuildError, build_finding
from inventory.build_target import Fields, target_from_sheet, target_from_source
from inventory.columns import SERVERS, Kind, find_column
from inventory.patterns import FIELD, fill_pattern
from inventory.post_task import PostTask
from inventory.source_findings import errors_of, find_source_findings
from inventory.task_name import make_task_name

if TYPE_CHECKING:
    from inventory.findings import Finding
    from inventory.plan import Plan, ServerRow
    from inventory.source_server import SourceServer

__all__ = ["BuildError", "build_post_task", "needs_source"]

_FLAGS = tuple(column.name for column in SERVERS if column.kind is Kind.FLAG and column.api_field == column.name)


def needs_source(row: ServerRow, plan: Plan) -> bool:
    """Whether SMS must be asked for the row's source server: for its id, disks or OS, or for a name that the row does not give."""
    return (
        not row.source_server_id
        or not plan.has_disks(row.source_server_id)
        or not row.text("os_type")
        or not (row.source_name or (row.text("name") and row.text("target_name")))
        or any(row.pattern(name) and not row.text(name) for name in ("name", "target_name"))
    )


def build_post_task(row: ServerRow, plan: Plan, source: SourceServer | None, source_server_id: str = "") -> PostTask:
    """The body that creates the row's task.

    `source_server_id` is the resolved id of a row that names its source otherwise. Disks, volume groups and Btrfs come from the
    sheet where it has disks of the server, else from `source`. Raises BuildError, with every reason at once, where the row or what
    SMS knows of the source rules the task out. Warnings raise nothing: find_source_findings tells them.
    """
    identity = source_server_id or row.source_server_id or (source.id if source else "")
    findings = errors_of(find_source_findings(row, plan, source, identity))
    if findings:
        raise BuildError(findings)
    values = _task_fields(row, source, identity)
    if source is None or plan.has_disks(identity):
        target = target_from_sheet(plan, identity, has_target=bool(row.text("target_vm_id")))
    else:
        target = target_from_source(source)
    values["target_server"] = {**target, "name": _target_name(row, source, identity), "vm_id": row.text("target_vm_id")}
    try:
        return PostTask.model_validate(values)
    except ValidationError as refusal:
        raise BuildError(tuple(_bound_finding(row, refusal))) from refusal


def _task_fields(row: ServerRow, source: SourceServer | None, identity: str) -> Fields:
    """Everything of the body but its target server. What nobody said is not in it, so that the API's own default holds."""
    os_type = row.text("os_type") or (source.os_type.upper() if source else "")
    fields: Fields = {
        "name": _text_or_pattern(row, "name", source, identity) or make_task_name(_source_name(row, source), identity),
        "type": row.text("type") or ("MIGRATE_BLOCK" if os_type == "WINDOWS" else "MIGRATE_FILE"),
        "os_type": os_type,
        "source_server": {"id": identity},
        "region_id": row.text("region_id"),
        # The code serves as the name, too (contradiction 12); a region's first project is called like the region.
        "region_name": row.text("region_name") or row.text("region_id"),
        "project_id": row.text("project_id"),
        "project_name": row.text("project_name") or row.text("region_id"),
        "priority": row.integer("priority"),
        "speed_limit": row.integer("speed_limit"),
        "over_speed_threshold": row.decimal("over_speed_threshold"),
        **{name: row.flag(name) for name in _FLAGS},
    }
    fields |= {name: row.text(name) or None for name in ("migration_ip", "clonevm_template_id")}
    existing = bool(row.text("target_vm_id"))  # both at once is an error of the sheet; a template is then not sent
    fields["vm_template_id"] = None if existing else row.text("vm_template_id") or None
    if fields["exist_server"] is None:  # said outright, since its text can be read both ways (contradiction 11)
        fields["exist_server"] = existing
    return fields


def _source_name(row: ServerRow, source: SourceServer | None) -> str:
    """What the source is called; the row's word first, so that the name does not depend on whether SMS was asked."""
    return row.source_name or (source.label if source else row.source_ip)


def _target_name(row: ServerRow, source: SourceServer | None, identity: str) -> str:
    return _text_or_pattern(row, "target_name", source, identity) or _source_name(row, source) or identity


def _text_or_pattern(row: ServerRow, name: str, source: SourceServer | None, identity: str) -> str:
    """What the row says, or its pattern filled in with what is known of the source; "" where neither is there."""
    said = row.text(name)
    pattern = "" if said else row.pattern(name)
    if not pattern:
        return said
    known = {"source_name": _source_name(row, source), "source_ip": source.ip if source else "", "source_server_id": identity}
    columns = {field: find_column("Servers", field) for field in FIELD.findall(pattern)}
    fields = {field: row.text(column.name) or known.get(column.name, "") for field, column in columns.items() if column}
    return fill_pattern(name, pattern, fields) or ""


def _bound_finding(row: ServerRow, refusal: ValidationError) -> list[Finding]:
    found = []
    for error in refusal.errors(include_url=False, include_context=False):
        field = ".".join(str(part) for part in error["loc"])
        column = str(error["loc"][0]) if len(error["loc"]) == 1 else "source_server_id"
        shown = "" if isinstance(error["input"], (dict, list, tuple)) else str(error["input"])[:60]
        found.append(build_finding("PLAN-608", row.cell(column), shown, server=row.label, field=field, reason=error["msg"]))
    return found
