"""What a CSV text may look like: lines in, rows out, each with the line on which it begins. Pure."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from agencia_async.cli.exit import UsageError

_DELIMITERS: Final = (",", ";", "\t")
_SHOWN: Final = 40

REPLACED: Final = "\ufffd"
"""What stands where bytes were no UTF-8."""


class Sheet:
    """The rows of a CSV text, or of a list with one thing on a line.

    The first row tells the delimiter: comma, semicolon or tab; a list has none. Blank lines and those that
    begin with `#` are skipped, but not within a quoted cell.

    Args:
        lines: the text.
        name: what a message calls it.
        strict: refuse quotes that stand where none may, or that are not closed.

    Attributes:
        comments: how many lines that begin with `#` were skipped so far.
    """

    def __init__(self, lines: Iterable[str], name: str, *, strict: bool = False) -> None:
        self._name = name
        self._lines = _Lines(lines, name)
        self._first = next(self._lines, "")
        self._strict = strict
        self.delimiter = max(_DELIMITERS, key=self._first.count)
        self.is_list = self.delimiter not in self._first

    @property
    def comments(self) -> int:
        """How many lines that begin with `#` were skipped so far."""
        return self._lines.comments

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows that hold something, each with the line on which it begins.

        Raises:
            UsageError: this is no CSV text.
        """
        lines = chain([self._first], self._lines)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=self._strict)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield self._lines.began, cells
                self._lines.is_between = True
        except csv.Error as error:
            raise UsageError(
                f"{self._name}, line {self._lines.began}: this is no CSV file: {error}"
            ) from None


class _Lines:
    """Lines, counted. Between two rows it skips what says nothing; a NUL shows that this is no text."""

    def __init__(self, lines: Iterable[str], name: str) -> None:
        self.began = 0
        self.comments = 0
        self.is_between = True
        self._count = 0
        self._lines = iter(lines)
        self._name = name

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._read()
        while self.is_between and (not line.strip() or line.lstrip().startswith("#")):
            self.comments += bool(line.strip())
            line = self._read()
        if self.is_between:
            self.began, self.is_between = self._count, False
        return line

    def _read(self) -> str:
        line = next(self._lines)
        self._count += 1
        if "\0" in line:
            raise UsageError(
                f"{self._name}, line {self._count}: this is no text file, and no CSV file either"
            )
        return line


def plain(heading: str) -> str:
    """A heading as headings are compared: in lower case, with `_` for blanks and hyphens."""
    return heading.strip().casefold().replace(" ", "_").replace("-", "_")


def short(text: str) -> str:
    """A text in quotes, as a message shows it."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
