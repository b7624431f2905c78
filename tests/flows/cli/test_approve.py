"""`waves approve`: on a terminal, in a script, and where there is nothing to decide."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from flows.night import approvals
from flows.night.approvals import Approval, Decision
from flows.night.criteria import Criterion
from flows.submission.clock import SystemClock
from flows.submission.journal import open_journal
from flows.submission.wave_key import WaveKey
from tests.flows.cli.command_line import ROOT, WAVES, clean_environment, run

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

WAVE = WaveKey("https://sms.example", "plan.xlsx", "wave-1")
FIGURES = (Criterion("copied", "2 of 2", "all", holds=True), Criterion("failed", "1", "none", holds=False, servers=("db\x1b[31m",)))
APPROVE = ("approve", "/srv/waves/plan.xlsx", "--wave", "wave-1")


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite').as_posix()}"
    monkeypatch.setenv("WAVES_JOURNAL", url)
    monkeypatch.delenv("SMS_ENDPOINT", raising=False)
    monkeypatch.chdir(tmp_path)
    return url


def ask(journal: str, closes_in: float = 600.0, wave: WaveKey = WAVE) -> None:
    """Have a night wait at its gate."""
    now = time.time()

    async def put() -> None:
        async with open_journal(journal, SystemClock(), print) as opened:
            await opened.transact(
                lambda connection: approvals.ask(connection, wave, "cutover", "run-1", FIGURES, now, now + closes_in)
            )

    asyncio.run(put())


def last(journal: str) -> Approval:
    async def read() -> list[Approval]:
        async with open_journal(journal, SystemClock(), print) as opened:
            return await opened.read(lambda connection: approvals.history(connection, WAVE))

    return asyncio.run(read())[-1]


@pytest.mark.parametrize(("said", "decision"), [("approved", Decision.APPROVED), ("not-approved", Decision.NOT_APPROVED)])
def test_a_script_decides_with_the_figures_before_it(journal: str, said: str, decision: Decision, capsys: Capture) -> None:
    ask(journal)
    ran = run(capsys, *APPROVE, "--decision", said, "--by", "Ann", "--comment", "go", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["decision"], told["approver"], told["gate"]) == (0, decision.value, "Ann", "cutover")
    assert "failed: 1, wanted none: NOT MET" in ran.err
    kept = last(journal)
    assert (kept.decision, kept.approver, kept.comment, kept.criteria) == (decision, "Ann", "go", FIGURES)


def test_who_decides_second_is_told_what_the_first_said(journal: str, capsys: Capture) -> None:
    ask(journal)
    run(capsys, *APPROVE, "--decision", "not-approved", "--by", "Bob")
    ran = run(capsys, *APPROVE, "--decision", "approved", "--by", "Ann")
    assert (ran.code, "the gate before cutover was decided already: not approved by Bob" in ran.err) == (2, True)


def test_too_late_is_not_approved(journal: str, capsys: Capture) -> None:
    ask(journal, closes_in=-1.0)
    ran = run(capsys, *APPROVE, "--decision", "approved", "--by", "Ann")
    assert (ran.code, "timed out: nobody decided in time" in ran.err) == (2, True)
    assert last(journal).decision is Decision.TIMED_OUT


def test_where_nobody_asks_those_who_do_are_named(journal: str, capsys: Capture) -> None:
    ask(journal, wave=WAVE._replace(wave="wave-2"))
    ran = run(capsys, *APPROVE, "--decision", "approved", "--json")
    assert (ran.code, "waves that wait: wave-2 of plan.xlsx" in json.loads(ran.out)["error"]) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "say what you decide"), (("--decision", "approved", "--by", " "), "the approver's name is empty")],
)
def test_what_is_missing_decides_nothing(words: tuple[str, ...], said: str, journal: str, capsys: Capture) -> None:
    ask(journal)
    ran = run(capsys, *APPROVE, *words)
    assert (ran.code, said in ran.err) == (2, True)
    assert last(journal).decision is None


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX")
@pytest.mark.parametrize(
    ("typed", "words", "decision", "said"),
    [
        ("yes\napproved\nAnn\ngo\n", (), Decision.APPROVED, '"yes" is neither approved nor not-approved'),
        ("no\n", ("--decision", "approved"), None, "not confirmed"),
        ("approved\n", ("--decision", "approved", "--by", "Ann"), Decision.APPROVED, "not every figure is as wanted"),
        ("", ("--decision", "approved", "--by", "Ann", "--yes"), Decision.APPROVED, "NOT MET"),
    ],
)
def test_a_terminal_asks(typed: str, words: tuple[str, ...], decision: Decision | None, said: str, journal: str) -> None:
    """Until one of the two words is typed; an approval against the figures is asked for once more, unless --yes says so."""
    import pty

    ask(journal)
    ours, theirs = pty.openpty()
    env = clean_environment({"WAVES_JOURNAL": journal, "TERM": "xterm"})
    process = subprocess.Popen([*WAVES, *APPROVE, *words], cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    while True:
        try:
            shown += os.read(ours, 4096)
        except OSError:
            break
    os.close(ours)
    assert process.wait(30) == (0 if decision else 2), shown
    assert said in shown.decode()
    kept = last(journal)
    assert (kept.decision, kept.approver) == (decision, "Ann" if decision else "")
    assert b"\x1b[31m, " not in shown
