"""Parses files of orders: CSV with headings. Pure: lines in, rows out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Final

from attrs import fields_dict

from agencia_async import Order
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.csv_text import Sheet, plain, short
from agencia_async.cli.input.id_form import forms_of
from agencia_async.cli.text import several

EXTRA: Final = "extra."
"""The column prefix of a panel-specific field."""

FIELDS: Final = tuple(
    dict.fromkeys(
        name
        for first in ({"link", "quantity"}, None)  # the most common ones come first
        for kind in Order.types()
        for name in sorted(fields_dict(kind))
        if name not in {"service", "extra"} and (first is None or name in first)
    )
)
"""The fields of all order classes."""

RESULTS: Final = ("state", "order", "error", "error_type", "panel", "created", "updated")
"""The additional columns of the command's own output; they are ignored."""

_NEEDED: Final = ("reference", "service")


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
    """

    name: str
    rows: Sequence[OrderRow]
    comments: int = 0


def read_orders(lines: Iterable[str], name: str) -> OrderList:
    """The orders of a CSV text.

    Raises:
        UsageError: there are none, it is not valid CSV, or a heading is unknown, duplicate or missing.
    """
    sheet = Sheet(lines, name)
    rows = sheet.rows()
    columns: list[str] = []
    for _, headings in rows:
        columns = _columns(headings, name)
        sheet.is_row = partial(_looks_like_row, columns.index("service"))
        break
    orders = [_row(line, columns, cells) for line, cells in rows]
    if not orders:
        comments = f"; {several(sheet.comments, '# comment')}: quote references that begin with #"
        raise UsageError(f"no orders in {name}{comments if sheet.comments else ''}")
    return OrderList(name, orders, sheet.comments)


def _looks_like_row(service: int, cells: Sequence[str]) -> bool:
    """Whether a line within a quoted cell looks like a row: there is an id in the column of the service."""
    return bool(forms_of(cells[service].strip()))


def _columns(headings: Iterable[str], name: str) -> list[str]:
    """The name of each column; empty without a heading."""
    columns = [_column(heading, name) for heading in headings]
    for column in filter(None, columns):
        if columns.count(column) > 1:
            raise UsageError(f"{name}: duplicate column: {column}")
    for column in _NEEDED:
        if column not in columns:
            raise UsageError(f"{name}: missing column: {column} (required: {', '.join(_NEEDED)})")
    return columns


def _column(heading: str, name: str) -> str:
    column = plain(heading)
    if column.startswith(EXTRA):
        return EXTRA + heading.strip()[len(EXTRA) :]  # a panel's field names may be case-sensitive
    known = (*_NEEDED, *FIELDS, *RESULTS)
    if not column or column in known:
        return column
    near = get_close_matches(column, known, 1)
    raise UsageError(
        f"{name}: unknown column: {short(heading.strip())}"
        + (f"; did you mean {near[0]}?" if near else ";")
        + " name the column of a panel-specific field extra.NAME"
    )


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
