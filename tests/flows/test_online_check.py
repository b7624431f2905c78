"""`waves check --online`: what SMS knows against a plan, each finding at the row's cell; over real HTTP, reading only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from flows import online_check
from flows.online_check import ask_sms, with_online
from inventory.checks import check_plan
from inventory.findings import Severity
from inventory.online_findings import ONLINE_FINDINGS
from inventory.plan import read_plan
from tests.flows.cli.command_line import run
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flows.online_check import Asked

    Capture = pytest.CaptureFixture[str]

GIB = 1024**3
VDA = {
    "name": "/dev/vda",
    "device_use": "BOOT",
    "size": 40 * GIB,
    "used_size": 5 * GIB,
    "physical_volumes": [],
    "partition_style": "MBR",
    "os_disk": True,
}
FIRST, SECOND = "src-0001-a1b2", "src-0002-a1b2"


@pytest.fixture(scope="module")
def process() -> Iterator[SimulatorProcess]:
    with SimulatorProcess() as simulator:
        yield simulator


@pytest.fixture
def sms(process: SimulatorProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimulatorProcess:
    """A service without tasks that knows web-01 and web-02, and the environment that leads to it."""
    process.reset()
    process.set_faults()
    process.set_access(denied_actions=[])
    for number, source in ((1, FIRST), (2, SECOND)):
        process.add_source(source, name=f"web-{number:02}", ip=f"192.168.0.{number + 1}", disks=[VDA])
    for name, value in process.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return process


def asked(folder: Path, *servers: dict[str, Any], **sheets: Any) -> Asked:
    """What SMS says of a plan's rows; each has the disk that SMS knows, where no others are given."""
    given = {"disks": [disk(1), disk(2)], **sheets}
    plan = read_plan(make_plan(folder / "plan.xlsx", list(servers) or [server(1), server(2)], **given))
    return ask_sms(plan, plan.servers)


def told(found: Asked) -> list[tuple[str, str]]:
    """The findings, flat."""
    assert not found.problem
    return [(each.place, each.code) for each in found.findings]


def test_every_kind_that_only_sms_can_tell_is_provoked() -> None:
    """Here, or in test_build.py, which has the agent's warnings."""
    by_name = {"PLAN-634", "PLAN-645", "PLAN-646", "PLAN-647", "PLAN-650", "PLAN-651", "PLAN-660", "PLAN-661", "PLAN-662"}
    provoked = {case[1] for case in (*SOURCE_CASES, *TASK_CASES)} | by_name
    assert {kind.code for kind in ONLINE_FINDINGS} - provoked == set()


def test_nothing_is_said_of_a_plan_that_sms_would_take(sms: SimulatorProcess, tmp_path: Path) -> None:
    """And few calls are made for it: two listings, and one page for each source."""
    before = len(sms.admin("GET", "/admin/arrivals"))
    assert told(asked(tmp_path)) == []
    routes = [each["route"] for each in sms.admin("GET", "/admin/arrivals")][before:]
    assert routes == ["GET /v3/tasks", "GET /v3/sources", "GET /v3/sources/{id}", "GET /v3/sources/{id}"]


SOURCE_CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("Servers!B2", "PLAN-601", {"servers": [server(9)], "disks": [disk(9)]}, {}),
    ("Servers!B2", "PLAN-605", {}, {"failed_checks": ["RSYNC"]}),
    ("Servers!B2", "PLAN-620", {}, {"connected": False}),
    ("Servers!C2", "PLAN-621", {"servers": [server(1, source_name="app-01")]}, {}),
    ("Defaults!B6", "PLAN-604", {}, {"os_type": "WINDOWS"}),
    ("Disks!B3", "PLAN-628", {"disks": [disk(), disk(name="/dev/vdb", device_use="NORMAL")]}, {}),
    ("Disks!B2", "PLAN-629", {}, {"disks": [VDA, {**VDA, "name": "/dev/vdb", "os_disk": False}]}),
    ("Disks!E2", "PLAN-630", {}, {"disks": [{**VDA, "partition_style": "GPT"}]}),
    ("Servers!B2", "PLAN-631", {"disks": []}, {"disks": [{**VDA, "size": 17 << 40}]}),
    ("Servers!B2", "PLAN-632", {"disks": []}, {"disks": [{**VDA, "size": 2 << 40}]}),
    ("Disks!E2", "PLAN-626", {"disks": [disk(size="30 GiB")]}, {}),
    ("Disks!E2", "PLAN-635", {"servers": [server(1, type="MIGRATE_BLOCK")], "disks": [disk(size="39 GiB")]}, {}),
    ("Disks!E2", "PLAN-636", {"disks": [disk(size="4 GiB", used_size=1)]}, {}),
    ("Disks!E2", "PLAN-637", {"disks": [disk(size="5.5 GiB", used_size=1)]}, {}),
    (
        "Servers!H2",
        "PLAN-623",
        {
            "servers": [
                server(1, target_vm_id=None, migration_ip=None, vm_template_id="tpl-1", os_type="WINDOWS", type="MIGRATE_BLOCK")
            ],
            "disks": [disk(disk_id=None)],
        },
        {"os_type": "WINDOWS", "firmware": "UEFI"},
    ),
]


