"""The columns of the sheets that say how a wave is run: `Waves`, `Limits`, and the two of `Defaults`. None of them is sent.

Read by columns.py.
"""

from __future__ import annotations

from inventory.account_limits import MOST_RUNNING
from inventory.column import Column, Kind

_FLAG, _INT, _TEXT = Kind.FLAG, Kind.INTEGER, Kind.TEXT

WAVES: tuple[Column, ...] = (
    Column("wave", Kind.LABEL, "The wave's name, as in `Servers`.", ("wave_name", "wave_id"), required=True),
    Column("starts_at", Kind.DATETIME, "When the wave's window opens, in its time zone.", ("start", "start_time", "window_start")),
    Column(
        "ends_at",
        Kind.DATETIME,
        "When the wave's window closes: nothing new is sent after it.",
        ("end", "end_time", "window_end"),
    ),
    Column("timezone", Kind.TIMEZONE, "The time zone of starts_at and ends_at.", ("tz",), default="UTC", inherited=True),
    Column(
        "bandwidth_mbps",
        Kind.DECIMAL,
        "The line's bandwidth that the wave may use.",
        ("bandwidth",),
        low=0,
        high=10_000_000,
        unit="Mbit/s",
        inherited=True,
    ),
    Column(
        "rate_per_second",
        Kind.DECIMAL,
        "Never more requests a second than this.",
        ("rate",),
        low=0,
        high=10_000,
        unit="requests/s",
        default="no limit",
        inherited=True,
    ),
    Column(
        "max_running",
        _INT,
        "Never more of the wave's tasks running at once.",
        (),
        low=1,
        high=100_000,
        default=str(MOST_RUNNING),
        inherited=True,
    ),
    Column("depends_on", _TEXT, "Waves that must be done first, separated by ;.", ("dependencies",), max_length=4096),
    Column(
        "needs_approval",
        _FLAG,
        "Whether a person must approve the wave before it starts.",
        ("approval",),
        default="no",
        inherited=True,
    ),
    Column(
        "failure_budget",
        Kind.SHARE,
        "Nothing new is sent once more servers than this have failed.",
        (),
        low=0,
        high=100_000,
        default="no limit",
        inherited=True,
    ),
    Column("max_servers", _INT, "How many servers the wave may hold.", (), low=1, high=100_000, inherited=True),
)

LIMITS: tuple[Column, ...] = (
    Column("column", _TEXT, "A column of `Servers`, such as esx_host.", ("field",), required=True),
    Column("value", _TEXT, "The value it limits, or * for each value by itself.", (), required=True),
    Column(
        "max_running", _INT, "Never more of these servers running at once.", ("limit", "max"), low=1, high=100_000, required=True
    ),
)

DEFAULTS: tuple[Column, ...] = (
    Column("column", _TEXT, "A column of `Servers` or `Waves`.", ("field", "name", "setting"), required=True),
    Column("value", Kind.ANY, "What holds where neither row nor wave says anything.", ("default",)),
)
