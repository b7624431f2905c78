"""Every code that `waves` ever shows, as one kind of entry: findings of plans, of imports and of runs, SMS's codes, ours, outcomes.

Decides which groups there are, and how a row of the table of SMS's codes is told. Holds no words of a finding: each comes from its
catalogue, and a catalogue that is not named here fails a test. Called by explain_command.py, and for the README.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from flows.sms.codes import CODES, CodeRow, ErrorClass, Retry
from flows.submission.protocol import BOUND_CODE
from flows.submission.run_findings import RUN_KINDS
from inventory.build_findings import BUILD_KINDS
from inventory.catalogue import CATALOGUE
from inventory.importers.import_findings import IMPORT_KINDS
from inventory.outcomes import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.finding_kinds import FindingKind


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: its group, how much it weighs, what it means, an example as somebody meets it, what to do."""

    code: str
    group: str
    weight: str
    title: str
    meaning: str
    example: str
    remedy: str

    def as_json(self) -> dict[str, str]:
        """The entry as `waves explain --json` prints it."""
        return asdict(self)


_KINDS: Mapping[str, FindingKind] = {**CATALOGUE, **BUILD_KINDS, **IMPORT_KINDS, **RUN_KINDS}
_PLAN_GROUPS = {
    "0": "The file of a plan",
    "1": "A cell or a header",
    "2": "A row of Servers",
    "3": "Disks, volumes and file systems",
    "4": "Waves and limits",
    "5": "What SMS may well accept, and its limits",
    "6": "What SMS knows of the source and the account (waves check --online, waves submit)",
}
_IMPORTS = "An inventory that is imported"
_RUNS = "What a run finds at SMS"
_SMS = "SMS"
_WAY = "The way to SMS: the gateway, IAM, HTTP"
_OURS = "What waves says of a row where SMS said nothing"
OUTCOMES = "Outcomes of a row"

_LEFT_OUT = frozenset({"hint", "empty", "because", "fix"})
"""Parts of a template that are whole clauses, or nothing."""

_FIELD = re.compile(r"\{\{|\}\}|\{(\w+)[^}]*\}")
_SELF_EXPLAINED = "do what the line itself says: it goes by what the file is"

_MADE: Mapping[ErrorClass, str] = {
    ErrorClass.DEFINITE_NO: "SMS said no: no task was made",
    ErrorClass.NOT_SENT: "nothing was sent: no task was made",
    ErrorClass.THROTTLED: "turned away for the rate: no task was made, and waves goes on more slowly",
    ErrorClass.AMBIGUOUS: "a task may have been made: waves looks before it sends anything again",
    ErrorClass.STOP: "the whole run is refused: nothing more is sent",
}
_AGAIN: Mapping[Retry, str] = {
    Retry.NOW: "the same row may be sent again at once",
    Retry.SLOWLY: "the same row may be sent again later",
    Retry.AFTER_FIX: "the same row may be sent again once that is mended, with --retry-rejected where SMS said no",
    Retry.RESTART: "the same row may be sent again; a task that failed so is restarted by `waves start` itself",
    Retry.NEVER: "the same row gets the same answer: something has to change first",
}
_ENDS_AS: Mapping[ErrorClass, Status] = {
    ErrorClass.DEFINITE_NO: Status.REJECTED,
    ErrorClass.NOT_SENT: Status.DEFERRED,
    ErrorClass.THROTTLED: Status.DEFERRED,
    ErrorClass.AMBIGUOUS: Status.UNCERTAIN,
    ErrorClass.STOP: Status.DEFERRED,
}


def entries() -> tuple[Entry, ...]:
    """Every entry, group by group, in the order of their codes."""
    return (*_findings(), *_codes(), *_outcomes())


def _findings() -> Iterator[Entry]:
    for code in sorted(CATALOGUE.keys() | BUILD_KINDS.keys()):
        yield _of_kind(_KINDS[code], _PLAN_GROUPS[code.partition("-")[2][0]])
    for code in sorted(IMPORT_KINDS):
        yield _of_kind(_KINDS[code], _IMPORTS)
    for code in sorted(RUN_KINDS):
        yield _of_kind(_KINDS[code], _RUNS)


def _of_kind(kind: FindingKind, group: str) -> Entry:
    remedy = _SELF_EXPLAINED if kind.remedy == "{remedy}" else _readable(kind.remedy)
    return Entry(kind.code, group, kind.severity.value, kind.title, _readable(kind.problem), kind.example, remedy)


def _readable(template: str) -> str:
    """A template for a person: what is filled in stands as <name>, braces that are shown as braces."""

    def filled(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return found[0][0]
        return "" if name in _LEFT_OUT else f"<{name}>"

    return _FIELD.sub(filled, template).strip(" ,")


def _codes() -> Iterator[Entry]:
    for group, prefixes in ((_SMS, ("SMS.",)), (_WAY, ("APIG", "Common.", "HTTP.")), (_OURS, ("WAVES.",))):
        rows = [row for code, row in CODES.items() if code.startswith(prefixes)]
        yield from (of_row(row, group) for row in sorted(rows, key=lambda row: row.code))


def of_row(row: CodeRow, group: str = _SMS) -> Entry:
    """A row of the table of error codes as an entry."""
    meaning = f"{row.meaning}. {_sentence(_MADE[row.error_class])} {_sentence(_AGAIN[row.retry])}"
    status = Status.CONFLICT if row.code == BOUND_CODE else _ENDS_AS[row.error_class]
    example = f"web-07  {'' if group == _OURS else status.value + '  '}{row.code}: {row.meaning}"
    return Entry(row.code, group, row.error_class.value, _capital(row.meaning), meaning, example, row.advice)


def _outcomes() -> Iterator[Entry]:
    for status in Status:
        remedy = "nothing: the row is done" if status.is_done else "see the row's advice in the report, then run the wave again"
        example = f"Outcomes, column status: {status.value}"
        weight = "done" if status.is_done else "not done"
        yield Entry(status.value, OUTCOMES, weight, _capital(status.meaning.partition(":")[0]), status.meaning, example, remedy)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    return f"{_capital(text)}."
