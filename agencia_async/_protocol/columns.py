"""Reads the rows of a batch a column at a time.

The rows of a batch have the same fields as a rule, whichever these are and however they are spelt: so the
names are looked at once, and each column is converted as a whole. A value that is not plain makes its column
be converted value by value; rows that cannot be read so are left to the parser of single rows.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from operator import itemgetter
from typing import Any, Generic, TypeVar, cast

from attrs import fields_dict, frozen

from agencia_async._models.extra import NO_EXTRA, Extra
from agencia_async._protocol.envelope import COUNTS, Row, canonical_names
from agencia_async._protocol.scalars import count, identifiers, number, text, text_or_none
from agencia_async.errors import ReplyError
from agencia_async.models import Id
from agencia_async.states import normalized

R = TypeVar("R")
Column = Sequence[Any]

_FIGURES = "0123456789.\n"
_LONGEST = 32


@frozen
class _Plan:
    """The names in rows with the same fields: those of the record's fields, by the field, and the others."""

    known: Mapping[str, str]
    others: Sequence[str]


def field_names(record: type[Any]) -> Mapping[str, str]:
    """The fields of a record, except `extra`, by their normal form."""
    return {normalized(name): name for name in fields_dict(record) if name != "extra"}


class Columns(Generic[R]):
    """Reads rows into records of one class, whose fields are those of an order's status."""

    def __init__(self, record: type[R]) -> None:
        fields = fields_dict(cast("Any", record))
        self._record = record
        self._names = field_names(record)
        self._defaults = {name: fields[name].default for name in self._names.values()}
        self._convert = {name: _CONVERTERS[fields[name].type] for name in self._names.values()}
        self._set: Mapping[str, Callable[[R, object], None]] = {
            name: getattr(record, name).__set__ for name in fields
        }

    def read(self, rows: Mapping[str, object]) -> dict[str, R]:
        """The records of the rows that can be read so, in the order of the rows."""
        groups: dict[object, dict[str, Row]] = {}
        if {*map(type, rows.values())} == {dict}:
            same = cast("dict[str, Row]", rows)
            records = self._records([*same.values()]) if len({*map(len, same.values())}) == 1 else None
            if records is not None:
                return dict(zip(rows, records, strict=True))
        for name, row in rows.items():
            if isinstance(row, dict):
                groups.setdefault((*cast("Row", row),), {})[name] = cast("Row", row)
        found: dict[str, R] = {}
        for group in groups.values():
            found.update(zip(group, self._records([*group.values()]) or (), strict=False))
        return {name: found[name] for name in rows if name in found}

    def _records(self, rows: Sequence[Row]) -> list[R] | None:
        """The records of rows with the same fields; None if they have not, or a value cannot be read."""
        plan = self._plan((*rows[0],))
        if plan is None:
            return None
        try:
            columns: dict[str, Column] = {
                name: self._convert[name]([*map(itemgetter(sent), rows)]) for name, sent in plan.known.items()
            }
            others = [{name: row[name] for name in plan.others} for row in rows] if plan.others else None
        except (KeyError, ReplyError):
            return None
        extra: Iterable[Extra[object]] = repeat(NO_EXTRA) if others is None else map(Extra, others)
        return self._made(len(rows), columns, extra)

    def _made(self, size: int, columns: Mapping[str, Column], extra: Iterable[Extra[object]]) -> list[R]:
        """Records, made without their constructor, which takes most of the time."""
        records: list[R] = [*map(cast("Any", self._record.__new__), repeat(self._record, size))]
        for name, default in self._defaults.items():
            _for_each(self._set[name], records, columns.get(name) or repeat(default))
        _for_each(self._set["extra"], records, extra)
        return records

    def _plan(self, sent: Sequence[str]) -> _Plan | None:
        """Which field goes where; None if these are not the fields of a whole record."""
        names = dict(zip(canonical_names(sent), sent, strict=True))
        known = {name: names[name] for name in self._names.values() if name in names}
        others: list[str] = []
        for name, own in names.items():
            field = self._names.get(normalized(name))
            if field is None or known.setdefault(field, own) != own:
                others.append(own)
        is_whole = "status" in known and not COUNTS.isdisjoint(known)
        return _Plan(known, others) if is_whole else None


def _for_each(set_field: Callable[[R, object], None], records: Sequence[R], values: Iterable[object]) -> None:
    deque(map(set_field, records, values), maxlen=0)


# --- columns ----------------------------------------------------------------------------------------------


def _amounts(column: Column) -> Column:
    try:
        joined = "\n".join(column)
        if not joined.strip(_FIGURES) and max(map(len, column)) <= _LONGEST:
            return [Decimal(value) if value else None for value in column]
    except (TypeError, ArithmeticError):
        pass
    return [*map(number, column)]


def _counts(column: Column) -> Column:
    try:
        joined = "".join(column)
        if joined.isascii() and joined.isdigit() and max(map(len, column)) <= _LONGEST:
            return [int(value) if value else None for value in column]
    except (TypeError, ValueError):
        pass
    return [*map(count, column)]


def _texts(column: Column) -> Column:
    return column if {*map(type, column)} == {str} else [*map(text, column)]


def _texts_or_none(column: Column) -> Column:
    return column if {*map(type, column)} == {str} and "" not in column else [*map(text_or_none, column)]


def _ids(column: Column) -> Column:
    return [*map(identifiers, column)]


_CONVERTERS: Mapping[object, Callable[[Column], Column]] = {
    Decimal | None: _amounts,
    int | None: _counts,
    str: _texts,
    str | None: _texts_or_none,
    tuple[Id, ...]: _ids,
}
