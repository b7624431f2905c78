"""Any list of servers, in the languages and encodings that people write spreadsheets in; and what is no list of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inventory.catalogue import PlanError
from inventory.importers.import_findings import ImportRefusedError
from inventory.importers.run import import_file
from tests.inventory.importers.samples import GIB, book, codes, disks, listed, said, text

if TYPE_CHECKING:
    from pathlib import Path

LISTS = [
    ("Nom;Adresse IP;Système d'exploitation;Taille disque (Go);Vague", "utf-8"),
    ("Rechnername;IP-Adresse;Betriebssystem;Festplatte (GB);Welle", "cp1252"),
    ("服务器名称,IP地址,操作系统,磁盘(GB),批次", "gb18030"),
    ("Nombre;Dirección IP;Sistema operativo;Disco (GB);Ola", "utf-16"),
    ("Имя;IP-адрес;Операционная система;Диск (ГБ);Волна", "cp1251"),
    ("ホスト名\tIPアドレス\tOS\tディスク容量 (GB)\tウェーブ", "shift_jis"),
    ("Nome do servidor;IP;Sistema operacional;Disco (GB);Onda", "utf-8-sig"),
    ("Hostname|IP|OS|Disk (GB)|Wave", "utf-8"),
    ("서버 이름,IP 주소,운영 체제,디스크 (GB),웨이브", "cp949"),
    ("Sunucu adı;IP adresi;İşletim sistemi;Disk alanı (GB);Dalga", "utf-8"),
]


@pytest.mark.parametrize(("header", "encoding"), LISTS)
def test_a_list_in_any_language(tmp_path: Path, header: str, encoding: str) -> None:
    """Name, address, system, size and wave are found by the words that people use; the separator and encoding are found out."""
    mark = max(";,\t|", key=header.count)
    row = mark.join(["web-01", "10.0.0.7", "Windows Server 2019", "40", "w1"])
    made = listed(tmp_path, f"{header}\n{row}\n", encoding=encoding)
    assert (made.format, said(made, "source_name", "source_ip", "os_type", "wave")) == (
        "generic",
        [["web-01", "10.0.0.7", "WINDOWS", "w1"]],
    )
    assert disks(made) == [("web-01", "all disks together", 40 * GIB)]


def test_notes_above_the_header_and_columns_of_ones_own(tmp_path: Path) -> None:
    """The header is found by its words; what has no field is kept and listed; a row of totals is no server."""
    rows = [
        ["Inventar 2027"],
        [],
        ["Rechnername", "Abteilung", "RAM (GB)"],
        ["web-01", "Einkauf", 16],
        ["db-01", "", 32],
        ["Gesamt", "", 48],
    ]
    made = import_file(book(tmp_path / "list.xlsx", Tabelle1=rows))
    assert said(made, "source_name") == [["web-01"], ["db-01"]]
    assert made.servers[0].extra == {"Abteilung": "Einkauf", "RAM (GB)": 16}
    assert made.unmapped == ["Abteilung", "RAM (GB)"]
    assert {"IMPORT-101", "IMPORT-114", "IMPORT-121"} <= set(codes(made))


def test_headers_that_a_plan_would_take_for_its_own(tmp_path: Path) -> None:
    """A foreign column that a plan has too is carried under a header that means nothing to a plan."""
    made = listed(tmp_path, "Server name,Project,Type,Region\nweb,x,big,eu\n")
    assert list(made.servers[0].extra) == ["Project (inventory)", "Type (inventory)", "Region (inventory)"]


def test_sheets_by_site_are_one_list(tmp_path: Path) -> None:
    """Sheets with the same columns are read together, others are told."""
    head = ["Server name", "OS"]
    made = import_file(
        book(tmp_path / "l.xlsx", Berlin=[head, ["a", "Linux"]], Paris=[head, ["b", "Linux"]], Notes=[["x", "y"], [1, 2]])
    )
    assert said(made, "source_name") == [["a"], ["b"]]
    assert "IMPORT-127" in codes(made)


def test_a_number_without_a_unit_is_no_size(tmp_path: Path) -> None:
    """Nobody knows what 40 is: it is kept, and it is said how to say it. A unit in the cell is enough."""
    made = listed(tmp_path, "Hostname,Storage\nweb,40\n")
    assert (made.bytes, made.servers[0].extra, codes(made)[0]) == (0, {"Storage": "40"}, "IMPORT-112")
    assert listed(tmp_path, "Hostname,Storage\nweb,1.5 TB\n").bytes == 3 * 1024**4 // 2


REFUSED = [
    ("Application Name,Vendor,Version,Owner\nSAP ERP,SAP,7.5,Ada\n", "IMPORT-002"),
    ("Name,Version,Publisher\nFirefox,120,Mozilla\nOffice,16,Microsoft\n", "IMPORT-002"),
    ("Machine name,Application,Version\nweb,Apache,2.4\nweb,PHP,8\nweb,curl,8\ndb,MySQL,8\ndb,curl,8\n", "IMPORT-002"),
    ("Application,Owner,Servers\nShop,Ada,3\nERP,Bob,12\n", "IMPORT-002"),
    ("wave_name,app_name,server_name,server_os_family,server_fqdn\n", "IMPORT-003"),
    ("wave_name,app_name,server_name,server_os_family,server_fqdn\n,,,,\n", "IMPORT-003"),
    ("Server name,IP,OS\n<server name>,<ip>,<os>\nTBD,,\n", "IMPORT-004"),
    ("Date,Amount,Currency\n2027-01-01,12,EUR\n", "IMPORT-001"),
    ("just a line of text\nand another\n", "IMPORT-001"),
]


@pytest.mark.parametrize(("content", "code"), REFUSED)
def test_what_is_no_list_of_servers_is_refused(tmp_path: Path, content: str, code: str) -> None:
    """Applications, an empty form, placeholders, anything else: with the reason."""
    with pytest.raises(ImportRefusedError) as refused:
        listed(tmp_path, content)
    assert refused.value.finding.code == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "PLAN-006"),
        (b"PK\x03\x04 and no more", "PLAN-005"),
        (b"<html><table><tr><td>Sign in</td></tr></table></html>", "PLAN-007"),
        (b"%PDF-1.7", "PLAN-007"),
        (b"", "PLAN-003"),
        (b'VM,Powerstate\nweb,"never closed\n', "PLAN-012"),
        (bytes(range(256)) * 8, "PLAN-011"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, code: str) -> None:
    """Encrypted, cut off, no sheet at all: one line, and no plan."""
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    with pytest.raises(PlanError) as refused:
        import_file(path)
    assert refused.value.code == code


def test_the_wrong_format_is_said(tmp_path: Path) -> None:
    """--from names a format that the file is not in."""
    with pytest.raises(ImportRefusedError) as refused:
        import_file(text(tmp_path / "l.csv", "server_name,server_os_family\na,linux\n"), "rvtools")
    assert (refused.value.finding.code, "VM" in str(refused.value)) == ("IMPORT-005", True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImportRefusedError) as refused:
        import_file(tmp_path / "empty")
    assert refused.value.finding.code == "IMPORT-008"
