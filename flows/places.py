"""Where plans and reports lie: a path, or an fsspec URL (`s3://`, for OBS too; `https://` to read).

Decides how a place is spelt, fetched, put and shown; knows nothing of what a file holds. A run works on copies in a folder of its
own, under the plan's own name. Called by the flows, and by `waves schedule` and `waves push`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

_READ_ONLY = frozenset({"http", "https"})
_IN_BUCKETS = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
"""Stores without folders: a folder "made" there is a bucket, so that a mistyped name would make one."""
_NAMELESS = "plan.xlsx"
_REMEDIES = {
    "s3": "pip install s3fs, and give AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for OBS, FSSPEC_S3_ENDPOINT_URL",
}


class PlaceError(Exception):
    """A place that cannot be read or written; its text is one line, without what a URL keeps secret."""


def is_elsewhere(place: str) -> bool:
    """Whether it is a URL (a Windows path has no `://`)."""
    return "://" in place


def may_be_written(place: str) -> bool:
    """Whether something may be put beside it: anywhere but on the web."""
    return _scheme(place) not in _READ_ONLY


def shown(place: str) -> str:
    """A place as it may be shown: no user, no password, no query, which may be a signature."""
    if not is_elsewhere(place):
        return place
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def name_of(place: str) -> str:
    """The file's own name."""
    path = unquote(urlsplit(place).path) if is_elsewhere(place) else Path(place).name
    return PurePosixPath(path).name or _NAMELESS


def beside(place: str, name: str) -> str:
    """The place of that name in the same folder."""
    if not is_elsewhere(place):
        return str(Path(place).with_name(name))
    folder = place.partition("?")[0].rpartition("/")[0]
    return f"{folder}/{name}"


def fetch(place: str, folder: Path) -> Path:
    """A copy of what lies there, in `folder`, under its own name; a path is returned as it is. Raises PlaceError."""
    if not is_elsewhere(place):
        return Path(place)
    copy = folder / name_of(place)
    with _told(place, "read"), _open(place, "rb") as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target)
    return copy


def put(path: Path, place: str) -> None:
    """Put a copy of the file there, over what is there. Raises PlaceError."""
    if not may_be_written(place):
        raise PlaceError(f"{shown(place)} can be read, and nothing can be put there: give a folder, or s3://")
    if not is_elsewhere(place):
        with _told(place, "written"), path.open("rb") as source:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            write_whole(Path(place), lambda target: shutil.copyfileobj(source, target))
        return
    with _told(place, "written"), path.open("rb") as source, _open(place, "wb") as target:
        shutil.copyfileobj(source, target)


@dataclass(frozen=True, slots=True)
class WaveFiles:
    """The files of one run on this machine: the plan to read, and where reports are written first; `""` URLs need no putting."""

    plan: Path
    report: Path | None = None
    report_url: str = ""
    html: Path | None = None
    html_url: str = ""


@contextlib.contextmanager
def wave_files(plan: str, report: str, html: str, report_name: str) -> Iterator[WaveFiles]:
    """The files of a run whose plan, report and page are paths or URLs; an empty report is `report_name` beside the plan.

    What was fetched is removed at the end; a report that could not be put in its place stays in its folder. Raises PlaceError.
    """
    if not any(map(is_elsewhere, (plan, report, html))):
        yield WaveFiles(Path(plan), Path(report) if report else None, html=Path(html) if html else None)
        return
    folder = Path(tempfile.mkdtemp(prefix="waves-"))
    try:
        local = fetch(plan, folder)
        target = report or (beside(plan, report_name) if is_elsewhere(plan) else "")
        if target and not may_be_written(target):
            raise PlaceError(f"{shown(target)}: a report cannot be put beside a plan on the web: say where it goes (report)")
        yield WaveFiles(local, *_local(target, folder), *_local(html, folder))
    finally:
        if is_elsewhere(plan):
            (folder / name_of(plan)).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()


def _local(place: str, folder: Path) -> tuple[Path | None, str]:
    """Where a file is written first, and the URL where it then goes."""
    if not place:
        return None, ""
    return (folder / name_of(place), place) if is_elsewhere(place) else (Path(place), "")


def deliver(path: Path, url: str) -> str:
    """Put a report that has been written where it belongs, and remove the copy; why that could not be done, "" where it was."""
    try:
        put(path, url)
    except PlaceError as error:
        return f"{error}; it lies in {path} on this machine"
    path.unlink(missing_ok=True)
    return ""


def _scheme(place: str) -> str:
    return place.partition("://")[0].lower() if is_elsewhere(place) else ""


def _open(place: str, mode: str) -> Any:  # noqa: ANN401 - fsspec has no types
    import fsspec

    return fsspec.open(place, mode, auto_mkdir=_scheme(place) not in _IN_BUCKETS)


@contextlib.contextmanager
def _told(place: str, what: str) -> Iterator[None]:
    """Any failure of a file system, of which there are many kinds, as one line."""
    try:
        yield
    except ImportError as error:
        remedy = _REMEDIES.get(_scheme(place), f"install what fsspec needs for {_scheme(place)}://")
        raise PlaceError(f"{shown(place)} cannot be {what} with what is installed here: {remedy}") from error
    except PlaceError:
        raise
    except Exception as error:
        said = next(iter(str(error).splitlines()), "") if isinstance(error, (OSError, ValueError)) else type(error).__name__
        said = said.replace(place, shown(place)) or type(error).__name__
        raise PlaceError(f"{shown(place)} cannot be {what}: {said[:200]}") from error


def as_given(place: str) -> str:
    """A place for somebody on another folder or machine: a URL as it is, a path made absolute."""
    return place if is_elsewhere(place) else os.path.abspath(place)  # noqa: PTH100 - links stay as they were typed
