"""The journal of a command. It needs an optional extra, so it is imported on use."""

import os
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agencia_async.cli.exit import UsageError
from agencia_async.cli.shell import shell_word

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from agencia_async.journal import Journal

URL: Final = "URL"
"""Stands in a printed command for a URL; there is no such file."""
_SQLITE: Final = re.compile(r"sqlite(?:\+\w+)?://(?:/(?P<path>[^?]*))?(?P<query>\?.*)?")


@dataclass(frozen=True, kw_only=True)
class JournalOption:
    """The option for the journal."""

    journal: Annotated[
        str | None,
        typer.Option(
            "--journal",
            "-j",
            metavar="FILE",
            help=r"Journal: an SQLite file or a database URL (default: that of the profile). "
            r"\[env: AGENCIA_JOURNAL]",
            show_default=False,
        ),
    ] = None

    @property
    def name(self) -> str:
        """Its path or URL.

        Raises:
            UsageError: neither was given.
        """
        name = self.journal or os.environ.get("AGENCIA_JOURNAL")
        if not name:
            raise UsageError("no journal: pass --journal FILE, or set AGENCIA_JOURNAL")
        return name

    @property
    def is_named(self) -> bool:
        """Whether one is, by the option or the environment."""
        return bool(self.journal or os.environ.get("AGENCIA_JOURNAL"))

    @property
    def file(self) -> Path | None:
        """Its file, if it is one."""
        if "://" not in self.name:
            return Path(self.name)
        url = _SQLITE.fullmatch(self.name)
        path = url and url["path"]
        return Path(path) if path and not path.startswith("file:") else None  # such a path is a URL in turn

    @property
    def named_file(self) -> Path | None:
        """The file of the journal that is named, if one is."""
        return self.file if self.is_named else None

    @property
    def is_in_memory(self) -> bool:
        """Whether it is lost when the command exits."""
        url = _SQLITE.fullmatch(self.name)
        if url is None:
            return self.name == ":memory:"
        return url["path"] in {None, "", ":memory:"} or "mode=memory" in (url["query"] or "")

    @property
    def words(self) -> str:
        """The option that names it in a printed command: its file, or `URL`, as a URL may be secret."""
        if not self.is_named:
            return ""
        return f" --journal {shell_word(self.name) if self.file else URL}"

    @property
    def shown(self) -> str:
        """Its name for messages: the path of its file; no URL, which may be secret."""
        return str(self.file or "the journal")

    @asynccontextmanager
    async def open(self, *, make: bool = False, adopt: bool = False) -> "AsyncGenerator[Journal]":
        """The journal, for the block.

        Args:
            make: create its file if there is none.
            adopt: use it even if it is a copy, from now on.

        Raises:
            UsageError: the file does not exist, the journal is in memory, or the extra is not installed.
            ConfigurationError: it is no journal, or a copy.
            JournalError: it cannot be opened.
        """
        if self.is_in_memory:
            raise UsageError(f"the journal must be a file, got the in-memory database {self.name}")
        if not make and self.file and not self.file.exists():
            raise UsageError(f"journal not found: {self.name}")
        async with journal_class()(self.name, adopt=adopt) as journal:
            yield journal


def journal_class() -> "type[Journal]":
    """The class `Journal`.

    Raises:
        UsageError: the extra is not installed.
    """
    try:
        from agencia_async.journal import Journal  # noqa: PLC0415 - an extra that may be missing
    except ImportError as missing:
        raise UsageError(str(missing)) from None
    return Journal
