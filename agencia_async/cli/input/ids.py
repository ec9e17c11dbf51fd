"""The ids of a command, from arguments, a file or stdin: read lazily, errors with line numbers."""

import stat
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from agencia_async import Id
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.background import in_background
from agencia_async.cli.input.id_file import checked, read_ids
from agencia_async.cli.input.source import is_stdin, lines_of, name_of


@dataclass(frozen=True, kw_only=True)
class IdOptions:
    """The options for the ids."""

    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Ids, or - to read them from stdin.", show_default=False),
    ] = None
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            "-f",
            metavar="FILE",
            help="Read the ids from a file: one per line, or a CSV column. Blank lines and # comments are "
            "skipped.",
            show_default=False,
        ),
    ] = None
    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="CSV column of the ids (default: order, order_id or id; for refill-status: refill, "
            "refill_id or id).",
            show_default=False,
        ),
    ] = None


class Ids:
    """The ids of one call.

    Attributes:
        name: their source, for messages.
        total: how many there are; None if unknown before the end.
        width: the length of the longest; 0 if unknown before the end.
    """

    def __init__(
        self, name: str, read: Callable[[], Iterator[Id]], *, total: int | None = None, width: int = 0
    ) -> None:
        self.name = name
        self.total = total
        self.width = width
        self._read = read
        self._taken = 0
        self._error: UsageError | None = None

    async def stream(self) -> AsyncIterator[Id]:
        """The ids. They end at the first invalid one, so that the ids before it are still processed."""
        try:
            async for id in self._source():  # noqa: A001 - the protocol's own word
                self._taken += 1
                yield id
        except UsageError as error:
            self._error = error

    def check(self) -> None:
        """Check that all ids were valid, and that there were any.

        Raises:
            UsageError: an id was invalid, or there were none.
        """
        if self._error is not None:
            raise self._error
        if not self._taken:
            raise _none_in(self.name)

    async def _source(self) -> AsyncIterator[Id]:
        if self.total is None:
            async for id in in_background(self._read()):  # noqa: A001
                yield id
        else:
            for id in self._read():  # noqa: A001
                yield id


def open_ids(options: IdOptions, columns: Sequence[str]) -> Ids:
    """The ids of the options; those of a regular file are all checked before the first one is used.

    Raises:
        UsageError: they cannot be read, one of them is invalid, or there are none.
    """
    given = options.ids or []
    if bool(given) == (options.file is not None):
        raise UsageError("pass ids in exactly one way: as arguments, with --file FILE, or - for stdin")
    wanted = (options.column,) if options.column else columns
    source = Path(given[0]) if given and is_stdin(given[0]) and len(given) == 1 else options.file
    if source is not None:
        return _from_file(source, wanted)
    ids = [checked(text, f"argument {number}") for number, text in enumerate(given, 1)]
    return Ids("the arguments", lambda: iter(ids), total=len(ids), width=max(len(str(id)) for id in ids))  # noqa: A001


def _from_file(path: Path, columns: Sequence[str]) -> Ids:
    name = name_of(path)

    def read() -> Iterator[Id]:
        return read_ids(lines_of(path), name, columns)

    if is_stdin(path) or _is_stream(path):
        return Ids(name, read)
    total = width = 0
    for id in read():  # noqa: A001 - the protocol's own word
        total += 1
        width = max(width, len(str(id)))
    if not total:
        raise _none_in(name)
    return Ids(name, read, total=total, width=width)


def _is_stream(path: Path) -> bool:
    """Whether it can be read only once (a named pipe, a process substitution, a terminal)."""
    try:
        mode = path.stat().st_mode
    except OSError:  # raised again on reading
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def _none_in(name: str) -> UsageError:
    return UsageError(f"no ids in {name}")
