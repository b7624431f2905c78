"""A whole plan at a glance, from its file to a programme: what `waves status` runs, and what it tells to monitors and to people.

Plain asyncio and no Prefect. Opens client and journal, looks once, and closes them; what is shown of it is the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.programme.gather import StatusDesk, gather
from flows.programme.metrics import openmetrics
from flows.programme.occasions import gate_occasion, occasions
from flows.programme.webhook import Notifier, Webhook
from flows.submission.clock import SystemClock
from flows.submission.events import StopSignal
from flows.submission.throttle import Throttle
from flows.track_job import service
from flows.tracking.events import Unwatched
from inventory.plan import read_plan
from inventory.report_file import ReportError
from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flows.programme.gather import Programme
    from flows.programme.occasions import Occasion
    from flows.settings import Settings
    from flows.submission.clock import Clock
    from inventory.plan import Plan


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """What is asked for. `notifies`: what is new goes to the webhook of the settings, where they name one."""

    plan: Path
    metrics: Path | None = None
    notifies: bool = False


class _Remarks(Unwatched):
    """Remarks of the journal and of the webhook; nothing else is shown while looking."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def remark(self, text: str) -> None:
        self._say(text)


async def run(request: StatusRequest, settings: Settings, say: Callable[[str], None], *, clock: Clock | None = None) -> Programme:
    """Look at every wave of the plan; write the metrics, and tell people, where that is wanted.

    Raises PlanError, JournalUnavailableError, an SmsError where SMS cannot be asked, ReportError where the metrics cannot be
    written.
    """
    clock = clock or SystemClock()
    plan = read_plan(request.plan)
    remarks, reads = _Remarks(say), Throttle(clock)
    async with service(settings, clock, remarks, reads) as (client, journal):
        programme = await gather(plan, StatusDesk(settings.account, client, journal, clock, reads, StopSignal()))
        if request.notifies and (url := settings.webhook.get_secret_value()):
            async with Webhook(url, clock.sleep) as webhook:
                notifier = Notifier(webhook, journal, clock, settings.account, plan.name, say)
                await notifier.tell(_occasions(programme, plan))
    if request.metrics is not None:
        write_metrics(request.metrics, programme)
    return programme


def write_metrics(path: Path, programme: Programme) -> None:
    """Write the file whole, in place of the one that is there: a collector never reads half of it. Raises ReportError."""
    text = openmetrics(programme).encode()
    try:
        write_whole(path, lambda stream: stream.write(text))
    except OSError as error:
        raise ReportError(
            f"{path} cannot be written ({error.strerror})", "give --metrics a file in a folder that is there"
        ) from error


def _occasions(programme: Programme, plan: Plan) -> Iterator[Occasion]:
    for wave in programme.waves:
        yield from occasions(programme.pictures[wave.wave])
        if wave.way.gate:
            said = f"waits at the gate {wave.way.gate}: `waves approve {plan.name} --wave {wave.wave}` decides"
            yield gate_occasion(wave.wave, wave.way.gate_key, said)
