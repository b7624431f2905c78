"""`waves schedule` against a real Prefect server: what it made, moved and left is asked of Prefect's API."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import unquote

import pytest

from tests.flows.cli.command_line import run
from tests.flows.scheduling.waves_shell import WavesShell
from tests.plans import disk, make_plan, server
from tests.waves_process import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.conftest import PrefectApi

POOL = "scheduled-by-tests"
TONIGHT = datetime.now(UTC).replace(microsecond=0, tzinfo=None) + timedelta(hours=20)
NAMES = ("wave-1", "wave-2", "wave-3")


@pytest.fixture(scope="module")
def waves(prefect_api: PrefectApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WavesShell]:
    folder = tmp_path_factory.mktemp("scheduled")
    with WavesShell(environment(folder, None, **prefect_api.environment), folder) as shell:
        yield shell


def sheet(path: Path, servers: Sequence[Any] = (), **waves: dict[str, Any]) -> Path:
    """A plan of three waves, each with a server, an hour apart; `wave_2={...}` says something else of one, `{}` takes it out."""
    rows = []
    for number, name in enumerate(NAMES):
        window = {"starts_at": TONIGHT + timedelta(hours=number), "ends_at": TONIGHT + timedelta(hours=number + 8)}
        said = waves.get(name.replace("-", "_"))
        rows += [{"wave": name, "timezone": "UTC", **window, **(said or {})}] if said != {} else []
    there = {row["wave"] for row in rows}
    own = [server(number, wave=name) for number, name in enumerate(NAMES, 1) if name in there]
    return make_plan(path, [*own, *servers], disks=[disk(number) for number in (1, 2, 3)], waves=rows)


def runs(api: PrefectApi, plan: Path) -> dict[str, dict[str, Any]]:
    """The plan's scheduled runs at Prefect, by wave: there is never more than one of a wave."""
    found = api.post("/flow_runs/filter", {"flow_runs": {"tags": {"all_": [f"plan:{plan.stem}"]}}, "limit": 200})
    by_wave = {run["parameters"]["wave"]: run for run in found}
    assert len(by_wave) == len(found)
    return by_wave


def does(told: Any) -> dict[str, str]:
    return {wave["wave"]: wave["do"] for wave in told["waves"]}


def test_twice_is_the_same_runs_and_an_edit_changes_exactly_its_own(
    tmp_path: Path, waves: WavesShell, prefect_api: PrefectApi
) -> None:
    """Made, kept; then one wave moved, one with another server, one kept; at last one gone. A run starts when the sheet says."""
    plan = sheet(tmp_path / "programme.xlsx")
    code, told = waves.run("schedule", plan, "--pool", POOL, "--dry-run")
    assert (code, does(told), runs(prefect_api, plan)) == (0, dict.fromkeys(NAMES, "create"), {})
    code, told = waves.run("schedule", plan, "--pool", POOL)
    assert (code, told["made"]) == (0, [f'work pool "{POOL}" (process)', 'deployment "run-wave/programme"'])
    first = runs(prefect_api, plan)
    assert {wave["wave"]: wave["run_id"] for wave in told["waves"]} == {name: run["id"] for name, run in first.items()}
    for number, name in enumerate(NAMES):
        due = datetime.fromisoformat(first[name]["expected_start_time"]).replace(tzinfo=None)
        assert (due, first[name]["state_type"]) == (TONIGHT + timedelta(hours=number), "SCHEDULED")

    code, told = waves.run("schedule", plan, "--pool", POOL)
    assert (code, told["made"], does(told)) == (0, [], dict.fromkeys(NAMES, "keep"))
    assert {name: run["id"] for name, run in runs(prefect_api, plan).items()} == {name: run["id"] for name, run in first.items()}

    sheet(plan, [server(4, wave="wave-2")], wave_3={"starts_at": TONIGHT + timedelta(hours=1)})
    code, told = waves.run("schedule", plan, "--pool", POOL)
    assert (code, does(told)) == (0, {"wave-1": "keep", "wave-2": "change", "wave-3": "move"})
    second = runs(prefect_api, plan)
    assert [name for name in NAMES if second[name]["id"] != first[name]["id"]] == ["wave-2", "wave-3"]
    assert datetime.fromisoformat(second["wave-3"]["expected_start_time"]).replace(tzinfo=None) == TONIGHT + timedelta(hours=1)
    assert second["wave-2"]["parameters"]["pinned"] != first["wave-2"]["parameters"]["pinned"]

    sheet(plan, [server(4, wave="wave-2")], wave_3={})
    code, told = waves.run("schedule", plan, "--pool", POOL)
    assert (code, does(told)) == (0, {"wave-1": "keep", "wave-2": "keep", "wave-3": "cancel"})
    assert {name: run["id"] for name, run in runs(prefect_api, plan).items()} == {name: second[name]["id"] for name in NAMES[:2]}


def test_the_form_offers_the_plans_own_waves(tmp_path: Path, waves: WavesShell, prefect_api: PrefectApi) -> None:
    """A drop-down with a default (without one, the form shows its first value and sends none); another wave is refused."""
    plan = sheet(tmp_path / "form.xlsx")
    waves.run("schedule", plan, "--pool", POOL, "--wave", "wave-2")
    assert list(runs(prefect_api, plan)) == ["wave-2"]
    found = prefect_api.post("/deployments/filter", {"deployments": {"name": {"any_": ["form"]}}})[0]
    field = found["parameter_openapi_schema"]["properties"]["wave"]
    assert (field["enum"], field["default"], found["parameters"]["plan"]) == (list(NAMES), "wave-1", str(plan))
    with pytest.raises(HTTPError) as refused:
        prefect_api.post(f"/deployments/{found['id']}/create_flow_run", {"parameters": {"wave": "wave-9"}})
    assert refused.value.code == 409


