"""What exists before anybody calls: source servers, target servers, templates; from a plan, made up, or whatever is asked for.

Decides which ids are known. A plan is read through `inventory.plan`, imported only then (planfleet.py). Called by core.py.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flows.simulator.layouts import Layout, make_layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.simulator.options import SimulatorOptions

_NAMES = uuid.UUID("6f1b2c1e-5d0a-4a5e-9a39-5d1d3b1c7f00")


@dataclass(frozen=True)
class SourceServer:
    """A source server with its agent. `given` is its layout where a sheet tells it, else one is made up from the id.

    `judged` says whether creates are compared with it (OS, disk sizes): a source of a plan is, a made-up one is not.
    `failed_checks` are the names of pre-checks that show ERROR, such as `RSYNC`: with one, no task can be made.
    `line_mbps` is what its own line carries (Mbit/s), 0 for what the options say.
    `line` names the line that it shares with others, where `Service.set_bandwidth` made one of that name, else all share the common
    one. Without `has_tc` no speed limit is applied (facts 5.3).
    """

    id: str
    name: str
    ip: str = ""
    os_type: str = "LINUX"
    os_version: str = ""
    firmware: str = "BIOS"
    connected: bool = True
    given: Layout | None = None
    judged: bool = False
    failed_checks: tuple[str, ...] = ()
    line_mbps: float = 0.0
    has_tc: bool = True
    line: str = ""

    @cached_property
    def layout(self) -> Layout:
        """Its disks, volume groups and Btrfs file systems."""
        return self.given or make_layout(self.id, self.os_type)

    @property
    def shown_os_version(self) -> str:
        """The OS version as SMS writes it, made up where it is not known."""
        return self.os_version or ("WINDOWS2019_64BIT" if self.os_type == "WINDOWS" else "UBUNTU_22_04_64BIT")


class Fleet:
    """The known sources, targets and templates. With `any_source` an unknown source is known as soon as it is asked for."""

    def __init__(
        self,
        sources: Iterable[SourceServer] = (),
        targets: Iterable[str] | None = None,
        templates: Iterable[str] | None = None,
        *,
        any_source: bool = False,
    ) -> None:
        self._sources = {source.id: source for source in sources}
        self._targets = None if targets is None else set(targets)
        self._templates = None if templates is None else set(templates)
        self._any_source = any_source
        self._described: dict[str, dict[str, Any]] = {}

    def find(self, source_id: str) -> SourceServer | None:
        """The source server of that id, or None."""
        source = self._sources.get(source_id)
        if source is None and self._any_source and source_id:
            source = SourceServer(id=source_id, name=source_id[-32:])
            self._sources[source_id] = source
        return source

    def sources(self) -> list[SourceServer]:
        """All known sources."""
        return list(self._sources.values())

    def put(self, source: SourceServer) -> None:
        """Add a source, or replace the one of that id."""
        self._sources[source.id] = source

    def has_target(self, vm_id: str) -> bool:
        """Whether a target server exists; always, when no fleet says which do."""
        return self._targets is None or vm_id in self._targets

    def has_template(self, template_id: str) -> bool:
        """Whether a template exists; always, when no fleet says which do."""
        return self._templates is None or template_id in self._templates

    def templates(self) -> list[str]:
        """The ids of the known templates."""
        return sorted(self._templates or ())

    def add_template(self, template_id: str) -> None:
        """Make a template known."""
        if self._templates is not None:
            self._templates.add(template_id)

    def describe_template(self, template_id: str, fields: dict[str, Any]) -> None:
        """Make a template known whose page shows `fields`; from the first that is described on, no others exist unasked."""
        self._templates = {*(self._templates or ()), template_id}
        self._described[template_id] = fields

    def template_fields(self, template_id: str) -> dict[str, Any]:
        """What a template was described by."""
        return self._described.get(template_id, {})


def source_id_for(name: str) -> str:
    """The id of a source that a plan knows by name or address only; the same every time."""
    return str(uuid.uuid5(_NAMES, name))


def made_up_sources(count: int) -> list[SourceServer]:
    """`count` sources named source-00001 and so on, one in four a Windows server."""
    return [
        SourceServer(
            id=source_id_for(f"source-{number:05d}"),
            name=f"source-{number:05d}",
            ip=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            os_type="WINDOWS" if number % 4 == 0 else "LINUX",
        )
        for number in range(1, count + 1)
    ]


def make_fleet(options: SimulatorOptions) -> Fleet:
    """The fleet that the options ask for. Raises inventory.plan.PlanError when the plan cannot be read."""
    sources = made_up_sources(options.sources)
    if options.fleet is None:
        return Fleet(sources, any_source=options.any_source)
    from flows.simulator.planfleet import read_fleet

    planned = read_fleet(options.fleet)
    return Fleet(
        [*sources, *planned.sources],
        None if options.any_target else planned.targets,
        None if options.any_target else planned.templates,
        any_source=options.any_source,
    )
