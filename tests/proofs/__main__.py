"""Break waves in every way that a night can: `python -m tests.proofs [NAME ...] [--times N] [--seed N]`; all of them by default.

Each proof prints one line; exit 1 where a promise was not kept. Everything talks to 127.0.0.1 only, and ends what it started.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
import time
from random import Random
from typing import TYPE_CHECKING

from tests.conftest import processes_with, wait_until
from tests.flows.submission.real_runs import stop_between_writes
from tests.left_out import INSIST
from tests.postgres_server import PostgresServer
from tests.proofs.machines import PARTS, debian_postgres, two_machines
from tests.proofs.rounds import play_rounds
from tests.proofs.wave import ROWS, Verdict, Wave, broken_wave
from tests.waves_process import Waves, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SLEEP_SECONDS = 60.0
_SMALL_DISK_BYTES = 300_000


def kills(count: int, random: Random) -> Verdict:
    """`kill -9` at random moments, one process after the other."""
    with broken_wave() as wave:
        for number in range(1, count + 1):
            run = wave.start()
            wave.wait_for(_some_more(wave, number, count, random), run)
            time.sleep(random.random() * 0.2)
            run.kill()
            run.communicate()
        return wave.judge(Verdict("kills", f"{count} kills"), wave.start())


def two(count: int, random: Random) -> Verdict:
    """Two processes share the wave; now the one and now the other is killed, and another takes its place."""
    with broken_wave() as wave:
        runs = [wave.start(), wave.start()]
        for number in range(1, count + 1):
            victim = random.randrange(2)
            wave.wait_for(_some_more(wave, number, count, random), *runs)
            time.sleep(random.random() * 0.2)
            runs[victim].kill()
            runs[victim].communicate()
            runs[victim] = wave.start()
        return wave.judge(Verdict("two", f"{count} kills among two processes"), *runs)


def sleep(count: int, random: Random) -> Verdict:
    """One of two processes is stopped for a minute, far longer than its lease, and then goes on."""
    with broken_wave() as wave:
        runs = [wave.start(60), wave.start(60)]
        wave.wait_for(random.randrange(50, 200), *runs)
        stop_between_writes(runs[0], wave.folder / "journal.sqlite")
        time.sleep(_SLEEP_SECONDS)
        os.kill(runs[0].pid, signal.SIGCONT)
        return wave.judge(Verdict("sleep", f"SIGSTOP of {_SLEEP_SECONDS:g} s"), *runs)


def prefect(count: int, random: Random) -> Verdict:
    """The Prefect server is killed under a running `waves submit`."""
    with broken_wave() as wave:
        env = environment(wave.folder, wave.simulator, SMS_SETTLE_SECONDS="5", SMS_RATE_PER_SECOND="60", SMS_READ_TIMEOUT="1")
        waves = Waves("submit", wave.plan, "--wave", "wave-1", "--json", env=env, cwd=wave.folder)
        wait_until((wave.folder / "prefect-home" / "prefect.db").exists)
        wave.wait_for(random.randrange(50, 200), waves.process)
        for pid in processes_with(str(wave.folder / "prefect-home")):
            os.kill(pid, signal.SIGKILL)
        code, output, errors = waves.end()
        verdict = Verdict("prefect", "Prefect's server killed")
        if code or "Traceback" in errors:
            verdict.violations.append(f"exit {code}: {errors.splitlines()[-1:]}")
        told = json.loads(output)["outcomes"]
        return wave.judge_reports(verdict, [[(one["source_server_id"], one["status"], one["task_id"]) for one in told]])


def postgres(count: int, random: Random) -> Verdict:
    """The journal's PostgreSQL is stopped without a word and started again, several times, under two runs."""
    with PostgresServer() as server, broken_wave(server.url(server.fresh_database())) as wave:
        runs = [wave.start(60), wave.start(60)]
        restarts = 3
        for number in range(1, restarts + 1):
            wave.wait_for(number * ROWS // (restarts + 2), *runs)
            server.stop_at_once()
            time.sleep(random.random() * 2)
            server.start()
        return wave.judge(Verdict("postgres", f"{restarts} restarts of the journal's server, two processes"), *runs)


def disk(count: int, random: Random) -> Verdict:
    """The disk is full in mid-wave: a clear line, nothing lost, and the next run ends the wave."""
    with broken_wave() as wave:
        full = wave.start(before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (_SMALL_DISK_BYTES, _SMALL_DISK_BYTES)))
        printed, _ = full.communicate(timeout=120)
        verdict = Verdict("disk", "a disk that is full in mid-wave")
        said = [one for one in json.loads(printed.splitlines()[-1]) if one[1] == "CREATED"]
        if full.returncode or not 0 < len(said) < ROWS:
            verdict.violations.append(f"the full disk was not met in mid-wave: exit {full.returncode}, {len(said)} created")
        return wave.judge(verdict, wave.start())


def rounds(count: int, random: Random) -> Verdict:
    """Many small waves with their journal on PostgreSQL, each broken at random."""
    verdict = Verdict("rounds", f"{2 * count} waves with their journal on PostgreSQL, broken at random")
    if problem := play_rounds(2 * count, random.randrange(10**6)):
        verdict.violations.append(problem)
    return verdict


def machines(count: int, random: Random) -> Verdict:
    """Two workers, Prefect's server and the journal on PostgreSQL; a machine, the server and the database go away in mid-wave."""
    programs = debian_postgres()
    if programs is None:
        missing = "there is no PostgreSQL of Debian's package `postgresql`, whose pg_trgm Prefect's server needs"
        return Verdict("machines", "", [missing] if os.environ.get(INSIST) else [], left_out=missing)
    with two_machines(programs) as there:
        parts = [part(there) for part in PARTS]
    told = "; ".join(part.broken for part in parts)
    violations = [violation for part in parts for violation in part.violations]
    return Verdict("machines", told, violations, sum(part.tasks for part in parts), sum(part.outcomes for part in parts))


PROOFS: Mapping[str, Callable[[int, Random], Verdict]] = {
    "kills": kills,
    "two": two,
    "sleep": sleep,
    "prefect": prefect,
    "postgres": postgres,
    "disk": disk,
    "rounds": rounds,
    "machines": machines,
}


def _some_more(wave: Wave, number: int, count: int, random: Random) -> int:
    """A number of tasks, a little above what is there, such that all kills fall into the wave."""
    return max(wave.made() + 1, number * (ROWS - 60) // count - random.randrange(5))


def main() -> None:
    """Run the proofs that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.proofs")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PROOFS)}")
    parser.add_argument("--times", type=int, default=50, help="how often processes are killed, half as often as waves are played")
    parser.add_argument("--seed", type=int, default=1, help="what random moments are drawn from")
    known = parser.parse_args()
    if unknown := set(known.names) - set(PROOFS):
        parser.error(f"no proof is called {', '.join(sorted(unknown))}")
    is_kept = True
    for name in known.names or PROOFS:
        began = time.monotonic()
        verdict = PROOFS[name](known.times, Random(known.seed))
        print(f"{verdict} ({time.monotonic() - began:.0f} s)", flush=True)
        is_kept = is_kept and not verdict.violations
    sys.exit(0 if is_kept else 1)


if __name__ == "__main__":
    main()
