import traceback
from pathlib import Path

import pytest

from agencia_async import ConfigurationError
from agencia_async._journal.location import Location, locate
from agencia_async.journal import Journal


def found(name: str) -> Location:
    location = locate(name)
    assert isinstance(location, Location)
    return location


def test_a_path_is_independent_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("orders.db", Path("orders.db"), "sqlite:///orders.db", "sqlite+aiosqlite:///orders.db"):
        location = locate(name)
        assert isinstance(location, Location)
        assert location.is_sqlite
        assert location.url.database == str(tmp_path / "orders.db")
    assert found("sqlite:///file:x?mode=ro&uri=true").url.database == "file:x"
    assert found(":memory:").url.database == ":memory:"
    assert found("sqlite://").url.database == ""


def test_a_location_shows_no_password() -> None:
    location = found("postgresql+asyncpg://user:secret@host/shop?password=secret")
    assert repr(location) == "<Location postgresql+asyncpg://user:***@host/shop>"
    assert not location.is_sqlite


@pytest.mark.parametrize(
    "name",
    [
        "mysql+aiomysql://user:secret@host/shop",
        "postgresql://user:secret@host/shop",
        "postgresql+asyncpg://user:secret@secret:host:x/shop",
        "postgresql+psycopg://user:secret@host/shop?password=secret",
    ],
)
def test_what_a_journal_raises_shows_no_password(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Journal(name)
    error = caught.value
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    own = [
        frame for frame in told.stack if "agencia_async" in frame.filename and "tests" not in frame.filename
    ]
    assert own
    assert "secret" not in "".join(f"{frame.locals}" for frame in own) + str(error) + repr(error)
    assert error.__context__ is None


def test_a_journal_that_is_half_made_has_a_name() -> None:
    assert repr(Journal.__new__(Journal)) == "<Journal>"
