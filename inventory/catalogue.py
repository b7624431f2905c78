"""The catalogue: every kind of problem a plan can have, with its code, weight, words and an example.

Decides how each is told; README, `waves explain` and the tests are derived from it. A code is never given a new meaning. Finds
nothing: whoever does calls `finding` (a problem in a plan) or `plan_error` (a file that is none).

Codes: 0xx the file, 1xx one cell or header, 2xx a row of `Servers`, 3xx its disks, 4xx waves and limits, 5xx what SMS may well
accept. Those of build.py (6xx: what SMS knows of the source) stand in build_findings.py.
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
        "Digits lost",
        "{column} {value} may have lost digits: a spreadsheet keeps 15 of a number and shortens long ones",
        "format the cell as text and type it again in full{empty}",
        "size 4.29E+10 in a CSV",
    ),
    _error("PLAN-128", "Value missing", "{column} is empty", "give {bounds}", "Disks!D9: no size"),
    _error(
        "PLAN-201",
        "Unknown wave",
        "no row of Servers is in the wave {value} (there are: {waves})",
        "{hint}name one of them, or fill in its rows",
        "waves submit plan.xlsx --wave wave-11",
    ),
    _error(
        "PLAN-202", "Row without a wave", "{server} has no wave", "name its wave, or skip it (skip: yes)", "Servers!A9 is empty"
    ),
    _error(
        "PLAN-203",
        "Row without a source",
        "the row names no source server",
        "give source_server_id, or source_name, or source_ip",
        "Servers!B9:D9 are empty",
    ),
    _error(
        "PLAN-204",
        "Source twice in a wave",
        "{column} {value} is in the wave {wave} twice, here and in {other}",
        "delete or skip one of the two rows",
        "a row that was copied",
    ),
    _warning(
        "PLAN-205",
        "Source in two waves",
        "{column} {value} is in two waves, here in {wave} and in {other} in {other_wave}",
        "keep it in one wave, unless its first task is deleted before the second is made",
        "a server that was moved to a later wave",
    ),
    _error(
        "PLAN-206",
        "Target twice in a wave",
        "target_vm_id {value} is the target of two servers of the wave {wave}, here and in {other}",
        "give each its own target; its disks are formatted",
        "a row that was copied",
    ),
    _warning(
        "PLAN-207",
        "Target in two waves",
        "target_vm_id {value} is a target in two waves, here in {wave} and in {other} in {other_wave}",
        "give each server its own target; its disks are formatted",
        "a target that is used again",
    ),
    _error(
        "PLAN-208",
        "No target",
        "{server} has neither target_vm_id nor vm_template_id",
        "give the id of an existing target server, or of a template to make one from",
        "Servers!H9:I9 are empty",
    ),
    _error(
        "PLAN-209",
        "Target and template",
        "{server} has both target_vm_id and vm_template_id {value}",
        "keep one: target_vm_id for a target that exists, vm_template_id for one to be made",
        "vm_template_id in Defaults, target_vm_id in the row",
    ),
    _error(
        "PLAN-210",
        "Region or project missing",
        "{server} has no {columns}",
        "give it in the row, or for all rows in the sheet Defaults",
        "no project_id anywhere",
    ),
    _error(
        "PLAN-211",
        "IPv4 and IPv6 mixed",
        "migration_ip {value} is IPv{version}, and use_ipv6 is {said}",
        "give an IPv{wanted} address, or set use_ipv6 to {other}",
        "fd00::7 without use_ipv6",
    ),
    _error(
        "PLAN-212",
        "Windows by file",
        "{server} is a Windows server, and type is MIGRATE_FILE",
        "set type to MIGRATE_BLOCK; Windows is moved by block only",
        "type MIGRATE_FILE in Defaults",
    ),
    _error(
        "PLAN-213",
        "Unknown server in depends_on",
        "depends_on names {name}, and no row of Servers is that server",
        "{hint}give names or ids of servers in the plan, separated by ;",
        "depends_on: db-1",
    ),
    _error(
        "PLAN-214",
        "Server depends on itself",
        "{server} depends on itself",
        "take it out of depends_on",
        "depends_on: its own name",
    ),
    _warning(
        "PLAN-301",
        "Disk of no server",
        "{value} is the source_server_id of no row in Servers, and the row is not used",
        "{hint}mend the id, or delete the row",
        "Disks!A40: a server that left the plan",
    ),
    _error(
        "PLAN-302",
        "Volume on an unknown disk",
        "disk {value} of {server} is not in Disks",
        "{hint}add the disk to Disks, or mend its name",
        "Volumes!B9: /dev/vbd",
    ),
    _error(
        "PLAN-303",
        "Disk twice",
        "{server} has two disks {value}, here and in {other}",
        "name each disk once",
        "a row that was copied",
    ),
    _error(
        "PLAN-304",
        "Volumes larger than their disk",
        "the disk {name} of {server} has {size}, and its volumes together {volumes}",
        "make the disk larger or a volume smaller",
        "a disk of 40 GB (decimal) with a volume of 40 GiB",
    ),
    _error(
        "PLAN-305",
        "More used than there is",
        "used_size {value} is more than the size, {size}",
        "give the used part, at most the size",
        "size and used_size swapped",
    ),
    _warning(
        "PLAN-306",
        "No boot disk",
        "none of the disks of {server} is BOOT or OS",
        "set device_use to BOOT for the disk it starts from",
        "device_use empty on all disks",
    ),
    _error(
        "PLAN-307",
        "Unknown volume group",
        "volume_group {value} of {server} is not in VolumeGroups",
        "{hint}add it to VolumeGroups, or mend its name",
        "LogicalVolumes!B9: vg_dta",
    ),
    _error(
        "PLAN-308",
        "Unknown Btrfs",
        "file_system_name {value} of {server} is not in Btrfs",
        "{hint}add it to Btrfs, or mend its name",
        "BtrfsSubvolumes!B9: btrfs1",
    ),
    _warning(
        "PLAN-309",
        "Many disks",
        "{server} has {count} disks; the agent moves at most 23",
        "check that all of them are to be moved",
        "a storage server",
    ),
    _warning(
        "PLAN-310",
        "Large disk",
        "size {value} is more than 16 TiB, which the agent does not move on Linux",
        "check the size and its unit",
        "size 40 TiB instead of 40 GiB",
    ),
    _warning(
        "PLAN-311",
        "Not used without disks",
        "{server} has rows here and none in Disks, so all of its disks come from SMS and the row is not used",
        "add its disks to Disks, or delete the row",
        "VolumeGroups without Disks",
    ),
    _error(
        "PLAN-312",
        "Too many logical volumes",
        "the volume group {value} of {server} has {count} logical volumes",
        "give at most 255",
        "a generated sheet",
    ),
    _error(
        "PLAN-401",
        "Wave twice",
        "the wave {value} is in Waves twice, here and in {other}",
        "keep one of the two rows",
        "a copied row",
    ),
    _error(
        "PLAN-402",
        "Window ends before it starts",
        "the window of {wave} ends at {value}, and starts at {start}",
        "give an end after the start",
        "a night that ends on its own evening",
    ),
    _error(
        "PLAN-403",
        "Unknown wave in depends_on",
        "depends_on names the wave {name}, which is not in the plan",
        "{hint}give waves of the plan, separated by ;",
        "depends_on: wave-O",
    ),
    _error(
        "PLAN-404",
        "Waves in a circle",
        "{wave} depends on itself ({circle})",
        "take one of them out of depends_on",
        "wave-1; wave-2",
    ),
    _warning(
        "PLAN-405",
        "Waves that look alike",
        "the wave {value} differs from {other} only in case, spaces or dashes, and is another wave",
        "write both alike, if they are one wave",
        "wave-1 and Wave 1",
    ),
    _warning(
        "PLAN-406",
        "Wave not in Waves",
        "the wave {value} is not in the sheet Waves, and so has no window",
        "{hint}add it to Waves, or mend its name",
        "wave-l beside wave-1",
    ),
    _error(
        "PLAN-407",
        "Wave too large",
        "the wave {wave} has {count} servers, and max_servers is {value}",
        "move some to another wave, or raise max_servers",
        "201 rows in a wave of at most 200",
    ),
    _error(
        "PLAN-408",
        "Limit on no column",
        "Limits names the column {value}, which Servers does not have",
        "{hint}name a column of Servers as in its header",
        "Limits!A2: esxhost",
    ),
    _warning(
        "PLAN-409",
        "Time that there is not once",
        "{column} {value} {what} in {timezone}, when the clocks change",
        "give a time at least an hour away, or one with its offset (2027-03-28 01:30+01:00)",
        "2027-03-28 02:30 in Europe/Berlin",
    ),
    _warning(
        "PLAN-410",
        "No time zone",
        "{column} {value} has no time zone, and is taken as UTC",
        "give timezone, such as Europe/Berlin",
        "a wave without timezone",
    ),
    _warning(
        "PLAN-501",
        "No migration_ip",
        "{server} has an existing target and no migration_ip",
        "give the target's address that the source reaches it at",
        "migration_ip is empty",
    ),
    _warning(
        "PLAN-502",
        "No disk_id",
        "the disk {name} of {server} has no disk_id, and its target exists",
        "give the id of the target's disk (EVS volume)",
        "disk_id is empty",
    ),
    _warning(
        "PLAN-503",
        "Overspeed stop on Windows",
        "over_speed_threshold {value} works on Linux only, and {server} is a Windows server",
        "leave it empty for Windows servers",
        "over_speed_threshold in Defaults",
    ),
    _warning("PLAN-504", "High priority", "priority {value} is above 2", "give 0 (low), 1 (standard) or 2 (high)", "priority 10"),
    _warning(
        "PLAN-505",
        "High speed limit",
        "speed_limit {value} is above the 1000 Mbit/s that the console takes",
        "give at most 1000, or 0 for no limit",
        "speed_limit 5000",
    ),
    _warning(
        "PLAN-506",
        "Length of the task's name",
        "name {value} has {length} characters; some versions of SMS take 4 to 20 only",
        "give 4 to 20 characters, or leave it empty",
        "name m1",
    ),
    _warning(
        "PLAN-507",
        "IPv6 with a template",
        "{server} uses IPv6 and a template; SMS migrates over IPv6 to existing targets only",
        "give target_vm_id instead of vm_template_id, or use IPv4",
        "use_ipv6 in Defaults",
    ),
    _warning(
        "PLAN-508",
        "exist_server says otherwise",
        "exist_server is {value}, and {server} has {target}",
        "leave exist_server empty; it follows from the target",
        "exist_server: yes beside a template",
    ),
    _warning(
        "PLAN-509",
        "Private address for a public line",
        "migration_ip {value} is private, and use_public_ip is {said}",
        "give the target's public address (EIP), or set use_public_ip to no",
        "10.0.0.7 without use_public_ip",
    ),
    _warning(
        "PLAN-510",
        "Consistency check on Btrfs",
        "is_need_consistency_check does not work on Btrfs, and {server} has some",
        "set it to no for this server",
        "is_need_consistency_check in Defaults",
    ),
    _warning(
        "PLAN-511",
        "Overspeed stop without a limit",
        "over_speed_threshold {value} has no speed_limit to go by",
        "give speed_limit, or leave over_speed_threshold empty",
        "speed_limit is empty",
    ),
    _warning(
        "PLAN-512",
        "Speed limit over IPv6",
        "speed_limit {value} is not applied over IPv6",
        "limit the line itself, or use IPv4",
        "use_ipv6 with speed_limit 100",
    ),
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
