"""Bad input through the real command line: one clear line with its cell, the right exit code, no traceback, nothing sent."""

from __future__ import annotations

import re
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from flows.cli import submit_command
from flows.submission import postgres_database
from tests.flows.cli.command_line import run
from tests.plans import DEFAULTS, Row, disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

ID = "src-0001-a1b2"
HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)

CELLS: Mapping[str, tuple[list[Row], str, str]] = {
    "out of bounds": ([server(priority=70000)], "Servers!H2", "PLAN-114"),
    "no number": ([server(speed_limit="12O")], "Servers!H2", "PLAN-112"),
    "a fraction": ([server(priority=1.5)], "Servers!H2", "PLAN-113"),
    "NaN": ([server(speed_limit="NaN")], "Servers!H2", "PLAN-115"),
    "infinite": ([server(over_speed_threshold="inf")], "Servers!H2", "PLAN-115"),
    "an error cell": ([server(speed_limit="#DIV/0!")], "Servers!H2", "PLAN-101"),
    "a source twice": ([server(1), server(2, source_server_id=ID)], "Servers!B3", "PLAN-204"),
    "a target twice": ([server(1), server(2, target_vm_id="vm-0001-c3d4")], "Servers!F3", "PLAN-206"),
    "a name's characters": ([server(name="web 01!")], "Servers!H2", "PLAN-122"),
    "a name's length": ([server(name="x" * 256)], "Servers!H2", "PLAN-111"),
    "no target": ([server(target_vm_id=None)], "Servers!F2", "PLAN-208"),
    "IPv4 as IPv6": ([server(use_ipv6="yes")], "Servers!G2", "PLAN-211"),
    "IPv6 as IPv4": ([server(migration_ip="2001:db8::7", use_ipv6="no")], "Servers!G2", "PLAN-211"),
    "an unknown system": ([server(os_type="SOLARIS")], "Servers!H2", "PLAN-119"),
    "an unknown type": ([server(type="MIGRATE_TAPE")], "Servers!H2", "PLAN-119"),
    "Windows by file": ([server(os_type="WINDOWS", type="MIGRATE_FILE")], "Servers!I2", "PLAN-212"),
}

