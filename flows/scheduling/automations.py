"""What Prefect does by itself when a run dies or does not begin; each automation is there once, however often it is asked for.

A run that was alive and gives no sign of life any more becomes Crashed, and is then run again from its first line: the journal
knows what it did, and its leases, not this, keep two from working on one row. A run that no worker takes is told to a webhook. Only
runs with this project's tag are meant. Called by `waves deploy`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from prefect.blocks.webhook import Webhook
from prefect.client.schemas.objects import StateType
from prefect.events.actions import CallWebhook, ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from flows.scheduling.prefect_setup import TAG
from flows.scheduling.sign_of_life import SIGN, SIGN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from prefect.client.orchestration import PrefectClient
    from prefect.events.schemas.automations import Automation

SILENCE_SECONDS = 3 * SIGN_SECONDS
"""So long without a sign of life, and the run is dead."""
WEBHOOK_BLOCK = "waves-notify"
_SILENT = "Lifeless"
"""The name of the state, of type Crashed: the second automation goes by it. A run that never gave a sign of life cannot
lose it: what cannot even start is not started for ever."""
_ENDED = ("Completed", "Failed", "Cancelled", "Cancelling", "Paused", "Suspended", "AwaitingRetry", _SILENT)


def crash_automation(silence: timedelta = timedelta(seconds=SILENCE_SECONDS)) -> AutomationCore:
    """No sign of life for `silence`, and no end either: Crashed.

    A run whose process a worker saw die is Crashed at once, and comes here too, to be run again; hence `force`.
    """
    return AutomationCore(
        name="waves: no sign of life is a crash",
        description="A run of migration-waves that gives no sign of life any more becomes Crashed.",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
            after={SIGN},
            expect={SIGN, *(f"prefect.flow-run.{name}" for name in _ENDED)},
            for_each={"prefect.resource.id"},
            match=_RUNS,
            match_related=_OURS,
        ),
        actions=[
            ChangeFlowRunState(
                name=_SILENT,
                state=StateType.CRASHED,
                message=f"No sign of life for {silence.total_seconds():.0f} s: the process, or its worker's machine, is gone.",
                force=True,
            )
        ],
    )


def rerun_automation() -> AutomationCore:
    """Crashed for want of a sign of life: run again, by whatever worker is there."""
    return AutomationCore(
        name="waves: a crashed run is run again",
        description="It goes on where the journal says it was; no server gets a second task.",
        trigger=EventTrigger(
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
            expect={f"prefect.flow-run.{_SILENT}"},
            for_each={"prefect.resource.id"},
            match=_RUNS,
            match_related=_OURS,
        ),
        actions=[ChangeFlowRunState(name="AwaitingRetry", state=StateType.SCHEDULED, message="Run again after a crash.")],
    )


def late_automation(webhook: UUID) -> AutomationCore:
    """No worker took a run when it was due: told to a webhook."""
    return AutomationCore(
        name="waves: a late run is told",
        description="Calls the webhook when no worker takes a run of migration-waves in time.",
        trigger=EventTrigger(
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
            expect={"prefect.flow-run.Late"},
            for_each={"prefect.resource.id"},
            match=_RUNS,
            match_related=_OURS,
        ),
        actions=[CallWebhook(block_document_id=webhook, payload=_LATE)],
    )


_RUNS = ResourceSpecification.model_validate({"prefect.resource.id": "prefect.flow-run.*"})
_OURS = ResourceSpecification.model_validate({"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"})
_LATE = (
    '{"event": "late", "plan": {{ flow_run.parameters.plan | tojson }}, "wave": {{ flow_run.parameters.wave | tojson }}, '
    '"flow_run_id": "{{ flow_run.id }}", "due_at": "{{ flow_run.expected_start_time }}", '
    '"message": {{ ("No worker has taken " ~ flow_run.name ~ ": start one, or see why it does not poll") | tojson }}}'
)


async def have_webhook(url: str) -> UUID:
    """Have the webhook's block, its URL a secret of Prefect's; the block's id."""
    block: UUID = await Webhook(url=url, method="POST").save(WEBHOOK_BLOCK, overwrite=True)
    return block


async def have_automations(client: PrefectClient, wanted: Sequence[AutomationCore], *, is_made: bool = True) -> list[str]:
    """Have each of them once, as it is wanted; what was made, brought up to date or taken away. Without `is_made`, only tell."""
    told = []
    for automation in wanted:
        there = await client.read_automations_by_name(automation.name)
        for double in there[1:]:
            told.append(f'automation "{automation.name}", a double taken away')
            if is_made:
                await client.delete_automation(double.id)
        if not there:
            told.append(f'automation "{automation.name}"')
            if is_made:
                await client.create_automation(automation)
        elif not _is_same(there[0], automation):
            told.append(f'automation "{automation.name}", brought up to date')
            if is_made:
                await client.update_automation(there[0].id, automation)
    return told


def _is_same(there: Automation, wanted: AutomationCore) -> bool:
    return _shape(there) == _shape(wanted)


def _shape(automation: AutomationCore) -> object:
    """What counts of it; the names in a trigger are sets, which come in any order."""
    shape = automation.model_dump(mode="json", include={"name", "description", "enabled", "trigger", "actions"})
    trigger = shape["trigger"]
    kept = {name: sorted(value) if isinstance(value, list) else value for name, value in trigger.items() if name != "id"}
    return shape | {"trigger": kept}
