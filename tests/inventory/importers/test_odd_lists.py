"""Lists as people leave them: totals, notes, titles, second tables, units in words, several disks in a cell."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.importers.import_findings import ImportRefusedError
from inventory.importers.mapping import read_mapping
from inventory.importers.run import import_file, import_source
from inventory.importers.sizes import is_bytes, parse_sizes
from inventory.importers.source_file import SourceFile, SourceSheet, read_source
from inventory.importers.suggest import suggest_mapping
from inventory.importers.words import VOCABULARY
from tests.inventory.importers.samples import GIB, book, codes, disks, listed, said, told

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ["Server name", "IP", "OS", "Disk (GB)"]
WEB, DB = ["web", "10.0.0.1", "Windows", 40], ["db", "10.0.0.2", "Linux", 100]

NO_SERVERS = [
    ["Total", "", "", 140],
    ["TOTAL:", "", "", 140],
    ["Grand Total", "", "", 140],
    ["Subtotal", "", "", 40],
    ["Total servers: 2", "", "", ""],
    ["Gesamtsumme", "", "", 140],
    ["Zwischensumme", "", "", 140],
    ["Total général", "", "", 140],
    ["Suma", "", "", 140],
    ["Итого", "", "", 140],
    ["合计", "", "", 140],
    ["合計", "", "", 140],
    ["총계", "", "", 140],
    ["Genel Toplam", "", "", 140],
    ["المجموع", "", "", 140],
    ["* sizes are thin provisioned", "", "", ""],
    ["Stand: 01.11.2026", "", "", ""],
    ["exported by the storage team in March", "", "", ""],
    ["Example-01", "e.g. 10.0.0.9", "Windows", 1],
    ["srv", "z. B. 10.0.0.9", "", ""],
    HEAD,
]


@pytest.mark.parametrize("row", NO_SERVERS, ids=lambda row: str(row[0]))
def test_a_row_that_names_no_server_is_left_out_and_told(tmp_path: Path, row: list[object]) -> None:
    """Totals in any language, notes below the table, a form's example, the header once more."""
    made = import_file(book(tmp_path / "l.xlsx", S=[HEAD, WEB, DB, [], row]))
    assert said(made, "source_name") == [["web"], ["db"]]
    assert (made.bytes, "IMPORT-121" in codes(made)) == (140 * GIB, True)


@pytest.mark.parametrize("name", ["my-sql-server01", "add-host-02", "total-01", "Total Commander", "sample-db-prod"])
def test_a_name_that_only_looks_so_is_a_server(tmp_path: Path, name: str) -> None:
    """A row with an address is a server, and so is any name that people do give."""
    assert said(import_file(book(tmp_path / "l.xlsx", S=[HEAD, [name, "10.0.0.9", "Linux", 1]])), "source_name") == [[name]]


@pytest.mark.parametrize("above", [[["Server", "", "", "Storage"]], [["Server"]], [["Servers 2027"], [], ["Host", "", "", "Disk"]]])
def test_a_title_over_the_header_is_no_header(tmp_path: Path, above: list[list[object]]) -> None:
    """Merged cells over the header, or a title of one word."""
    made = import_file(book(tmp_path / "l.xlsx", S=[*above, ["Name", "IP address", "OS", "Size (GB)"], WEB, DB]))
    assert disks(made) == [("web", "all disks together", 40 * GIB), ("db", "all disks together", 100 * GIB)]


def test_a_second_table_on_the_sheet_is_told(tmp_path: Path) -> None:
    """Its rows become no servers."""
    rows = [HEAD, WEB, [], DB, [], ["Application", "Owner", "Criticality"], ["SAP", "Ada", "High"]]
    made = import_file(book(tmp_path / "l.xlsx", S=rows))
    assert said(made, "source_name") == [["web"], ["db"]]
    assert told(made, "IMPORT-129") == [("S!A6", "another table begins below the list in S; rows 6 to 7 are not read")]


def test_a_column_without_a_header_is_kept(tmp_path: Path) -> None:
    """Below a merged header, or beside the table: nothing is dropped in silence."""
    made = import_file(
        book(tmp_path / "l.xlsx", S=[["Server name", "IP", None, "OS"], ["web", "10.0.0.1", "VLAN 7", "Linux", "old"]])
    )
    assert made.servers[0].extra == {"IP": "10.0.0.1", "column C": "VLAN 7", "OS (inventory)": "Linux", "column E": "old"}
    assert made.unmapped == ["column C", "column E"]


