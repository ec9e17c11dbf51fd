"""Where a journal is: the path of an SQLite file, or the URL of a database. Its password shows nowhere."""

import os
from typing import Final

from attrs import frozen
from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS: Final = ("asyncpg", "psycopg", "psycopg_async")
_WRITE: Final = "write postgresql+asyncpg://"


@frozen(repr=False)
class Location:
    """Where a journal is.

    Attributes:
        name: the path or the URL, without its password, for messages.
        url: the URL, with its password.
    """

    name: str
    url: URL

    @property
    def is_sqlite(self) -> bool:
        """Whether it is an SQLite database."""
        return self.url.get_backend_name() == "sqlite"

    def __repr__(self) -> str:
        return f"<Location {self.name}>"


def locate(database: str | os.PathLike[str]) -> Location | str:
    """The location of a path or a URL; or why it is none: what is raised here would know the password."""
    text = os.fspath(database)
    if "://" not in text:
        return Location(text, URL.create("sqlite", database=_absolute(text)))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # whose words may quote the URL
        return "not a valid database path or URL"
    reason = _unsupported(url)
    if reason:
        return f"not a valid database path or URL: {reason}"
    if url.get_backend_name() == "sqlite":
        return Location(_shown(url), url.set(drivername="sqlite", database=_absolute(url.database or "")))
    return Location(_shown(url), url)


def _absolute(path: str) -> str:
    """The path, independent of the working directory; an in-memory database and a URI stay as they are."""
    return path if path in {"", ":memory:"} or path.startswith("file:") else os.path.abspath(path)  # noqa: PTH100 - a Path would drop the dots that SQLite gets


def _shown(url: URL) -> str:
    return url.set(query={}).render_as_string(hide_password=True)


def _unsupported(url: URL) -> str:
    """Why no journal can be kept there; empty if it can."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        return "an SQLite URL has no host: sqlite:///PATH" if url.host or url.username else ""
    if backend == "postgres":
        return f"{backend} is not supported; {_WRITE}"
    if backend != "postgresql":
        return f"{backend} is not supported, use SQLite or PostgreSQL"
    driver = url.drivername.partition("+")[2]
    return "" if driver in _DRIVERS else f"{url.drivername} has no asynchronous driver; {_WRITE}"
