"""`waves import`: another tool's inventory becomes a plan, and from there a wave; what is no inventory leaves nothing behind."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from flows.cli.import_sources import join
from inventory.importers.run import import_file
from inventory.plan import read_plan
from inventory.source_server import SourceServer
from tests.flows.cli.command_line import NO_PREFECT, run
from tests.inventory.importers.samples import GIB, book, codes, text, told
from tests.inventory.importers.test_real_inventories import FOLDER
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

LIST = "Server name,IP,OS,Disk (GB)\nweb-01,10.0.0.1,Ubuntu 22.04,40\nweb-02,10.0.0.2,Windows Server 2019,60\n"
HOSTILE = 'Server name,Note,Owner\n=cmd|x,+1,"@sum\u202e"\n"a\u0301","<script>",#N/A\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An inventory in the working folder."""
    monkeypatch.chdir(tmp_path)
    text(tmp_path / "list.csv", LIST)
    return tmp_path


def test_what_scripts_rely_on(folder: Path, capsys: Capture) -> None:
    """One object: format, totals, what was not mapped, the findings; and every column with its unit."""
    ran = run(capsys, "import", "list.csv", "--out", "plan.xlsx", "--json")
    shown = json.loads(ran.out)
    assert (ran.code, shown["format"], shown["servers"], shown["disks"], shown["bytes"]) == (0, "generic", 2, 2, 100 * GIB)
    assert shown["unmapped"] == []
    assert [column["unit"] for column in shown["columns"]] == ["", "", "", "GiB"]
    assert {finding["code"] for finding in shown["findings"]} == {"IMPORT-103", "IMPORT-113"}
    plan = read_plan(folder / "plan.xlsx")
    assert [(row.source_name, row.source_ip, row.text("os_type")) for row in plan.servers] == [
        ("web-01", "10.0.0.1", "LINUX"),
        ("web-02", "10.0.0.2", "WINDOWS"),
    ]
    assert [plan.key_of(row) for row in plan.servers] == ["web-01", "web-02"]


def test_the_plan_says_what_became_of_it_all(folder: Path, capsys: Capture) -> None:
    """Its sheets Import, Import columns and Import findings; a pipe shows the same as lines."""
    ran = run(capsys, "import", "list.csv", "--out", "plan.xlsx")
    assert "list!D1  Disk (GB) -> Disks: size" in ran.out
    with closing(openpyxl.load_workbook("plan.xlsx", read_only=True)) as workbook:
        assert workbook.sheetnames == ["Servers", "Disks", "Defaults", "Import", "Import columns", "Import findings"]
        found = [row[1] for row in workbook["Import findings"].iter_rows(min_row=2, values_only=True)]
    assert found == ["IMPORT-103", "IMPORT-113"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["apps.csv", "--out", "plan.xlsx"], "IMPORT-002"),
        (["list.csv", "--from", "rvtools", "--out", "plan.xlsx"], "IMPORT-005"),
        (["gone.csv", "--out", "plan.xlsx"], "PLAN-001"),
        (["list.csv", "--out", "plan.csv"], "ends in .xlsx"),
        (["list.csv"], "--out"),
        (["list.csv", "--mapping", "bad.yaml", "--out", "plan.xlsx"], "line 2"),
    ],
)
def test_a_refusal_writes_nothing(folder: Path, capsys: Capture, words: list[str], says: str) -> None:
    """Exit code 2, the reason, and no plan."""
    text(folder / "apps.csv", "Application,Vendor,Version\nERP,SAP,7\n")
    text(folder / "bad.yaml", "columns:\n  Server name: nmae\n")
    ran = run(capsys, "import", *words)
    assert (ran.code, says in ran.err) == (2, True)
    assert sorted(path.name for path in folder.iterdir()) == ["apps.csv", "bad.yaml", "list.csv"]
    assert json.loads(run(capsys, "import", *words, "--json").out)["servers"] == 0


def test_a_plan_that_is_there_is_not_replaced_unasked(folder: Path, capsys: Capture) -> None:
    """A planner's work is in it; --force replaces it."""
    (folder / "plan.xlsx").write_bytes(b"mine")
    assert run(capsys, "import", "list.csv", "--out", "plan.xlsx").code == 2
    assert (folder / "plan.xlsx").read_bytes() == b"mine"
    assert run(capsys, "import", "list.csv", "--out", "plan.xlsx", "--force").code == 0


