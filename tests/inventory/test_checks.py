"""Every kind of finding is provoked, at its cell; with a wave only what concerns it is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import inventory
from inventory.catalogue import CATALOGUE
from inventory.checks import check_plan, invalid_rows
from inventory.findings import Severity
from inventory.plan import Plan, read_plan
from tests.inventory.provoked import CASES, Case
from tests.inventory.test_bad_files import FILE_CODES
from tests.plans import disk, found, make_plan, server

ELSEWHERE = {"PLAN-105", "PLAN-106", "PLAN-108", "PLAN-109", "PLAN-117", "PLAN-201"} | {
    f"PLAN-{code}" for code in (132, 133, 134, 135, 136, 137)
}
"""Codes with tests of their own, here, in test_plan.py and in test_sheet_layout.py."""


def plan(tmp_path: Path, *servers: dict[str, object], **sheets: object) -> Plan:
    return read_plan(make_plan(tmp_path / "plan.xlsx", list(servers) or None, **sheets))  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.code} {case.place}" for case in CASES])
def test_each_kind_is_found_at_its_cell(tmp_path: Path, case: Case) -> None:
    """The plan of the case has the finding at that place, with words filled in and an action as its remedy."""
    made = read_plan(make_plan(tmp_path / "plan.xlsx", **case.plan))
    place = case.place if "!" in case.place else str(made.servers[0].cell(case.place))
    told = [each for each in check_plan(made) if (each.place, each.code) == (place, case.code)]
    assert len(told) == 1, found(check_plan(made))
    assert told[0].severity is CATALOGUE[case.code].severity
    assert "{" not in told[0].line().replace("{source_name}", "").replace("{wave}", "").replace("{sourcename1}", "")


def test_every_code_is_provoked() -> None:
    assert {case.code for case in CASES} | ELSEWHERE | FILE_CODES == set(CATALOGUE)


def test_every_code_in_the_code_is_in_the_catalogue() -> None:
    folder = Path(inventory.__file__).parent
    used = {code for path in folder.glob("*.py") for code in re.findall(r"PLAN-[0-5]\d\d", path.read_text(encoding="utf-8"))}
    assert used == set(CATALOGUE)


def test_a_good_plan_has_no_findings(tmp_path: Path) -> None:
    assert found(check_plan(plan(tmp_path, server(1), server(2), disks=[disk(1), disk(2)]))) == []


def test_the_line_is_the_house_example(tmp_path: Path) -> None:
    """What, where, what to do, the value as typed."""
    line = check_plan(plan(tmp_path, server(1, speed_limit="12O")))[0].line()
    assert (
        line == 'Servers!H2  speed_limit "12O" is not a number: give 0-10000 (Mbit/s), or leave it empty for no limit  [PLAN-112]'
    )


def test_only_what_concerns_the_wave_is_told(tmp_path: Path) -> None:
    made = plan(
        tmp_path,
        server(1, priority="high"),
        server(2, wave="wave-2", priority=""),
        disks=[disk(1, size="huge"), disk(2)],
        waves=[{"wave": "wave-1", "max_running": 0}, {"wave": "wave-2"}],
    )
    assert found(check_plan(made, "wave-2")) == []
    assert [code for _, code in found(check_plan(made, "wave-1"))] == ["PLAN-112", "PLAN-120", "PLAN-114"]


def test_what_all_waves_share_concerns_each(tmp_path: Path) -> None:
    made = plan(tmp_path, server(1), defaults={"region_id": "r", "project_id": "p", "priority": "high", "use_public_ip": "no"})
    assert found(check_plan(made, "wave-1")) == [("Defaults!B3", "PLAN-112")]
    assert invalid_rows(made, check_plan(made)) == {2}


def test_a_skipped_row_is_not_looked_at(tmp_path: Path) -> None:
    made = plan(tmp_path, server(1), server(1, skip="yes", priority="high", os_type="?"))
    assert found(check_plan(made)) == []


def test_an_unknown_wave_names_those_there_are(tmp_path: Path) -> None:
    told = check_plan(plan(tmp_path, server(1), server(2, wave="wave-2")), "wave-11")
    assert found(told) == [("Servers", "PLAN-201")]
    assert (
        told[0]
        .line()
        .startswith('Servers  no row of Servers is in the wave "wave-11" (there are: wave-1, wave-2): did you mean "wave-1"?')
    )


def test_the_rows_of_an_error_are_invalid_and_no_others(tmp_path: Path) -> None:
    made = plan(
        tmp_path, server(1), server(2), server(3, target_vm_id="vm-0002-c3d4"), server(4, priority=3), disks=[disk(1, size="?")]
    )
    assert invalid_rows(made, check_plan(made)) == {2, 3, 4}


def test_both_cells_of_a_source_given_twice_are_named(tmp_path: Path) -> None:
    told = check_plan(plan(tmp_path, server(1), server(2, source_server_id="src-0001-a1b2")))
    assert [(each.place, "Servers!B3" in each.problem, "Servers!B2" in each.problem) for each in told] == [
        ("Servers!B2", True, False),
        ("Servers!B3", False, True),
    ]


def test_two_servers_of_one_name_are_two_servers(tmp_path: Path) -> None:
    """The id wins: the same name under two ids is no double."""
    assert found(check_plan(plan(tmp_path, server(1), server(2, source_name="web-01")))) == []


def test_errors_refuse_and_warnings_do_not() -> None:
    """The kinds that SMS may well accept are warnings."""
    assert {kind.severity for code, kind in CATALOGUE.items() if code >= "PLAN-500"} == {Severity.WARNING}


def test_disks_of_a_skipped_server_are_not_looked_at(tmp_path: Path) -> None:
    made = plan(tmp_path, server(1), server(2, skip="x"), disks=[disk(1), disk(2, size="huge")])
    assert found(check_plan(made)) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.integers(0, 19),
    mistake=st.sampled_from(
        [
            ("speed_limit", "12O", "PLAN-112"),
            ("speed_limit", 10001, "PLAN-114"),
            ("priority", 0.5, "PLAN-113"),
            ("syncing", "perhaps", "PLAN-118"),
            ("type", "MIGRATE", "PLAN-119"),
            ("migration_ip", "10.0.0", "PLAN-121"),
            ("name", "web 01", "PLAN-122"),
            ("target_vm_id", 12, "PLAN-110"),
            ("wave", None, "PLAN-202"),
        ]
    ),
)
def test_one_mistake_is_one_finding_at_its_cell(tmp_path: Path, place: int, mistake: tuple[str, object, str]) -> None:
    """Wherever it stands among rows that are fine, and nothing else is said."""
    name, value, code = mistake
    rows = [
        server(number, name=f"task-{number}", speed_limit=10, priority=1, syncing="no", type="MIGRATE_FILE") for number in range(20)
    ]
    rows[place][name] = value
    made = plan(tmp_path, *rows)
    assert found(check_plan(made)) == [(str(made.servers[place].cell(name)), code)]
