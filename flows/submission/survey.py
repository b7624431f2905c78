"""What is known before anything is sent: what SMS holds, which source server each row means, and each row's body.

Reads SMS and the plan; sends nothing and writes nothing, so that a dry run is made of the same parts as a run. Called by
wave_run.py and preview.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.sms.errors import SmsError
from flows.submission import endings
from flows.submission.identify import SourceDirectory, Unidentified
from flows.submission.shipment import Shipment, pack
from inventory.build import BuildError, build_post_task, needs_source
from inventory.findings import Finding, Severity
from inventory.outcomes import Outcome, Status
from inventory.source_findings import find_source_findings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.submission.desk import Desk, Options
    from inventory.plan import Plan, ServerRow


@dataclass(frozen=True, slots=True)
class WaveRequest:
    """What is to be run: rows of one wave of a plan, for one account.

    `invalid` holds the error that rules out a row, by the row's position in the sheet: such rows are reported, not sent.
    """

    plan: Plan
    wave: str
    rows: Sequence[ServerRow]
    account: str
    author: str
    invalid: Mapping[int, Finding]
    options: Options


@dataclass(frozen=True, slots=True)
class NoBody:
    """Why nothing can be sent for a row, and the status that it has where it has no task: INVALID or DEFERRED."""

    status: Status
    code: str
    message: str
    advice: str


class Survey:
    """The rows of a request held against the plan and what SMS knows. `ids` are their source servers, "" where not known yet."""

    def __init__(self, request: WaveRequest, desk: Desk) -> None:
        self._request = request
        self._desk = desk
        self.ids: dict[int, str] = {row.position: row.source_server_id for row in request.rows}
        self.ruled_out: dict[int, Outcome] = {}
        for row in request.rows:
            if row.skip:
                self.ruled_out[row.position] = endings.unsent(
                    row, row.source_server_id, Status.SKIPPED, code="", message="", advice=""
                )
            elif row.position in request.invalid:
                finding = request.invalid[row.position]
                self._rule_out(row, finding.code, f"{finding.place} {finding.problem}", finding.remedy)

    @property
    def rows_to_send(self) -> list[ServerRow]:
        """The rows that nothing has ruled out yet, in the sheet's order."""
        return [row for row in self._request.rows if row.position not in self.ruled_out]

    async def look(self) -> None:
        """See what is there. The first page is read alone: a wrong secret costs one refused call, not a burst of them.

        Raises an SmsError where SMS cannot be asked. Returns early, knowing less, when the run is asked to stop.
        """
        desk = self._desk
        for task in await desk.stop.unless_set(desk.client.list_tasks(), desk.clock) or ():
            desk.known.add(task)
        if any(not row.source_server_id for row in self.rows_to_send):
            sources = await desk.stop.unless_set(desk.client.list_sources(), desk.clock)
            if sources is not None:
                self._identify(SourceDirectory(sources))

    async def prepare(self, row: ServerRow) -> Shipment | NoBody:
        """The row's body, from the sheet and, where the sheet has no disks, from what SMS knows of the source."""
        source_id, plan, source = self.ids[row.position], self._request.plan, None
        try:
            if needs_source(row, plan):
                source = await self._desk.client.show_source(source_id)
                found = find_source_findings(row, plan, source, source_id)
                # Errors come with the refusal to build the body.
                self._desk.findings.extend(finding for finding in found if finding.severity is Severity.WARNING)
            return pack(row, build_post_task(row, plan, source, source_id), is_of_sheet_alone=source is None)
        except BuildError as error:
            worst = error.findings[0]
            self._desk.findings.extend(error.findings)
            return NoBody(Status.INVALID, worst.code, worst.problem, worst.remedy)
        except SmsError as error:
            message = f"the source could not be asked for: {error.message}"
            return NoBody(Status.DEFERRED, error.code, message, error.advice)

    def _identify(self, directory: SourceDirectory) -> None:
        for row in self.rows_to_send:
            if row.source_server_id:
                continue
            found = directory.identify(row)
            if isinstance(found, Unidentified):
                self._rule_out(row, "WAVES.SOURCE", found.message, found.advice)
            else:
                self.ids[row.position] = found
        self._refuse_twins()

    def _refuse_twins(self) -> None:
        """Two rows that turn out to name one source server: neither is sent, since nobody can say which is meant."""
        rows_of: dict[str, list[ServerRow]] = {}
        for row in self.rows_to_send:
            rows_of.setdefault(self.ids[row.position], []).append(row)
        for source, rows in rows_of.items():
            for row in rows if source and len(rows) > 1 else ():
                places = " and ".join(str(other.cell("wave")) for other in rows)
                message = f"{places} name the same source server {source}"
                self._rule_out(row, "WAVES.SOURCE", message, "leave one of the rows, or give each its own server")

    def _rule_out(self, row: ServerRow, code: str, message: str, advice: str) -> None:
        source_id = self.ids[row.position]
        outcome = endings.unsent(row, source_id, Status.INVALID, code=code, message=message, advice=advice)
        self.ruled_out[row.position] = outcome
