"""The processes of `waves demo`: the simulator and the submission, neither of which outlives the demo.

The simulator ends when its standard input does, so also when the demo is killed; Ctrl-C is kept from it, since a submission that
is being interrupted still has questions to ask. Called by demo_command.py.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType, TracebackType

_STOP_SECONDS = 5.0
_SETTLE_SECONDS = 3.0
_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


class NotStartedError(Exception):
    """A process that did not start; its own words stand on standard error above."""


class EndedError(KeyboardInterrupt):
    """We were told to end by a signal that reaches us alone, unlike Ctrl-C, which reaches every process of the terminal."""


class SimulatorProcess:
    """A simulator in its own process, on a free port. Raises NotStartedError when it does not come up."""

    def __init__(self, arguments: Sequence[str]) -> None:
        command = [sys.executable, "-m", "flows.simulator", "--until-stdin-eof", *arguments]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, creationflags=_NEW_GROUP
        )
        line = _stream(self._process.stdout).readline()
        if not line:
            self.stop()
            raise NotStartedError("the simulator did not start")
        self.url: str = json.loads(line)["url"]

    def truth(self) -> dict[str, Any]:
        """What really is: tasks_by_source, faults, and more (see flows.simulator.truth)."""
        # Not through a proxy that the environment names: it is this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/admin/truth", timeout=10) as answer:
            return dict(json.loads(answer.read()))

    def stop(self) -> None:
        """End it, and wait until it is gone; more than one call is fine."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                _stream(pipe).close()
        _wait_or_kill(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def run_visibly(command: Sequence[str], folder: Path, environment: Mapping[str, str], stdout: IO[str] | None) -> int:
    """Run a command in a folder, its words on our own streams, and return its exit code.

    When we are interrupted it gets time to finish what is on the wire, is told to end, and is killed in the end.
    """
    process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=stdout)  # noqa: S603 - our own command
    try:
        return process.wait()
    except EndedError:
        process.terminate()
        raise
    except KeyboardInterrupt:
        # It has reached the command too, and a second signal would cut its settling short.
        with suppress(subprocess.TimeoutExpired):
            process.wait(_SETTLE_SECONDS)
        process.terminate()
        raise
    finally:
        _wait_or_kill(process)


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Have SIGTERM and a closed terminal end us as Ctrl-C does, so that what was started is ended too."""
    before = {}
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            with suppress(ValueError):  # not in the main thread: there are none to take
                before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise EndedError


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stream(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:  # pragma: no cover - both are asked for
        raise NotStartedError("the simulator has no pipes")
    return pipe
