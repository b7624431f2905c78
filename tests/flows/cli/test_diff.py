"""`waves diff`: what an edited plan changes, and what that means for rows already sent, held against what a submit then does."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from flows import wave_job
from flows.settings import load_settings
from flows.submission.events import Silent, StopSignal
from inventory.outcomes import Status
from tests.flows.cli.command_line import run, run_on_terminal, without_codes
from tests.plans import DEFAULTS, disk, make_plan, server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flows.wave_job import WaveEnd
    from tests.flows.cli.command_line import Ran

    Capture = pytest.CaptureFixture[str]

DISKS = [disk(number) for number in range(1, 9)]


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, any_target=True) as simulator:
        yield simulator


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a journal of its own that is not there yet, and no settings of the service."""
    for name in [name for name in os.environ if name.startswith(("SMS_", "CLOUD_SDK_", "IAM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WAVES_JOURNAL", f"sqlite+aiosqlite:///{tmp_path / 'journal.sqlite'}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def submit(simulator: SimulatorProcess, plan: Path, wave: str = "wave-1") -> WaveEnd:
    prepared = wave_job.prepare(wave_job.WaveOrder(plan, wave, plan.with_suffix(f".{wave}.report.xlsx")))
    given: dict[str, Any] = {"endpoint": simulator.url, "ak": simulator.access_key, "sk": simulator.secret_key}
    settings = load_settings(**given, settle_seconds=0.3, journal=os.environ["WAVES_JOURNAL"], project_id="p-1")
    return await wave_job.run(prepared, settings, Silent(), StopSignal())


async def asked(capsys: Capture, *words: object) -> Ran:
    """The command, in a thread: it has a loop of its own."""
    return await asyncio.to_thread(run, capsys, "diff", *words)


async def test_what_is_said_of_sent_rows_is_what_submit_does(folder: Path, simulator: SimulatorProcess, capsys: Capture) -> None:
    """Drift, another target, a refusal that was mended, a move, a row that is gone: told first, then done, and compared."""
    simulator.reset()
    simulator.fault_once("SMS.6526-before", source_server_id="src-0003-a1b2")
    old = make_plan(folder / "old.xlsx", [server(number) for number in range(1, 9)], disks=DISKS)
    first = await submit(simulator, old)
    tasks = {outcome.row.label: outcome.task_id for outcome in first.result.outcomes}
    edited = [
        server(7, wave="wave-2"),
        server(2, target_vm_id="vm-new"),
        server(3, priority=2),
        server(1, speed_limit=100),
        server(6, note="nothing that is sent"),
        server(5),
        server(8, skip="yes"),
    ]
    new = make_plan(folder / "new.xlsx", edited, disks=[*DISKS[:4], disk(5, size="80 GiB"), *DISKS[5:]])
    ran = await asked(capsys, old, new, "--json")
    told = {(each["server"], each["kind"]): each for each in json.loads(ran.out)["sent"]}
    assert ran.code == 1
    assert sorted(told) == [
        ("web-01", "drift"),
        ("web-02", "conflict"),
        ("web-03", "again"),
        ("web-04", "gone"),
        ("web-05", "drift"),
        ("web-07", "exists"),
        ("web-08", "exists"),
    ]
    assert told["web-01", "drift"]["means"] == (
        "SMS has speed_limit (not sent); the sheet now says speed_limit 100; submit will report DRIFT, and will not change the task"
    )
    assert all(each["task_id"] == tasks[server_] for (server_, _), each in told.items() if server_ != "web-03")
    ends = [await submit(simulator, new), await submit(simulator, new, "wave-2")]
    done = {outcome.row.label: outcome.status for end in ends for outcome in end.result.outcomes}
    drifted = {
        row.label for end in ends for row in end.prepared.rows for one in end.result.findings if row_of(one.cell) == row.position
    }
    assert done == {
        "web-01": Status.EXISTS,
        "web-02": Status.CONFLICT,
        "web-03": Status.CREATED,
        "web-05": Status.EXISTS,
        "web-06": Status.EXISTS,
        "web-07": Status.EXISTS,
        "web-08": Status.SKIPPED,
    }
    assert {"web-01", "web-05"} <= drifted
    assert "web-06" not in drifted
    assert [task["id"] for task in simulator.tasks_of("src-0004-a1b2")] == [tasks["web-04"]]


def row_of(cell: str) -> int:
    """The row of a reference."""
    return int("".join(filter(str.isdigit, cell)) or 0)


async def test_an_edit_that_is_taken_back_is_told_as_sent(folder: Path, simulator: SimulatorProcess, capsys: Capture) -> None:
    """The journal counts, not the older sheet: what was sent is what the new one says."""
    simulator.reset()
    sent = make_plan(folder / "sent.xlsx", [server(1), server(2)], disks=DISKS)
    await submit(simulator, sent)
    edited = make_plan(folder / "edited.xlsx", [server(1, priority=2), server(2, priority=2)], disks=DISKS)
    again = make_plan(folder / "again.xlsx", [server(1), server(2, priority=0)], disks=DISKS)
    shown = json.loads((await asked(capsys, edited, again, "--json")).out)
    assert [(each["server"], each["kind"]) for each in shown["sent"]] == [("web-01", "as sent"), ("web-02", "drift")]
    assert shown["sent"][1]["means"].startswith("something else was sent than edited.xlsx says, which is priority 2;")
    assert shown["journal"] == {"account": f"{simulator.url} project=p-1", "note": ""}


def test_without_a_journal_the_sheets_are_compared(folder: Path, capsys: Capture) -> None:
    """Each difference by cell in both plans; that nothing is known of what was sent is said beside."""
    make_plan(folder / "old.xlsx", [server(1), server(2), server(3, priority=1)], disks=DISKS[:3])
    make_plan(
        folder / "new.xlsx",
        [server(9), server(1, wave="wave-2"), server(3, priority=2)],
        disks=[*DISKS[:2], disk(3, size="80 GiB"), disk(3, name="/dev/vdb")],
    )
    ran = run(capsys, "diff", "old.xlsx", "new.xlsx")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "added:  -> Servers!A2  web-09 in wave-1",
        "gone:  Servers!A3 ->  web-02 in wave-1",
        "moved:  Servers!A2 -> Servers!A3  web-01: wave-1 -> wave-2",
        "changed:  Servers!H4  web-03: priority 1 -> 2",
        "disks:  Disks!E4  web-03 /dev/vda: size 40 GiB -> 80 GiB",
        "disks:  -> Disks!B5  web-03 /dev/vdb: added",
        "old.xlsx -> new.xlsx: 1 added, 1 gone, 1 moved, 1 changed, 1 with other disks",
    ]
    assert ran.err.startswith("note: there is no journal at ")
    assert ran.err.count("\n") == 1


def test_many_that_changed_alike_are_one_line(folder: Path, capsys: Capture) -> None:
    """A default that 300 rows take is told once, with their number; `--json` has each."""
    rows = [server(number) for number in range(1, 301)]
    make_plan(folder / "old.xlsx", rows)
    make_plan(folder / "new.xlsx", rows, defaults={**DEFAULTS, "syncing": "yes"})
    ran = run(capsys, "diff", "old.xlsx", "new.xlsx")
    assert ran.out.splitlines()[0] == (
        "changed:  Servers!A2 -> Defaults!B8  300 servers (web-01, web-02, web-03 and 297 more): syncing (empty) -> yes"
    )
    assert ran.out.count("\n") == 2
    assert len(json.loads(run(capsys, "diff", "old.xlsx", "new.xlsx", "--json").out)["changed"]) == 300


def test_exit_codes_are_those_of_diff(folder: Path, capsys: Capture) -> None:
    """0 the same, whatever the order; 2 what cannot be read, or a wave that neither has."""
    make_plan(folder / "old.xlsx", [server(1), server(2)])
    make_plan(folder / "new.xlsx", [server(2), server(1)])
    same = run(capsys, "diff", "old.xlsx", "new.xlsx")
    assert (same.code, same.out, same.err) == (0, "old.xlsx -> new.xlsx: no difference in 2 servers\n", "")
    gone = run(capsys, "diff", "old.xlsx", "nope.xlsx", "--json")
    assert (gone.code, "does not exist" in gone.err, json.loads(gone.out)["new"]) == (2, True, "nope.xlsx")
    assert run(capsys, "diff", "old.xlsx", "new.xlsx", "--wave", "wave-7").code == 2


def test_hostile_text_keeps_to_its_line(folder: Path, capsys: Capture) -> None:
    """An escape sequence or a line break in a cell reaches no terminal."""
    make_plan(folder / "old.xlsx", [server(1, rack="a")])
    make_plan(folder / "new.xlsx", [server(1, rack="b\nadded:  \u202egnp")])
    ran = run(capsys, "diff", "old.xlsx", "new.xlsx")
    assert ran.out.count("\n") == 2
    assert "\u202e" not in ran.out


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal(folder: Path) -> None:
    """Colour beside the word, columns, and no line wider than the terminal."""
    make_plan(folder / "old.xlsx", [server(1), server(2)])
    make_plan(folder / "new.xlsx", [server(1, target_name="a-name-that-is-long-" * 5), server(3)])
    code, shown = run_on_terminal("diff", "old.xlsx", "new.xlsx", folder=folder)
    lines = without_codes(shown).splitlines()
    assert code == 1
    assert lines[0].split() == ["added", "->", "Servers!A3", "web-03", "in", "wave-1"]
    assert "\x1b[32madded" in shown
    assert max(len(line.rstrip()) for line in lines if not line.startswith("note:")) <= 100