FILES: Mapping[str, tuple[bytes | None, str]] = {
    "missing": (None, "PLAN-001"),
    "empty": (b"", "PLAN-003"),
    "truncated": (b"PK\x03\x04" + bytes(40), "PLAN-005"),
    "encrypted": (OLE, "PLAN-006"),
    "text": (b"wave,source_server_id\n", "PLAN-007"),
    "HTML": (HTML, "PLAN-007"),
}


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    """Settings that lead to a listener, in the working folder; tells whether anything has come to it."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0)
    settings(monkeypatch, tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}")

    def has_come() -> bool:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    yield has_come
    listener.close()


def settings(monkeypatch: pytest.MonkeyPatch, folder: Path, endpoint: str) -> None:
    """Good settings for an endpoint; no Prefect, and nothing of this process is changed for good."""
    monkeypatch.chdir(folder)
    for name in ("SMS_AUTH_TOKEN", "IAM_USERNAME", "CLOUD_SDK_SECURITY_TOKEN", "SMS_PROJECT_ID", "SMS_DOMAIN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SMS_ENDPOINT", endpoint)
    monkeypatch.setenv("CLOUD_SDK_AK", "AKEXAMPLE")
    monkeypatch.setenv("CLOUD_SDK_SK", "SKEXAMPLE")
    monkeypatch.setenv("WAVES_JOURNAL", f"sqlite+aiosqlite:///{(folder / 'journal.sqlite').as_posix()}")
    monkeypatch.setattr(submit_command, "have_api", lambda: None)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)


@pytest.mark.parametrize("case", CELLS)
def test_bad_cell(case: str, sent: Callable[[], bool], tmp_path: Path, capsys: Capture) -> None:
    """`check` and `submit` say the same line, with the cell and the code, and exit with 2."""
    rows, cell, code = CELLS[case]
    make_plan(tmp_path / "plan.xlsx", rows)
    checked = run(capsys, "check", "plan.xlsx", "--wave", "wave-1")
    submitted = run(capsys, "submit", "plan.xlsx", "--wave", "wave-1")
    lines = [line.removeprefix("error: ") for line in checked.out.splitlines() if line.endswith(f"[{code}]")]
    assert any(line.startswith(f"{cell}  ") for line in lines)
    assert all(line in submitted.err for line in lines)
    assert (checked.code, submitted.code) == (2, 2)
    assert submitted.err.splitlines()[-1].endswith("nothing was sent")
    assert "Traceback" not in checked.err + submitted.err
    assert not sent()


@pytest.mark.parametrize("case", FILES)
def test_bad_file(case: str, sent: Callable[[], bool], tmp_path: Path, capsys: Capture) -> None:
    """A file that is no workbook, whatever its name, is one line with the reason."""
    content, code = FILES[case]
    if content is not None:
        (tmp_path / "plan.xlsx").write_bytes(content)
    for words in (["check", "plan.xlsx"], ["submit", "plan.xlsx", "--wave", "wave-1"]):
        ran = run(capsys, *words)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert re.match(rf"error: plan\.xlsx .*\[{code}\]", ran.err)
    assert not sent()


def test_no_servers_sheet(sent: Callable[[], bool], tmp_path: Path, capsys: Capture) -> None:
    """A workbook without its main sheet is told so by the sheets it has."""
    from openpyxl import Workbook

    book = Workbook()
    book.create_sheet("Other")
    book.save(tmp_path / "plan.xlsx")
    ran = run(capsys, "check", "plan.xlsx")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "[PLAN-020]" in ran.err


def test_unknown_wave(sent: Callable[[], bool], tmp_path: Path, capsys: Capture) -> None:
    """A wave that no row is in is named beside those that there are."""
    make_plan(tmp_path / "plan.xlsx")
    checked = run(capsys, "check", "plan.xlsx", "--wave", "wave-7")
    submitted = run(capsys, "submit", "plan.xlsx", "--wave", "wave-7")
    assert (checked.code, submitted.code) == (2, 2)
    assert "[PLAN-201]" in checked.out
    assert "wave-1" in submitted.err
    assert not sent()


def test_no_row_fits(sent: Callable[[], bool], tmp_path: Path, capsys: Capture) -> None:
    """A pattern that no row fits is a slip of the pen, for `check` too: it does not find such a wave faultless."""
    make_plan(tmp_path / "plan.xlsx")
    for words in (["check", "plan.xlsx"], ["submit", "plan.xlsx", "--wave", "wave-1"]):
        ran = run(capsys, *words, "--where", "source_name=wbe-*")
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert 'no row fits --where "source_name=wbe-*"' in ran.err
    assert not sent()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite+aiosqlite:///{}/journal.sqlite", "journal.sqlite cannot be used (file is not a database)"),
        ("sqlite+aiosqlite:///{}", " cannot be used (unable to open database file)"),
        ("postgresql+asyncpg://me:hidden@127.0.0.1:9/db", "postgresql+asyncpg://127.0.0.1:9/db cannot be used"),
        ("sqlite+aiosqlite:///:memory:", "WAVES_JOURNAL names no file"),
    ],
)
def test_bad_journal(
    url: str, says: str, sent: Callable[[], bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """A journal that cannot be used is named, without its password, and what to look at; nothing is sent without one."""
    make_plan(tmp_path / "plan.xlsx")
    (tmp_path / "journal.sqlite").write_bytes(b"garbage" * 999)
    monkeypatch.setenv("WAVES_JOURNAL", url.format(tmp_path.as_posix()))
    monkeypatch.setattr(postgres_database, "LIMITS", postgres_database.Limits(first=0.2))
    ran = run(capsys, "submit", "plan.xlsx", "--wave", "wave-1")
    assert ran.code in (2, 3)
    line = ran.err.splitlines()[-1]
    assert says in line
    assert line.endswith("nothing was sent")
    assert "hidden" not in ran.err
    assert not sent()
    ran = run(capsys, "journal", "plan.xlsx")
    assert ran.code in (2, 3)
    assert says in ran.err.splitlines()[-1]
    assert ("rights and disk" in ran.err, "user and password" in ran.err) == (
        "cannot be used" in says and "sqlite" in url,
        "postgresql" in url,
    )
    assert "hidden" not in ran.err


@pytest.mark.parametrize("text", ["SMS_PROJECT_ID\n=x", 'A=1\nSMS_DOMAIN_ID="x\n'])
def test_bad_env_file(text: str, sent: Callable[[], bool], tmp_path: Path, capsys: Capture) -> None:
    """A line of `.env` that cannot be read is told by its number: left out, the wave would run for another account."""
    make_plan(tmp_path / "plan.xlsx")
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    ran = run(capsys, "submit", "plan.xlsx", "--wave", "wave-1")
    assert (ran.code, ran.out, ran.err) == (
        3,
        "",
        "error: line 2 of the .env file cannot be read: write NAME=value, quotes closed; nothing was sent\n",
    )
    assert not sent()


def test_source_in_two_waves_is_a_warning(sent: Callable[[], bool], tmp_path: Path, capsys: Capture) -> None:
    """The same server in two waves may be meant: it refuses nothing."""
    again = server(1, wave="wave-2", target_vm_id="vm-9", target_name="web-01-b", migration_ip="10.9.9.9")
    make_plan(tmp_path / "plan.xlsx", [server(1), again])
    ran = run(capsys, "check", "plan.xlsx", "--wave", "wave-1")
    assert ran.code == 0
    assert ran.out.startswith("warning: Servers!B2  ")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SMS_ENDPOINT": ""}, "SMS_ENDPOINT is not set"),
        ({"CLOUD_SDK_AK": "", "CLOUD_SDK_SK": ""}, "no credentials"),
        ({"CLOUD_SDK_SK": ""}, "CLOUD_SDK_AK is set without CLOUD_SDK_SK"),
        ({"SMS_AUTH_TOKEN": "t0"}, "more than one kind of credentials"),
        ({"SMS_PROJECT_ID": "p", "SMS_DOMAIN_ID": "d"}, "SMS_PROJECT_ID and SMS_DOMAIN_ID are both set"),
    ],
)
def test_bad_credentials(
    change: dict[str, str], says: str, sent: Callable[[], bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Missing or contradicting credentials exit with 3 and say what to set; nobody is asked."""
    make_plan(tmp_path / "plan.xlsx")
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    ran = run(capsys, "submit", "plan.xlsx", "--wave", "wave-1")
    assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1)
    assert ran.err.startswith("error: ")
    assert says in ran.err
    assert ran.err.endswith("nothing was sent\n")
    assert "SKEXAMPLE" not in ran.err
    assert not sent()


