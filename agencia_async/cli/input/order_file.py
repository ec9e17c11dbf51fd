"""Parses files of orders: CSV with headings. Pure: lines in, rows out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from agencia_async import Order
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.csv_text import Sheet
from agencia_async.cli.input.id_form import forms_of
from agencia_async.cli.input.order_columns import EXTRA, FIELDS, ColumnOptions, columns_named
from agencia_async.cli.text import several

_AS_NAMED = ColumnOptions()
"""Each column is called as the field that it has."""


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """A row of a file of orders, not checked yet.

    Attributes:
        line: the line on which it begins.
        reference: the user's own name for the order.
        service: the id of the service.
        fields: the other fields, without blank cells.
        extra: the panel-specific fields, without blank cells.
        surplus: the text in a cell without a heading.
    """

    line: int
    reference: str
    service: str
    fields: Mapping[str, str]
    extra: Mapping[str, str]
    surplus: str = ""


@dataclass(frozen=True)
class OrderList:
    """The rows of a file of orders.

    Attributes:
        name: the name of the file, for messages.
        rows: its rows.
        comments: how many of its lines begin with `#`.
        ignored: its columns that are ignored, as was asked.
    """

    name: str
    rows: Sequence[OrderRow]
    comments: int = 0
    ignored: Sequence[str] = ()


def read_orders(lines: Iterable[str], name: str, options: ColumnOptions = _AS_NAMED) -> OrderList:
    """The orders of a CSV text.

    Args:
        lines: the text.
        name: the name of the file, for messages.
        options: how columns with other names are read.

    Raises:
        UsageError: there are none, it is not valid CSV, or a heading is unknown, duplicate or missing.
    """
    sheet = Sheet(lines, name)
    rows = sheet.rows()
    columns: list[str] = []
    for _, headings in rows:
        columns = columns_named(headings, name, options)
        sheet.is_row = partial(_looks_like_row, columns.index("service"))
        break
    orders = [_row(line, columns, cells) for line, cells in rows]
    if not orders:
        comments = f"; {several(sheet.comments, '# comment')}: quote references that begin with #"
        raise UsageError(f"no orders in {name}{comments if sheet.comments else ''}")
    return OrderList(name, orders, sheet.comments, options.ignore_column or ())


def _looks_like_row(service: int, cells: Sequence[str]) -> bool:
    """Whether a line within a quoted cell looks like a row: there is an id in the column of the service."""
    return service < len(cells) and bool(forms_of(cells[service].strip()))


def _row(line: int, columns: Sequence[str], cells: Sequence[str]) -> OrderRow:
    texts = [cell.strip() for cell in cells]
    named = dict(zip(columns, texts, strict=False))
    nameless = (text for column, text in zip(columns, texts, strict=False) if not column)
    return OrderRow(
        line=line,
        reference=named.get("reference", ""),
        service=named.get("service", ""),
        fields={name: named[name] for name in FIELDS if named.get(name)},
        extra={
            name.removeprefix(EXTRA): text for name, text in named.items() if text and name.startswith(EXTRA)
        },
        surplus=next(filter(None, (*nameless, *texts[len(columns) :])), ""),
    )


def columns_of(orders: Iterable[Order]) -> tuple[str, ...]:
    """The columns that are needed to write these orders."""
    names = {"service"}.union(*map(cells_of, orders))
    known = [name for name in ("service", *FIELDS) if name in names]
    return (*known, *sorted(names.difference(known)))


def cells_of(order: Order) -> dict[str, str]:
    """An order as the cells of a row."""
    own = {"service", *FIELDS}
    return {name if name in own else EXTRA + name: text for name, text in order.form().items()}
