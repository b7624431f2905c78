"""The programme for Prometheus: OpenMetrics text, for the textfile collector of node_exporter or any other that reads it.

Pure: a programme in, a text out. Names, units and labels follow OpenMetrics 1.0: base units (seconds, bits a second, ratios), one
family after the other, `# EOF` at the end. Called by `waves status --metrics FILE`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.programme.drift import KINDS
from flows.programme.wave_line import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.programme.gather import Programme
    from flows.programme.wave_line import WaveLine

_BITS = 1_000_000.0

Sample = tuple[dict[str, str], float]


def openmetrics(programme: Programme) -> str:
    """The text, with its last line."""
    lines = [line for name, help_text, samples in _families(programme) for line in _family(name, help_text, samples)]
    return "\n".join([*lines, "# EOF", ""])


def _families(programme: Programme) -> Iterator[tuple[str, str, Sequence[Sample]]]:
    waves = programme.waves
    of_plan = {"plan": programme.plan_name}

    def labels(wave: WaveLine) -> dict[str, str]:
        return {**of_plan, "wave": wave.wave}

    servers = [({**labels(wave), "standing": name}, float(wave.tally.get(name, 0))) for wave in waves for name in COLUMNS]
    yield "migration_waves_servers", "Servers of a wave by where they stand.", servers
    yield (
        "migration_waves_servers_late",
        "Servers that miss their wave's window, or will.",
        [(labels(w), float(len(w.late))) for w in waves],
    )
    yield (
        "migration_waves_late_seconds",
        "How far a wave's latest server is past its window.",
        [(labels(w), w.late_seconds) for w in waves],
    )
    yield (
        "migration_waves_progress_ratio",
        "How much of a wave is moved, by its bytes.",
        [(labels(w), w.progress / 100) for w in waves],
    )
    speeds = [(labels(w), w.throughput_mbps * _BITS) for w in waves]
    yield "migration_waves_throughput_bits_per_second", "How fast a wave's servers copy together.", speeds
    attention = [(labels(w), float(len(w.attention))) for w in waves]
    yield "migration_waves_attention", "Things of a wave that need a person.", attention
    starts = [(labels(w), w.starts_at.timestamp()) for w in waves if w.starts_at]
    yield "migration_waves_window_start_timestamp_seconds", "When a wave's window opens.", starts
    closes = [(labels(w), w.window_ends_at.timestamp()) for w in waves if w.window_ends_at]
    yield "migration_waves_window_end_timestamp_seconds", "When a wave's window closes.", closes
    ends = [(labels(w), w.ends_at) for w in waves if w.ends_at is not None]
    yield "migration_waves_expected_end_timestamp_seconds", "When a wave is expected to end, or ended.", ends
    drift = [({**of_plan, "kind": kind}, float(sum(each.kind == kind for each in programme.drift))) for kind in KINDS]
    yield "migration_waves_drift", "Differences between sheet and cloud.", drift
    yield "migration_waves_status_timestamp_seconds", "When SMS was looked at.", [(of_plan, programme.at)]


def _family(name: str, help_text: str, samples: Sequence[Sample]) -> Iterator[str]:
    yield f"# TYPE {name} gauge"
    yield f"# HELP {name} {help_text}"
    for labels, value in samples:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{told}}} {value:.17g}"


def _escaped(text: str) -> str:
    """A label's value: backslash, quote and line feed as the format has them, and nothing that is no character."""
    whole = text.encode("utf-8", "replace").decode()
    return whole.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
