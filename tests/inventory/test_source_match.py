"""A row finds the one source that it means, or is told why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from inventory.build_findings import BuildError
from inventory.plan import ServerRow, read_plan
from inventory.source_match import SourceIndex
from tests.inventory.sources import linux
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = SourceIndex(
    [
        linux(1),
        linux(1),
        linux(2, name="twin", ip="10.0.0.2"),
        linux(3, name="twin", ip="10.0.0.3"),
        linux(4, name="WEB-04", ip="", networks=[{"ipv6": "2001:db8::4"}]),
        linux(5, name="web-04", ip="10.0.0.5"),
    ]
)


def a_row(folder: Path, **values: Any) -> ServerRow:
    """A row that says nothing of its source but these values."""
    nothing: dict[str, Any] = dict.fromkeys(("source_server_id", "source_name", "source_ip"))
    return read_plan(make_plan(folder / "plan.xlsx", [server(**(nothing | values))])).servers[0]


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"source_server_id": "src-0001-a1b2", "source_name": "twin"}, 1),
        ({"source_name": "web-01"}, 1),
        ({"source_name": "Web-01"}, 1),
        ({"source_name": "WEB-04"}, 4),
        ({"source_name": "twin", "source_ip": "10.0.0.3"}, 3),
        ({"source_ip": "10.0.0.2"}, 2),
        ({"source_ip": "2001:0db8:0::0004"}, 4),
    ],
)
def test_the_one_that_fits_is_found(tmp_path: Path, values: dict[str, Any], number: int) -> None:
    """The id wins; a name is taken in the planner's spelling first; an address narrows, however it is written."""
    assert SOURCES.find(a_row(tmp_path, **values)).id == f"src-{number:04}-a1b2"


@pytest.mark.parametrize(
    ("values", "code", "place"),
    [
        ({"source_server_id": "src-9999"}, "PLAN-601", "Servers!B2"),
        ({"source_name": "nobody", "source_ip": "10.0.0.2"}, "PLAN-602", "Servers!C2"),
        ({"source_ip": "10.9.9.9"}, "PLAN-602", "Servers!D2"),
        ({"source_name": "twin"}, "PLAN-603", "Servers!C2"),
        ({"source_name": "twin", "source_ip": "10.9.9.9"}, "PLAN-602", "Servers!C2"),
    ],
)
def test_none_or_several_is_an_error_at_its_cell(tmp_path: Path, values: dict[str, Any], code: str, place: str) -> None:
    """Nothing is guessed: the wrong server would be formatted over."""
    with pytest.raises(BuildError) as error:
        SOURCES.find(a_row(tmp_path, **values))
    assert [(finding.code, finding.place) for finding in error.value.findings] == [(code, place)]
