"""How the template reaches the disk: whole or not at all, and in place of nothing unless told so.

Decides which names and places it may have. Called by `waves template`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.template import compose_template
from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

_PLAN_NAME = ".xlsx"


class TemplateError(Exception):
    """The template cannot be written; its text is one line: what is wrong, and what to do."""


def write_template(path: Path, commands: Sequence[str], now: datetime, *, replace: bool = False) -> None:
    """Write the template to `path`; raises TemplateError, also where a file is there already, unless it is to be replaced."""
    _check(path)
    is_reserved = False
    try:
        if not replace:
            path.open("xb").close()
            is_reserved = True
        write_whole(path, compose_template(path.name, commands, now).save)
    except FileExistsError as cause:
        raise TemplateError(f"{path} is there already: give another name, or --force to replace it") from cause
    except OSError as cause:
        if is_reserved:
            path.unlink(missing_ok=True)
        reason = (cause.strerror or str(cause)).lower()
        raise TemplateError(f"{path} cannot be written ({reason}): close it where it is open, or give another name") from cause


def _check(path: Path) -> None:
    if path.suffix.lower() != _PLAN_NAME:
        raise TemplateError(f"{path} is no name for a plan: give one that ends in {_PLAN_NAME}")
    if not path.parent.is_dir():
        raise TemplateError(f"the folder {path.parent} does not exist: make it, or give another place")
    if path.is_dir():
        raise TemplateError(f"{path} is a folder: give a file name")
