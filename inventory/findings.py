"""What is wrong with a plan, and where: one `Finding` a problem, each of a kind that the catalogue names.

Decides how a problem is told, the same in terminal, `--json`, annotated copy and report, since it is rendered here and
nowhere else. Finds nothing itself: plan.py, checks.py and build.py do, and never stop at the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: an error refuses the wave, a warning never does."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: where it is, the value as typed, what is wrong with it and what to do.

    `cell` is an Excel reference ("F17") or a range ("H2:H301"), empty where the problem has no cell of its own (a missing sheet).
    `value` is the text that the planner typed, empty where there is none.
    """

    code: str
    severity: Severity
    sheet: str
    cell: str
    value: str
    problem: str
    remedy: str

    @property
    def place(self) -> str:
        """The place as planners write it: `Servers!F17`, or the sheet alone, or nothing."""
        if self.sheet and self.cell:
            return f"{self.sheet}!{self.cell}"
        return self.sheet

    def line(self) -> str:
        """The finding as one line of text, without its severity: place, problem, remedy, code."""
        place = f"{self.place}  " if self.place else ""
        return f"{place}{self.problem}: {self.remedy}  [{self.code}]"

    def as_json(self) -> dict[str, str]:
        """The finding as `waves check --json` prints it (keys: code, severity, sheet, cell, value, problem, remedy)."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "sheet": self.sheet,
            "cell": self.cell,
            "value": self.value,
            "problem": self.problem,
            "remedy": self.remedy,
        }
