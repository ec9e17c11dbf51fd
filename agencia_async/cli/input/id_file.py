"""Parses files of ids: one id per line, or a CSV column. Pure: lines in, ids out."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from agencia_async import Id
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.csv_text import REPLACED, Sheet, plain, short

_MOST_DIGITS: Final = 18
_WITHOUT_ID: Final = {"ok": {"false"}, "state": {"new", "refused", "skipped", "unknown"}}
"""The values in the command's own output, by column, whose rows may have no id."""


def read_ids(lines: Iterable[str], name: str, columns: Sequence[str]) -> Iterator[Id]:
    """The ids in a plain list, or in the first of these columns that a CSV text has.

    The first row contains the headings; a list needs none. Failed rows of the command's own output are
    skipped if they have no id.

    Raises:
        UsageError: an id is invalid, or there is no such column.
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
    """An id: an int if it is a number, else a str.

    Raises:
        UsageError: it is empty, or contains a character that an id cannot have.
    """
    text = text.strip()
    if not text:
        raise UsageError(f"{where}: empty id")
    if "," in text or " " in text or not text.isprintable():
        raise UsageError(f"{where}: id {short(text)} contains a comma, whitespace or a control character")
    if REPLACED in text:
        raise UsageError(f"{where}: id {short(text)} is not valid UTF-8")
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and text[0] != "0"
    return int(text) if is_number else text


def _column(row: list[str], columns: Sequence[str], name: str) -> tuple[int, bool]:
    """The column of the ids, and whether this first row contains the headings."""
    headings = [plain(cell) for cell in row]
    for column in columns:
        if plain(column) in headings:
            return headings.index(plain(column)), True
    if len(row) == 1 and len(columns) > 1:
        return 0, False
    there = ", ".join(short(cell.strip()) for cell in row)
    raise UsageError(
        f"{name}: no column {' or '.join(columns)}; the columns are {there}; choose one with --column"
    )


def _has_failed(row: list[str], headings: list[str]) -> bool:
    """Whether this is a failed row of the command's own output."""
    cells = dict(zip(map(plain, headings), row, strict=False))
    return any(cells.get(column) in texts for column, texts in _WITHOUT_ID.items())


def _text_of(row: list[str], index: int | None, where: str) -> str:
    if index is None:
        return ",".join(row)
    if index >= len(row):
        raise UsageError(f"{where}: the row has no cell in the id column")
    return row[index]
