"""The databases that journals are kept in."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .cluster import Cluster, MissingError, started


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server."""
    with wanted() as cluster:
        yield cluster


@contextmanager
def wanted() -> Generator[Cluster]:
    """A server; where there is none the test is skipped, but fails where it must be there."""
    try:
        with started() as cluster:
            yield cluster
    except MissingError as missing:
        if "CI" in os.environ:
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The name of an empty database, of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "orders.db")
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.make()
