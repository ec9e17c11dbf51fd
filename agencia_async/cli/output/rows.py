"""The output formats: each row is a whole line that is flushed before the next one."""

import csv
import io
import json
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import Final, Protocol, cast

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from agencia_async.cli.output.files import Flushed, OutputFile, open_output
from agencia_async.cli.output.fitting import GAP, fitting
from agencia_async.cli.text import cell, one_line, shown

Row = Mapping[str, object]
"""A row's values by column."""
DOCUMENT: Final = "to_dict()"
"""The name of what a row is in JSON, where that is not its columns."""

_BUNDLE: Final = 100  # rows that are printed to a terminal at once
_LEAST_WRAPPED: Final = 20
_WIDEST: Final = 60  # characters to which a column is fitted
_FORMULAS: Final = frozenset("=+-@＝＋－＠|%")  # noqa: RUF001 - full width ones count as well
_LEADING: Final = frozenset("\t\r\n")


class Format(StrEnum):
    """The output formats."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True)
class Column:
    """A column of a table: the name of its value, its heading, minimum width, alignment and style."""

    name: str
    heading: str = ""
    width: int = 0
    right: bool = False
    style: Callable[[Row], str] = lambda _: ""
    spare: bool = False  # missing where there is no room for it
    wrap: bool = False  # of the last column: continued below its beginning where there is no room for it

    def fitted(self, text: str, width: int) -> str:
        """A text padded to a width; a longer one is not truncated."""
        gap = " " * (width - cell_len(text))
        return gap + text if self.right else text + gap


@dataclass(frozen=True)
class Layout:
    """The rows of a command: the columns of its CSV output, those of its table, and what only JSON has."""

    columns: tuple[str, ...]
    table: tuple[Column, ...]
    only_json: tuple[str, ...] = ("extra",)


class Formatter(Protocol):
    """An output format: a head, rows and a tail."""

    def head(self) -> Text | str:
        """The text before the first row."""
        ...

    def row(self, row: Row) -> Text | str:
        """The text of a row."""
        ...

    def tail(self) -> str:
        """The text after the last row."""
        ...


class _Csv:
    def __init__(self, layout: Layout, *, safe: bool) -> None:
        self._columns = layout.columns
        self._cell = _safe_cell if safe else cell

    def head(self) -> str:
        return _csv_line(self._columns)

    def row(self, row: Row) -> str:
        return _csv_line([self._cell(row.get(name)) for name in self._columns])

    def tail(self) -> str:
        return ""


class _JsonLines:
    def __init__(self, layout: Layout) -> None:
        self._names = (*layout.columns, *layout.only_json)

    def head(self) -> str:
        return ""

    def row(self, row: Row) -> str:
        return f"{self.document(row)}\n"

    def tail(self) -> str:
        return ""

    def document(self, row: Row) -> str:
        """A row as one JSON object; amounts are strings, as many parsers read numbers as floats."""
        chosen = row.get(DOCUMENT) or {name: row[name] for name in self._names if name in row}
        return json.dumps(chosen, ensure_ascii=False, default=_plain)


class _Json(_JsonLines):
    """One array. A separator is written with the row after it, so only the closing bracket can be missing."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._before = ""

    def head(self) -> str:
        return "[\n"

    def row(self, row: Row) -> str:
        before, self._before = self._before, ",\n"
        return f"{before}{self.document(row)}"

    def tail(self) -> str:
        return "\n]\n" if self._before else "]\n"


class _Table:
    def __init__(self, layout: Layout, widths: Mapping[str, int], room: int | None) -> None:
        columns = [
            (column, max(column.width, cell_len(column.heading), min(widths.get(column.name, 0), _WIDEST)))
            for column in layout.table
        ]
        self._columns = fitting(columns, room)
        self._room = room
        self._has_errors = any(column.name == "error" for column in layout.table)

    def head(self) -> Text:
        headings = [column.fitted(column.heading, width) for column, width in self._columns]
        return (
            _table_line([(heading, "bold") for heading in headings])
            if any(map(str.strip, headings))
            else Text()
        )

    def row(self, row: Row) -> Text:
        """A row; for a failed one the id and the error, unless there is a column for the error."""
        if row.get("error") and not self._has_errors:
            column, width = self._columns[0]
            error = f"{row.get('state') or 'error'}: {row['error']}"
            return _table_line([(column.fitted(one_line(cell(row[column.name])), width), ""), (error, "red")])
        return _table_line(
            [
                (
                    column.fitted(self._wrapped(column, one_line(cell(row[column.name]))), width),
                    column.style(row),
                )
                for column, width in self._columns
            ]
        )

    def _wrapped(self, column: Column, text: str) -> str:
        if self._room is None or not column.wrap:
            return text
        indent = sum(width + len(GAP) for _, width in self._columns[:-1])
        return f"\n{' ' * indent}".join(wrap(text, max(_LEAST_WRAPPED, self._room - indent)))

    def tail(self) -> str:
        return ""


