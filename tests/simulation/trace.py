"""What happened in a scenario, in its order and in virtual time: what `--trace` prints and what two replays must share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Trace:
    """A list of moments; `note` is called by whatever happens."""

    moments: list[tuple[float, str, str, tuple[object, ...]]] = field(default_factory=list)

    def note(self, now: float, who: str, what: str, *details: object) -> None:
        """Something happened."""
        self.moments.append((now, who, what, details))

    def lines(self) -> Iterator[str]:
        """The trace for people."""
        for now, who, what, details in self.moments:
            yield f"{now:12.4f}  {who:<8} {what:<10} {' '.join(map(str, details))}".rstrip()

    def digest(self) -> str:
        """One value for the whole of it."""
        found = hashlib.blake2b(digest_size=16)
        for line in self.lines():
            found.update(line.encode())
        return found.hexdigest()
