"""`python -m flows.simulator`: one line and exit code 2 when it cannot start."""

from __future__ import annotations

import sqlite3
import sys

from flows.simulator.arguments import parse_arguments
from flows.simulator.server import serve
from inventory.catalogue import PlanError


def main() -> int:
    """Run a simulator from the command line; the exit code."""
    options = parse_arguments(sys.argv[1:])
    try:
        serve(options)
    except PlanError as error:
        return _fail(str(error))
    except sqlite3.DatabaseError:
        return _fail(f"{options.state} is no state file of a simulator: name another file, or delete it")
    except OSError as error:
        return _fail(f"cannot listen on port {options.port}: {error.strerror or error}")
    return 0


def _fail(text: str) -> int:
    print(f"error: {text}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
