"""Which rows are shown, and in which order."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Protocol

import typer

from agencia_async.cli.output.rows import Row
from agencia_async.cli.text import cell

_VIEW = "Rows"


class Rows(Protocol):
    """Takes rows as they come."""

    def row(self, row: Row) -> None:
        """Take a row."""
        ...


@dataclass(frozen=True, kw_only=True)
class ViewOptions:
    """The options for the order and the number of rows."""

    sort: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Sort by a column; -COLUMN for descending.",
            rich_help_panel=_VIEW,
            show_default=False,
        ),
    ] = None
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Show N rows at most.", rich_help_panel=_VIEW, show_default=False
        ),
    ] = None

    def check(self, columns: Sequence[str]) -> None:
        """Check that there is such a column.

        Raises:
            BadParameter: there is none.
        """
        if self.sort is not None and self.sort.removeprefix("-") not in columns:
            raise typer.BadParameter(f"cannot sort by {self.sort!r}; the columns are {', '.join(columns)}")

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that are shown, in their order."""
        return self._sorted(rows)[: self.limit]

    @contextmanager
    def over(self, rows: Rows, wanted: Callable[[Row], bool]) -> Generator[Rows]:
        """Passes on the rows that are wanted: at once, or sorted when the block ends, however it does."""
        view = _View(rows, wanted, self.limit, is_held=self.sort is not None)
        try:
            yield view
        finally:
            for row in self.of(view.held):
                rows.row(row)

    def _sorted(self, rows: Iterable[Row]) -> list[Row]:
        """The rows by the column; those without a value come last."""
        if self.sort is None:
            return [*rows]
        name = self.sort.removeprefix("-")
        known: list[Row] = []
        others: list[Row] = []
        for row in rows:
            (known if cell(row[name]) else others).append(row)
        known.sort(key=lambda row: _key(row[name]), reverse=self.sort.startswith("-"))
        return known + others


class _View:
    """The rows that are wanted: passed on up to the limit, or held."""

    def __init__(
        self, rows: Rows, wanted: Callable[[Row], bool], limit: int | None, *, is_held: bool
    ) -> None:
        self.held: list[Row] = []
        self._rows = rows
        self._wanted = wanted
        self._left = limit
        self._is_held = is_held

    def row(self, row: Row) -> None:
        """Take a row."""
        if not self._wanted(row):
            return
        if self._is_held:
            self.held.append(row)
        elif self._left is None or self._left > 0:
            self._rows.row(row)
            self._left = self._left and self._left - 1


def _key(value: object) -> tuple[bool, Decimal, str]:
    """What a value is sorted by: numbers before other texts, and those regardless of case."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    return (False, number, "") if number.is_finite() else (True, Decimal(), str(value).casefold())
