"""Serve the flow `submit-wave` from this one process: its runs are started in the Prefect UI, by its API or by schedules.

Each run is a process of its own, with this machine's files, environment and `.env`. Ctrl-C ends it; a run in flight is told to
stop, and writes its report. For several machines, workers do the same: see README.md beside this file.
"""

from __future__ import annotations

from prefect.types.entrypoint import EntrypointType

from flows.submit_wave import submit_wave

NAME = "served"


def main() -> None:
    """Serve until interrupted."""
    submit_wave.serve(
        name=NAME,
        description="Creates the SMS migration tasks of one wave of a plan, exactly one for each server, and writes a report.",
        tags=["migration-waves"],
        # By module: a run then imports the package as everything else does, not its file a second time.
        entrypoint_type=EntrypointType.MODULE_PATH,
        limit=4,
    )


# A run's own process imports this file, and must not serve again.
if __name__ == "__main__":
    main()