def test_a_missed_window_is_told_and_an_open_one_starts_now(tmp_path: Path, waves: WavesShell, prefect_api: PrefectApi) -> None:
    """Exit code 1: some wave will not start by itself."""
    past = TONIGHT - timedelta(hours=21)
    plan = sheet(
        tmp_path / "missed.xlsx",
        wave_1={"starts_at": past, "ends_at": past + timedelta(minutes=30)},
        wave_2={"starts_at": past},
        wave_3={"starts_at": None},
    )
    code, out = waves.show("schedule", plan, "--pool", POOL)
    assert code == 1
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [
        ["missed", "wave-1"],
        ["create", "wave-2"],
        ["-", "wave-3:"],
        ["1", "created,"],
    ]
    assert "wave-2" in out.split("starts now")[0].splitlines()[-1]
    assert list(runs(prefect_api, plan)) == ["wave-2"]


def test_two_plans_of_one_name_do_not_take_each_others_runs(tmp_path: Path, waves: WavesShell, prefect_api: PrefectApi) -> None:
    """The second is refused in one line; `--moved` says that it is the first, `--name` that it is another."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = sheet(tmp_path / "a" / "same.xlsx"), sheet(tmp_path / "b" / "same.xlsx")
    waves.run("schedule", one, "--pool", POOL)
    before = runs(prefect_api, one)
    code, told = waves.run("schedule", other, "--pool", POOL)
    assert (code, "--moved" in told["error"], "--name same-2" in told["error"]) == (2, True, True)
    assert runs(prefect_api, one) == before
    code, told = waves.run("schedule", other, "--pool", POOL, "--moved")
    assert (code, does(told)) == (0, dict.fromkeys(NAMES, "change"))
    assert {run["parameters"]["plan"] for run in runs(prefect_api, one).values()} == {str(other)}


def test_a_followed_sheet_may_change(tmp_path: Path, waves: WavesShell, prefect_api: PrefectApi) -> None:
    """With --follow the run takes the sheet as it is then: nothing is pinned, and an edit of its rows is no other run."""
    plan = sheet(tmp_path / "followed.xlsx")
    waves.run("schedule", plan, "--pool", POOL, "--follow")
    assert {run["parameters"]["pinned"] for run in runs(prefect_api, plan).values()} == {""}
    sheet(plan, [server(4, wave="wave-2")])
    _, told = waves.run("schedule", plan, "--pool", POOL, "--follow")
    assert does(told) == dict.fromkeys(NAMES, "keep")


def test_a_plan_with_an_error_is_refused_now_and_not_in_the_night(
    tmp_path: Path, waves: WavesShell, prefect_api: PrefectApi
) -> None:
    """Exit code 2 with the cell; another wave of it may be scheduled all the same."""
    plan = sheet(tmp_path / "wrong.xlsx", [server(4, wave="wave-2", target_vm_id="")])
    code, told = waves.run("schedule", plan, "--pool", POOL)
    assert (code, "1 error" in told["error"], "Servers!" in waves.err, runs(prefect_api, plan)) == (2, True, True, {})
    assert waves.run("schedule", plan, "--pool", POOL, "--wave", "wave-1")[0] == 0
    assert waves.run("schedule", plan, "--wave", "wave-9")[1]["error"].startswith("wrong.xlsx has no wave wave-9")


def test_push_stores_the_plan_and_links_to_its_form(tmp_path: Path, waves: WavesShell, prefect_api: PrefectApi) -> None:
    """Byte for byte, in a folder that is made; a link for each wave, which Prefect's page decodes twice.

    A name that is taken stores nothing.
    """
    plan, shared = sheet(tmp_path / "pushed.xlsx"), tmp_path / "shared"
    code, told = waves.run("push", plan, "--to", shared, "--pool", POOL)
    assert (code, told["plan"]) == (0, str(shared / "pushed.xlsx"))
    assert (shared / "pushed.xlsx").read_bytes() == plan.read_bytes()
    found = prefect_api.post("/deployments/filter", {"deployments": {"name": {"any_": ["pushed"]}}})[0]
    assert found["parameters"] == {"plan": told["plan"], "wave": "wave-1"}
    for wave in NAMES:
        path, _, query = told["forms"][wave].partition("?parameters=")
        assert path.endswith(f"/deployments/deployment/{found['id']}/run")
        assert json.loads(unquote(unquote(query))) == {"wave": wave}
    code, told = waves.run("push", plan, "--to", tmp_path / "other", "--pool", POOL)
    assert (code, "--moved" in told["error"], (tmp_path / "other").exists()) == (2, True, False)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "http://me:hidden@127.0.0.1:9/api",
            "Prefect does not answer at http://127.0.0.1:9/api: start its server, or mend PREFECT_API_URL",
        ),
        ("", "no Prefect server runs on this machine: start one with `prefect server start --background`, or set PREFECT_API_URL"),
    ],
)
def test_without_an_api_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    """None is started: a schedule outlives the command."""
    for name, value in environment(tmp_path, PREFECT_API_URL=url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    ran = run(capsys, "schedule", sheet(tmp_path / "plan.xlsx"))
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {said}\n")
