"""The journal that a command uses. What it needs is an extra, so it is imported only when it is used."""

import os
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agencia_async.cli.exit import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from agencia_async.journal import Journal

_SQLITE: Final = re.compile(r"sqlite(?:\+\w+)?://(?:/(?P<path>[^?]*))?(?P<query>\?.*)?")


@dataclass(frozen=True, kw_only=True)
class JournalOption:
    """Which journal it is."""

    journal: Annotated[
        str | None,
        typer.Option(
            "--journal",
            "-j",
            metavar="FILE",
            help="The journal: an SQLite file, or the URL of a database. Else the environment tells: "
            "AGENCIA_JOURNAL.",
            show_default=False,
        ),
    ] = None

    @property
    def name(self) -> str:
        """Its file, or its URL.

        Raises:
            UsageError: nothing was given.
        """
        name = self.journal or os.environ.get("AGENCIA_JOURNAL")
        if not name:
            raise UsageError("name the journal: --journal FILE, or the environment's AGENCIA_JOURNAL")
        return name

    @property
    def file(self) -> Path | None:
        """Its file, if it is one."""
        if "://" not in self.name:
            return Path(self.name)
        url = _SQLITE.fullmatch(self.name)
        path = url and url["path"]
        return Path(path) if path and not path.startswith("file:") else None  # such a path is a URL in turn

    @property
    def is_in_memory(self) -> bool:
        """Is it gone when the command ends?"""
        url = _SQLITE.fullmatch(self.name)
        if url is None:
            return self.name == ":memory:"
        return url["path"] in {None, "", ":memory:"} or "mode=memory" in (url["query"] or "")

    @property
    def words(self) -> str:
        """The option that names it again; none where the environment does, or it may hold a password."""
        return f" --journal {quote(self.journal)}" if self.journal and self.file else ""

    @asynccontextmanager
    async def open(self, *, make: bool = False) -> "AsyncGenerator[Journal]":
        """The journal, for the block.

        Args:
            make: make its file where there is none.

        Raises:
            UsageError: there is no such file, it would forget what was placed, or what a journal needs is
                not installed.
            ConfigurationError: it cannot be opened.
        """
        if self.is_in_memory:
            raise UsageError(f"the journal {self.name} would forget what was placed: name a file")
        if not make and self.file and not self.file.exists():
            raise UsageError(f"there is no journal {self.name}")
        try:
            from agencia_async.journal import Journal  # noqa: PLC0415 - an extra that may be missing
        except ImportError as missing:
            raise UsageError(str(missing)) from None
        async with Journal(self.name) as journal:
            yield journal