@pytest.mark.parametrize(("place", "code", "plan", "source"), SOURCE_CASES, ids=[case[1] for case in SOURCE_CASES])
def test_what_sms_knows_of_the_source(
    sms: SimulatorProcess, tmp_path: Path, place: str, code: str, plan: dict[str, Any], source: dict[str, Any]
) -> None:
    """Existence, checks, connection, OS and firmware, disks that differ: each at the cell that is to be looked at."""
    sms.add_source(FIRST, **{"name": "web-01", "ip": "192.168.0.2", "disks": [VDA], **source})
    found = asked(tmp_path, *plan.get("servers", [server(1)]), disks=plan.get("disks", [disk(1)]))
    assert (place, code) in told(found)


def test_what_the_sheet_told_already_is_not_told_again(sms: SimulatorProcess, tmp_path: Path) -> None:
    """An inventory's column knows the firmware as well as SMS does: one finding, not two in other words."""
    windows = {"os_type": "WINDOWS", "type": "MIGRATE_BLOCK", "firmware": "UEFI"}
    row = server(1, target_vm_id=None, migration_ip=None, vm_template_id="tpl-1", **windows)
    sms.add_source(FIRST, name="web-01", ip="192.168.0.2", os_type="WINDOWS", firmware="UEFI", disks=[VDA])
    plan = read_plan(make_plan(tmp_path / "plan.xlsx", [row], disks=[disk(disk_id=None)]))
    findings, problem = with_online(plan, plan.servers, check_plan(plan))
    assert (problem, [each.code for each in findings if each.code in {"PLAN-523", "PLAN-623"}]) == ("", ["PLAN-523"])


TASK_CASES: list[tuple[str, str, dict[str, Any], Severity]] = [
    ("Servers!B2", "PLAN-640", {"source_server_id": FIRST, "target_vm_id": "vm-0001-c3d4"}, Severity.WARNING),
    ("Servers!F2", "PLAN-641", {"source_server_id": FIRST, "target_vm_id": "vm-other"}, Severity.ERROR),
    ("Servers!F2", "PLAN-642", {"source_server_id": "src-other", "target_vm_id": "vm-0001-c3d4"}, Severity.ERROR),
    (
        "Servers!B2",
        "PLAN-643",
        {"source_server_id": FIRST, "target_vm_id": "vm-0001-c3d4", "state": "MIGRATE_SUCCESS"},
        Severity.WARNING,
    ),
    ("Servers!B2", "PLAN-644", {"source_server_id": FIRST, "target_vm_id": "vm-0001-c3d4", "state": "DELETING"}, Severity.WARNING),
]


@pytest.mark.parametrize(("place", "code", "task", "severity"), TASK_CASES, ids=[case[1] for case in TASK_CASES])
def test_a_task_that_is_there_is_named(
    sms: SimulatorProcess, tmp_path: Path, place: str, code: str, task: dict[str, Any], severity: Severity
) -> None:
    """An earlier task of the same server is a warning that one can go on from; one that SMS refuses for is an error."""
    task_id = sms.add_task(**task)
    found = asked(tmp_path, server(1))
    assert [(each.place, each.code, each.severity) for each in found.findings] == [(place, code, severity)]
    assert task_id in found.findings[0].problem


def test_templates_are_asked_for_once_each(sms: SimulatorProcess, tmp_path: Path) -> None:
    """One that is not there is an error where it is named; one that gives no public address is told where the line is public."""
    sms.add_template("tpl-1", publicip={"type": "5_bgp"})
    sms.add_template("tpl-2", publicip={})
    row: dict[str, Any] = {"target_vm_id": None, "migration_ip": None, "use_public_ip": "yes"}
    rows = [server(1, vm_template_id="tpl-1", **row), server(2, vm_template_id="tpl-2", **row)]
    rows.append(server(2, wave="wave-2", vm_template_id="tpl-9", clonevm_template_id="tpl-9", **row))
    before = len(sms.arrivals("GET /v3/vm/templates/{id}"))
    found = [(each.place, each.code, each.value) for each in asked(tmp_path, *rows).findings if each.code >= "PLAN-645"]
    assert found == [
        ("Servers!I3", "PLAN-646", "yes"),
        ("Servers!H4", "PLAN-645", "tpl-9"),
        ("Servers!J4", "PLAN-645", "tpl-9"),
    ]
    assert len(sms.arrivals("GET /v3/vm/templates/{id}")) == before + 3


