"""How the template reaches the disk: whole or not at all, and in place of nothing unless told so.

Decides which names and places it may have. What was there stays until the new file is whole. Called by `waves template`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from inventory.template import compose_template

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

_PLAN_NAME = ".xlsx"


class TemplateError(Exception):
    """The template cannot be written; its text is one line: what is wrong, and what to do."""


def write_template(path: Path, commands: Sequence[str], now: datetime, *, replace: bool = False) -> None:
    """Write the template to `path`; raises TemplateError, also where a file is there already, unless it is to be replaced."""
    _check(path, replace=replace)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with unfinished.open("xb") as stream:
            compose_template(path.name, commands, now).save(stream)
            stream.flush()
            os.fsync(stream.fileno())
        _put(unfinished, path, replace=replace)
    except FileExistsError as cause:
        raise _there_already(path) from cause
    except OSError as cause:
        reason = (cause.strerror or str(cause)).lower()
        raise TemplateError(f"{path} cannot be written ({reason}): close it where it is open, or give another name") from cause
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _check(path: Path, *, replace: bool) -> None:
    if path.suffix.lower() != _PLAN_NAME:
        raise TemplateError(f"{path} is no name for a plan: give one that ends in {_PLAN_NAME}")
    if not path.parent.is_dir():
        raise TemplateError(f"the folder {path.parent} does not exist: make it, or give another place")
    if path.is_dir():
        raise TemplateError(f"{path} is a folder: give a file name")
    if path.exists() and not replace:
        raise _there_already(path)


def _put(unfinished: Path, path: Path, *, replace: bool) -> None:
    """Give the file its name. A file that somebody made there in the meantime is not replaced unasked."""
    if replace:
        unfinished.replace(path)
        return
    with path.open("xb"):
        pass
    try:
        unfinished.replace(path)
    except OSError:
        path.unlink()
        raise


def _there_already(path: Path) -> TemplateError:
    return TemplateError(f"{path} is there already: give another name, or --force to replace it")
