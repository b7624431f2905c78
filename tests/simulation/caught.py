"""Seeds that catch each mutation, so that the tests need not look for one; `make soak MUTATIONS=1` prints the first of each."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CAUGHT_BY: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "skip the look": (3,),
        "send before the intent is durable": (33,),
        "adopt by name only": (0,),
        "take 5xx for a definite no": (11,),
        "take 408 for not sent": (49, 95),
        "take an unreadable 200 for a definite no": (6,),
        "take a redirect for not sent": (7, 38),
        "take a reset for not sent": (3,),
        "trust 7605 after doubt": (3, 26, 56),
        "take what was left for free": (3, 23),
        "settle in no time": (3, 23),
        "take no answer for nothing there": (38,),
        "write off what is on the wire": (486,),
        "settle the source only": (182, 281, 311),
        "send without settling what was left": (328, 804, 1029, 1043),
        "call a missing task gone": (8,),
        "trust what was read before the lease": (125,),
        "settle from long before the lease": (1029, 1825),
        "lease no target": (104,),
        "ignore the lease": (64, 122),
        "answer before the disk does": (709, 889, 1899),
        "send without proof of the lease": (1935, 1599),
        "write without a fence": (220, 366),
        "leave out what was never taken up": (46,),
        "call the earlier runs task ours": (0,),
    }
)
"""Mutation -> seeds."""
