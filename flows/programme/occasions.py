"""What people are told of a wave while it runs: it started, waits at a gate, will be late, servers failed, it is done.

Pure: a picture of the wave in, occasions out. Each has keys, so that what was told is not told again, and what is new (one more
server that failed) is. Called by whoever notifies: `waves status --notify`, tracking, the night.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from flows.tracking.standing import Standing
from inventory.forecast_words import count, length, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flows.tracking.picture import Picture, ServerView


class Event(StrEnum):
    """What happened; the word in the notification's JSON."""

    STARTED = "started"
    GATE = "gate"
    LATE = "late"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something to tell of a wave: the servers that it is about by key (one key, of the wave itself, where it is about none).

    `words` follow the servers' names in the sentence that people read.
    """

    event: Event
    wave: str
    keys: Mapping[str, str]
    words: str

    def text(self, keys: Mapping[str, str]) -> str:
        """The sentence about some of the servers."""
        who = [label for label in keys.values() if label]
        return f"{self.wave}: {named(who)} {self.words}" if who else f"{self.wave} {self.words}"


def occasions(picture: Picture) -> Iterator[Occasion]:
    """What a picture of a wave gives occasion to tell, in the order in which it happens."""
    wave, servers = picture.wave, picture.servers
    if any(view.standing.is_under_way or view.standing is Standing.DONE for view in servers):
        yield Occasion(Event.STARTED, wave, {"": ""}, f"has started: {count(len(servers), 'server')}")
    failed = [view for view in servers if view.standing.is_lost]
    for code, views in _by_error(failed).items():
        why = f"failed ({code}): {views[0].advice}" if code else f"failed: {views[0].advice}"
        yield Occasion(Event.FAILED, wave, {f"{view.task_id}/{code}": view.label for view in views}, why)
    if picture.late:
        late = {view.task_id or view.identity: view.label for view in picture.late}
        yield Occasion(Event.LATE, wave, late, f"will miss the window, by up to {length(picture.late_seconds)}")
    if servers and all(view.standing is Standing.DONE for view in servers):
        yield Occasion(Event.DONE, wave, {"": ""}, f"is done: {count(len(servers), 'server')}")


def gate_occasion(wave: str, key: str, words: str) -> Occasion:
    """A wave waits at a gate; `key` names the question that is open there, `words` say for what it waits."""
    return Occasion(Event.GATE, wave, {key: ""}, words)


def _by_error(failed: list[ServerView]) -> Mapping[str, list[ServerView]]:
    found: dict[str, list[ServerView]] = {}
    for view in failed:
        found.setdefault(view.error_code or ("GONE" if view.standing is Standing.GONE else ""), []).append(view)
    return found