def test_a_template_of_another_region_is_told(sms: SimulatorProcess, tmp_path: Path) -> None:
    """Where both say theirs: the template makes the server in its own."""
    sms.add_template("tpl-1", name="small", region="ap-southeast-3")
    sms.add_template("tpl-2", name="large", region="cn-north-4")
    rows = [server(n, target_vm_id=None, migration_ip=None, vm_template_id=f"tpl-{n}") for n in (1, 2)]
    found = [each for each in asked(tmp_path, *rows).findings if each.code == "PLAN-647"]
    assert [(each.place, each.value, each.severity) for each in found] == [("Servers!H3", "tpl-2", Severity.WARNING)]
    assert "the template large makes servers in cn-north-4, and region_id is ap-southeast-3" in found[0].problem


def test_a_row_may_name_its_source_otherwise(sms: SimulatorProcess, tmp_path: Path) -> None:
    """By name or address: one that fits is asked about, none, two, or one that another row means too is an error."""
    sms.add_source("src-0003-a1b2", name="web-02", disks=[VDA])
    keyless: dict[str, Any] = {"source_server_id": None, "source_ip": None}
    rows = [server(1), server(1, **keyless, target_vm_id="vm-1"), server(2, **keyless), server(9, **keyless)]
    found = asked(tmp_path, *rows, disks=[disk(1)])
    wanted = [(each.place, each.code) for each in found.findings if each.code >= "PLAN-660"]
    assert wanted == [("Servers!C3", "PLAN-662"), ("Servers!C4", "PLAN-661"), ("Servers!C5", "PLAN-660")]


def test_the_accounts_limits_are_told_at_the_wave(sms: SimulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs already, with what the wave may start at once, is held against what an account moves at once."""
    for number in range(99):
        sms.add_task(f"src-other-{number}", target_vm_id=f"vm-other-{number}", state="RUNNING")
    waves = [{"wave": "wave-1", "max_running": 5}]
    assert told(asked(tmp_path, waves=waves)) == [("Waves!B2", "PLAN-650")]
    assert told(asked(tmp_path, waves=[{"wave": "wave-1", "max_running": 1}])) == []
    monkeypatch.setenv("SMS_MAX_RUNNING", "101")
    assert told(asked(tmp_path, waves=waves)) == []
    monkeypatch.setattr(online_check, "MOST_TASKS", 100)
    assert told(asked(tmp_path))[-1] == ("Servers!A2", "PLAN-651")


def test_wrong_credentials_end_it_with_the_line_of_submit(sms: SimulatorProcess, tmp_path: Path, capsys: Capture) -> None:
    """Exit code 3; what the sheet alone shows is told all the same, and one call was made."""
    make_plan(tmp_path / "plan.xlsx", [server(1, priority="12O")])
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CLOUD_SDK_SK", "wrong")
        before = len(sms.admin("GET", "/admin/arrivals"))
        ran = run(capsys, "check", "plan.xlsx", "--online")
        assert len(sms.admin("GET", "/admin/arrivals")) == before + 1
        patched.delenv("CLOUD_SDK_AK")
        patched.delenv("CLOUD_SDK_SK")
        missing = run(capsys, "check", "plan.xlsx", "--online")
        shown = json.loads(run(capsys, "check", "plan.xlsx", "--online", "--json").out)
    assert (ran.code, missing.code) == (3, 3)
    assert (shown["errors"], shown["error"].startswith("no credentials")) == (1, True)
    assert "Servers!H2" in ran.out
    assert "Servers!H2" in missing.out
    assert ran.err.startswith("error: APIGW.0301 ")
    assert ran.err.endswith("nothing was sent\n")
    assert missing.err == ("error: no credentials: set CLOUD_SDK_AK and CLOUD_SDK_SK, or SMS_AUTH_TOKEN; nothing was sent\n")


def test_what_was_learnt_before_sms_went_away_is_told(sms: SimulatorProcess, tmp_path: Path) -> None:
    """A source that may not be asked for ends the asking; findings about the others stay, and how many are left is said."""
    for number, source in ((1, FIRST), (2, SECOND)):
        sms.add_task(source, target_vm_id=f"vm-other-{number}")
    sms.fault_once("403-before", route="GET /v3/sources/{id}")
    found = asked(tmp_path)
    assert found.problem.startswith("1 of 2 servers and templates could not be asked about: SMS.9004 ")
    assert [each.code for each in found.findings] == ["PLAN-641"]


def test_without_online_nobody_is_asked(sms: SimulatorProcess, tmp_path: Path, capsys: Capture) -> None:
    make_plan(tmp_path / "plan.xlsx", [server(9)], disks=[disk(9)])
    before = len(sms.admin("GET", "/admin/arrivals"))
    assert run(capsys, "check", "plan.xlsx").code == 0
    assert len(sms.admin("GET", "/admin/arrivals")) == before
    online = run(capsys, "check", "plan.xlsx", "--online")
    assert (online.code, "PLAN-601" in online.out) == (2, True)
    assert "nothing was sent" not in online.err
