"""What tests need that not every machine has: left out there, in a line that says so, and insisted on where everything must be."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

INSIST = "WAVES_TESTS_INSIST"
"""Set (by `.ci/run`) where every program is there: then nothing is left out."""


def left_out(reason: str) -> NoReturn:
    """Skip the test for this reason; `make test` shows it. Fail it where nothing may be left out."""
    if os.environ.get(INSIST):
        pytest.fail(f"{reason}, and {INSIST} is set")
    pytest.skip(reason)
