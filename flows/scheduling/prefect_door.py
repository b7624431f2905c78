"""Have a Prefect API that a schedule can live in, and turn its errors into one line each.

A schedule outlives the command that makes it: unlike `waves submit`, nothing here starts a server of its own. Called by the
commands that schedule, push and deploy.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from flows.prefect_server.attach import CLIENT_ENVIRONMENT, answers, shown
from flows.prefect_server.configured import read_configured

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from prefect.client.orchestration import PrefectClient

_PROBE_SECONDS = 5.0
_START_ONE = "start one with `prefect server start --background`, or set PREFECT_API_URL"


class PrefectUnavailableError(Exception):
    """Prefect's API is not there, or does not do what it is asked; its text is one line."""


def find_api() -> str:
    """The URL of the API that is configured, else of a server that runs on this machine; also sets it for Prefect's client.

    Call it before Prefect is imported. Raises PrefectUnavailableError.
    """
    try:
        configured = read_configured()
    except RuntimeError as error:
        raise PrefectUnavailableError("this user has no home folder for Prefect's settings: set PREFECT_HOME or HOME") from error
    url = configured.api_url or f"http://127.0.0.1:{configured.port}/api"
    if not answers(url, _PROBE_SECONDS):
        if configured.api_url:
            raise PrefectUnavailableError(f"Prefect does not answer at {shown(url)}: start its server, or mend PREFECT_API_URL")
        raise PrefectUnavailableError(f"no Prefect server runs on this machine: {_START_ONE}")
    os.environ["PREFECT_API_URL"] = url
    for name, value in CLIENT_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    return url


@asynccontextmanager
async def open_client() -> AsyncIterator[PrefectClient]:
    """A client of the API that `find_api` found; what goes wrong inside is raised as PrefectUnavailableError."""
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectException

    try:
        async with get_client() as client:
            yield client
    except httpx.HTTPStatusError as error:
        path, code = error.response.request.url.path, error.response.status_code
        raise PrefectUnavailableError(f"Prefect refused {path} ({code}): {_said(error.response.text)}") from error
    except (httpx.HTTPError, PrefectException, OSError, RuntimeError) as error:
        raise PrefectUnavailableError(f"Prefect's API failed ({type(error).__name__}): {_first_line(error)}") from error


def _said(text: str) -> str:
    return " ".join(text[:300].split()) or "it said no more"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
