"""The least that a command with a Prefect run must do: the same server beside the same imports, and a flow that does nothing."""

from __future__ import annotations

import atexit
import os

from flows.prefect_server.attach import CLIENT_ENVIRONMENT, attach


def main() -> None:
    """Attach as `waves submit` does, import what it imports, run an empty flow to its recorded end."""
    attachment = attach()
    if attachment is None:
        raise RuntimeError("there is no Prefect to compare with")
    os.environ["PREFECT_API_URL"] = attachment.url
    for name, value in CLIENT_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    atexit.register(attachment.close)
    import httpx_aiohttp  # noqa: F401
    import openpyxl  # noqa: F401
    import pandas as pd  # noqa: F401
    import sqlalchemy.ext.asyncio  # noqa: F401
    from prefect import flow

    if problem := attachment.wait_ready(lambda: False):
        raise RuntimeError(problem)

    @flow(name="empty", persist_result=False)
    def empty() -> None:
        """Do nothing."""

    empty()


if __name__ == "__main__":
    main()
