"""What a file of ids may look like: one on a line, or a CSV column. Pure: lines in, ids out."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from agencia_async import Id
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.csv_text import REPLACED, Sheet, plain, short

_MOST_DIGITS: Final = 18
_WITHOUT_ID: Final = {"ok": {"false"}, "state": {"new", "refused", "skipped", "unknown"}}
"""What the command's own output says, and where, in rows that may have no id."""


def read_ids(lines: Iterable[str], name: str, columns: Sequence[str]) -> Iterator[Id]:
    """The ids in a plain list, or those in the first of these columns that a CSV text has.

    The first row holds the headings; a list needs none. Rows of the command's own output that tell of a
    failure are skipped where they have no id.

    Raises:
        UsageError: one of them is no id, or there is no such column.
    """
    sheet = Sheet(lines, name)
    index = None
    headings: list[str] = []
    for line, cells in sheet.rows():
        where = f"{name}, line {line}"
        if index is None:
            index, is_heading = _column([",".join(cells)] if sheet.is_list else cells, columns, name)
            if is_heading:
                headings = cells
                continue
        text = _text_of(cells, None if sheet.is_list else index, where)
        if text.strip() or not _has_failed(cells, headings):
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
        raise UsageError(f"{where}: the id {short(text)} holds a comma, white space or a control character")
    if REPLACED in text:
        raise UsageError(f"{where}: the id {short(text)} is no text in UTF-8")
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and text[0] != "0"
    return int(text) if is_number else text


def _column(row: list[str], columns: Sequence[str], name: str) -> tuple[int, bool]:
    """Which column holds the ids, and whether this first row holds the headings."""
    headings = [plain(cell) for cell in row]
    for column in columns:
        if plain(column) in headings:
            return headings.index(plain(column)), True
    if len(row) == 1 and len(columns) > 1:
        return 0, False
    there = ", ".join(short(cell.strip()) for cell in row)
    raise UsageError(
        f"{name}: no column is called {' or '.join(columns)}; there are {there}; choose one with --column"
    )


def _has_failed(row: list[str], headings: list[str]) -> bool:
    """Is this a row of the command's own output, of something that failed?"""
    cells = dict(zip(map(plain, headings), row, strict=False))
    return any(cells.get(column) in texts for column, texts in _WITHOUT_ID.items())


def _text_of(row: list[str], index: int | None, where: str) -> str:
    if index is None:
        return ",".join(row)
    if index >= len(row):
        raise UsageError(f"{where}: the line ends before the column of the ids")
    return row[index]
