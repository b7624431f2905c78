"""Read how the service is reached: environment and `.env` in, a checked `Settings` out (design 3).

Decides which credentials count, and says in one line what to set where none, half of one or two kinds are there; nothing is sent
to find out. Keeps secrets as SecretStr, so that no repr, log or traceback shows them. Called by the command line and by the
flows.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from inventory.account_limits import MOST_RUNNING

NOTHING_SENT = "nothing was sent"
SITES = "https://sms.cn-north-4.myhuaweicloud.com (China site) or https://sms.ap-southeast-3.myhuaweicloud.com (international site)"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_JOURNALS = ("sqlite+aiosqlite", "postgresql+asyncpg")
_FILE_JOURNALS = ("sqlite+aiosqlite",)
_NO_FILES = ("", ":memory:")
_LONGEST_TOKEN = 16_384


class SettingsError(Exception):
    """The settings do not do: one line that says what to set. Nothing was sent."""


def _stripped(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value().strip()
    return value.strip() if isinstance(value, str) else value


def _origin(text: str) -> str:
    """Scheme and host, https where no scheme is given, in the one spelling that identifies an account; ValueError else."""
    if not text:
        return ""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user or a password")
    if parts.scheme not in _DEFAULT_PORTS or not host or not all(char.isalnum() or char in "-._:" for char in host):
        raise ValueError(f'"{text[:80]}" is not an address')
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f'"{text[:80]}" has a path')
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{_port(parts)}"


def _port(parts: SplitResult) -> str:
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("has a port above 65535") from error
    return f":{port}" if port not in (None, _DEFAULT_PORTS[parts.scheme]) else ""


def _header_text(value: SecretStr | str) -> SecretStr | str:
    """Text that can stand in a header: an id, a key or a token pasted with a line break or a wide space cannot."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not (text.isascii() and text.isprintable()) or " " in text or len(text) > _LONGEST_TOKEN:
        raise ValueError("holds characters that cannot be part of it, or too many")
    return value


def _user_agent(text: str) -> str:
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError("is not a line of plain ASCII")
    return text


def _journal(url: SecretStr) -> SecretStr:
    scheme, _, place = url.get_secret_value().partition("://")
    if url.get_secret_value() and scheme not in _JOURNALS:
        raise ValueError("is not a journal's URL")
    if scheme in _FILE_JOURNALS and (place.strip("/") in _NO_FILES or "mode=memory" in place):
        raise ValueError("names no file, and a journal must outlast the run")
    return url


def _webhook(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if url.get_secret_value() and (parts.scheme not in _DEFAULT_PORTS or not parts.hostname):
        raise ValueError("is not an http or https address")
    return url


def _default_user_agent() -> str:
    try:
        return f"migration-waves/{version('migration-waves')}"
    except PackageNotFoundError:
        return "migration-waves"


Text = Annotated[str, BeforeValidator(_stripped)]
Origin = Annotated[str, BeforeValidator(_stripped), AfterValidator(_origin)]
Identifier = Annotated[str, BeforeValidator(_stripped), AfterValidator(_header_text)]
Secret = Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_header_text)]
Seconds = Annotated[float, BeforeValidator(_stripped), Field(gt=0, le=3600, allow_inf_nan=False)]


