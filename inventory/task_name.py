"""Make a task's name where the planner gave none: from the source's name, within the narrowest rule that SMS is known to have.

The page allows 255 characters, the console 64, and 4-20 of `[A-Za-z0-9_-]` have never been refused (contradiction 13). Only names
made here are bent to that; what a planner wrote is sent as written. Called by build.py.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

SHORTEST, LONGEST = 4, 20
_DIGEST_LENGTH = 6
_not_allowed = re.compile(r"[^A-Za-z0-9_-]+")
_address = re.compile(r"[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


def make_task_name(source_name: str, source_server_id: str) -> str:
    """A name of 4-20 characters of `[A-Za-z0-9_-]`, never empty, always the same for the same server.

    A source name that fits is taken as it is. Any other is cleaned and cut, and then ends in a digest of the source's id, so that
    two servers whose names begin alike do not end up with one name.
    """
    host = source_name.strip()
    if not _address.fullmatch(host):
        host = host.partition(".")[0]
    plain = unicodedata.normalize("NFKD", host).encode("ascii", "ignore").decode()
    cleaned = _not_allowed.sub("-", plain).strip("-_")
    if cleaned == source_name and SHORTEST <= len(cleaned) <= LONGEST:
        return cleaned
    digest = hashlib.sha256(source_server_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    head = cleaned[: LONGEST - _DIGEST_LENGTH - 1].rstrip("-_") or "server"
    return f"{head}-{digest}"
