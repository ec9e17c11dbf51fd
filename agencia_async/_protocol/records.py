"""Parses rows into records: the only module that imports cattrs."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

from attrs import NOTHING, fields_dict
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from agencia_async._protocol.scalars import boolean, count, identifier, number, shown, text
from agencia_async.errors import ReplyError
from agencia_async.models import Extra, Id
from agencia_async.states import normalized

R = TypeVar("R")

_ALIASES = {"startcounter": "start_count", "startcount": "start_count"}


def _text_or_none(value: object, _type: object) -> str | None:
    return None if value is None or value == "" else text(value)


def _money(value: object, _type: object) -> Decimal:
    found = number(value)
    if found is None:
        raise ReplyError(f"{shown(value)} is not a valid amount")
    return found


_converter = Converter(detailed_validation=False)
_HOOKS: dict[object, Callable[[Any, Any], object]] = {
    Id: lambda value, _type: identifier(value),
    Decimal: _money,
    Decimal | None: lambda value, _type: number(value),
    int: lambda value, _type: count(value) or 0,
    int | None: lambda value, _type: count(value),
    bool | None: lambda value, _type: boolean(value),
    str: text,
    str | None: _text_or_none,
}
for _kind, _hook in _HOOKS.items():
    _converter.register_structure_hook(_kind, _hook)


def reader(record: type[R]) -> Callable[[Mapping[str, object]], R]:
    """A function that parses a JSON object into a record; fields that the record does not name go to `extra`.

    The function raises `ReplyError` if a required field is missing or invalid.
    """
    names = frozenset(fields_dict(cast("Any", record))) - {"extra"}
    by_spelling = {normalized(name): name for name in names} | {
        k: v for k, v in _ALIASES.items() if v in names
    }
    hooks: dict[str, Any] = {"extra": override(struct_hook=lambda value, _type: value)}
    for name, attribute in fields_dict(cast("Any", record)).items():
        if attribute.type is str and attribute.default is not NOTHING:
            hooks[name] = override(struct_hook=lambda value, _type: "" if value is None else text(value))
    build = make_dict_structure_fn(record, _converter, _cattrs_detailed_validation=False, **hooks)

    def sort(row: Mapping[str, object]) -> Mapping[str, object]:
        known: dict[str, object] = {name: row[name] for name in names if name in row}
        extra: dict[str, object] = {}
        for name, value in row.items():
            if name not in names:
                field = by_spelling.get(normalized(name))
                target = extra if field is None or field in known else known
                target[name if target is extra else cast("str", field)] = value
        return {**known, "extra": Extra(extra)}

    def read(row: Mapping[str, object]) -> R:
        missing = None
        try:
            return build(row if row.keys() <= names else sort(row), record)
        except KeyError as error:
            missing = error.args[0]
        raise ReplyError(f"missing field in the reply: {missing}")

    return read
