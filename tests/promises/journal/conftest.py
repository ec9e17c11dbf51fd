"""The databases that journals are kept in."""

from collections.abc import Iterator
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
