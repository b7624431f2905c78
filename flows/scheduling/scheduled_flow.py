"""Which flow a schedule starts, and with what parameters: a wave's whole night.

The flow is imported when a deployment is made, not before: it is Prefect's, and what only reads a sheet has no use for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.scheduling.timetable import Start


@dataclass(frozen=True, slots=True)
class FlowPlace:
    """A flow of this project: its name at Prefect, where its code is, and what it does, in a sentence."""

    name: str
    module: str
    function: str
    what: str

    def load(self) -> Any:  # noqa: ANN401 - a flow of Prefect's, which is imported here and nowhere before
        """The flow itself."""
        return getattr(import_module(self.module), self.function)


FLOWS = (
    FlowPlace(
        "run-wave",
        "flows.run_wave",
        "run_wave",
        "Runs the whole night of one wave of a plan: submit, start, follow, ask at its gate, cut over, verify, and a report.",
    ),
    FlowPlace(
        "submit-wave",
        "flows.submit_wave",
        "submit_wave",
        "Creates the SMS migration tasks of one wave of a plan, exactly one for each server, and writes a report.",
    ),
    FlowPlace(
        "track-wave",
        "flows.track_wave",
        "track_wave",
        "Follows the SMS migration tasks of one wave: how far each server is, who fails and why, who will miss the window.",
    ),
    FlowPlace(
        "operate-wave",
        "flows.operate_wave",
        "operate_wave",
        "Operates the SMS migration tasks of one wave: start, stop, restart, sync, cutover, speed, delete; each action once.",
    ),
    FlowPlace(
        "schedule-waves",
        "flows.schedule_waves",
        "schedule_waves",
        "Keeps the scheduled runs of a plan to its sheet: a run for each wave, created, moved or cancelled; none of them twice.",
    ),
)
"""Every flow that can be deployed: `waves deploy`, `serve.py` and `prefect.yaml` of `deployments` have a deployment of each."""

SCHEDULED = FLOWS[0]
"""What `waves schedule` has started; it takes the parameters of RunWords. Another flow here is another run of every wave."""


@dataclass(frozen=True, slots=True)
class RunWords:
    """What is the same for all scheduled runs of a plan: where it lies for a worker, and what the command line said."""

    plan: str
    allow_invalid: bool = False
    credentials: str = ""

    def parameters(self, start: Start) -> dict[str, Any]:
        """The parameters of a scheduled run; those that are not given have the flow's defaults."""
        said: dict[str, Any] = {"plan": self.plan, "wave": start.wave, "by_schedule": True, "pinned": start.pinned}
        if self.allow_invalid:
            said["allow_invalid"] = True
        if self.credentials:
            said["credentials"] = self.credentials
        return said
