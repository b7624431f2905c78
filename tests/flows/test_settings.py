"""Settings say in one line what to set, before anything is sent, and never show a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from pathlib import Path

ENDPOINT = "https://sms.ap-southeast-3.myhuaweicloud.com"
ACCESS_KEY = {"SMS_ENDPOINT": ENDPOINT, "CLOUD_SDK_AK": "AKEXAMPLE", "CLOUD_SDK_SK": "SECRET-sk"}
LOGIN = {"IAM_USERNAME": "user-1", "IAM_PASSWORD": "SECRET pw", "IAM_DOMAIN": "example-domain"}
IAM = {"SMS_ENDPOINT": ENDPOINT, "IAM_ENDPOINT": "iam.example.com", **LOGIN}
TOKEN = {"SMS_ENDPOINT": ENDPOINT, "SMS_AUTH_TOKEN": "SECRET-token"}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of ours, and an empty working folder: no `.env`."""
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The test's own environment."""
    return monkeypatch


def refusal(environment: pytest.MonkeyPatch, variables: dict[str, str]) -> str:
    """The one line that settings of these variables are refused with."""
    for name, value in variables.items():
        environment.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    line = str(caught.value)
    assert "\n" not in line
    assert "SECRET" not in line
    assert line.endswith("; nothing was sent")
    return line


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({}, "SMS_ENDPOINT is not set: give https://sms.cn-north-4.myhuaweicloud.com (China site) or "),
        ({"SMS_ENDPOINT": ENDPOINT}, "no credentials: set CLOUD_SDK_AK and CLOUD_SDK_SK, or SMS_AUTH_TOKEN; nothing was sent"),
        (
            {"SMS_ENDPOINT": ENDPOINT, "CLOUD_SDK_AK": "A"},
            "CLOUD_SDK_AK is set without CLOUD_SDK_SK: set it too, or unset CLOUD_SDK_AK",
        ),
        ({"SMS_ENDPOINT": ENDPOINT, "CLOUD_SDK_SK": "SECRET"}, "CLOUD_SDK_SK is set without CLOUD_SDK_AK"),
        ({**ACCESS_KEY, "SMS_AUTH_TOKEN": "SECRET"}, "more than one kind of credentials: CLOUD_SDK_AK and SMS_AUTH_TOKEN are set"),
        (
            {**ACCESS_KEY, **LOGIN, "IAM_ENDPOINT": "iam.example.com"},
            "more than one kind of credentials: CLOUD_SDK_AK and IAM_USERNAME",
        ),
        (
            {**ACCESS_KEY, "SMS_PROJECT_ID": "p", "SMS_DOMAIN_ID": "d"},
            "SMS_PROJECT_ID and SMS_DOMAIN_ID are both set: unset one of them",
        ),
        ({**TOKEN, "CLOUD_SDK_SECURITY_TOKEN": "SECRET"}, "CLOUD_SDK_SECURITY_TOKEN is set without CLOUD_SDK_AK and CLOUD_SDK_SK"),
        ({"SMS_ENDPOINT": ENDPOINT, "IAM_USERNAME": "u"}, "IAM_USERNAME is set without IAM_PASSWORD and IAM_DOMAIN: set them too"),
        ({"SMS_ENDPOINT": ENDPOINT, **LOGIN}, "IAM_USERNAME is set without IAM_ENDPOINT: set it too"),
        ({**TOKEN, "SMS_ENDPOINT": "not a host"}, 'SMS_ENDPOINT "not a host" is not an address: give https:// and a host alone'),
        ({**TOKEN, "SMS_ENDPOINT": "ftp://sms.example.com"}, 'SMS_ENDPOINT "ftp://sms.example.com" is not an address'),
        ({**TOKEN, "SMS_ENDPOINT": f"{ENDPOINT}/v3"}, f'SMS_ENDPOINT "{ENDPOINT}/v3" has a path'),
        ({**TOKEN, "SMS_ENDPOINT": "https://u:SECRET@sms.example.com"}, "SMS_ENDPOINT holds a user or a password"),
        ({**TOKEN, "SMS_ENDPOINT": "sms.example.com:99999"}, "SMS_ENDPOINT has a port above 65535: give https://"),
        ({**TOKEN, "SMS_READ_TIMEOUT": "soon"}, 'SMS_READ_TIMEOUT "soon" is not a number: give seconds above 0'),
        ({**TOKEN, "SMS_READ_TIMEOUT": "0"}, 'SMS_READ_TIMEOUT "0" is out of bounds: give seconds above 0'),
        ({**TOKEN, "SMS_READ_TIMEOUT": "nan"}, 'SMS_READ_TIMEOUT "nan" is out of bounds: give seconds above 0'),
        ({**TOKEN, "SMS_SETTLE_SECONDS": "-1"}, 'SMS_SETTLE_SECONDS "-1" is out of bounds: give seconds from 0 to 3600'),
        ({**TOKEN, "SMS_RATE_PER_SECOND": "inf"}, 'SMS_RATE_PER_SECOND "inf" is not a number: give a number above 0'),
        ({**TOKEN, "SMS_MAX_RUNNING": "0"}, 'SMS_MAX_RUNNING "0" is out of bounds: give a whole number from 1 to 100000'),
        ({**TOKEN, "SMS_CONCURRENCY": "3.5"}, 'SMS_CONCURRENCY "3.5" is not a whole number: give a whole number from 1 to 512'),
        (
            {**TOKEN, "SMS_AUTH_TOKEN": "SECRET\nline"},
            "SMS_AUTH_TOKEN holds characters that cannot be part of it, or too many: copy it again",
        ),
        ({**ACCESS_KEY, "CLOUD_SDK_SK": "SECRET\u00a0x"}, "CLOUD_SDK_SK holds characters"),
        ({**TOKEN, "SMS_USER_AGENT": "a\r\nb"}, "SMS_USER_AGENT is not a line of plain ASCII"),
        (
            {**TOKEN, "WAVES_JOURNAL": "postgresql://u:SECRET@db/x"},
            "WAVES_JOURNAL is not a journal's URL: give sqlite+aiosqlite:///PATH",
        ),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(environment: pytest.MonkeyPatch, variables: dict[str, str], line: str) -> None:
    """What to set or unset, no secret, and that nothing was sent."""
    assert refusal(environment, variables).startswith(line)