class Settings(BaseSettings):
    """How SMS is reached and how hard it may be worked; each field's variable is its alias.

    Made by `load_settings`, which also checks the credentials as a whole. Project id and domain id are optional, at most one of
    them: with neither, SMS takes the account from the credentials, and `account` is the endpoint alone.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    endpoint: Origin = Field("", validation_alias="SMS_ENDPOINT", description=f"The SMS endpoint: {SITES}.")
    ak: Identifier = Field("", validation_alias="CLOUD_SDK_AK", description="Access key id.")
    sk: Secret = Field(SecretStr(""), validation_alias="CLOUD_SDK_SK", description="Secret access key.")
    security_token: Secret = Field(
        SecretStr(""), validation_alias="CLOUD_SDK_SECURITY_TOKEN", description="Security token of a temporary access key."
    )
    project_id: Identifier = Field("", validation_alias="SMS_PROJECT_ID", description="Project of the endpoint's region, optional.")
    domain_id: Identifier = Field(
        "", validation_alias="SMS_DOMAIN_ID", description="Account (domain), optional, instead of a project."
    )
    auth_token: Secret = Field(SecretStr(""), validation_alias="SMS_AUTH_TOKEN", description="A token; it is never renewed.")
    iam_endpoint: Origin = Field("", validation_alias="IAM_ENDPOINT", description="The IAM endpoint that tokens are fetched from.")
    iam_username: Text = Field("", validation_alias="IAM_USERNAME", description="Name of an IAM user (not a HUAWEI ID).")
    iam_password: SecretStr = Field(SecretStr(""), validation_alias="IAM_PASSWORD", description="The IAM user's password.")
    iam_domain: Text = Field("", validation_alias="IAM_DOMAIN", description="Name of the account that the IAM user belongs to.")
    read_timeout_seconds: Seconds = Field(30.0, validation_alias="SMS_READ_TIMEOUT", description="Seconds to wait for an answer.")
    connect_timeout_seconds: Seconds = Field(
        10.0, validation_alias="SMS_CONNECT_TIMEOUT", description="Seconds to wait for a connection."
    )
    settle_seconds: float = Field(
        10.0,
        validation_alias="SMS_SETTLE_SECONDS",
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description="Seconds after which a task that SMS made must be listed.",
    )
    rate_per_second: float | None = Field(
        None,
        validation_alias="SMS_RATE_PER_SECOND",
        gt=0,
        le=10_000,
        allow_inf_nan=False,
        description="Creates a second, at most, by all runs that share the journal; unset: no limit of ours.",
    )
    concurrency: int = Field(
        32, validation_alias="SMS_CONCURRENCY", ge=1, le=512, description="Creates in flight at once, at most."
    )
    max_running: int = Field(
        MOST_RUNNING,
        validation_alias="SMS_MAX_RUNNING",
        ge=1,
        le=100_000,
        description="Servers that the account migrates at once: `start` keeps to it, `check --online` goes by it.",
    )
    lease_slack_seconds: float = Field(
        30.0,
        validation_alias="WAVES_LEASE_SECONDS",
        ge=1,
        le=3600,
        allow_inf_nan=False,
        description="Seconds, beyond the longest request, after which the rows of a run that died may be taken over.",
    )
    user_agent: Annotated[Text, AfterValidator(_user_agent)] = Field(
        default_factory=_default_user_agent, validation_alias="SMS_USER_AGENT", description="What requests call themselves."
    )
    journal: Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_journal)] = Field(
        SecretStr(""),
        validation_alias="WAVES_JOURNAL",
        description="The journal's SQLAlchemy URL; unset: SQLite in the state folder.",
    )
    webhook: Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_webhook)] = Field(
        SecretStr(""),
        validation_alias="WAVES_WEBHOOK",
        description="Where notifications are sent (POST, JSON): started, gate, late, failed, done; unset: nowhere.",
    )

    @property
    def account(self) -> str:
        """Whose tasks these are: the endpoint and the project or domain, never a key; it identifies a row's history."""
        if self.project_id:
            return f"{self.endpoint} project={self.project_id}"
        domain = self.domain_id or self.iam_domain
        return f"{self.endpoint} domain={domain}" if domain else self.endpoint

    @property
    def journal_shown(self) -> str:
        """The journal as it may be shown: its file, or its URL without user, password and options, which may hold them too."""
        scheme, _, place = self.journal_url.partition("://")
        if scheme in _FILE_JOURNALS:
            return place[1:]
        place, _, options = place.partition("?")
        return f"{scheme}://{'...' if '@' in options else place.rpartition('@')[2]}"

    def journal_problem(self, error: Exception) -> str:
        """A journal that cannot be used, in one line: which, why, and what to look at."""
        is_file = self.journal_url.partition("://")[0] in _FILE_JOURNALS
        look_at = "its folder, rights and disk" if is_file else "its host, port, database, user and password"
        return f"the journal {self.journal_shown} cannot be used ({error}): check WAVES_JOURNAL, {look_at}"

    @property
    def journal_url(self) -> str:
        """The journal's URL, which may hold a password: never show it. Unset: a file in the user's state folder (not made here)."""
        return self.journal.get_secret_value() or f"sqlite+aiosqlite:///{_state_folder() / 'journal.sqlite'}"


def _state_folder() -> Path:
    from platformdirs import user_state_path

    try:
        return user_state_path("migration-waves", appauthor=False)
    except RuntimeError:
        raise SettingsError(f"this user has no home folder for the journal: set WAVES_JOURNAL or HOME; {NOTHING_SENT}") from None


