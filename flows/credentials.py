"""The credentials of SMS as a block of Prefect's: filled in once in its UI, or saved by `waves deploy`, named in a run's form.

Holds settings and hands them out, nothing more; secrets are SecretStr, shown as `********`. In a module of its own, not in a
flow's: a block class that is imported twice is two classes to Prefect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from flows.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping


def _said(name: str) -> Any:  # noqa: ANN401 - a pydantic field
    description = str(Settings.model_fields[name].description)
    is_secret = Settings.model_fields[name].annotation is not str
    return Field(SecretStr("") if is_secret else "", description=description)


class SmsCredentials(Block):
    """How SMS is reached: the endpoint, one kind of credentials, and whose tasks they are. What is empty is not set."""

    _block_type_name: ClassVar[str] = "SMS credentials"
    _block_type_slug: ClassVar[str] = "sms-credentials"
    _description: ClassVar[str] = "Endpoint and credentials of Huawei Cloud SMS, for the flows of migration-waves."

    endpoint: str = _said("endpoint")
    ak: str = _said("ak")
    sk: SecretStr = _said("sk")
    security_token: SecretStr = _said("security_token")
    project_id: str = _said("project_id")
    domain_id: str = _said("domain_id")
    auth_token: SecretStr = _said("auth_token")
    iam_endpoint: str = _said("iam_endpoint")
    iam_username: str = _said("iam_username")
    iam_password: SecretStr = _said("iam_password")
    iam_domain: str = _said("iam_domain")

    def given(self) -> Mapping[str, Any]:
        """The fields of Settings that this block decides: all of its own, the empty ones too, so that no environment mixes in."""
        return {name: getattr(self, name) for name in SmsCredentials.own_fields()}

    @classmethod
    def own_fields(cls) -> list[str]:
        """The names of its fields, each one of Settings."""
        return [name for name in cls.model_fields if name in Settings.model_fields]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """A block of these settings."""
        return cls(**{name: getattr(settings, name) for name in cls.own_fields()})


async def settings_of(block: str) -> Settings:
    """The settings of a run: those of the named block, and of the environment for what a block does not hold; "" names none.

    Raises SettingsError.
    """
    if not block:
        return load_settings()
    try:
        found = cast("SmsCredentials", await SmsCredentials.aload(block))
    except ValueError as error:  # Prefect says so of a document that is not there
        raise SettingsError(
            f'Prefect has no block "{block}" of SMS credentials: make it in its UI, or by `waves deploy`'
        ) from error
    return load_settings(**found.given())
