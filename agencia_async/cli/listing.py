"""What a file of ids may look like: one on a line, or a CSV column. Pure: lines in, ids out."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from agencia_async import Id
from agencia_async.cli.endings import UsageError

_DELIMITERS: Final = (",", ";", "\t")
_MOST_DIGITS: Final = 18
_SHOWN: Final = 40


def read_ids(lines: Iterable[str], name: str, columns: Sequence[str]) -> Iterator[Id]:
    """The ids in a plain list, or those in the first of these columns that a CSV text has.

    Blank lines and those that begin with `#` are skipped, and so are rows without an id whose column `ok`
    says "false". The first other line tells the delimiter (comma,
    semicolon or tab; a list has none) and holds the headings; a list needs none.

    Raises:
        UsageError: one of them is no id, or there is no such column.
    """
    numbered = _Lines(lines, name)
    first = next((line for line in numbered if _says_something(line)), None)
    if first is None:
        return
    before = numbered.count - 1
    delimiter = max(_DELIMITERS, key=first.count)
    is_list = delimiter not in first
    reader = csv.reader(chain([first], numbered), delimiter=delimiter)
    index = None
    headings: list[str] = []
    for row in _rows(reader, name):
        where = f"{name}, line {before + reader.line_num}"
        if index is None:
            index, is_heading = _column([delimiter.join(row)] if is_list else row, columns, name)
            if is_heading:
                headings = row
                continue
        text = _text_of(row, None if is_list else index, where)
        if text.strip() or not _has_failed(row, headings):
            yield checked(text, where)


def checked(text: str, where: str) -> Id:
    """An id: a number where it is one, else its text.

    Raises:
        UsageError: it is empty, or could not travel.
    """
    text = text.strip()
    if not text:
        raise UsageError(f"{where}: the id is empty")
    if "," in text or " " in text or not text.isprintable():
        raise UsageError(f"{where}: the id {_short(text)} holds a comma, white space or a control character")
    if "\ufffd" in text:  # what stands where bytes were no UTF-8
        raise UsageError(f"{where}: the id {_short(text)} is no text in UTF-8")
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and text[0] != "0"
    return int(text) if is_number else text


class _Lines:
    """Lines, counted; a line with a NUL shows that this is no text."""

    def __init__(self, lines: Iterable[str], name: str) -> None:
        self.count = 0
        self._lines = iter(lines)
        self._name = name

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.count += 1
        if "\0" in line:
            raise UsageError(f"{self._name}, line {self.count}: this is no text file, and no CSV file either")
        return line


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _rows(reader: Iterator[list[str]], name: str) -> Iterator[list[str]]:
    """The rows that are neither blank nor comments."""
    try:
        for row in reader:
            if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#"):
                yield row
    except csv.Error as error:
        fault = error
    else:
        return
    raise UsageError(f"{name} is no CSV file: {fault}")


def _column(row: list[str], columns: Sequence[str], name: str) -> tuple[int, bool]:
    """Which column holds the ids, and whether this first row holds the headings."""
    headings = [_plain(cell) for cell in row]
    for column in columns:
        if _plain(column) in headings:
            return headings.index(_plain(column)), True
    if len(row) == 1 and len(columns) > 1:
        return 0, False
    there = ", ".join(_short(cell.strip()) for cell in row)
    raise UsageError(
        f"{name}: no column is called {' or '.join(columns)}; there are {there}; choose one with --column"
    )


def _has_failed(row: list[str], headings: list[str]) -> bool:
    """Is this a row of the command's own output, of an id for which there is none of the kind asked for?"""
    return dict(zip(map(_plain, headings), row, strict=False)).get("ok") == "false"


def _text_of(row: list[str], index: int | None, where: str) -> str:
    if index is None:
        return ",".join(row)
    if index >= len(row):
        raise UsageError(f"{where}: the line ends before the column of the ids")
    return row[index]


def _plain(heading: str) -> str:
    return heading.strip().casefold().replace(" ", "_").replace("-", "_")


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