def test_sheets_with_about_the_same_columns_are_one_list(tmp_path: Path) -> None:
    """One more column does not make another list; a list with other columns is told by name."""
    paris = [[*HEAD, "Owner"], ["p1", "10.1.0.1", "Linux", 30, "Ada"]]
    rome = [["Hostname", "Colour"], ["r1", "red"]]
    made = import_file(book(tmp_path / "l.xlsx", Berlin=[HEAD, WEB, DB], Paris=paris, Rome=rome))
    assert said(made, "source_name") == [["web"], ["db"], ["p1"]]
    assert "IMPORT-130" not in codes(made)
    rome = [["Hostname", "FQDN", "Wave"], ["r1", "r1.example", "w1"]]
    made = import_file(book(tmp_path / "m.xlsx", Berlin=[HEAD, WEB, DB], Rome=rome))
    assert [problem.partition(",")[0] for _, problem in told(made, "IMPORT-130")] == ["Rome also lists servers"]


DISKS = [["Hostname", "Disk", "Size (GB)", "Used (GB)"], ["a", "sda", 40, 30], ["a", "sdb", 60, 7], ["b", "C:", 50, 20]]


def test_a_sheet_of_disks_beside_the_servers(tmp_path: Path) -> None:
    """It is not taken for the list of servers although it has more columns."""
    made = import_file(book(tmp_path / "l.xlsx", Servers=[["Hostname", "OS"], ["a", "Linux"], ["b", "Windows"]], Disks=DISKS))
    assert disks(made) == [("a", "sda", 40 * GIB), ("a", "sdb", 60 * GIB), ("b", "C:", 50 * GIB)]
    assert said(made, "os_type") == [["LINUX"], ["WINDOWS"]]


def test_a_row_for_each_disk(tmp_path: Path) -> None:
    """A list in which each server stands as often as it has disks has each server once."""
    made = import_file(book(tmp_path / "l.xlsx", S=DISKS))
    assert said(made, "source_name") == [["a"], ["b"]]
    assert (len(disks(made)), made.bytes, "IMPORT-104" in codes(made)) == (3, 150 * GIB, False)


CELLS = [
    ("C: 40 GB; D: 100 GB", [("C:", 40), ("D:", 100)]),
    ("/ 60 GB, /data 1 TB", [("/", 60), ("/data", 1024)]),
    ("40+100", [("", 40), ("", 100)]),
    ("40\n80", [("", 40), ("", 80)]),
    ("2 x 500 GB", [("", 500), ("", 500)]),
    ("40 GB (C:); 1,5 TB (D:)", [("C:", 40), ("D:", 1536)]),
    ("Disk 1: 40, Disk 2: 50", [("Disk 1", 40), ("Disk 2", 50)]),
    ("40 / 100", []),
    ("40 GB, thin", []),
    ("40 GB; ?", []),
    ("1.024 + 40", []),
    ("1, 5 TB", []),
    ("used: 30 GB; size: 100 GB", []),
    ("Total: 140 GB; C: 40 GB; D: 100 GB", []),
    ("Hard disk 1: 40 GB\nHard disk 2: 60 GB", [("Hard disk 1", 40), ("Hard disk 2", 60)]),
    ("系统盘:40;数据盘:100", [("系统盘", 40), ("数据盘", 100)]),
    (40, []),
]


@pytest.mark.parametrize(("cell", "found"), CELLS, ids=lambda value: str(value)[:20])
def test_several_disks_in_one_cell(cell: object, found: list[tuple[str, int]]) -> None:
    """All of them or none: what cannot be read whole is told."""
    assert parse_sizes(cell, "GB", "") == [(label, size * GIB) for label, size in found]


def test_disks_of_a_cell_are_the_servers_disks(tmp_path: Path) -> None:
    """Each a row of Disks; the cell that cannot be read is told and its column kept."""
    made = import_file(
        book(tmp_path / "l.xlsx", S=[["Server name", "Disks"], ["a", "C: 40 GB; D: 100 GB"], ["b", "40 GB / 60 GB"]])
    )
    assert disks(made) == [("a", "C:", 40 * GIB), ("a", "D:", 100 * GIB)]
    assert (made.servers[1].extra["Disks"], "IMPORT-110" in codes(made)) == ("40 GB / 60 GB", True)


