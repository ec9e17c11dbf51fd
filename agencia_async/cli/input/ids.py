"""The ids of a command, from arguments, a file or stdin: read lazily, errors with line numbers."""

import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from agencia_async import Id
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.background import in_background
from agencia_async.cli.input.id_check import IdCheck, argument
from agencia_async.cli.input.id_file import IdFile
from agencia_async.cli.input.source import is_stdin, lines_of, name_of
from agencia_async.cli.text import several

EXACTLY_ONE: Final = "pass ids in exactly one way: as arguments, with --file FILE, or - for stdin"

_MOST_HELD: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class IdOptions:
    """The options for the ids."""

    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID...", help="Ids, or - to read them from stdin.", show_default=False),
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
            help="CSV column of the ids (default: order, order_id or id).",
            show_default=False,
        ),
    ] = None
    any_id: Annotated[
        bool,
        typer.Option(
            "--any-id",
            help="Accept ids of any form. By default, ids that a spreadsheet seems to have changed, or that "
            "look different from most ids of the file, are rejected.",
        ),
    ] = False


@dataclass
class Skipped:
    """What was skipped of a file so far: `#` comments, and failed rows without an id."""

    comments: int = 0
    without_id: int = 0

    def count(self, file: IdFile) -> None:
        """Take over what a file has skipped so far."""
        self.comments, self.without_id = file.comments, file.without_id

    @property
    def lines(self) -> list[str]:
        """A line for each kind."""
        comments = f"{several(self.comments, '# comment')} skipped"
        rows = f"{several(self.without_id, 'failed row')} without an id skipped"
        return [*([comments] if self.comments else []), *([rows] if self.without_id else [])]


class Ids:
    """The ids of one call.

    Attributes:
        name: their source, for messages.
        total: how many there are; None if unknown before the end.
        width: the length of the longest; 0 if unknown before the end.
        skipped: what was skipped of the source so far.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], Iterator[Id]],
        skipped: Skipped,
        *,
        total: int | None = None,
        width: int = 0,
    ) -> None:
        self.name = name
        self.total = total
        self.width = width
        self.skipped = skipped
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

    async def held(self) -> "Ids":
        """The same ids, all of them read now.

        Raises:
            UsageError: one is invalid, or there are none.
        """
        async with aclosing(self._source()) as source:
            ids = [id async for id in source]  # noqa: A001
        if not ids:
            raise _none_in(self.name)
        return _of_list(self.name, ids, self.skipped)

    def check(self) -> None:
        """Check that all ids were valid, and that there were any.

        Raises:
            UsageError: an id was invalid, or there were none.
        """
        if self._error is not None:
            raise self._error
        if not self._taken:
            raise _none_in(self.name)

    def distinct(self) -> int:
        """How many different ids there are."""
        return len(set(map(str, self._read())))

    async def _source(self) -> AsyncGenerator[Id]:
        if self.total is None:
            async for id in in_background(self._read()):  # noqa: A001
                yield id
        else:
            for id in self._read():  # noqa: A001
                yield id


def open_ids(options: IdOptions, columns: Sequence[str], *, whole: bool = False) -> Ids:
    """The ids of the options.

    Those of a regular file are all checked before the first one is used. Those of a stream are checked as
    they come, each against those before it; with `whole`, for writes, as those of a file are.

    Raises:
        UsageError: they cannot be read, one of them is invalid, or there are none.
    """
    given = options.ids or []
    if bool(given) == (options.file is not None):
        raise UsageError(EXACTLY_ONE)
    wanted = (options.column,) if options.column else columns
    source = Path(given[0]) if given and is_stdin(given[0]) and len(given) == 1 else options.file
    if source is not None:
        return _from_file(source, wanted, any_id=options.any_id, whole=whole)
    ids = [
        argument(text, f"argument {number}", any_id=options.any_id)
        for number, texts in enumerate(given, 1)
        for text in texts.split(",")
    ]
    return listed_ids("the arguments", ids)


def listed_ids(name: str, ids: list[Id]) -> Ids:
    """Ids that are known; there is at least one."""
    return _of_list(name, ids, Skipped())


def _of_list(name: str, ids: list[Id], skipped: Skipped) -> Ids:
    return Ids(name, lambda: iter(ids), skipped, total=len(ids), width=max(len(str(id)) for id in ids))  # noqa: A001


def _from_file(path: Path, columns: Sequence[str], *, any_id: bool, whole: bool) -> Ids:
    name = name_of(path)

    def opened() -> IdFile:
        return IdFile(lines_of(path), name, columns, any_id=any_id)

    check = IdCheck(name, any_id=any_id)
    if not (is_stdin(path) or _is_stream(path)):
        return _checked(name, opened, check)
    return (_collected if whole else _streamed)(name, opened, check)


def _streamed(name: str, opened: Callable[[], IdFile], check: IdCheck) -> Ids:
    """The ids of a stream, each of which is checked when it comes."""
    skipped = Skipped()

    def read() -> Iterator[Id]:
        file = opened()
        for line, text in file.texts():
            skipped.count(file)
            yield check.take(line, text)
        skipped.count(file)

    return Ids(name, read, skipped)


def _collected(name: str, opened: Callable[[], IdFile], check: IdCheck) -> Ids:
    """The ids of a stream, all of which are read and checked before the first one is used."""
    skipped = Skipped()

    def read() -> Iterator[Id]:
        file, texts = opened(), list[str]()
        for line, text in file.texts():
            check.add(line, text)
            texts.append(text)
            if len(texts) > _MOST_HELD:
                raise UsageError(f"{name} has more than {_MOST_HELD:,} ids; pass them in a file")
        check.check(len(texts))
        skipped.count(file)
        yield from map(check.id_of, texts)

    return Ids(name, read, skipped)


def _checked(name: str, opened: Callable[[], IdFile], check: IdCheck) -> Ids:
    """The ids of a file, all of which are checked first, and again when they are read for use."""
    skipped, file = Skipped(), opened()
    total = width = 0
    for line, text in file.texts():
        check.add(line, text)
        total += 1
        width = max(width, len(text.strip()))
    if not total:
        raise _none_in(name)
    check.check(total)
    skipped.count(file)

    def read() -> Iterator[Id]:
        for line, text in opened().texts():
            check.check_again(line, text)
            yield check.id_of(text)

    return Ids(name, read, skipped, total=total, width=width)


def _is_stream(path: Path) -> bool:
    """Whether it can be read only once (a named pipe, a process substitution, a terminal)."""
    try:
        mode = path.stat().st_mode
    except OSError:  # raised again on reading
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def _none_in(name: str) -> UsageError:
    return UsageError(f"no ids in {name}")
