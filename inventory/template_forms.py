"""What the template says of each sheet of a plan, beside its columns: what for, whether it is needed, how many rows it is made for.

Decides the order of the sheets, which column stays in sight, and what may be chosen from another sheet. The columns themselves,
with their words and bounds, are those of columns.py. Called by template.py and its sheets; README's table of sheets comes from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from inventory.columns import SHEETS, WAVE_DEFAULTS, Column
from inventory.disk_checks import DETAIL_SHEETS
from inventory.server_checks import MANDATORY

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_SERVERS = 5_000
"""Drop-downs, bounds and marks reach so many rows of `Servers`: as ranges, they weigh the same for any number."""

_DISKS_OF_A_SERVER = 4


class Need(Enum):
    """How much a column is needed; shown as the colour of its header, told in its note."""

    REQUIRED = "Required"
    SHARED = "Needed"
    OPTIONAL = "Optional"
    OWN = "Your own"


@dataclass(frozen=True, slots=True)
class Form:
    """One sheet: `purpose` continues "holds ...", `rows` are those that it is made for, `first` the columns that stay in sight."""

    purpose: str
    need: str
    rows: int
    first: tuple[str, ...]


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "Servers": Form(
            "one row for each source server; the only sheet that must be there", "required", MOST_SERVERS, ("wave", "source_name")
        ),
        "Waves": Form(
            "a row for each wave: its window, its limits, and any `Servers` column marked ↓ as a default for the wave",
            "recommended",
            500,
            ("wave",),
        ),
        "Defaults": Form(
            "column and value, in two columns: what holds where neither the row nor its wave says anything",
            "recommended",
            0,
            ("column",),
        ),
        "Limits": Form("never more than so many at once, for example two of each `esx_host`", "optional", 200, ("column",)),
        "Disks": Form(
            "the disks of a server; where a server has none here, SMS is asked for its own",
            "optional",
            _DISKS_OF_A_SERVER * MOST_SERVERS,
            ("source_server_id", "name"),
        ),
        "Volumes": Form(
            "the partitions of these disks", "optional", 2 * _DISKS_OF_A_SERVER * MOST_SERVERS, ("source_server_id", "disk")
        ),
        "VolumeGroups": Form("LVM volume groups", "optional", _DISKS_OF_A_SERVER * MOST_SERVERS, ("source_server_id", "name")),
        "LogicalVolumes": Form(
            "the logical volumes in them", "optional", 2 * _DISKS_OF_A_SERVER * MOST_SERVERS, ("source_server_id", "volume_group")
        ),
        "Btrfs": Form("Btrfs file systems", "optional", MOST_SERVERS, ("source_server_id", "name")),
        "BtrfsSubvolumes": Form(
            "their subvolumes", "optional", _DISKS_OF_A_SERVER * MOST_SERVERS, ("source_server_id", "file_system_name")
        ),
    }
)
"""Every sheet of a plan, in the template's order."""

ONE_OF: tuple[tuple[str, ...], ...] = (("source_server_id", "source_name", "source_ip"), ("target_vm_id", "vm_template_id"))
"""Columns of `Servers` of which one at least is needed; of the second group one and no more."""

CHOSEN_FROM: Mapping[tuple[str, str], tuple[str, str]] = MappingProxyType(
    {
        ("Servers", "wave"): ("Waves", "wave"),
        **{(sheet, "source_server_id"): ("Servers", "source_server_id") for sheet in DETAIL_SHEETS},
    }
)
"""Columns whose drop-down is what stands in a column of another sheet."""


def columns_of(sheet: str) -> tuple[Column, ...]:
    """The columns of a sheet in the template's order: first those that stay in sight; in `Waves` the servers' defaults, too."""
    columns = SHEETS[sheet] + (WAVE_DEFAULTS if sheet == "Waves" else ())
    first = FORMS[sheet].first
    return tuple(sorted(columns, key=lambda column: first.index(column.name) if column.name in first else len(first)))


def need_of(sheet: str, column: Column) -> Need:
    """How much a column of a sheet is needed."""
    if column.required:
        return Need.REQUIRED
    is_shared = sheet == "Servers" and (column.name in MANDATORY or any(column.name in group for group in ONE_OF))
    return Need.SHARED if is_shared else Need.OPTIONAL


def others_of(column: Column) -> tuple[str, ...]:
    """The other columns of the group of which one is needed."""
    return tuple(name for group in ONE_OF if column.name in group for name in group if name != column.name)