UNITS = [
    ("Taille (Gio)", "40", 40 * GIB),
    ("Total disk (GBytes)", "40", 40 * GIB),
    ("Disk size in Gigabytes", "40", 40 * GIB),
    ("حجم القرص (جيجابايت)", "40", 40 * GIB),
    ("HDD size; GB", "40", 40 * GIB),
    ("Größe", "136365211648", 136365211648),
    ("Disk size", "40", 0),
]


@pytest.mark.parametrize(("header", "cell", "size"), UNITS, ids=str)
def test_the_unit_in_the_header(tmp_path: Path, header: str, cell: str, size: int) -> None:
    """In words of several languages; a number that can only be bytes is bytes; any other without a unit is no size."""
    made = import_file(book(tmp_path / "l.xlsx", S=[["Hostname", header.replace(";", ",")], ["web", cell]]))
    assert (made.bytes, "IMPORT-112" in codes(made)) == (size, not size)


def test_numbers_that_can_only_be_bytes() -> None:
    """All of whole sectors, none that a list in MB could have."""
    assert is_bytes([42949672960, "107374182400", "", 0])
    assert not is_bytes([42949672960, 40])
    assert not is_bytes([42949672961])
    assert not is_bytes([""])


@pytest.mark.parametrize(
    "content",
    [
        "Name,Email,Department,Phone\nAda L,a@example.org,IT,1\n",
        "Name,Resource group,Location,Cost\nvm1,rg1,westeurope,12\n",
        "Device name,Vendor,Model,Ports\nsw1,x,y,48\n",
        "Database name,Instance,Version,Size (GB)\nERP,ora1,19c,400\n",
        "Name;Betrag;Währung\nMiete;12;EUR\n",
    ],
)
def test_lists_of_people_costs_and_gear_are_refused(tmp_path: Path, content: str) -> None:
    """A name may be anybody's."""
    with pytest.raises(ImportRefusedError) as refused:
        listed(tmp_path, content)
    assert refused.value.finding.code == "IMPORT-001"


@pytest.mark.parametrize("content", ["Hostname,Email,Wave\nweb,a@example.org,w1\n", "Name,OS,Cost\nweb,Linux,12\n", "Name\nweb\n"])
def test_a_list_of_servers_may_have_their_columns_too(tmp_path: Path, content: str) -> None:
    """Where anything is a server's."""
    assert said(listed(tmp_path, content), "source_name") == [["web"]]


def test_servers_by_address_or_host_name_alone(tmp_path: Path) -> None:
    """SMS knows them by either."""
    assert said(listed(tmp_path, "IP address,OS\n10.0.0.1,Linux\n"), "source_ip") == [["10.0.0.1"]]
    assert said(listed(tmp_path, "FQDN,OS\nweb.example.org,Linux\n"), "source_name") == [["web.example.org"]]


def test_a_vcenter_told_by_its_address_alone(tmp_path: Path) -> None:
    """Sheets of several vCenters, of which one says the id and one the address, are joined by what both say."""
    info = [["VM", "Powerstate", "VM ID", "VI SDK Server", "VI SDK UUID"]]
    info += [["a", "poweredOn", "vm-1", f"vc{number}", f"u{number}"] for number in (1, 2)]
    disk: list[list[object]] = [["VM", "Disk", "Capacity MiB", "VM ID", "VI SDK Server"]]
    disk += [["a", f"Hard disk {number}", number, "vm-1", f"vc{number}"] for number in (1, 2)]
    made = import_file(book(tmp_path / "rv.xlsx", vInfo=info, vDisk=disk))
    assert [[each.name for each in server.disks] for server in made.servers] == [["Hard disk 1"], ["Hard disk 2"]]
    assert said(made, "inventory_id") == [["vm-1@vc1"], ["vm-1@vc2"]]
    assert [made.disks_key(server) for server in made.servers] == ["vm-1@vc1", "vm-1@vc2"]


