"""Every code of an import is provoked by an inventory, here or where its rule is tested; each has its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.importers.import_findings import IMPORT_KINDS
from tests.inventory.importers.samples import codes, listed

CASES = [
    ("IMPORT-110", "Hostname,Disk (GB)\nweb,lots\n"),
    ("IMPORT-111", "Hostname\tDisk (GB)\nweb\t1.234\n"),
    ("IMPORT-112", "Hostname,Storage\nweb,40\n"),
    ("IMPORT-114", "Hostname,OS\nweb,Linux\n"),
    ("IMPORT-116", "Hostname,OS\nweb,FreeBSD 13\n"),
    ("IMPORT-117", "Hostname,IP\nweb,dhcp\n"),
    ("IMPORT-118", "Hostname,IP\nweb,10.0.0.1 10.0.0.2\n"),
    ("IMPORT-119", "Hostname,FQDN\nweb,a.example\ndb,a.example\n"),
    ("IMPORT-120", "Hostname,OS\nweb,#DIV/0!\n"),
    ("IMPORT-121", "Hostname,OS\nweb,Linux\n,Linux\n"),
    ("IMPORT-104", "Hostname,OS\nweb,Linux\nWEB,Linux\n"),
]


@pytest.mark.parametrize(("code", "content"), CASES)
def test_a_cell_gives_its_finding(tmp_path: Path, code: str, content: str) -> None:
    """One wrong cell, one finding; the server comes in all the same."""
    made = listed(tmp_path, content)
    assert code in codes(made)
    assert made.servers[0].name == "web"


def test_a_guessed_encoding_is_told(tmp_path: Path) -> None:
    """A CSV of an older Windows."""
    assert "IMPORT-126" in codes(listed(tmp_path, "Rechnername;Größe\nweb;x\n", encoding="cp1252"))


def test_every_code_is_provoked() -> None:
    """By name, in one of the tests of imports."""
    folder = Path(__file__).resolve().parent
    tests = [*folder.glob("test_*.py"), folder.parents[1] / "flows" / "cli" / "test_import.py"]
    said = "".join(path.read_text(encoding="utf-8") for path in tests)
    indirect = {"IMPORT-006"}  # mistakes in mappings are compared by line and words
    assert [code for code in IMPORT_KINDS if code not in said and code not in indirect] == []
    assert all(kind.example and kind.title for kind in IMPORT_KINDS.values())