def _table_line(cells: Sequence[tuple[str, str]]) -> Text:
    line = Text(GAP).join(Text(text, style) for text, style in cells)
    line.rstrip()
    return line.append("\n")


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    is_quoted = cells[0].lstrip().startswith("#") or not all(map(str.isprintable, cells))
    # a comment otherwise, or more than one line
    text = csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL)
    text.writerow(cells)
    return line.getvalue()


def _safe_cell(value: object) -> str:
    """A value for a spreadsheet: text that it would take for a formula begins with an apostrophe."""
    text = cell(value)
    first = text[:1] if text[:1] in _LEADING else text.lstrip()[:1]
    return f"'{text}" if isinstance(value, str) and first in _FORMULAS | _LEADING else text


def _plain(value: object) -> object:
    return dict(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else cell(value)


class Writer:
    """Writes rows as they come; the head is written with the first one.

    Args:
        formatter: the format.
        write: writes a text.
        is_shown: the rows are shown on a terminal, so all text in them is made printable.
    """

    def __init__(self, formatter: Formatter, write: Callable[[Text | str], None], *, is_shown: bool) -> None:
        self._formatter = formatter
        self._write = write
        self._is_shown = is_shown
        self._begun = False

    def row(self, row: Row) -> None:
        """Write a row."""
        self._begin()
        chosen = {name: shown(value) for name, value in row.items()} if self._is_shown else row
        self._write(self._formatter.row(chosen))

    def end(self, *, well: bool) -> None:
        """Write the tail; without any rows only on success."""
        if well:
            self._begin()
        if self._begun:
            self._write(self._formatter.tail())

    def release(self) -> None:
        """The rows are worth replacing an old file."""
        if isinstance(self._write, OutputFile):
            self._write.release()

    def keep_old(self) -> bool:
        """Keep the old file, if the rows were not released; whether there is one that is kept."""
        return isinstance(self._write, OutputFile) and self._write.keep_old()

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._write(self._formatter.head())


def formatter_of(
    form: Format,
    layout: Layout,
    widths: Mapping[str, int],
    *,
    safe_csv: bool = False,
    room: int | None = None,
) -> Formatter:
    """The formatter of a format; `room` is the width of the terminal that shows it."""
    if form is Format.TABLE:
        return _Table(layout, widths, room)
    if form is Format.CSV:
        return _Csv(layout, safe=safe_csv)
    return (_Json if form is Format.JSON else _JsonLines)(layout)


@contextmanager
def writer(  # noqa: PLR0913 - where to, and how
    form: Format | None,
    layout: Layout,
    *,
    file: Path | None = None,
    terminal: Console | None = None,
    widths: Mapping[str, int] | None = None,
    safe_csv: bool = False,
    hold: bool = False,
) -> Generator[Writer]:
    """A writer to a file, to a terminal, or else to stdout.

    However the block ends, the output consists of whole rows. With `hold` an existing file is only replaced
    once the writer is told that the rows are worth it, or when the block ends.
    """
    form = form or (Format.TABLE if terminal else Format.CSV)
    room = None if terminal is None else terminal.width
    formatter = formatter_of(form, layout, widths or {}, safe_csv=safe_csv, room=room)
    with _opened(file, terminal, hold=hold) as (write, is_shown):
        rows = Writer(formatter, write, is_shown=is_shown)
        well = False
        try:
            yield rows
            well = True
        finally:
            rows.end(well=well)


def terminal(file: Path | None) -> Console | None:
    """The console of stdout, if that is a terminal and the rows are written there."""
    return Console(highlight=False) if file is None and sys.stdout.isatty() else None


@contextmanager
def _opened(
    file: Path | None, terminal: Console | None, *, hold: bool
) -> Generator[tuple[Callable[[Text | str], None], bool]]:
    """What writes a text, and whether it goes to a terminal."""
    if terminal is not None:
        with _bundled(terminal) as write:
            yield write, True
    elif file is None:
        yield Flushed(sys.stdout), False
    else:
        with open_output(file, hold=hold) as output:
            yield output, output.is_terminal


@contextmanager
def _bundled(terminal: Console) -> Generator[Callable[[Text | str], None]]:
    """Writes to a terminal in bundles, as each write redraws the progress bar below."""
    waiting: list[Text | str] = []

    def flush() -> None:
        terminal.print(Text.assemble(*waiting), end="", soft_wrap=True)
        waiting.clear()

    def write(text: Text | str) -> None:
        waiting.append(text)
        if len(waiting) >= _BUNDLE:
            flush()

    try:
        yield write
    finally:
        flush()
