"""Serve every flow from this one process, without a work pool: runs are started in the Prefect UI, or by its API.

Each run is a process of its own, with this machine's files, environment and `.env`. Ctrl-C ends it; a run in flight is told to
stop, and writes its report. For several machines, workers do the same: see README.md beside this file.
"""

from __future__ import annotations

from prefect import serve
from prefect.types.entrypoint import EntrypointType

from flows.scheduling.prefect_setup import TAG
from flows.scheduling.scheduled_flow import FLOWS

NAME = "served"


def main() -> None:
    """Serve until interrupted."""
    # By module: a run then imports the package as everything else does, not its file a second time.
    deployments = [
        place.load().to_deployment(NAME, description=place.what, tags=[TAG], entrypoint_type=EntrypointType.MODULE_PATH)
        for place in FLOWS
    ]
    serve(*deployments, limit=4)


# A run's own process imports this file, and must not serve again.
if __name__ == "__main__":
    main()
