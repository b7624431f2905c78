"""What tracking tells those who watch it. A watcher must return at once and never raise: the next look does not wait for it.

Terminal, plain lines, wall page and Prefect are watchers. Called by tracker.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flows.tracking.picture import Picture, ServerView


@dataclass(frozen=True, slots=True)
class Change:
    """A server is in another state than when it was last seen; `was` is "" where it had not been seen before."""

    server: ServerView
    was: str


class TrackWatcher(Protocol):
    """What may be shown of a wave that is followed."""

    def picture(self, picture: Picture) -> None:
        """The wave as the last look showed it; after a look in vain, as the one before did, with its `problem`."""

    def change(self, change: Change) -> None:
        """A server has changed its state; told before the picture that shows it."""

    def remark(self, text: str) -> None:
        """Something a person wants to know now, in one line."""


class Unwatched:
    """A watcher that shows nothing."""

    def picture(self, picture: Picture) -> None:
        """Show nothing."""

    def change(self, change: Change) -> None:
        """Show nothing."""

    def remark(self, text: str) -> None:
        """Show nothing."""
