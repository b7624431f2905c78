"""The workbook contract: one table of columns that reading, checking, the template and the docs are derived from.

Decides what each sheet of a plan may hold: a new column is one new line in server_sheet.py, disk_sheets.py or wave_sheets.py. Reads
nothing and checks nothing itself: table.py matches headers, values.py judges cells by `Kind`, checks.py looks across rows.
Importing this module loads nothing heavy.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from inventory.column import INT32_MAX, INT64_MAX, Column, Kind, normalise
from inventory.disk_sheets import BTRFS, BTRFS_SUBVOLUMES, DISKS, LOGICAL_VOLUMES, VOLUME_GROUPS, VOLUMES
from inventory.server_sheet import SERVERS
from inventory.wave_sheets import DEFAULTS, LIMITS, WAVES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DEFAULTS",
    "INT32_MAX",
    "INT64_MAX",
    "PLAN_DEFAULTS",
    "SERVERS",
    "SHEETS",
    "WAVES",
    "WAVE_DEFAULTS",
    "Column",
    "Kind",
    "find_column",
    "headers_of",
    "normalise",
]

SHEETS: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "Servers": SERVERS,
        "Disks": DISKS,
        "Volumes": VOLUMES,
        "VolumeGroups": VOLUME_GROUPS,
        "LogicalVolumes": LOGICAL_VOLUMES,
        "Btrfs": BTRFS,
        "BtrfsSubvolumes": BTRFS_SUBVOLUMES,
        "Waves": WAVES,
        "Limits": LIMITS,
        "Defaults": DEFAULTS,
    }
)

WAVE_DEFAULTS: tuple[Column, ...] = tuple(column for column in SERVERS if column.inherited)
"""The columns of `Servers` that may also stand in `Waves`, as a default for the wave's rows."""

PLAN_DEFAULTS: tuple[Column, ...] = WAVE_DEFAULTS + tuple(column for column in WAVES if column.inherited)
"""The columns that `Defaults` may set, for every row or wave of the plan."""


def _index(columns: tuple[Column, ...]) -> Mapping[str, Column]:
    by_name = {normalise(column.name): column for column in columns}
    by_alias = {spelling: column for column in columns for spelling in column.spellings}
    return MappingProxyType(by_alias | by_name)


_BY_HEADER: Mapping[str, Mapping[str, Column]] = MappingProxyType(
    {
        **{sheet: _index(columns) for sheet, columns in SHEETS.items()},
        "Waves": MappingProxyType({**_index(WAVE_DEFAULTS), **_index(WAVES)}),
        "Defaults": _index(PLAN_DEFAULTS),
    }
)


def find_column(sheet: str, header: str) -> Column | None:
    """The column that a header of a sheet means, whatever its case, spaces, dashes or underscores; None for an unknown one.

    In `Waves` the inherited columns of `Servers` are found too; in `Defaults` the header is the text of the first column.
    """
    return _BY_HEADER.get(sheet, {}).get(normalise(header))


def headers_of(sheet: str) -> Mapping[str, Column]:
    """Every spelling that a sheet knows, normalised, with its column (for did-you-mean)."""
    return _BY_HEADER[sheet]
