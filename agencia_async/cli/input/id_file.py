"""Parses files of ids: one id per line, or a CSV column. Pure: lines in, ids out."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.csv_text import Row, Sheet, plain, short, squeezed
from agencia_async.cli.input.id_form import forms_of
from agencia_async.cli.input.spreadsheet import damage, is_heading

_MOST_COLUMNS: Final = 20
_WITHOUT_ID: Final = {"ok": {"false"}, "state": {"new", "refused", "skipped", "unknown"}}
"""The values in the command's own output, by column, whose rows may have no id."""


class IdFile:
    """The texts that stand for ids in a plain list, or in the first of these columns that a CSV text has.

    The first row contains the headings; a list needs none. Failed rows of the command's own output are
    skipped if they have no id.

    Attributes:
        without_id: how many such rows there were so far.
    """

    def __init__(
        self, lines: Iterable[str], name: str, columns: Sequence[str], *, any_id: bool = False
    ) -> None:
        self.without_id: int = 0
        self._sheet = Sheet(lines, name)
        self._name = name
        self._columns = columns
        self._any_id = any_id
        self._index: int | None = None
        self._headings: list[str] = []

    @property
    def comments(self) -> int:
        """How many `#` comments were skipped so far."""
        return self._sheet.comments

    def texts(self) -> Iterator[tuple[int, str]]:
        """Each text, and its line.

        Raises:
            UsageError: there is no such column, or it is not valid CSV.
        """
        has_any = False
        for line, text in self._texts(self._sheet.rows()):
            if not has_any:
                has_any = True
                self._sheet.settle()
            yield line, text
        if not has_any:  # where all ids are written with #, they are no comments
            yield from self._texts(self._sheet.numbered())

    def _texts(self, rows: Iterator[Row]) -> Iterator[tuple[int, str]]:
        for line, cells in rows:
            if self._index is None and self._is_heading(line, cells):
                continue
            text = self._text_of(cells, f"{self._name}, line {line}")
            if not text.strip() and self._has_failed(cells):
                self.without_id += 1
            else:
                yield line, text

    def _is_heading(self, line: int, row: list[str]) -> bool:
        """Find the column of the ids in the first row; whether this contains the headings.

        Raises:
            UsageError: there is no such column, or it is there twice.
        """
        is_list = self._sheet.is_list
        headings = [_key(cell) for cell in ([",".join(row)] if is_list else row)]
        for column in filter(None, map(_key, self._columns)):
            if headings.count(column) > 1:
                raise UsageError(f"{self._name}, line {line}: more than one column {short(column)}")
            if column in headings:
                self._index, self._headings = headings.index(column), row
                self._sheet.is_row = self._looks_like_row
                return True
        if not is_list or len(self._columns) == 1:
            raise self._no_column(row)
        self._index = 0
        return not self._any_id and is_heading(",".join(row))

    def _no_column(self, row: list[str]) -> UsageError:
        there = ", ".join(short(cell.strip()) for cell in row[:_MOST_COLUMNS])
        more = f" and {len(row) - _MOST_COLUMNS:,} more" if len(row) > _MOST_COLUMNS else ""
        hint = "choose one with --column"
        if len(row) > 1 and all(cell.strip().isdecimal() for cell in row if cell.strip()):
            hint = "ids belong on lines of their own, or under a heading"
        return UsageError(
            f"{self._name}: no column {' or '.join(self._columns[:3])}; the columns are {there}{more}; {hint}"
        )

    def _looks_like_row(self, cells: list[str]) -> bool:
        """Whether a line within a quoted cell looks like a row; the command's own output is quoted well."""
        is_own = "error_type" in self._headings
        index = self._index or 0
        text = cells[index].strip() if index < len(cells) else ""
        return not is_own and (bool(forms_of(text)) or damage(text) is not None) and text != ""

    def _has_failed(self, row: list[str]) -> bool:
        """Whether this is a failed row of the command's own output."""
        cells = dict(zip(map(plain, self._headings), row, strict=False))
        return any(cells.get(column) in texts for column, texts in _WITHOUT_ID.items())

    def _text_of(self, row: list[str], where: str) -> str:
        if self._sheet.is_list:
            return ",".join(row)
        index = self._index or 0
        if index >= len(row):
            raise UsageError(f"{where}: the row has no cell in the id column")
        return row[index]


def _key(heading: str) -> str:
    """The form in which a heading is found; one without letters, such as `-`, is found as it is."""
    return squeezed(heading) or heading.strip()