def test_hostile_text_stays_text(folder: Path, capsys: Capture) -> None:
    """No formula, no error value: what stood in the inventory stands in the plan as text."""
    text(folder / "odd.csv", HOSTILE)
    assert run(capsys, "import", "odd.csv", "--out", "plan.xlsx").code == 0
    with closing(openpyxl.load_workbook("plan.xlsx")) as workbook:
        cells = [cell for row in workbook["Servers"].iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {"=cmd|x", "+1", "<script>"} <= {cell.value for cell in cells}


def test_a_proposed_mapping_is_printed(folder: Path, capsys: Capture) -> None:
    """--suggest writes YAML to standard output and no file; saved, it can be given back."""
    ran = run(capsys, "import", "list.csv", "--suggest")
    assert (ran.code, '"Server name": source_name' in ran.out) == (0, True)
    text(folder / "map.yaml", ran.out)
    assert run(capsys, "import", "list.csv", "--mapping", "map.yaml", "--out", "plan.xlsx").code == 0


def source(number: int, **said: Any) -> SourceServer:
    """A source server as SMS lists it."""
    return SourceServer.model_validate({"id": f"src-{number}", "name": f"web-0{number}", **said})


SOURCES = [
    ([source(1), source(2, ip="10.0.0.2")], ["src-1", "src-2"], []),
    ([source(7, name="x", ip="10.0.0.1"), source(8, name="WEB-02.corp.example")], ["src-7", "src-8"], []),
    ([source(1), source(9, name="web-01")], ["", ""], ["IMPORT-202", "IMPORT-201"]),
    ([source(1), source(9, name="web-01", ip="10.0.0.1"), source(2)], ["src-9", "src-2"], []),
    ([source(1, ip="10.9.9.9"), source(3, name="y", ip="10.0.0.1"), source(2)], ["", "src-2"], ["IMPORT-202"]),
    ([], ["", ""], ["IMPORT-201"]),
]


@pytest.mark.parametrize(("known", "ids", "wanted"), SOURCES)
def test_servers_are_joined_with_those_of_sms(folder: Path, known: list[SourceServer], ids: list[str], wanted: list[str]) -> None:
    """By name, host name or address; what fits several, or contradicts itself, gets no id and is told."""
    joined = join(import_file(folder / "list.csv"), known)
    assert [server.values.get("source_server_id", "") for server in joined.imported.servers] == ids
    assert [code for code in codes(joined.imported) if code.startswith("IMPORT-2")] == wanted
    assert len(joined.joined) + len(joined.ambiguous) + len(joined.missing) == 2


def test_two_rows_never_share_a_source(folder: Path) -> None:
    """Neither gets the id."""
    text(folder / "list.csv", "Server name,IP\na,10.0.0.1\nb,10.0.0.1\n")
    joined = join(import_file(folder / "list.csv"), [source(1, name="x", ip="10.0.0.1")])
    assert (joined.joined, joined.ambiguous) == ([], ["a", "b"])
    assert "a, b" in told(joined.imported, "IMPORT-203")[0][1]


def completed(path: Path, **values: str) -> None:
    """Fill in what an inventory does not say, as a planner does: a wave for each server, its window, and the defaults."""
    workbook = openpyxl.load_workbook(path)
    for number, row in enumerate(workbook["Servers"].iter_rows(min_row=2, max_col=3)):
        row[0].value = f"wave-{1 + number % 2}"
    for row in workbook["Defaults"].iter_rows(min_row=2, max_col=2):
        row[1].value = values.get(str(row[0].value))
    waves = workbook.create_sheet("Waves")
    waves.append(["wave", "starts_at", "ends_at", "timezone", "bandwidth_mbps"])
    waves.append(["wave-1", "2090-01-07 18:00", "2090-01-10 06:00", "Europe/Berlin", 20_000])
    waves.append(["wave-2", "2090-01-14 18:00", "2090-01-14 18:05", "Europe/Berlin", 20_000])
    workbook.save(path)


def forecast_bytes(capsys: Capture) -> int:
    """The bytes of the forecast, in which the first wave fits its three nights and the second cannot fit its five minutes."""
    ran = run(capsys, "forecast", "plan.xlsx", "--json")
    long, short = json.loads(ran.out)["waves"]
    assert (long["fits"], short["fits"]) == (True, False), ran.err
    assert long["late"] == []
    assert short["ends_at"] > short["window_ends_at"]
    assert short["late"]
    assert short["suggestions"]
    return int(long["bytes"]) + int(short["bytes"])


def whole_way(folder: Path, inventory: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Import, complete, import again with --sources from the simulator, check, forecast, submit both waves.

    How many tasks there are then, and how many bytes the forecast has beyond those of the import.
    """
    filled = {"region_id": "ap-southeast-3", "project_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "vm_template_id": "tpl-1"}
    assert run(capsys, "import", inventory, "--out", "first.xlsx").code == 0
    completed(folder / "first.xlsx", **filled)
    with SimulatorProcess(fleet=folder / "first.xlsx") as simulator:
        settings = {**simulator.environment, **NO_PREFECT, "WAVES_JOURNAL": f"sqlite+aiosqlite:///{folder / 'journal.sqlite'}"}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        ran = run(capsys, "import", inventory, "--sources", "--out", "plan.xlsx", "--json")
        assert ran.code == 0, ran.err
        completed(folder / "plan.xlsx", **filled)
        assert run(capsys, "check", "plan.xlsx").code == 0
        surplus = forecast_bytes(capsys) - json.loads(ran.out)["bytes"]
        sent = [run(capsys, "submit", "plan.xlsx", "--wave", wave, "--json") for wave in ("wave-1", "wave-2")]
        assert [ran.code for ran in sent] == [0, 0], sent[0].err[-800:] + sent[1].err[-800:]
        truth = simulator.truth()
    assert len(json.loads(ran.out)["sources"]["joined"]) + len(json.loads(ran.out)["sources"]["ambiguous"]) > 0
    return len(truth["tasks_by_source"]), surplus


def small_assessment(folder: Path) -> Path:
    """An assessment of two machines."""
    machines = [
        ["Machine", "Azure readiness issues", "Operating system", "IP address"],
        ["a", "", "Ubuntu", "[10.0.0.1];"],
        ["b", "", "Windows", ""],
    ]
    disk = [["Machine", "Disk name", "Source disk size(GB)"], ["a", "d", "39.99"], ["a", "d", "1"], ["b", "d", "127"]]
    return book(folder / "az.xlsx", All_Assessed_Machines=machines, All_Assessed_Disks=disk)


def test_from_an_inventory_to_tasks(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """An assessment through import, plan, check, forecast and submit on the simulator; the real one where there is one.

    Two of its 547 machines are called alike: the simulator knows 546 names, and each gets its one task; nobody can say whose of
    the two the disks under that name are (which is told), so the forecast counts them for each.
    """
    real = FOLDER / "azure_migrate_assessment.xlsx"
    inventory, made = (real, (546, 160 * GIB)) if real.exists() else (small_assessment(folder), (2, 0))
    assert whole_way(folder, inventory, capsys, monkeypatch) == made


def test_every_mistake_of_a_mapping_is_told(folder: Path, capsys: Capture) -> None:
    """Each in a line, the count in the last, and all of them in the one object."""
    text(folder / "bad.yaml", "columns:\n  Server name: source_nam\n  IP: source_ipp\n")
    ran = run(capsys, "import", "list.csv", "--mapping", "bad.yaml", "--out", "plan.xlsx")
    lines = ran.err.splitlines()
    assert (ran.code, len(lines), lines[-1]) == (2, 4, "error: 3 mistakes: no plan was written"), ran.err
    ran = run(capsys, "import", "list.csv", "--mapping", "bad.yaml", "--out", "plan.xlsx", "--json")
    assert len(json.loads(ran.out)["findings"]) == 3
    assert not (folder / "plan.xlsx").exists()


def test_a_format_and_a_mapping_are_one_too_many(folder: Path, capsys: Capture) -> None:
    text(folder / "map.yaml", "columns:\n  Server name: source_name\n")
    ran = run(capsys, "import", "list.csv", "--from", "rvtools", "--mapping", "map.yaml", "--out", "plan.xlsx")
    assert (ran.code, "leave --from out" in ran.err) == (2, True)


def test_one_cause_in_many_cells_is_one_line(folder: Path, capsys: Capture) -> None:
    """300 sizes that cannot be read are told once, with their cells."""
    text(folder / "big.csv", "Server name,Disk (GB)\n" + "".join(f"web-{number:03},large\n" for number in range(300)))
    ran = run(capsys, "import", "big.csv", "--out", "plan.xlsx")
    assert ran.code == 0
    told = [line for line in ran.out.splitlines() if "IMPORT-110" in line]
    assert len(told) == 1, told
    assert "B2:B301 (300 cells)" in told[0]
