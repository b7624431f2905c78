"""What an import says about an inventory: refusals (IMPORT-0xx), what became of its contents (1xx), the join with SMS (2xx).

A code is never given a new meaning. Decides the words of each; finds nothing. Every finding of 1xx is a warning: the plan is
written, and `waves check` tells what it still lacks. Called by whoever reads an inventory.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from inventory.catalogue import quote
from inventory.finding_kinds import FindingKind, error, warning
from inventory.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = (
    error(
        "IMPORT-001",
        "No list of servers",
        "{name} is no list of servers: {why}",
        "give the sheet that lists servers, or say which column is the name in a --mapping (--suggest proposes one)",
        "a cost report",
    ),
    error(
        "IMPORT-002",
        "An application inventory",
        "{name} lists applications, not servers ({why})",
        "export the list of servers from the same tool and import that",
        "a software inventory with a row for each program",
    ),
    error(
        "IMPORT-003",
        "Empty form",
        "{name} has a header and lists no servers",
        "fill in one row for each server, or take the file that was filled in",
        "an intake form as it was handed out",
    ),
    error(
        "IMPORT-004",
        "Placeholders only",
        "{name} lists placeholders, not servers ({why})",
        "put the real names in their place",
        "<server name>",
    ),
    error(
        "IMPORT-005",
        "Not that format",
        "{name} is not in the format {format}: {why}",
        "leave --from out to have the format found, or name the right one: {formats}",
        "--from rvtools with a CSV of CMF",
    ),
    error(
        "IMPORT-006",
        "Mistake in the mapping",
        "{name} line {line}: {why}",
        "{remedy}",
        "map.yaml line 4: the field source_nmae is not known",
    ),
    error(
        "IMPORT-008",
        "Folder without an export",
        "the folder {name} holds no CSV files",
        "give the folder with RVTools_tabvInfo.csv, RVTools_tabvDisk.csv ..., or one file",
        "waves import .",
    ),
    warning(
        "IMPORT-101",
        "Columns without a field, kept",
        "{count} of {sheet} without a field of a plan, kept as found: {columns}",
        "rename one in the plan if it is a column of Servers after all",
        "CostCenter, Owner",
    ),
    warning(
        "IMPORT-102",
        "Columns left out",
        "{count} of {sheet} not carried into the plan: {columns}",
        "nothing to do; they are of no use to a migration to this cloud, or stand in the inventory alone",
        "Compute monthly cost USD",
    ),
    warning(
        "IMPORT-103",
        "Unit taken as binary",
        "{column} of {sheet} says {said} and is read as {unit}: {why}",
        "nothing to do where the disks were sized so; a larger disk is safe, a smaller one fails",
        "Capacity MB in RVTools counts MiB",
    ),
    warning(
        "IMPORT-104",
        "One name, several servers",
        "{count} share the name {value}, and the inventory has no id that tells them apart",
        "give each its own address or id in Servers, and see which disks in Disks are whose",
        "two machines called backup",
    ),
    warning(
        "IMPORT-105",
        "Templates left out",
        "{count} no servers but templates, and are left out: {servers}",
        "nothing to do, unless one of them is to be moved",
        "vInfo!C17: Template is True",
    ),
    warning(
        "IMPORT-106",
        "Placeholder machines left out",
        "{count} placeholders of site recovery, not servers, and are left out: {servers}",
        "nothing to do; the machine itself stands in the other site's inventory",
        "vInfo!D9: SRM Placeholder is True",
    ),
    warning(
        "IMPORT-107",
        "Not running",
        "{count} not running: {servers}",
        "start them before their wave, since the agent runs inside the source; or set skip to yes",
        "vInfo!B4: poweredOff",
    ),
    warning(
        "IMPORT-108",
        "Rows of no server",
        "{count} of {sheet} belong to no server in the list, and are left out: {servers}",
        "look for these servers in the inventory; add them, or leave the rows",
        "a disk of a machine that was deleted",
    ),
    warning(
        "IMPORT-109",
        "Whose disks they are is not said",
        "{count} of {sheet} name {value}, which several servers are called; they stand in Disks under that name",
        "see which are whose, and put the server's id or address in their source_server_id",
        "the disks of two machines called backup",
    ),
    warning(
        "IMPORT-110",
        "Not a size",
        "{column} {value} is not a size, and is left empty",
        "type the size into the plan (40 GiB)",
        "vDisk!D7: n/a",
    ),
    warning(
        "IMPORT-111",
        "Decimal or thousands",
        "{column} {value} may be a fraction or a thousand, and is left empty",
        "type the size into the plan, or have the column's cells as numbers",
        "1.234",
    ),
    warning(
        "IMPORT-112",
        "No unit",
        "{column} of {sheet} holds sizes without a unit, and is kept as it is",
        "say the unit in a --mapping (--suggest proposes one), or in the header: {column} (GB)",
        "a column called Disk with 40, 80, 100",
    ),
    warning(
        "IMPORT-113",
        "Sizes in total only",
        "{count} with one size for all disks together: {servers}; it stands in Disks as one row each",
        "replace it by the disks where the sizes of each are known; SMS knows them once its agent runs",
        "ProvisionedSpaceGB 90 with NumDisks 2",
    ),
    warning(
        "IMPORT-114",
        "No disks",
        "{count} without any disk in the inventory: {servers}",
        "nothing to do for the migration, since SMS knows them; for a forecast, add them to Disks",
        "a list of names and waves",
    ),
    warning(
        "IMPORT-115",
        "Partition on no known disk",
        "{count} of {sheet} cannot be told which disk they are on, and are left out: {servers}",
        "nothing to do for the migration; their used part is not known to a forecast",
        "vPartition without Disk Key, in a machine with two disks",
    ),
    warning(
        "IMPORT-116",
        "Operating system not told",
        "{count} with a system that is neither Windows nor Linux by its text: {servers}",
        "fill in os_type, or set skip to yes where SMS cannot move it",
        "FreeBSD 13",
    ),
    warning(
        "IMPORT-117",
        "Not an address",
        "{column} {value} is not an address, and source_ip is left empty",
        "type the address into the plan, or leave it empty",
        "dhcp",
    ),
    warning(
        "IMPORT-118",
        "Several addresses",
        "{count} with more than one address; the first IPv4 address is taken: {servers}",
        "see that it is the one by which SMS knows the server; all of them stand in the column kept from the inventory",
        "[172.21.12.27,fe80::1];",
    ),
    warning(
        "IMPORT-119",
        "Shared host name",
        "{value} is the host name of {count}: {servers}",
        "mend the one that is wrong; the plan keeps both",
        "two servers with one server_fqdn",
    ),
    warning(
        "IMPORT-120",
        "Error value",
        "{column} shows no value but {value}, and is left empty",
        "mend its formula in the inventory and import it again, or type the value into the plan",
        "#DIV/0!",
    ),
    warning(
        "IMPORT-121",
        "Rows without a server",
        "{count} of {sheet} hold no server's name and are left out: {servers}",
        "put the name into the inventory if a server is meant",
        "a row of totals below the table",
    ),
    warning(
        "IMPORT-122",
        "Part of the export is missing",
        "the export has no {missing}: {why}",
        "export it whole and import it again, where these are needed",
        "an RVTools workbook without vDisk",
    ),
    warning(
        "IMPORT-123",
        "Disks missing or too many",
        "{count} whose number of disks is not that of the rows found: {servers}",
        "compare them with the source",
        "Disks says 3, vDisk has 2 rows",
    ),
    warning(
        "IMPORT-124",
        "More used than there is",
        "{column} {value} is more than the size, and is left empty",
        "see which of the two is wrong in the inventory",
        "Consumed MiB above Capacity MiB",
    ),
    warning(
        "IMPORT-125",
        "Not to be rehosted",
        "{count} marked otherwise than Rehost: {servers}",
        "set skip to yes for those that are not moved as they are",
        "r_type Retire",
    ),
    warning(
        "IMPORT-126",
        "Encoding guessed",
        "{name} is not UTF-8, and was read as {encoding}",
        "check the special characters in the plan, or save it as CSV UTF-8 and import that",
        "a CSV from an older spreadsheet",
    ),
    warning(
        "IMPORT-127",
        "Sheets not read",
        "{count} of the file hold nothing that this import reads: {sheets}",
        "nothing to do",
        "vHost, vCluster",
    ),
    warning(
        "IMPORT-128",
        "Disks that copy badly",
        "{count} raw or independent, which snapshots leave out: {servers}",
        "nothing to do for SMS, whose agent copies them from inside; think of what else shares a raw disk",
        "vDisk: Raw is True",
    ),
    warning(
        "IMPORT-129",
        "Second table on a sheet",
        "another table begins below the list in {sheet}; {rows} are not read",
        "put it on a sheet of its own, and import again if it lists servers",
        "applications listed below the servers",
    ),
    warning(
        "IMPORT-130",
        "Lists of servers not read",
        "{sheets} also lists servers, under other headers than {read}, and is not read",
        "see that no server stands there alone; give both the same headers, or import each into a plan of its own",
        "a sheet Paris with other columns than the sheet Berlin",
    ),
    warning(
        "IMPORT-131",
        "Doubtful names",
        "{count} of {sheet} read as no server's name: {servers}",
        "mend them in the plan: a spreadsheet makes a date or 1.2E+15 of some names, and a row is one server",
        "01.03.2026, where the server is called MAR-01",
    ),
    warning(
        "IMPORT-201",
        "Not at SMS",
        "{count} unknown to SMS by id, name, host name and address: {servers}",
        "install the agent there, see that it is registered in this account, and import again with --sources",
        "a server without an agent",
    ),
    warning(
        "IMPORT-202",
        "Several servers at SMS",
        "{value} fits several servers at SMS: {sources}",
        "put the right id into source_server_id",
        "two agents called web-01",
    ),
    warning(
        "IMPORT-203",
        "One server at SMS, several rows",
        "{value} at SMS fits several rows: {servers}; none of them got its id",
        "put the id into the right row, and see what the others are",
        "two rows with one address",
    ),
)

IMPORT_KINDS: Mapping[str, FindingKind] = MappingProxyType({kind.code: kind for kind in _KINDS})
"""Every kind of finding about an inventory, by its code."""

MOST_NAMED = 8
"""So many are named in a message; the rest is counted."""


class ImportRefusedError(Exception):
    """An inventory that no plan can be made of; its text is one line: what is wrong, what to do. `findings` are all reasons."""

    def __init__(self, code: str, /, **words: str) -> None:
        self.finding = import_finding(code, **words)
        self.findings: tuple[Finding, ...] = (self.finding,)
        super().__init__(self.finding.line())


def import_finding(code: str, sheet: str = "", cell: str = "", value: str = "", **words: str) -> Finding:
    """A finding of the kind `code`; `sheet` and `cell` are places in the inventory."""
    kind = IMPORT_KINDS[code]
    words = {"value": quote(value), "sheet": sheet, **words}
    return Finding(code, Severity(kind.severity), sheet, cell, value, kind.problem.format(**words), kind.remedy.format(**words))


def counted(count: int, thing: str, things: str = "") -> str:
    """`1 server`, `2 servers`."""
    return f"{count} {thing}" if count == 1 else f"{count} {things or thing + 's'}"


def named(names: list[str]) -> str:
    """Some names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
