"""No secret in a journal, report, log at DEBUG, Prefect's database, traceback or word on a screen: all searched for canaries."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from flows.settings import Settings, SettingsError, load_settings
from flows.simulator.options import AccessKey, User
from flows.sms.auth import make_auth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.error_class import ErrorClass
from flows.sms.errors import SmsError
from flows.sms.retry import RetryRule
from flows.submission.journal import JournalUnavailableError, open_journal
from tests.flows.cli.command_line import run
from tests.flows.sms.sites import Site, read_head, read_request, serving
from tests.flows.submission.clocks import MovedClock
from tests.plans import disk, make_plan, server
from tests.postgres_server import PostgresServer, why_not
from tests.secret_finder import everything_in, leaks, leaks_in_files
from tests.simulator_process import SimulatorProcess
from tests.watched_waves import LAST_RECORD
from tests.waves_process import NO_PREFECT, environment

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import PrefectApi

CANARIES = {
    "access key": "AKCANARY7Q2W9",
    "secret key": "SkCanary/f8Kq+Zr2=mN5pT1vX",
    "security token": "StCanary.h3Jd9Lw6Rb4Yc8",
    "wrong secret key": "WkCanary/p4Gn+Vd7=xB2sQ9m",
    "token": "TkCanary-s5Xv1Nf8Hm3Gz7",
    "IAM password": "Pw Canary&8%zQ4?é1",
    "database password": "DbCanary!u6Te2Ko9",
    "proxy password": "PxCanary$w7Ra5Mi3",
}
USER = "canary-planner"


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting and no proxy of the machine's."""
    for name in list(os.environ):
        if name.startswith(("SMS_", "CLOUD_SDK_", "IAM_", "WAVES_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


EVERYTHING = {"PREFECT_LOGGING_ROOT_LEVEL": "DEBUG", "PREFECT_LOGGING_LEVEL": "DEBUG", "PREFECT_LOGGING_EXTRA_LOGGERS": "flows"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    key = AccessKey(CANARIES["access key"], CANARIES["secret key"], CANARIES["security token"])
    user = User(USER, CANARIES["IAM password"], "example-domain")
    with SimulatorProcess(
        any_source=True, any_target=True, access_keys=(key,), users=(user,), faults="14%", late_seconds=0.5, slow_seconds=0.5
    ) as simulator:
        yield simulator


class OnServer:
    """A journal in a database of its own, its URL with a password."""

    def __init__(self, postgres: PostgresServer) -> None:
        self._postgres = postgres
        self._name = postgres.fresh_database()
        self.url = postgres.url(self._name, user=f"postgres:{quote(CANARIES['database password'])}")

    def content(self) -> bytes:
        """Every row of every table, as text."""
        tables = self._postgres.sql("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'", database=self._name)
        found = [self._postgres.sql(f"SELECT t::text FROM {table} t", database=self._name) for (table,) in tables]  # noqa: S608
        return repr(found).encode()


@pytest.fixture
def on_server() -> Iterator[OnServer | None]:
    """A journal on a PostgreSQL server; None where none can run."""
    if why_not():
        yield None
        return
    with PostgresServer() as postgres:
        yield OnServer(postgres)


@dataclass
class Watched:
    """A `waves submit --debug` on its way, in a folder of its own, with all that it may leave there."""

    folder: Path
    process: subprocess.Popen[bytes]

    def end(self) -> int:
        """Wait for its end; its words are then in the folder, too. Returns the exit code."""
        out, err = self.process.communicate(timeout=120)
        (self.folder / "stdout").write_bytes(out)
        (self.folder / "stderr").write_bytes(err)
        return self.process.returncode

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")


def start(folder: Path, numbers: range, *settings: dict[str, str], defect: bool = False) -> Watched:
    """Start a wave of these servers whose every log record is written down."""
    folder.mkdir()
    plan = make_plan(folder / "plan.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])
    words = ["submit", str(plan), "--wave", "wave-1", "--json", "--debug"]
    command = [sys.executable, "-m", "tests.watched_waves", str(folder / "records"), "yes" if defect else "no", *words]
    env = {**environment(folder, None), **EVERYTHING, "SMS_READ_TIMEOUT": "1", "SMS_SETTLE_SECONDS": "0.7"}
    for given in settings:
        env |= given
    return Watched(folder, subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE))


def by_key(simulator: SimulatorProcess, key: str = "secret key") -> dict[str, str]:
    return {
        "SMS_ENDPOINT": simulator.url,
        "CLOUD_SDK_AK": CANARIES["access key"],
        "CLOUD_SDK_SK": CANARIES[key],
        "CLOUD_SDK_SECURITY_TOKEN": CANARIES["security token"],
    }


def by_password(simulator: SimulatorProcess) -> dict[str, str]:
    return {
        "SMS_ENDPOINT": simulator.url,
        "IAM_ENDPOINT": simulator.url,
        "IAM_USERNAME": USER,
        "IAM_PASSWORD": CANARIES["IAM password"],
        "IAM_DOMAIN": "example-domain",
    }


def fetched_tokens(folder: Path) -> list[str]:
    """Files that hold a token as the simulator issues them, whatever it is: the user's name and 64 digits."""
    return leaks_in_files([folder], {"fetched token": f"{USER}-"})


def test_no_run_leaves_a_secret_anywhere(
    tmp_path: Path, simulator: SimulatorProcess, prefect_api: PrefectApi, on_server: OnServer | None
) -> None:
    """A wave with broken requests that Prefect records; and one with a login, a defect and a journal on a server."""
    there = {"WAVES_JOURNAL": on_server.url} if on_server else {}
    runs = {
        "recorded": start(tmp_path / "recorded", range(1, 25), by_key(simulator), prefect_api.environment),
        "defect": start(tmp_path / "defect", range(41, 51), by_password(simulator), NO_PREFECT, there, defect=True),
    }
    codes = {name: run.end() for name, run in runs.items()}
    assert codes == {"recorded": 0, "defect": 1}, runs["recorded"].text("stderr")[-2000:]
    prefect = [file for file in prefect_api.home.iterdir() if file.name.startswith("prefect.db")]
    assert leaks_in_files([*prefect, *(run.folder for run in runs.values())], CANARIES) == []
    assert fetched_tokens(runs["defect"].folder) == []
    if on_server:
        kept = on_server.content()
        assert (leaks(kept, CANARIES), server(41)["source_server_id"].encode() in kept) == ([], True)
    # What was searched is what there is: each place holds what it should.
    for each in runs.values():
        assert LAST_RECORD in each.text("records")
    records = runs["recorded"].text("records")
    assert [library for library in ("asyncio ", "sqlalchemy.engine", "httpx ", "prefect.") if f"\n{library}" not in records] == []
    assert "LookupError" in runs["defect"].text("records")
    assert any(str(runs["recorded"].folder).encode() in file.read_bytes() for file in prefect)
    assert server(1)["source_server_id"].encode() in (runs["recorded"].folder / "journal.sqlite").read_bytes()
    assert (runs["recorded"].folder / "plan.wave-1.report.xlsx").exists()


@pytest.mark.parametrize(
    ("key", "journal", "code", "said"),
    [
        ("wrong secret key", "sqlite+aiosqlite:///{folder}/journal.sqlite", 3, "APIGW.0301"),
        ("secret key", "postgresql+asyncpg://waves:{password}@no-such-host.invalid/journal", 2, "no-such-host.invalid"),
    ],
)
def test_a_refused_command_says_no_secret(
    key: str,
    journal: str,
    code: int,
    said: str,
    tmp_path: Path,
    simulator: SimulatorProcess,
    clean: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A bad signature; a journal out of reach: what is said under --debug, logged, reported and journalled."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(61)], disks=[disk(61)])
    url = journal.format(folder=tmp_path, password=quote(CANARIES["database password"]))
    for name, value in {**by_key(simulator, key), **NO_PREFECT, "WAVES_JOURNAL": url}.items():
        monkeypatch.setenv(name, value)
    for logger in ("", "sqlalchemy"):
        caplog.set_level(logging.DEBUG, logger)
    ran = run(capsys, "submit", plan, "--wave", "wave-1", "--json", "--debug")
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert leaks(f"{ran.out}\n{ran.err}\n{caplog.text}".encode(), CANARIES) == []
    assert leaks_in_files([tmp_path], CANARIES) == []


class Echo:
    """A site that throws back whatever it is sent, in a shape of the test's choice; a login gets a token, or the same."""

    def __init__(self, shape: str) -> None:
        self._shape = shape
        self.site = Site()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await read_request(reader)
            if request.target.startswith("/v3/auth/") and self._shape != "login":
                writer.write(http_answer(201, b"{}", f"X-Subject-Token: {CANARIES['token']}"))
            else:
                sent = "\r\n".join(f"{name}: {value}" for name, value in request.headers.items())
                writer.write(self._thrown_back(sent, request.body.decode()))
            await writer.drain()

    def _thrown_back(self, headers: str, body: str) -> bytes:
        said = f"you sent {headers} {body}"
        match self._shape:
            case "words":
                return http_answer(400, json.dumps({"error_code": "SMS.9001", "error_msg": said}).encode())
            case "code":
                return http_answer(400, json.dumps({"error_code": said, "error_msg": said, "request_id": said}).encode())
            case "throttled":
                return http_answer(429, json.dumps({"error_code": "APIGW.0308", "error_msg": said}).encode())
            case "page":
                return http_answer(502, f"<html><title>{said}</title><pre>{said}</pre>".encode())
            case "text":
                return http_answer(503, said.encode())
            case "login" | "refused":
                return http_answer(401, json.dumps({"error": {"code": 401, "message": said}}).encode())
            case "redirect":
                return http_answer(302, b"", f"Location: /login?{quote(headers)}&{headers.replace(chr(13) + chr(10), ' ')}")
            case "no HTTP":
                return f"{said}\r\n\r\n".encode()
            case "broken header":
                return f"HTTP/1.1 200 OK\r\n{headers}\r\nBroken\x00{headers}\r\n\r\n".encode()
        return f"HTTP/1.1 200 OK\r\n{headers}\r\nContent-Length: 999\r\n\r\n{said[:20]}".encode()  # "half"


def http_answer(status: int, body: bytes, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


SHAPES = ["words", "code", "throttled", "page", "text", "login", "refused", "redirect", "no HTTP", "broken header", "half"]


def credentials(url: str) -> list[Settings]:
    """Settings for `url` with each kind of credentials."""
    by_key: dict[str, Any] = {
        "ak": CANARIES["access key"],
        "sk": CANARIES["secret key"],
        "security_token": CANARIES["security token"],
    }
    login: dict[str, Any] = {
        "iam_endpoint": url,
        "iam_username": USER,
        "iam_password": CANARIES["IAM password"],
        "iam_domain": "example-domain",
    }
    return [load_settings(endpoint=url, **given) for given in (by_key, {"auth_token": CANARIES["token"]}, login)]


async def failures(settings: Settings) -> list[SmsError]:
    """What a create and a listing end in."""
    options = ClientOptions(settings.endpoint, read_timeout_seconds=0.5, connect_timeout_seconds=0.5)
    rules = dict.fromkeys(ErrorClass, RetryRule(attempts=1, within_seconds=0.0))
    found = []
    async with SmsClient(options, make_auth(settings), rules=rules) as client:
        for call in (client.create_task(b'{"name": "t"}'), client.list_tasks()):
            with pytest.raises(SmsError) as failed:
                await call
            found.append(failed.value)
    return found


@pytest.mark.parametrize("shape", SHAPES)
async def test_no_error_shows_what_a_site_throws_back(shape: str, caplog: pytest.LogCaptureFixture, clean: None) -> None:
    """Headers and body of our own request in every shape of an answer: no error, no cause of it and no log shows a secret."""
    caplog.set_level(logging.DEBUG)
    echo = Echo(shape)
    async with serving(echo, echo.site):
        errors = [error for settings in credentials(echo.site.url) for error in await failures(settings)]
    shown = "\n".join([*map(everything_in, errors), caplog.text, *(f"{record.args!r}" for record in caplog.records)])
    assert leaks(shown.encode(), CANARIES) == []


async def test_a_proxys_password_is_nowhere(caplog: pytest.LogCaptureFixture, clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that wants another one, and throws back what it was given."""
    caplog.set_level(logging.DEBUG)

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        given = head.headers["proxy-authorization"]
        assert CANARIES["proxy password"].encode() in base64.b64decode(given.partition(" ")[2])
        writer.write(http_answer(407, given.encode(), f"Proxy-Authenticate: {given}").replace(b"Said", given.encode()))
        await writer.drain()

    async with serving(refuse, Site()) as site:
        monkeypatch.setenv("HTTPS_PROXY", site.url.replace("//", f"//user:{quote(CANARIES['proxy password'])}@"))
        errors = [error for settings in credentials("https://sms.example.com") for error in await failures(settings)]
    shown = "\n".join([*map(everything_in, errors), caplog.text])
    assert leaks(shown.encode(), CANARIES) == []


@pytest.mark.parametrize("place", ["no-such-host.invalid/db", "127.0.0.1:9/db", "/db?host=/no/such/folder", "127.0.0.1:x/db"])
async def test_a_journals_password_is_nowhere(place: str, caplog: pytest.LogCaptureFixture) -> None:
    """A server that is not there, or a URL that is none, and a password in it; what is remarked meanwhile counts, too."""
    caplog.set_level(logging.DEBUG)
    remarks: list[str] = []
    url = f"postgresql+asyncpg://waves:{quote(CANARIES['database password'])}@{place}"
    with pytest.raises(JournalUnavailableError) as failed:
        async with open_journal(url, MovedClock(), remarks.append):
            pass
    assert leaks("\n".join([everything_in(failed.value), caplog.text, *remarks]).encode(), CANARIES) == []


def test_settings_show_no_secret() -> None:
    """Neither their repr, nor what a wrong one is told as."""
    shown = [repr(settings) + str(settings) + repr(make_auth(settings)) for settings in credentials("https://sms.example.com")]
    wrong: list[dict[str, Any]] = [
        {"sk": "with space " + CANARIES["secret key"]},
        {"journal": f"mysql://u:{CANARIES['database password']}@h/d"},
    ]
    for given in wrong:
        with pytest.raises(SettingsError) as refused:
            load_settings(endpoint="https://sms.example.com", ak="a", **given)
        shown.append(everything_in(refused.value))
    assert [leak for leak in leaks("\n".join(shown).encode(), CANARIES) if leak != "access key"] == []


@pytest.mark.parametrize("secret", CANARIES.values())
def test_the_search_finds_what_is_planted(tmp_path: Path, secret: str) -> None:
    """In each form, in the middle of other bytes, also packed in a workbook; what is not there is not found."""
    planted = [
        secret,
        quote(secret),
        json.dumps({"k": secret}),
        repr({"k": secret}),
        *(base64.b64encode(f"{before}{secret}:tail".encode()).decode() for before in ("", "u", "us", "user:")),
        base64.urlsafe_b64encode(f"user:{secret}".encode()).decode(),
    ]
    for number, text in enumerate(planted):
        (tmp_path / f"{number}.db-wal").write_bytes(b"\0\xff" + text.encode() + b"\0")
    with zipfile.ZipFile(tmp_path / "report.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sheet.xml", f"<c>{secret}</c>" * 50)
    found = leaks_in_files([tmp_path], {"it": secret, "another": "no such text"})
    assert sorted(found) == sorted([*(f"{number}.db-wal: it" for number in range(len(planted))), "report.xlsx: it"])


def test_the_search_knows_signatures_and_tokens_by_their_shape() -> None:
    """As a header, as a tuple in a log, as JSON; not their names alone, nor what was hidden."""
    signature = "a1" * 32
    for shown in (
        f"SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature={signature}",
        "x-auth-token: MIIabcdefghijkl",
        "(b'X-Subject-Token', b'MIIabcdefghijkl')",
        '{"X-Auth-Token": "MIIabcdefghijkl"}',
        "Proxy-Authorization: Basic dXNlcjpwYXNz",
    ):
        assert leaks(shown.encode(), {}) != []
    assert leaks(b"Signature=*** x-auth-token: *** x-auth-token not found", {}) == []