def test_defaults_are_not_blamed_on_rows(tmp_path: Path, capsys: Capture) -> None:
    """An error in `Defaults` is told once, at its own cell, not at every row that takes it."""
    make_plan(tmp_path / "plan.xlsx", [server(each) for each in range(1, 4)], defaults={**DEFAULTS, "priority": "high"})
    ran = run(capsys, "check", tmp_path / "plan.xlsx")
    assert [line.split("  ")[0] for line in ran.out.splitlines()[:-1]] == ["error: Defaults!B8"]


class OtherService:
    """Something on a port that is not SMS: answers every request with this."""

    def __init__(self, answer: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.posts = 0
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection:
                self.posts += connection.recv(65536).startswith(b"POST")
                connection.sendall(self._answer)

    def close(self) -> None:
        self._listener.close()


def test_endpoint_that_is_not_sms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """An endpoint that answers a page is not SMS: exit code 3, told in a line, every row in the report, nothing made."""
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(HTML), HTML)
    other = OtherService(page)
    settings(monkeypatch, tmp_path, other.url)
    make_plan(tmp_path / "plan.xlsx", disks=[disk()])
    ran = run(capsys, "submit", "plan.xlsx", "--wave", "wave-1")
    other.close()
    assert (ran.code, other.posts) == (3, 0)
    assert "Traceback" not in ran.err
    assert "1 DEFERRED" in ran.out


def test_endpoint_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """An endpoint where nobody listens is exit code 3, and the row waits for the next run."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings(monkeypatch, tmp_path, f"http://127.0.0.1:{port}")
    make_plan(tmp_path / "plan.xlsx", disks=[disk()])
    ran = run(capsys, "submit", "plan.xlsx", "--wave", "wave-1")
    assert ran.code == 3
    assert "1 DEFERRED" in ran.out
    assert "Traceback" not in ran.err
