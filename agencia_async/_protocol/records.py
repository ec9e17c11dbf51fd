"""Parses rows into records: the only module that imports cattrs."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

from attrs import NOTHING, fields_dict
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from agencia_async._models.extra import Extra
from agencia_async._protocol.columns import field_names
from agencia_async._protocol.envelope import Canonical, canonical
from agencia_async._protocol.scalars import (
    boolean,
    count,
    identifier,
    identifiers,
    number,
    shown,
    text,
    text_or_none,
)
from agencia_async.errors import ReplyError
from agencia_async.models import Id
from agencia_async.states import normalized

R = TypeVar("R")


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
    str | None: lambda value, _type: text_or_none(value),
}
for _kind, _hook in _HOOKS.items():
    _converter.register_structure_hook(_kind, _hook)
_converter.register_structure_hook_func(
    lambda kind: kind == tuple[Id, ...], lambda value, _type: identifiers(value)
)


def reader(record: type[R]) -> Callable[[Mapping[str, object]], R]:
    """A function that parses a JSON object into a record; fields that the record does not name go to `extra`.

    The function raises `ReplyError` if a required field is missing or invalid.
    """
    by_spelling = field_names(record)
    names = frozenset(by_spelling.values())
    hooks: dict[str, Any] = {"extra": override(struct_hook=lambda value, _type: value)}
    for name, attribute in fields_dict(cast("Any", record)).items():
        if attribute.type is str and attribute.default is not NOTHING:
            hooks[name] = override(struct_hook=lambda value, _type: "" if value is None else text(value))
    build = make_dict_structure_fn(record, _converter, _cattrs_detailed_validation=False, **hooks)

    def sort(row: Canonical) -> Mapping[str, object]:
        known: dict[str, object] = {name: row[name] for name in names if name in row}
        extra: dict[str, object] = {}
        for name, value in row.items():
            if name not in names:
                field = by_spelling.get(normalized(name))
                if field is None or field in known:
                    extra[row.sent.get(name, name)] = value
                else:
                    known[field] = value
        return {**known, "extra": Extra(extra)}

    def read(row: Mapping[str, object]) -> R:
        missing = None
        try:
            return build(row if row.keys() <= names else sort(canonical(row)), record)
        except KeyError as error:
            missing = error.args[0]
        raise ReplyError(f"missing field in the reply: {missing}")

    return read