@pytest.mark.parametrize("variables", [ACCESS_KEY, IAM, TOKEN])
def test_one_whole_kind_of_credentials_is_enough(environment: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """And none of its secrets is shown."""
    for name, value in variables.items():
        environment.setenv(name, value)
    settings = load_settings()
    assert settings.endpoint == ENDPOINT
    assert "SECRET" not in repr(settings) + str(settings) + settings.account


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("sms.example.com", "https://sms.example.com"),
        (" HTTPS://SMS.Example.com:443/ ", "https://sms.example.com"),
        ("http://127.0.0.1:9099", "http://127.0.0.1:9099"),
        ("localhost:9099", "https://localhost:9099"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_endpoint_has_one_spelling(text: str, endpoint: str) -> None:
    """It identifies the account, so two spellings would be two histories."""
    assert Settings(endpoint=text).endpoint == endpoint


@pytest.mark.parametrize(
    ("fields", "account"),
    [
        ({"ak": "AKEXAMPLE", "sk": "s"}, ENDPOINT),
        ({"ak": "AKEXAMPLE", "sk": "s", "project_id": "p0"}, f"{ENDPOINT} project=p0"),
        ({"auth_token": "t", "domain_id": "d0"}, f"{ENDPOINT} domain=d0"),
        ({"iam_username": "u", "iam_password": "p", "iam_domain": "dom"}, f"{ENDPOINT} domain=dom"),
    ],
)
def test_the_account_is_endpoint_and_scope_never_a_key(fields: dict[str, str], account: str) -> None:
    """A rotated key keeps its history."""
    assert Settings(endpoint=ENDPOINT, **fields).account == account  # type: ignore[arg-type]


def test_the_defaults_are_the_design_s() -> None:
    """Section 3."""
    settings = Settings()
    assert (settings.read_timeout_seconds, settings.settle_seconds, settings.rate_per_second, settings.concurrency) == (
        30.0,
        10.0,
        None,
        32,
    )
    assert settings.user_agent.startswith("migration-waves")


def test_the_environment_wins_over_the_env_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The `.env` of the working folder fills in what is not set."""
    tmp_path.joinpath(".env").write_text(
        f"SMS_ENDPOINT={ENDPOINT}\nSMS_AUTH_TOKEN=file\nSMS_CONCURRENCY=4\nOTHER=1\n", encoding="utf-8"
    )
    environment.setenv("SMS_AUTH_TOKEN", "environment")
    settings = load_settings()
    assert (settings.auth_token.get_secret_value(), settings.concurrency) == ("environment", 4)


def test_an_env_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """An editor saved it as something else."""
    tmp_path.joinpath(".env").write_bytes("SMS_ENDPOINT=é\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"the \.env file cannot be read"):
        load_settings()


def test_the_journal_is_in_the_state_folder_unless_said_otherwise(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One journal for all plans of a user; a command that reads it alone needs no credentials."""
    environment.setenv("XDG_STATE_HOME", str(tmp_path))
    assert load_settings(credentials=False).journal_url.startswith("sqlite+aiosqlite:///")
    assert load_settings(credentials=False).journal_url.endswith("journal.sqlite")
    environment.setenv("WAVES_JOURNAL", "postgresql+asyncpg://u:SECRET@/db?host=/run/pg")
    settings = load_settings(credentials=False)
    assert settings.journal_url == "postgresql+asyncpg://u:SECRET@/db?host=/run/pg"
    assert "SECRET" not in repr(settings)


def test_user_without_a_home(environment: pytest.MonkeyPatch) -> None:
    """A container's user may have no home: that is said, and no journal is made in the working folder, where none would look."""
    environment.setattr("os.path.expanduser", lambda path: path)
    environment.delenv("XDG_STATE_HOME", raising=False)
    with pytest.raises(SettingsError, match="no home folder for the journal: set WAVES_JOURNAL"):
        _ = load_settings(credentials=False).journal_url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite+aiosqlite:////var/lib/j.sqlite", "/var/lib/j.sqlite"),
        ("sqlite+aiosqlite:///j.sqlite", "j.sqlite"),
        ("postgresql+asyncpg://me:s3@cret@host:5432/db", "postgresql+asyncpg://host:5432/db"),
        ("postgresql+asyncpg://host/db?user=me&password=s3cret", "postgresql+asyncpg://host/db"),
        ("postgresql+asyncpg://host/db?user=me&password=s3@cret", "postgresql+asyncpg://..."),
        ("postgresql+asyncpg://me:s3?cret@host/db", "postgresql+asyncpg://..."),
    ],
)
def test_a_journal_is_shown_without_its_password(environment: pytest.MonkeyPatch, url: str, says: str) -> None:
    """A file by its path, a server by its address."""
    environment.setenv("WAVES_JOURNAL", url)
    assert load_settings(credentials=False).journal_shown == says
