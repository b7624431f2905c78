"""The plans and bodies that are measured: made once a run of the benchmark, the same for ours and for its peers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows import wave_job
from inventory.build import build_post_task
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wave:
    """A plan of one wave, and the bodies that its rows become, a line each."""

    plan: Path
    bodies: Path


def make_wave(folder: Path, rows: int) -> Wave:
    """A wave of so many servers, each with a disk in the sheet."""
    numbers = range(1, rows + 1)
    plan = make_plan(folder / f"{rows}.xlsx", [server(number) for number in numbers], disks=[disk(number) for number in numbers])
    prepared = wave_job.prepare(wave_job.WaveOrder(plan, "wave-1", folder / "report.xlsx"))
    bodies = folder / f"{rows}.jsonl"
    bodies.write_bytes(b"".join(build_post_task(row, prepared.plan, None).to_json() + b"\n" for row in prepared.rows))
    return Wave(plan, bodies)
