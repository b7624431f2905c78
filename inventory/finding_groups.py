"""Tell findings that have one cause as one: `Servers!H2:H301 (300 cells)` instead of 300 lines.

Decides what counts as one cause: the same kind, in one column of one sheet, with the same value and the same remedy. Where the
problems differ in no more than whose they are, the first is told and the rest are counted. Changes no finding: `--json` and the
marks of an annotated copy keep every cell. Called by `waves check` and annotate_page.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inventory.findings import Finding, Severity

MANY = 4
"""Fewer findings with one cause are told one by one: that is as short, and exact."""

MOST_AREAS = 4
"""How many separate areas of a column a place names before it only counts them."""

_CELL = re.compile(r"([A-Z]+)([0-9]+)")


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings with one cause, in the order in which they were found; mostly one alone."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that speaks for all."""
        return self.findings[0]

    @property
    def severity(self) -> Severity:
        """How much they weigh."""
        return self.first.severity

    @property
    def areas(self) -> tuple[str, ...]:
        """Where they are in their sheet: cells and ranges ("H2:H9", "H12"); nothing where they have no cell."""
        cells = dict.fromkeys(each.cell for each in self.findings if each.cell)
        return tuple(_areas(cells)) if len(cells) > 1 else tuple(cells)

    @property
    def cells(self) -> int:
        """How many cells they have between them."""
        return len({each.cell for each in self.findings if each.cell})

    @property
    def place(self) -> str:
        """The place as planners write it: `Servers!H2:H301 (300 cells)`, or that of the only finding."""
        if self.cells < MANY:
            return self.first.place
        areas = self.areas
        more = len(areas) - MOST_AREAS
        shown = ", ".join(areas[:MOST_AREAS]) + (f" and {more} more area{'s' * (more > 1)}" if more > 0 else "")
        return f"{self.first.sheet}!{shown} ({self.cells} cells)"

    @property
    def problem(self) -> str:
        """What is wrong; of problems that differ the first, and how many more there are."""
        others = len(self.findings) - 1
        if others and (self.cells == 1 or any(each.problem != self.first.problem for each in self.findings)):
            return f"{self.first.problem} ({others} more like it)"
        return self.first.problem

    @property
    def told(self) -> str:
        """The group as one line of text without its place and severity."""
        return f"{self.problem}: {self.first.remedy}  [{self.first.code}]"

    def line(self) -> str:
        """The group as one line of text, without its severity: place, problem, remedy, code."""
        place = self.place
        return f"{place}  {self.told}" if place else self.told

    def as_json(self) -> dict[str, str | int]:
        """The group as `waves check --json` prints it beside the findings; `cells` are its areas, separated by commas."""
        first = self.first
        return {
            "code": first.code,
            "severity": first.severity.value,
            "sheet": first.sheet,
            "cells": ",".join(self.areas),
            "count": len(self.findings),
            "value": first.value,
            "problem": self.problem,
            "remedy": first.remedy,
        }


def group_findings(findings: Iterable[Finding]) -> tuple[FindingGroup, ...]:
    """The findings with those of one cause together, each group where its first finding stood; none is left out."""
    by_cause: dict[tuple[str, ...], list[Finding]] = {}
    listed = list(findings)
    for found in listed:
        by_cause.setdefault(_cause(found), []).append(found)
    groups: list[FindingGroup] = []
    told: set[tuple[str, ...]] = set()
    for found in listed:
        cause = _cause(found)
        alike = by_cause[cause]
        if len(alike) < MANY:
            groups.append(FindingGroup((found,)))
        elif cause not in told:
            told.add(cause)
            groups.append(FindingGroup(tuple(alike)))
    return tuple(groups)


def _cause(found: Finding) -> tuple[str, ...]:
    match = _CELL.fullmatch(found.cell)
    column = match[1] if match else found.cell
    who = "" if match else found.problem
    return (found.severity.value, found.code, found.sheet, column, found.value, found.remedy, who)


def _areas(cells: Iterable[str]) -> list[str]:
    """Cells of one column as ranges of rows that follow one another, from the top."""
    column, rows = "", []
    for cell in cells:
        match = _CELL.fullmatch(cell)
        if match:
            column = match[1]
            rows.append(int(match[2]))
    runs: list[tuple[int, int]] = []
    for row in sorted(rows):
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return [f"{column}{first}" if first == last else f"{column}{first}:{column}{last}" for first, last in runs]
