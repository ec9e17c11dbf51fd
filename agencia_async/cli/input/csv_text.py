"""Parses CSV text: lines in, rows with line numbers out. Pure."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from agencia_async.cli.exit import UsageError

_DELIMITERS: Final = (",", ";", "\t")
_SHOWN: Final = 40

REPLACED: Final = "\ufffd"
"""The replacement of invalid UTF-8."""


class Sheet:
    """The rows of a CSV text, or of a list with one item per line.

    The first row determines the delimiter: comma, semicolon or tab; a list has none. Blank lines and
    `#` comments are skipped, but not within a quoted cell.

    Args:
        lines: the text.
        name: the name of the file, for messages.
        strict: raise on misplaced and unclosed quotes.
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
        """How many `#` comments were skipped so far."""
        return self._lines.comments

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows that are not blank, each with the line on which it begins.

        Raises:
            UsageError: it is not valid CSV.
        """
        lines = chain([self._first], self._lines)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=self._strict)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield self._lines.began, cells
                self._lines.is_between = True
        except csv.Error as error:
            raise UsageError(f"{self._name}, line {self._lines.began}: not valid CSV: {error}") from None


class _Lines:
    """Counted lines, without blank lines and comments between two rows; a NUL means a binary file."""

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
            raise UsageError(f"{self._name}, line {self._count}: not a text file (contains NUL)")
        return line


def plain(heading: str) -> str:
    """The normal form by which headings are compared: lower case, with `_` for blanks and hyphens."""
    return heading.strip().casefold().replace(" ", "_").replace("-", "_")


def short(text: str) -> str:
    """A text in quotes, truncated, for messages."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
