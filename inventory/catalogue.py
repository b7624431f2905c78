"""The catalogue: every kind of problem a plan can have, with its code, weight, words and an example.

Decides how each is told; README, `waves explain` and the tests are derived from it. A code is never given a new meaning. Finds
nothing: whoever does calls `finding` (a problem in a plan) or `plan_error` (a file that is none).

Codes: 0xx the file, 1xx one cell or header, 2xx a row of `Servers`, 3xx its disks, 4xx waves, limits and defaults,
5xx what SMS may well accept.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from inventory.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_QUOTED = 60
"""A longer value is cut in messages; the finding's `value` keeps the whole."""


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind of problem. `problem` and `remedy` are templates; {value} is the value as typed, in quotes."""

    code: str
    severity: Severity
    title: str
    problem: str
    remedy: str
    example: str


def _error(code: str, title: str, problem: str, remedy: str, example: str) -> FindingKind:
    return FindingKind(code, Severity.ERROR, title, problem, remedy, example)


def _warning(code: str, title: str, problem: str, remedy: str, example: str) -> FindingKind:
    return FindingKind(code, Severity.WARNING, title, problem, remedy, example)


_KINDS = (
    _error("PLAN-001", "No such file", "{name} does not exist", "check the path", "plan.xlsx was moved"),
    _error(
        "PLAN-002", "Not a file", "{name} is a folder or a device, not a file", "give the plan's workbook", "waves check plans/"
    ),
    _error(
        "PLAN-003", "Empty file", "{name} is empty", "save the plan again, or take a copy that was not cut off", "a file of 0 bytes"
    ),
    _error(
        "PLAN-004",
        "File cannot be opened",
        "{name} cannot be opened ({reason})",
        "close it where it is open, and check that you may read it",
        "a file of another user",
    ),
    _error(
        "PLAN-005",
        "Damaged workbook",
        "{name} is not a whole workbook",
        "open it in a spreadsheet and save it again as .xlsx, or take a copy that was not cut off",
        "a download that broke off",
    ),
    _error(
        "PLAN-006",
        "Encrypted workbook",
        "{name} is protected by a password",
        "open it in a spreadsheet, take the password away and save it",
        "File > Info > Protect Workbook > Encrypt with Password",
    ),
    _error("PLAN-007", "Not a workbook", "{name} is {what}, not a workbook", "{remedy}", "a login page saved as plan.xlsx"),
    _error(
        "PLAN-008",
        "Format not read",
        "{name} is in a format that is not read yet (.xls, .xlsb, .ods)",
        "open it in a spreadsheet and save it as .xlsx",
        "plan.ods",
    ),
    _error(
        "PLAN-009",
        "Too big",
        "{name} is too big to be a plan: {what}",
        "delete what does not belong to the plan (cells far below or right of it, other sheets) and save it again",
        "a stray value in cell XFD1048576",
    ),
    _error(
        "PLAN-010",
        "Unsafe XML",
        "{name} holds XML that no spreadsheet writes (a DOCTYPE, or not UTF-8)",
        "open it in a spreadsheet and save it again as .xlsx",
        "a workbook made by a script",
    ),
    _error(
        "PLAN-011",
        "Unknown encoding",
        "{name} is in an encoding that cannot be told",
        "save it as CSV UTF-8 (or as .xlsx)",
        "a CSV in a legacy Chinese encoding",
    ),
    _error(
        "PLAN-012",
        "Broken CSV",
        "{name} has a quote that is not closed, or text after one, in or after {reason}",
        "mend the quotes there, or save the plan as .xlsx",
        'web-01,"a note that never ends',
    ),
    _error(
        "PLAN-020",
        "No Servers sheet",
        "{name} has no sheet Servers (it has: {sheets})",
        "{remedy}",
        "the sheet is called Server list",
    ),
    _error(
        "PLAN-021",
        "No header",
        "the sheet {title} has no header that a plan knows",
        "name its columns in the first row: wave, source_server_id, target_vm_id ...",
        "the first row is a server",
    ),
    _error(
        "PLAN-022",
        "No wave column",
        "the header has no column wave",
        "{hint}add a column wave that says which wave moves each server",
        "Servers!A1: wawe",
    ),
    _error(
        "PLAN-023", "No rows", "the sheet {title} lists no servers", "fill in one row for each server", "only the header is there"
    ),
    _error(
        "PLAN-024",
        "Two sheets of one kind",
        "the sheets {other} and {title} are both taken as {kind}",
        "delete one or give it another name",
        "Disks and disks (old)",
    ),
    _error(
        "PLAN-101",
        "Error value",
        "{column} shows the error {value}",
        "mend its formula, or type the value",
        'Servers!F17  speed_limit shows the error "#DIV/0!"',
    ),
    _error(
        "PLAN-102",
        "Formula without a value",
        "{column} is a formula that was never calculated",
        "open the plan in a spreadsheet and save it, or type the value",
        "a formula written by a script",
    ),
    _warning(
        "PLAN-103",
        "Unknown column",
        "the column {value} is not known, and what it says is not used",
        "{hint}rename it, or leave it as a note",
        "Servers!H1: speedlimt",
    ),
    _error(
        "PLAN-104",
        "Column given twice",
        "the column {value} means {column}, which {other} has already",
        "keep one of the two, or rename the other",
        "Source ID beside source_server_id",
    ),
    _error(
        "PLAN-105",
        "More cells than columns",
        "the row has {value} where the header has no column",
        "put a text that holds the separator in quotes, or name the column",
        "web-01,wave-1,10 servers, 2 racks",
    ),
    _warning(
        "PLAN-106",
        "Cells without a header",
        "{value} stands in a column without a header, and is not used",
        "name the column or empty it",
        "Servers!H5: a remark beside the table",
    ),
    _error(
        "PLAN-107",
        "Column missing",
        "the sheet has no column {column}",
        "{hint}add it; each of its rows needs one ({bounds})",
        "Disks without size",
    ),
    _warning(
        "PLAN-108",
        "Hidden sheet",
        "the sheet {value} is hidden, and is read all the same",
        "unhide it or delete it",
        "an old Defaults",
    ),
    _warning(
        "PLAN-109",
        "Encoding guessed",
        "the file is not UTF-8, and was read as Windows-1252 (its first special character as {value})",
        "check the special characters, or save it as CSV UTF-8",
        "a CSV from an older spreadsheet",
    ),
    _error(
        "PLAN-110",
        "Number in a text column",
        "{column} {value} is a number, as a spreadsheet makes of an id",
        "format the cell as text and type it again in full{empty}",
        'Servers!B7  source_server_id "1.2E+15"',
    ),
    _error("PLAN-111", "Too long", "{column} {value} has {length} characters", "give {bounds}", "a note in the name"),
    _error(
        "PLAN-112", "Not a number", "{column} {value} is not a number", "give {bounds}{empty}", 'Servers!F17  speed_limit "12O"'
    ),
    _error("PLAN-113", "Not a whole number", "{column} {value} is not a whole number", "give {bounds}{empty}", "priority 1.5"),
    _error("PLAN-114", "Out of bounds", "{column} {value} is out of bounds", "give {bounds}{empty}", "speed_limit 20000"),
    _error("PLAN-115", "Not finite", "{column} {value} is no finite number", "give {bounds}{empty}", "speed_limit NaN"),
    _error(
        "PLAN-116",
        "Yes/no in a number column",
        "{column} {value} is yes or no, not a number",
        "give {bounds}{empty}",
        "priority TRUE",
    ),
    _error(
        "PLAN-117",
        "Date where none belongs",
        "{column} {value} is a date or a time, as a spreadsheet makes of a text",
        "format the cell as text and type it again{empty}",
        "source_name 2027-01-02",
    ),
    _error(
        "PLAN-118",
        "Not yes or no",
        "{column} {value} is neither yes nor no",
        "give yes or no (true, false, 1, 0, x){empty}",
        "maybe",
    ),
    _error("PLAN-119", "Not a choice", "{column} {value} is not a choice", "{hint}give {bounds}{empty}", "os_type LINX"),
    _error(
        "PLAN-120",
        "Not a size",
        "{column} {value} is not a size",
        "give bytes, or a number with B, KiB, MiB, GiB, TiB (1024) or KB, MB, GB, TB (1000), such as 40 GiB{empty}",
        "size 40 gigs",
    ),
    _error("PLAN-121", "Not an address", "{column} {value} is not an IP address", "give {bounds}{empty}", "10.0.0.256"),
    _error(
        "PLAN-122",
        "Characters not allowed",
        "{column} {value} has characters that SMS does not take ({characters})",
        "use Chinese characters, letters, digits, _ and -{empty}",
        "name web.01",
    ),
    _error(
        "PLAN-123",
        "Not a time",
        "{column} {value} is not a date and time",
        "give {bounds}, as text or as a date{empty}",
        "9.1. 8pm",
    ),
    _error("PLAN-124", "Unknown time zone", "{column} {value} is not a time zone", "give {bounds}{empty}", "timezone Berlin"),
    _error(
        "PLAN-125",
        "Control characters",
        "{column} {value} has a line break or another control character in it",
        "type it again in one line{empty}",
        "a name pasted with its line break",
    ),
    _error(
        "PLAN-126",
        "Unknown field in a pattern",
        "{column} {value} names {{{field}}}, which is no column of Servers",
        "{hint}use columns such as {{source_name}} and {{wave}}",
        "Defaults!B3  name {sourcename}-hw",
    ),
    _error(
        "PLAN-127",
        "More digits than a spreadsheet keeps",
        "{column} {value} has more than the 15 digits that a spreadsheet keeps",
        "format the cell as text and type it again{empty}",
        "size 9007199254740993",
    ),
    _error("PLAN-128", "Value missing", "{column} is empty", "give {bounds}", "Disks!D9: no size"),
)

CATALOGUE: Mapping[str, FindingKind] = MappingProxyType({kind.code: kind for kind in _KINDS})
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

    @property
    def finding(self) -> Finding:
        """The same as a finding, for `--json`."""
        return Finding(self.code, Severity.ERROR, self.sheet, self.cell, "", self.problem, self.remedy)


def finding(code: str, sheet: str = "", cell: str = "", value: str = "", **words: str) -> Finding:
    """A finding of the catalogue's kind `code`; `words` fill its templates, {value} is `value` in quotes."""
    kind = CATALOGUE[code]
    words = {"value": quote(value), "empty": "", "hint": "", **words}
    return Finding(code, kind.severity, sheet, cell, value, kind.problem.format(**words), kind.remedy.format(**words))


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
