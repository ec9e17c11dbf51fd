"""The databases that journals are kept in."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.servers import wanted

from .cluster import Cluster, started


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server."""
    with wanted(started) as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The name of an empty database, of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "orders.db")
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.make()


@pytest.fixture
def change(database: str, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Carries out a statement of SQL in the database, past all journals."""

    def carry_out(statement: str) -> None:
        if "://" in database:
            cluster: Cluster = request.getfixturevalue("cluster")
            cluster.do(database, statement)
            return
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(statement)

    return carry_out


SILENCE = "UPDATE agencia_sessions SET process = '', beat = beat - 120"
"""All sessions were silent for two minutes, and nothing is known of their processes."""