def test_what_mgn_describes_and_what_its_console_exports(tmp_path: Path) -> None:
    """The ids are AWS's, and never taken for those of SMS; disks of bytes by their number."""
    made = listed(
        tmp_path,
        "sourceServerID,lifeCycle.state,sourceProperties.identificationHints.hostname,sourceProperties.os.fullString,"
        "sourceProperties.networkInterfaces[0].ips[0],sourceProperties.disks[0].bytes,sourceProperties.disks[1].bytes\n"
        "s-1,READY_FOR_TEST,web,Microsoft Windows Server 2019,10.0.0.1,42949672960,\n",
    )
    assert (made.format, disks(made)) == ("aws-mgn", [("web", "Disk 0", 40 * GIB)])
    assert said(made, "inventory_id", "source_server_id", "source_ip", "os_type") == [["s-1", "", "10.0.0.1", "WINDOWS"]]
    made = listed(tmp_path, "Source server,Source server ID,Hostname,Migration lifecycle,Wave\nweb,s-1,web,Ready,w1\n")
    assert (made.format, said(made, "inventory_id", "source_server_id", "wave")) == ("aws-mgn", [["s-1", "", "w1"]])


def test_an_error_is_told_once(tmp_path: Path) -> None:
    """However often its cell is looked at."""
    made = listed(tmp_path, "Hostname,IP,OS\nweb,#N/A,Linux\n")
    assert [place for place, _ in told(made, "IMPORT-120")] == ["list!B2"]


def test_no_more_is_used_than_there_is(tmp_path: Path) -> None:
    """Of a server's disks together, too."""
    made = listed(tmp_path, "Hostname,Disk (GB),Used (GB)\nweb,40,50\n")
    assert [(disk.size, disk.used_size) for disk in made.servers[0].disks] == [(40 * GIB, None)]
    assert told(made, "IMPORT-124") == [("list!C2", 'Used (GB) "50" is more than the size, and is left empty')]


def test_a_proposed_mapping_can_be_taken_as_it_is(tmp_path: Path) -> None:
    """Whatever the headers are: twice the same, quotes, a colon, words of other lists."""
    rows = [["Hostname", "Disk", "Disk", 'a "b": c', "Email", "#x", "- y"], ["web", 40, 50, 1, "a@b", 1, 1]]
    path = book(tmp_path / "l.xlsx", S=rows)
    (tmp_path / "map.yaml").write_text(suggest_mapping(read_source(path)), encoding="utf-8")
    made = import_file(path, mapping=read_mapping(tmp_path / "map.yaml"))
    assert disks(made) == [("web", "all disks together", 40 * GIB)]


def test_a_title_of_each_wave_within_the_list_is_no_server(tmp_path: Path) -> None:
    """Nor is the header below it."""
    rows = [["Plan"], ["Wave 1"], ["Server name", "OS"], ["a", "Linux"], ["Wave 2"], ["Server name", "OS"], ["b", "Linux"]]
    assert said(import_file(book(tmp_path / "l.xlsx", S=rows)), "source_name") == [["a"], ["b"]]


def test_a_table_with_its_servers_as_columns_is_refused(tmp_path: Path) -> None:
    """Its headers are no servers."""
    with pytest.raises(ImportRefusedError, match="its servers are columns and not rows"):
        import_file(book(tmp_path / "l.xlsx", S=[["Server name", "web"], ["OS", "Linux"], ["IP", "10.0.0.1"], ["Disk (GB)", 40]]))


@pytest.mark.parametrize("name", [date(2026, 3, 1), 1.2e15, "1,2E+15", "web01\nweb02", "web01, web02", 7.5])
def test_a_name_that_is_none_is_told(tmp_path: Path, name: object) -> None:
    """What a spreadsheet made of it comes in as it stands there."""
    made = import_file(book(tmp_path / "l.xlsx", S=[["Hostname", "OS"], [name, "Linux"], ["web-01", "Linux"], [1001, "Linux"]]))
    assert [place for place, _ in told(made, "IMPORT-131")] == ["S!A2"]
    assert len(made.servers) == 3


def test_system_and_data_disks(tmp_path: Path) -> None:
    """Each has a column of its own."""
    made = listed(tmp_path, "名称,私网IP地址,操作系统,系统盘(GB),数据盘(GB)\nweb,10.0.0.1,CentOS 7.6,40,100\n")
    assert disks(made) == [("web", "Disk 1", 40 * GIB), ("web", "Disk 2", 100 * GIB)]


def test_the_size_of_a_machine_is_no_size_of_a_disk(tmp_path: Path) -> None:
    """It is kept, and no cell of it is told as wrong."""
    made = listed(tmp_path, "Name,OS,Size\nweb,Linux,Standard_D2s_v3\ndb,Linux,Standard_B2s\n")
    assert (made.unmapped, made.servers[0].extra["Size"], "IMPORT-110" in codes(made)) == (["Size"], "Standard_D2s_v3", False)


