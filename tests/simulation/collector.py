"""Python's garbage collector, kept out of a world whose every step is decided."""

from __future__ import annotations

import gc
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from flows.submission import wave_run

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def collector_off() -> Iterator[None]:
    """No collection, and none of the engine's own care for it: it costs more than a run.

    What a dead process left behind must not come to life in the middle of another's step, either.
    """
    at_rest, wave_run._old_objects_at_rest = wave_run._old_objects_at_rest, nullcontext  # type: ignore[assignment]
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        wave_run._old_objects_at_rest = at_rest
        if was_on:
            gc.enable()
