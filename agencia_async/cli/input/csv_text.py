"""Parses CSV text: lines in, rows with line numbers out. Pure."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.source import MOST_CHARACTERS

Row = tuple[int, list[str]]
"""A row, and the line on which it begins."""

REPLACED: Final = "\ufffd"
"""The replacement of invalid UTF-8."""

_DELIMITERS: Final = (",", ";", "\t")
_SHOWN: Final = 40
_MOST_SKIPPED: Final = 1_000_000  # lines one after the other
_NAMED_DELIMITER: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # Excel writes and reads it
_ERROR_VALUE: Final = re.compile(r"#(?:N/A|NV|N/D|[^\W\d_a-z/]{2,}[^\s,;]*[!?]|#+(?=[,;\t]))(?=[\s,;]|$)")
_NUMBERED: Final = re.compile(r"#\d")
_FAULTS: Final = {"unexpected end of data": "a quote is opened here but never closed"}

csv.field_size_limit(MOST_CHARACTERS)


class Sheet:
    """The rows of a CSV text, or of a list with one item per line.

    The first row determines the delimiter: comma, semicolon or tab; a list has none. Blank lines and
    `#` comments are skipped, but not within a quoted cell.

    Args:
        lines: the text.
        name: the name of the file, for messages.

    Attributes:
        is_row: whether cells look like a row; lines of a quoted cell that do are an error, as the quote may
            be one too many.
    """

    def __init__(self, lines: Iterable[str], name: str) -> None:
        self.is_row: Callable[[list[str]], bool] = lambda _: False
        self._name = name
        self._lines = _Lines(lines, name)
        self._first = next(self._lines, "")
        named = _NAMED_DELIMITER.fullmatch(self._first)
        if named:
            self._lines.is_between = True
            self._first = next(self._lines, "")
        numbered = self._lines.numbered
        head = self._first or (numbered[0][1] if numbered else "")
        self.delimiter: str = named[1] if named else max(_DELIMITERS, key=head.count)
        self.is_list: bool = self.delimiter not in head

    @property
    def comments(self) -> int:
        """How many `#` comments were skipped so far."""
        return self._lines.comments + len(self._lines.numbered)

    def rows(self) -> Iterator[Row]:
        """The rows that are not blank.

        Raises:
            UsageError: it is not valid CSV.
        """
        reader = self._reader(chain([self._first], self._lines))
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    self._check(cells)
                    yield self._lines.began, cells
                self._lines.is_between = True
        except csv.Error as error:
            reason = _FAULTS.get(str(error), f"not valid CSV: {error}")
            raise UsageError(f"{self._name}, line {self._lines.began}: {reason}") from None

    def numbered(self) -> Iterator[Row]:
        """The lines that begin with `#` and a digit: comments, unless there are no other rows."""
        lines = self._lines.take_numbered()
        for number, line in lines:
            yield number, next(self._reader([line], strict=False))

    def settle(self) -> None:
        """There are rows, so lines that begin with `#` and a digit are comments."""
        self._lines.settle()

    def _reader(self, lines: Iterable[str], *, strict: bool = True) -> "Iterator[list[str]]":
        return csv.reader(lines, delimiter=self.delimiter, strict=strict)

    def _check(self, cells: list[str]) -> None:
        """Check that no row is inside a quoted cell of another one.

        Raises:
            UsageError: there is one.
        """
        for number, line in enumerate(self._lines.continued, self._lines.began + 1):
            inner = next(self._reader([line], strict=False), list[str]())
            ends_here = inner and '"' in inner[0]  # the quote is closed in it
            if len(inner) == len(cells) and not ends_here and self.is_row(inner):
                raise UsageError(
                    f"{self._name}, line {self._lines.began}: a quote is not closed on this line, and line "
                    f"{number} within it looks like a row of its own"
                )


class _Lines:
    """Counted lines, without blank lines and comments between two rows; a NUL means a binary file.

    Attributes:
        began: the line on which the row begins.
        continued: the further lines of the row.
        comments: how many comments were skipped.
        numbered: the skipped lines that begin with `#` and a digit, until `settle`.
        is_between: whether a row has ended.
    """

    def __init__(self, lines: Iterable[str], name: str) -> None:
        self.began = 0
        self.comments = 0
        self.continued: list[str] = []
        self.numbered: list[tuple[int, str]] = []
        self.is_between = True
        self._count = 0
        self._length = 0
        self._is_settled = False
        self._lines = iter(lines)
        self._name = name

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return self._next_row() if self.is_between else self._continue()

    def settle(self) -> None:
        """From now on all lines that begin with `#` are comments."""
        self._is_settled = True
        self.comments += len(self.numbered)
        self.numbered = []

    def take_numbered(self) -> list[tuple[int, str]]:
        """The skipped lines that begin with `#` and a digit, which are no comments then."""
        lines, self.numbered = self.numbered, []
        return lines

    def _next_row(self) -> str:
        for _ in range(_MOST_SKIPPED):
            line = self._read()
            if line.strip() and not self._is_comment(line.lstrip()):
                self.began, self.is_between = self._count, False
                self.continued, self._length = [], len(line)
                return line
        raise UsageError(f"{self._name}: more than {_MOST_SKIPPED:,} blank or comment lines in a row")

    def _continue(self) -> str:
        line = self._read()
        self.continued.append(line)
        self._length += len(line)
        if self._length > MOST_CHARACTERS:
            raise UsageError(f"{self._name}, line {self.began}: a quote is opened here but never closed")
        return line

    def _is_comment(self, line: str) -> bool:
        if not line.startswith("#") or _ERROR_VALUE.match(line):
            return False
        if _NUMBERED.match(line) and not self._is_settled:
            self.numbered.append((self._count, line))
        else:
            self.comments += 1
        return True

    def _read(self) -> str:
        line = next(self._lines)
        self._count += 1
        if self._count == 1 and "\0" in line:
            raise UsageError(f"{self._name}, line 1: not a text file (contains NUL)")
        return line


def plain(heading: str) -> str:
    """The normal form by which headings are compared: lower case, with `_` for blanks and hyphens."""
    return heading.strip().casefold().replace(" ", "_").replace("-", "_")


def squeezed(heading: str) -> str:
    """The form in which headings are found by options: `Order ID`, `OrderID` and `order_id` are one."""
    return plain(heading).replace("_", "").removesuffix(".")


def short(text: str) -> str:
    """A text in quotes, truncated, for messages."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