def test_columns_of_a_row_for_each_disk_are_accounted_for_once(tmp_path: Path) -> None:
    """Those of the disk are no columns of the server's."""
    rows = [["Hostname", "Disk", "Size (GB)", "Owner"], ["a", "sda", 40, "Ada"], ["a", "sdb", 60, "Ada"]]
    made = import_file(book(tmp_path / "l.xlsx", S=rows))
    assert (made.servers[0].extra, made.unmapped) == ({"Owner": "Ada"}, ["Owner"])
    assert [column.header for column in made.columns] == ["Hostname", "Owner", "Disk", "Size (GB)"]


def test_names_that_were_never_calculated_are_the_reason(tmp_path: Path) -> None:
    """A list whose names are all formulas of a script is not called empty."""
    with pytest.raises(ImportRefusedError, match="open it in a spreadsheet and save it") as refused:
        import_file(book(tmp_path / "l.xlsx", S=[["Hostname", "OS"], ["=A9&1", "Linux"], ["=A9&2", "Linux"]]))
    assert refused.value.finding.code == "IMPORT-001"


CELL = st.one_of(
    st.sampled_from(
        ["", None, "Total", "合计", "n/a", "Wave 2", "C: 40 GB; D: 50 GB", "1.024", "e.g. x", "#N/A", "\ud800", "=1", "web"]
    ),
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.text(max_size=12),
)
HEADER = st.sampled_from(
    [word for words in VOCABULARY.values() for word in words[:6]] + ["Disk (GB)", "Size MB", "Disk 1 (TB)", ""]
)


@settings(max_examples=80, deadline=None)
@given(headers=st.lists(HEADER, min_size=1, max_size=6), rows=st.lists(st.lists(CELL, max_size=8), max_size=6))
def test_whatever_a_list_holds(headers: list[str], rows: list[list[object]]) -> None:
    """It comes in or is refused by its reason, and a mapping is proposed or not; nothing else is raised."""
    file = SourceFile("l.xlsx", "", (SourceSheet("S", [headers, *rows]),))
    with suppress(ImportRefusedError):
        assert 0 < len(import_source(file).servers) <= len(rows)
    with suppress(ImportRefusedError):
        assert "columns:" in suggest_mapping(file)


@given(names=st.lists(st.from_regex(r"srv-[a-z]{3}[0-9]{2}", fullmatch=True), min_size=1, max_size=8, unique=True), cells=st.data())
@settings(max_examples=40, deadline=None)
def test_no_server_is_lost_whatever_stands_beside_its_name(names: list[str], cells: st.DataObject) -> None:
    """Each name is one server, in its order."""
    beside = st.sampled_from(["", "n/a", "Linux", "40 GB", "?", 40, "#N/A", "Total", True])
    rows = [[name, cells.draw(beside), cells.draw(beside), cells.draw(beside)] for name in names]
    file = SourceFile("l.xlsx", "", (SourceSheet("S", [["Hostname", "IP", "OS", "Disk (GB)"], *rows]),))
    assert [server.name for server in import_source(file).servers] == names


CODE_PAGES = [
    ("SUNUCU ADI;IP ADRESİ;İŞLETİM SİSTEMİ;DİSK BOYUTU (GB)", "cp1254"),
    ("όνομα διακομιστή;διεύθυνση ip;λειτουργικό σύστημα;Disk (GB)", "cp1253"),
    ("שם השרת;כתובת ip;מערכת הפעלה;Disk (GB)", "cp1255"),
    ("اسم الخادم;عنوان ip;نظام التشغيل;Disk (GB)", "cp1256"),
    ("ชื่อเซิร์ฟเวอร์;IP;OS;Disk (GB)", "cp874"),
]


@pytest.mark.parametrize(("header", "encoding"), CODE_PAGES, ids=[encoding for _, encoding in CODE_PAGES])
def test_a_csv_in_an_older_code_page(tmp_path: Path, header: str, encoding: str) -> None:
    """The one under which its headers are words is taken, and told."""
    made = listed(tmp_path, f"{header}\nweb;10.0.0.1;Linux;40\n", encoding=encoding)
    assert said(made, "source_name", "source_ip", "os_type") == [["web", "10.0.0.1", "LINUX"]]
    assert (made.bytes, "IMPORT-126" in codes(made)) == (40 * GIB, True)
