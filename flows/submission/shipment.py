"""What is sent for one row: the body, byte for byte, its digest, and what its task is recognised by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.submission.records import Target

if TYPE_CHECKING:
    from inventory.plan import ServerRow
    from inventory.post_task import PostTask


@dataclass(frozen=True, slots=True)
class Shipment:
    """One row, ready to be sent. `body_digest` is the SHA-256 of `body` in hex.

    `is_of_sheet_alone` says whether the sheet gave all of the body, so that another body is another sheet.
    """

    row: ServerRow
    source_server_id: str
    body: bytes
    body_digest: str
    task_name: str
    target: Target
    is_of_sheet_alone: bool = True


def pack(row: ServerRow, post_task: PostTask, *, is_of_sheet_alone: bool = True) -> Shipment:
    """The shipment of a row and the body that was built from it, and from what SMS knows where the sheet does not say all."""
    body = post_task.to_json()
    return Shipment(
        row=row,
        source_server_id=post_task.source_server.id,
        body=body,
        body_digest=hashlib.sha256(body).hexdigest(),
        task_name=post_task.name,
        target=Target(post_task.target_server.vm_id, post_task.target_server.name, post_task.vm_template_id or ""),
        is_of_sheet_alone=is_of_sheet_alone,
    )
