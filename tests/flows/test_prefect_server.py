from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from flows.prefect_server.attach import Origin, answers, attach, shown
from flows.prefect_server.configured import read_configured
from flows.prefect_server.database import put_database, template_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import PrefectApi


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder and a Prefect home without any setting of the machine's."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    return tmp_path


def test_settings_count_in_prefects_own_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The active profile, then pyproject.toml, prefect.toml, .env, and the environment over all."""
    assert read_configured().api_url == ""
    (folder / "home" / "profiles.toml").write_text('active = "ours"\n[profiles.ours]\nPREFECT_API_URL = "http://profile/api"\n')
    assert read_configured().api_url == "http://profile/api"
    (folder / "pyproject.toml").write_text('[tool.prefect.api]\nurl = "http://pyproject/api"\n')
    assert read_configured().api_url == "http://pyproject/api"
    (folder / "prefect.toml").write_text('[api]\nurl = "http://toml/api"\n')
    assert read_configured().api_url == "http://toml/api"
    (folder / ".env").write_text('# ours\nexport PREFECT_API_URL="http://dotenv/api/"\n')
    assert read_configured().api_url == "http://dotenv/api"
    monkeypatch.setenv("PREFECT_API_URL", "http://environment/api")
    assert read_configured().api_url == "http://environment/api"


def test_a_file_that_cannot_be_read_is_no_setting(folder: Path) -> None:
    """Prefect says what is wrong with it; the wave does not stop for it."""
    (folder / "prefect.toml").write_text("[api\n")
    (folder / ".env").write_bytes(b"\xff\xfe\x00")
    assert read_configured().api_url == ""


def test_a_server_that_runs_on_this_machine_is_used(folder: Path, prefect_api: PrefectApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the port that is configured for it; nothing is started."""
    port = prefect_api.url.rsplit(":", 1)[1].removesuffix("/api")
    monkeypatch.setenv("PREFECT_SERVER_API_PORT", port)
    attachment = attach()
    assert attachment is not None
    assert (attachment.origin, attachment.url, attachment.wait_ready(lambda: True)) == (Origin.RUNNING, prefect_api.url, "")


def test_a_configured_server_that_is_dead_is_named_without_its_password(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never replaced by one of our own: the runs would be looked for where they are not."""
    monkeypatch.setenv("PREFECT_API_URL", "http://user:secret@127.0.0.1:9/api")
    attachment = attach()
    assert attachment is not None
    said = attachment.wait_ready(lambda: True)
    assert (attachment.origin, "secret" in said, "http://127.0.0.1:9/api" in said) == (Origin.CONFIGURED, False, True)
    assert shown("https://example.com/api") == "https://example.com/api"
    assert not answers("http://127.0.0.1:9/api", 1.0)


def test_a_missing_database_appears_migrated_and_a_present_one_is_left_alone(prefect_api: PrefectApi, tmp_path: Path) -> None:
    """The copy has Prefect's tables and its migration's number; what is there already keeps its bytes."""
    assert template_path().exists()
    database = tmp_path / "new" / "prefect.db"
    put_database(database)
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    connection.close()
    database.write_bytes(b"ours")
    put_database(database)
    assert database.read_bytes() == b"ours"
    assert [path.name for path in database.parent.iterdir()] == ["prefect.db"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "nonsense"),
        ("http://[::1", "http://[::1"),
        ("me:hidden@host", "host"),
        ("http://me:hidden@host/api", "http://host/api"),
    ],
)
def test_what_is_no_url_is_told_as_typed(url: str, said: str) -> None:
    """It does not answer, and is shown without a password; nothing is raised."""
    assert not answers(url, 0.1)
    assert shown(url) == said


def test_a_user_without_a_home_has_no_server(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """As in a container: the wave runs without Prefect."""
    monkeypatch.delenv("PREFECT_HOME")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert attach() is None
