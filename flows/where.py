"""Which rows are meant: `--where COLUMN=PATTERN`, for every command that takes a plan and a wave (design 3).

Decides whether a row fits: all pairs must hold, `*` and `?` stand for anything, case does not matter, and any column will do,
unknown ones too. Imports nothing heavy, since `waves check` does not. Called by the command line and by wave_job.py.
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from inventory.columns import find_column, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inventory.plan import Plan, ServerRow

Where = tuple[str, str]
"""A column as typed, and the pattern that its cell must fit."""


class WhereError(Exception):
    """A `--where` that cannot be read, or names a column that the plan does not have; its text is one line."""


def parse_where(texts: Iterable[str]) -> tuple[Where, ...]:
    """The pairs of `COLUMN=PATTERN`. Raises WhereError."""
    return tuple(_pair(text) for text in texts)


def rows_that_fit(plan: Plan, rows: Sequence[ServerRow], where: Sequence[Where]) -> tuple[ServerRow, ...]:
    """The rows that all pairs hold for, in their order.

    Raises WhereError for a column that the plan does not have, and where none of the rows fits: that is a slip of the pen.
    """
    for column, _ in where:
        _check_column(plan, column)
    fitting = tuple(row for row in rows if all(_fits(row, column, pattern) for column, pattern in where))
    if rows and not fitting:
        said = " ".join(f'--where "{column}={pattern}"' for column, pattern in where)
        raise WhereError(f"no row fits {said}: check the pattern, in which * and ? stand for anything")
    return fitting


def _pair(text: str) -> Where:
    column, is_pair, pattern = text.partition("=")
    if not column.strip() or not is_pair:
        raise WhereError(f'--where "{text}" is not COLUMN=PATTERN: write for example --where source_name=web-*')
    return column.strip(), pattern.strip()


def _check_column(plan: Plan, column: str) -> None:
    known = {normalise(header) for header in plan.headers}
    if find_column("Servers", column) is None and normalise(column) not in known:
        raise WhereError(f'{plan.name} has no column "{column}" in Servers: its columns are {", ".join(plan.headers)}')


def _fits(row: ServerRow, column: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(_shown(row, column).casefold(), pattern.casefold())


def _shown(row: ServerRow, column: str) -> str:
    """What the row has in a column: its own cell as shown, else what its wave or the plan says."""
    known = find_column("Servers", column)
    wanted = set(known.spellings) if known else {normalise(column)}
    own = next((text for header, text in row.shown.items() if text and normalise(header) in wanted), "")
    return own or (row.text(known.name) if known else "")
