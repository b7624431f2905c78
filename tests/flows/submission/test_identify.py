"""Which source server a row means, by its name and its address; nothing is guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.submission.identify import SourceDirectory, Unidentified
from inventory.plan import read_plan
from inventory.source_server import SourceServer
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.plan import ServerRow

SOURCES = [
    SourceServer(id="src-1", name="web-01", hostname="web-01.example", ip="192.0.2.1"),
    SourceServer(id="src-2", name="twin", ip="192.0.2.2"),
    SourceServer(id="src-3", name="twin", ip="192.0.2.3"),
    SourceServer(id="src-4", name="", ip="192.0.2.4", ipv6="2001:db8::4"),
]


def row(folder: Path, name: str, ip: str) -> ServerRow:
    return read_plan(make_plan(folder / "plan.xlsx", [server(1, source_server_id="", source_name=name, source_ip=ip)])).servers[0]


@pytest.mark.parametrize(
    ("name", "ip", "meant"),
    [
        ("web-01", "", "src-1"),
        ("WEB-01", "", "src-1"),
        ("web-01.example", "", "src-1"),
        ("", "192.0.2.4", "src-4"),
        ("", "2001:DB8:0::4", "src-4"),
        ("twin", "192.0.2.3", "src-3"),
    ],
)
def test_a_name_a_host_name_or_an_address_means_one_server(tmp_path: Path, name: str, ip: str, meant: str) -> None:
    """Whatever its case; and a name that two servers have is told apart by the address."""
    assert SourceDirectory(SOURCES).identify(row(tmp_path, name, ip)) == meant


@pytest.mark.parametrize(
    ("name", "ip", "words"),
    [
        ("nobody", "", "knows no source server"),
        ("twin", "", "fits 2 source servers: src-2, src-3"),
        ("web-01", "192.0.2.2", "knows no source server"),
    ],
)
def test_none_or_two_is_said_and_never_guessed(tmp_path: Path, name: str, ip: str, words: str) -> None:
    """A name of nobody, a name of two, a name and an address of different servers."""
    found = SourceDirectory(SOURCES).identify(row(tmp_path, name, ip))
    assert isinstance(found, Unidentified)
    assert words in found.message
    assert found.advice
