"""What a kind of finding is: its code, weight, words and an example; the catalogue is made of them.

Decides nothing. The kinds themselves stand in cell_findings.py (files and cells), row_findings.py (across rows) and
build_findings.py (against what SMS knows).
"""

from __future__ import annotations

from dataclasses import dataclass

from inventory.findings import Severity


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind of problem. `problem` and `remedy` are templates; {value} is the value as typed, in quotes."""

    code: str
    severity: Severity
    title: str
    problem: str
    remedy: str
    example: str


def error(code: str, title: str, problem: str, remedy: str, example: str) -> FindingKind:
    """A kind that refuses the wave."""
    return FindingKind(code, Severity.ERROR, title, problem, remedy, example)


def warning(code: str, title: str, problem: str, remedy: str, example: str) -> FindingKind:
    """A kind that is told and refuses nothing."""
    return FindingKind(code, Severity.WARNING, title, problem, remedy, example)
