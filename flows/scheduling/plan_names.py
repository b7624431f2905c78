"""What a plan's deployment, and the runs of its waves, are called at Prefect.

The name is the plan's file name: a plan that lies elsewhere tomorrow is still the same plan. Called by the commands and by the
modules that talk to Prefect.
"""

from __future__ import annotations

from pathlib import PurePath

from flows.places import name_of

_FORBIDDEN = dict.fromkeys(map(ord, "/%&<>"), "-")


class NameTakenError(Exception):
    """The name belongs to a plan in another place; its text is one line."""


def name_for(place: str, name: str | None) -> str:
    """The deployment's name: the one that was given, else the plan's file name, without what Prefect forbids."""
    return (name or PurePath(name_of(place)).stem).translate(_FORBIDDEN).strip() or "plan"


def plan_tag(name: str) -> str:
    """The tag on all runs of one plan's deployment."""
    return f"plan:{name}"
