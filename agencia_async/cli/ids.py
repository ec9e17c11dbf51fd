"""Where ids come from: arguments, a file or standard input; read lazily, each fault named with its line."""

import io
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from agencia_async import Id
from agencia_async.cli.background import in_background
from agencia_async.cli.endings import UsageError
from agencia_async.cli.listing import checked, read_ids

_STDIN: Final = "-"
_ENCODING: Final = "utf-8-sig"
_OTHERS: Final = "replace"  # other columns may be in any encoding: only ids must be UTF-8


@dataclass(frozen=True, kw_only=True)
class IdOptions:
    """The ids, given in one of three ways."""

    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Ids, or - to read them from standard input.", show_default=False),
    ] = None
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            "-f",
            metavar="FILE",
            help="Read the ids from a file: one on a line, or a column of a CSV file. "
            "Blank lines and # comments are skipped.",
            show_default=False,
        ),
    ] = None
    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The column that holds the ids. Default: order, order_id or id "
            "(of refill-status: refill, refill_id or id).",
            show_default=False,
        ),
    ] = None


class Ids:
    """The ids of one call.

    Attributes:
        name: where they come from, as a message names it.
        total: how many there are; None where only the end will tell.
        width: the length of the longest, 0 where only the end will tell.
    """

    def __init__(
        self, name: str, read: Callable[[], Iterator[Id]], *, total: int | None = None, width: int = 0
    ) -> None:
        self.name = name
        self.total = total
        self.width = width
        self._read = read
        self._taken = 0
        self._fault: UsageError | None = None

    async def stream(self) -> AsyncIterator[Id]:
        """The ids. At a fault they end, so that what was asked for before it is still answered."""
        try:
            async for id in self._source():  # noqa: A001 - the protocol's own word
                self._taken += 1
                yield id
        except UsageError as fault:
            self._fault = fault

    def check(self) -> None:
        """Return if all that the stream gave was good, and there was something.

        Raises:
            UsageError: the fault at which it ended.
        """
        if self._fault is not None:
            raise self._fault
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
    """The ids that the options name; those of a regular file are all checked before the first is used.

    Raises:
        UsageError: they cannot be read, one of them is no id, or there are none.
    """
    given = options.ids or []
    if bool(given) == (options.file is not None):
        raise UsageError(
            "give the ids as arguments, or with --file FILE, or - for standard input: one of these"
        )
    wanted = (options.column,) if options.column else columns
    if given == [_STDIN] or str(options.file) == _STDIN:
        return Ids("standard input", lambda: _from_stdin(wanted))
    if options.file is not None:
        return _from_file(options.file, wanted)
    ids = [checked(text, f"argument {number}") for number, text in enumerate(given, 1)]
    return Ids("the arguments", lambda: iter(ids), total=len(ids), width=max(len(str(id)) for id in ids))  # noqa: A001


def _from_file(path: Path, columns: Sequence[str]) -> Ids:
    def read() -> Iterator[Id]:
        return _in_file(path, columns)

    if _is_stream(path):
        return Ids(str(path), read)
    total = width = 0
    for id in read():  # noqa: A001 - the protocol's own word
        total += 1
        width = max(width, len(str(id)))
    if not total:
        raise _none_in(str(path))
    return Ids(str(path), read, total=total, width=width)


def _in_file(path: Path, columns: Sequence[str]) -> Iterator[Id]:
    try:
        with path.open(encoding=_ENCODING, errors=_OTHERS, newline="") as lines:
            yield from read_ids(lines, str(path), columns)
    except OSError as error:
        reason = error.strerror or str(error)
    else:
        return
    raise UsageError(f"{path} cannot be read: {reason}")


def _from_stdin(columns: Sequence[str]) -> Iterator[Id]:
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    try:  # a buffer of its own, as a thread may hold its lock when the interpreter ends
        file: BinaryIO = os.fdopen(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # a stream without a file
        file = sys.stdin.buffer
    lines = io.TextIOWrapper(file, _ENCODING, _OTHERS, newline="")
    yield from read_ids(lines, "standard input", columns)


def _is_stream(path: Path) -> bool:
    """Can it be read only once (a named pipe, a process substitution, a terminal)?"""
    try:
        mode = path.stat().st_mode
    except OSError:  # the reader will name the fault
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def _none_in(name: str) -> UsageError:
    return UsageError(f"{name} holds no ids")
