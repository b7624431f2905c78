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
    """One row, ready to be sent. `body_digest` is the SHA-256 of `body` in hex."""

    row: ServerRow
    source_server_id: str
    body: bytes
    body_digest: str
    task_name: str
    target: Target


def pack(row: ServerRow, post_task: PostTask) -> Shipment:
    """The shipment of a row and the body that was built from it."""
    body = post_task.to_json()
    return Shipment(
        row=row,
        source_server_id=post_task.source_server.id,
        body=body,
        body_digest=hashlib.sha256(body).hexdigest(),
        task_name=post_task.name,
        target=Target(post_task.target_server.vm_id, post_task.target_server.name, post_task.vm_template_id or ""),
    )
