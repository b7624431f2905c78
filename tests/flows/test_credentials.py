"""SMS credentials as a block: they replace those of the environment whole, and show no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.credentials import SmsCredentials
from flows.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def block() -> SmsCredentials:
    return SmsCredentials(endpoint="https://sms.example", ak="AKIDBLOCK", sk="hidden-key", project_id="p-block")


def test_a_block_replaces_what_the_environment_says(block: SmsCredentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where that has another kind of credentials, or a domain: nothing is mixed. What a block does not hold stays."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "SMS_AUTH_TOKEN": "token-of-the-worker",
        "SMS_DOMAIN_ID": "d-worker",
        "SMS_ENDPOINT": "https://other.example",
        "WAVES_JOURNAL": "postgresql+asyncpg://waves@db/waves",
    }.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(**block.given())
    assert (settings.account, settings.ak) == ("https://sms.example project=p-block", "AKIDBLOCK")
    assert settings.auth_token.get_secret_value() == ""
    assert settings.journal_url == "postgresql+asyncpg://waves@db/waves"


def test_a_block_made_of_settings_gives_them_back(block: SmsCredentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`waves deploy --credentials` keeps what counts in this environment."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings(**block.given())
    assert SmsCredentials.of(settings).given() == block.given()


def test_a_block_shows_no_secret(block: SmsCredentials) -> None:
    """Neither printed nor as JSON; every secret of the settings is one in the block."""
    assert "hidden-key" not in f"{block!r} {block} {block.model_dump_json()}"
    secret = {name for name in SmsCredentials.own_fields() if Settings.model_fields[name].annotation is not str}
    assert secret == {name for name, field in SmsCredentials.model_fields.items() if "Secret" in str(field.annotation)}
    assert {"sk", "security_token", "auth_token", "iam_password"} == secret
