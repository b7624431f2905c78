"""Whether two machines can be tried here: `make prove` breaks waves on two of them, and Prefect's server needs a database."""

from __future__ import annotations

from tests.left_out import left_out
from tests.postgres_server import PostgresServer
from tests.proofs.machines import debian_postgres


def test_there_is_a_postgresql_that_prefect_can_use() -> None:
    """Debian's; the one from a wheel, which is enough for the journal, has no pg_trgm."""
    programs = debian_postgres()
    if programs is None:
        left_out("no PostgreSQL of Debian's package `postgresql`: `make prove` leaves two machines out")
    with PostgresServer(programs) as server:
        assert server.sql("CREATE EXTENSION pg_trgm", database="postgres") == []
