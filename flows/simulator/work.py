"""How far a task is: its sub-tasks with their times, the bytes of the copy in hand, what was copied before.

State and arithmetic only; progress.py moves it, task_shapes.py shows it, store.py keeps it as JSON. Times are seconds since the
epoch, sizes bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_PERCENT = 100


@dataclass(slots=True)
class Work:
    """The work of one task.

    `at` is the sub-task in hand, `len(names)` when all is done; `began` and `ended` have the times of each. `whole` is the first,
    full copy. `part` is the copy in hand (the full one or a delta), of which `left` was still to copy when it was last looked at
    (`seen_at`, at `speed` bytes a second), but for `beyond`, which an agent that will fail before never comes to. `copied` is
    what all copies before the one in hand have moved. The target has the source's content as of `as_of`, and will have it as of
    `next_as_of`. `strike` is the failure that is to come in the sub-task `strike_at`, after that share of it.
    """

    names: tuple[str, ...]
    whole: float
    at: int = 0
    began: list[float | None] = field(default_factory=list)
    ended: list[float | None] = field(default_factory=list)
    part: float = 0.0
    left: float = 0.0
    beyond: float = 0.0
    seen_at: float = 0.0
    speed: float = 0.0
    copied: float = 0.0
    as_of: float | None = None
    next_as_of: float | None = None
    rounds: int = 0
    runs: int = 0
    is_copying: bool = False
    is_cutting_over: bool = False
    is_again: bool = False
    is_checked: bool = False
    prepared_from: float = 0.0
    prepared_at: int = 0
    strike: str = ""
    strike_at: int = -1
    strike_share: float = 0.0
    strike_seconds: float = 0.0
    results: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.began:
            self.began, self.ended = [None] * len(self.names), [None] * len(self.names)
            self.part = self.left = self.whole

    @property
    def copy_at(self) -> int:
        """The place of MIGRATE_*: what is before it prepares."""
        return len(self.names) - 4

    @property
    def sync_at(self) -> int:
        """The place of SYNC_*: what is after it configures."""
        return len(self.names) - 3

    @property
    def is_preparing(self) -> bool:
        """Whether the sub-task in hand comes before the copy."""
        return self.at < self.copy_at

    @property
    def strikes_here(self) -> bool:
        """Whether a failure is to come in the sub-task in hand."""
        return self.strike_at == self.at

    @property
    def is_over(self) -> bool:
        """Whether no sub-task is left."""
        return self.at >= len(self.names)

    @property
    def name(self) -> str:
        """The sub-task in hand, or the last one."""
        return self.names[min(self.at, len(self.names) - 1)]

    def enter(self, at: int, now: float) -> None:
        """Take up a sub-task; those before it are done, one that was skipped without a time of its own."""
        for place in range(at):
            if self.began[place] is not None and self.ended[place] is None:
                self.ended[place] = now
        self.at = at
        if at < len(self.names) and (self.began[at] is None or self.ended[at] is not None):
            self.began[at], self.ended[at] = now, None

    def skip_to(self, at: int) -> None:
        """Be at a later sub-task without having done what is before it: what putting a state by hand comes to."""
        if at > self.at:
            self.at = at
            if at > self.copy_at:
                self.part = self.left = 0.0
                self.copied = self.copied or self.whole

    def kept(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def work_of(kept: dict[str, Any]) -> Work:
    """The work that `kept` told."""
    return Work(**{**kept, "names": tuple(kept["names"])})