def load_settings(*, credentials: bool = True, **given: Any) -> Settings:  # noqa: ANN401 - fields of Settings, checked by it
    """The settings of this process: `given` fields first, then the environment, then `.env` in the working folder.

    Without `credentials`, the endpoint and the credentials may be absent (a command that reads the journal alone). Raises
    SettingsError.
    """
    try:
        if number := _unreadable_line(Path(".env")):
            raise SettingsError(f"line {number} of the .env file cannot be read: write NAME=value, quotes closed; {NOTHING_SENT}")
        settings = Settings(**given)
    except ValidationError as error:
        raise SettingsError(_line(error)) from None
    except (SourceError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(
            f"the .env file cannot be read ({type(error).__name__}): save it as UTF-8 text; {NOTHING_SENT}"
        ) from None
    if credentials and (problem := _missing(settings) or _contradiction(settings)):
        raise SettingsError(f"{problem}; {NOTHING_SENT}")
    return settings


def _unreadable_line(path: Path) -> int:
    """The first line of an env file that is none, or 0: the library would leave it out, and with it an account or a key."""
    from dotenv.parser import parse_stream

    if not path.is_file():
        return 0
    with path.open(encoding="utf-8") as stream:
        return next((binding.original.line for binding in parse_stream(stream) if binding.error), 0)


def _kinds(settings: Settings) -> dict[str, dict[str, bool]]:
    """The kinds of credentials, by their leading variable: which variables each needs, and which of them are set."""
    return {
        "CLOUD_SDK_AK": {"CLOUD_SDK_AK": bool(settings.ak), "CLOUD_SDK_SK": bool(settings.sk)},
        "SMS_AUTH_TOKEN": {"SMS_AUTH_TOKEN": bool(settings.auth_token)},
        "IAM_USERNAME": {
            "IAM_USERNAME": bool(settings.iam_username),
            "IAM_PASSWORD": bool(settings.iam_password),
            "IAM_DOMAIN": bool(settings.iam_domain),
        },
    }


def _missing(settings: Settings) -> str:
    """What is not there and must be, as one line without its end; empty where nothing is."""
    if not settings.endpoint:
        return f"SMS_ENDPOINT is not set: give {SITES}"
    begun = [needed for needed in _kinds(settings).values() if any(needed.values())]
    if not begun:
        return "no credentials: set CLOUD_SDK_AK and CLOUD_SDK_SK, or SMS_AUTH_TOKEN"
    for needed in begun:
        absent = [name for name, is_set in needed.items() if not is_set]
        if absent:
            there = next(name for name, is_set in needed.items() if is_set)
            return (
                f"{there} is set without {' and '.join(absent)}: set {'it' if len(absent) == 1 else 'them'} too, or unset {there}"
            )
    if settings.iam_username and not settings.iam_endpoint:
        return "IAM_USERNAME is set without IAM_ENDPOINT: set it too, e.g. https://iam.ap-southeast-3.myhuaweicloud.com"
    return ""


def _contradiction(settings: Settings) -> str:
    """What cannot be true together, as one line without its end; empty where nothing is."""
    leading = [name for name, needed in _kinds(settings).items() if any(needed.values())]
    if len(leading) > 1:
        return f"more than one kind of credentials: {' and '.join(leading)} are set: unset all but one"
    if settings.security_token and not settings.ak:
        return "CLOUD_SDK_SECURITY_TOKEN is set without CLOUD_SDK_AK and CLOUD_SDK_SK: set them too, or unset it"
    if settings.project_id and settings.domain_id:
        return "SMS_PROJECT_ID and SMS_DOMAIN_ID are both set: unset one of them"
    return ""


_REMEDIES = {
    "SMS_ENDPOINT": "give https:// and a host alone",
    "IAM_ENDPOINT": "give https:// and a host alone",
    "SMS_READ_TIMEOUT": "give seconds above 0 and up to 3600, e.g. 30",
    "SMS_CONNECT_TIMEOUT": "give seconds above 0 and up to 3600, e.g. 10",
    "SMS_SETTLE_SECONDS": "give seconds from 0 to 3600, e.g. 10",
    "SMS_RATE_PER_SECOND": "give a number above 0 and up to 10000, or unset it for no limit of ours",
    "SMS_CONCURRENCY": "give a whole number from 1 to 512, e.g. 32",
    "SMS_MAX_RUNNING": "give a whole number from 1 to 100000, e.g. 100",
    "WAVES_LEASE_SECONDS": "give seconds from 1 to 3600, e.g. 30",
    "SMS_USER_AGENT": "give one line of plain ASCII, or unset it",
    "WAVES_JOURNAL": "give sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER@HOST/DATABASE",
    "WAVES_WEBHOOK": "give https://HOST/PATH, or unset it for no notifications",
}


_NUMBERS = frozenset(
    {
        "SMS_READ_TIMEOUT",
        "SMS_CONNECT_TIMEOUT",
        "SMS_SETTLE_SECONDS",
        "SMS_RATE_PER_SECOND",
        "SMS_CONCURRENCY",
        "SMS_MAX_RUNNING",
        "WAVES_LEASE_SECONDS",
    }
)
_PROBLEMS = (("than", "is out of bounds"), ("int_", "is not a whole number"), ("", "is not a number"))


def _line(error: ValidationError) -> str:
    """The first thing that is wrong, as one line: the variable, what is wrong with it, what to give; values only of numbers."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "a setting"
    field = Settings.model_fields.get(name)
    variable = str(field.validation_alias) if field is not None else name
    if first["type"] == "value_error":
        problem = str(first["msg"]).removeprefix("Value error, ")
    elif variable in _NUMBERS:
        said = next(said for part, said in _PROBLEMS if part in first["type"])
        problem = f'"{str(first["input"])[:40]}" {said}'
    else:
        problem = "cannot be used"
    return f"{variable} {problem}: {_REMEDIES.get(variable, 'copy it again, without spaces or line breaks')}; {NOTHING_SENT}"
