"""The catalogue: every kind of problem a plan can have, with its code, weight, words and an example.

Decides how each is told; README, `waves explain` and the tests are derived from it. A code is never given a new meaning. Finds
nothing: whoever does calls `finding` (a problem in a plan) or `plan_error` (a file that is none).

Codes: 0xx the file, 1xx one cell or header, 2xx a row of `Servers`, 3xx its disks, 4xx waves and limits, 5xx what SMS may well
accept. Those of build.py (6xx: what SMS knows of the source) stand in build_findings.py.
"""

from __future__ import annotations

import difflib
from types import MappingProxyType
from typing import TYPE_CHECKING

from inventory.cell_findings import CELL_FINDINGS
from inventory.finding_kinds import FindingKind
from inventory.findings import Finding, Severity
from inventory.row_findings import ROW_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inventory.rows import SheetRow

__all__ = [
    "CATALOGUE",
    "FindingKind",
    "PlanError",
    "did_you_mean",
    "finding",
    "finding_at",
    "near",
    "one_line",
    "plan_error",
    "quote",
]

MAX_QUOTED = 60
"""A longer value is cut in messages; the finding's `value` keeps the whole."""


CATALOGUE: Mapping[str, FindingKind] = MappingProxyType({kind.code: kind for kind in (*CELL_FINDINGS, *ROW_FINDINGS)})
"""Every kind by its code."""


class PlanError(Exception):
    """A file that cannot be read as a plan; nothing of it is used. Its text is one line: what, where, what to do.

    `sheet` and `cell` are "" where the file as a whole is wrong.
    """

    def __init__(self, problem: str, remedy: str, sheet: str = "", cell: str = "", code: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        self.sheet = sheet
        self.cell = cell
        self.code = code
        super().__init__(self.finding.line())

    def __reduce__(self) -> tuple[type[PlanError], tuple[str, str, str, str, str]]:
        return PlanError, (self.problem, self.remedy, self.sheet, self.cell, self.code)

    @property
    def finding(self) -> Finding:
        """The same as a finding, for `--json`."""
        return Finding(self.code, Severity.ERROR, self.sheet, self.cell, "", self.problem, self.remedy)


def finding(code: str, sheet: str = "", cell: str = "", value: str = "", **words: str) -> Finding:
    """A finding of the catalogue's kind `code`; `words` fill its templates, {value} is `value` in quotes."""
    kind = CATALOGUE[code]
    words = {"value": quote(value), "empty": "", "hint": "", **words}
    return Finding(code, kind.severity, sheet, cell, value, kind.problem.format(**words), kind.remedy.format(**words))


def finding_at(row: SheetRow, name: str, code: str, /, **words: str) -> Finding:
    """A finding at a column of a row: where its value stands (it may be inherited), with the value as the planner typed it."""
    cell = row.cell(name)
    is_own = row.own(name) is not None or row.is_refused(name)
    return finding(code, cell.sheet, cell.ref, row.table.raw(name, row.index) if is_own else row.text(name), **words)


def plan_error(code: str, sheet: str = "", cell: str = "", **words: str) -> PlanError:
    """The error of the catalogue's kind `code` for a file that cannot be read as a plan."""
    told = finding(code, sheet, cell, **words)
    return PlanError(one_line(told.problem), one_line(told.remedy), sheet, cell, code)


def quote(value: str) -> str:
    """A value as messages show it: in quotes, on one line, cut when long."""
    text = one_line(value)
    return f'"{text[:MAX_QUOTED]}…"' if len(text) > MAX_QUOTED else f'"{text}"'


def one_line(text: str) -> str:
    """A text with its line breaks and control characters made visible."""
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode() for character in text)


def near(text: str, candidates: Iterable[str], likeness: float = 0.75) -> str:
    """The candidate that a text was most probably meant to be; "" when none is at least so like it (0 to 1)."""
    found = difflib.get_close_matches(text, list(candidates), n=1, cutoff=likeness)
    return found[0] if found else ""


def did_you_mean(guess: str) -> str:
    """The hint that begins a remedy where there is a guess; "" where there is none."""
    return f'did you mean "{guess}"? ' if guess else ""
