"""How much of a file is read before it is refused, and how to have more read.

Decides the limits that keep memory and time bounded whatever a file claims; WAVES_READ_LIMIT multiplies all of them. Called by
whatever reads files: workbook.py hands the limits down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.catalogue import PlanError, plan_error

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB = 1024**2
VARIABLE = "WAVES_READ_LIMIT"
MOST = 16
"""The limits are never raised by more: the memory of no machine would do."""


class TooBigError(Exception):
    """A file that goes beyond a limit: what of it does, how much there is, how much is read at most."""

    def __init__(self, what: str, size: float, limit: float) -> None:
        super().__init__(what)
        self.what = what
        self.size = size
        self.limit = limit

    def of(self, whose: str) -> TooBigError:
        """The same, said of what goes beyond it: `the sheet Servers` for what `reaches to cell XFD1048576`."""
        return TooBigError(f"{whose} {self.what}", self.size, self.limit)

    def __reduce__(self) -> tuple[type[TooBigError], tuple[str, float, float]]:
        return TooBigError, (self.what, self.size, self.limit)


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What is read at most. No plan comes near: 50,000 servers with all their disks make a file of 30 MB."""

    times: float = 1
    file_bytes: int = 256 * MIB
    unpacked_bytes: int = 768 * MIB
    part_bytes: int = 384 * MIB
    small_part_bytes: int = 16 * MIB
    parts: int = 20_000
    cells: int = 12_000_000
    """The area of a sheet, from A1 to its last cell that holds something: what the reader lays out in memory."""
    marks: int = 500_000
    """Errors, merged areas and uncalculated formulas of a sheet, each counted by itself."""

    def raised(self, times: float) -> ReadingLimits:
        """The same limits, each so many times as high."""
        return ReadingLimits(
            times,
            int(self.file_bytes * times),
            int(self.unpacked_bytes * times),
            int(self.part_bytes * times),
            int(self.small_part_bytes * times),
            int(self.parts * times),
            int(self.cells * times),
            int(self.marks * times),
        )

    def refusal(self, name: str, too_big: TooBigError) -> PlanError:
        """The line for a file that is too big: which limit was met, and by how much to raise it where that can help."""
        needed = math.ceil(self.times * too_big.size / too_big.limit)
        hint = f", or set {VARIABLE}={needed} to read {needed} times as much as usual" if needed <= MOST else ""
        return plan_error("PLAN-009", name=name, what=too_big.what, hint=hint)


def limits_of(environment: Mapping[str, str]) -> ReadingLimits:
    """The limits that hold: the usual ones, times WAVES_READ_LIMIT where it is a number from 1 to 16. Raises PlanError."""
    said = environment.get(VARIABLE, "").strip()
    if not said:
        return ReadingLimits()
    try:
        times = float(said)
    except ValueError:
        times = 0
    if not 1 <= times <= MOST:
        raise plan_error("PLAN-013", variable=VARIABLE, value=f'"{said[:20]}"', most=str(MOST))
    return ReadingLimits().raised(times)
