"""From JSON to records: strict about what a value means, tolerant about how it is written."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgspec
from attrs import fields_dict
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from agencia_async.errors import ReplyError
from agencia_async.models import Extra, Id
from agencia_async.states import plain

R = TypeVar("R")

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?(?<=[\d.])([eE][+-]?\d{1,4})?", re.ASCII)
_PLAIN_NUMBER = re.compile(r"[0-9]{1,32}(?:\.[0-9]{1,32})?")
_MOST_DIGITS = 64
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "": False, "no": False}
_ALIASES = {"startcounter": "start_count", "startcount": "start_count"}

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def decode(body: bytes) -> object:
    """The JSON that a body holds; numbers with a point come as `Decimal`, digit by digit.

    Raises:
        ReplyError: the body is no JSON.
    """
    failure = None
    try:
        return _decoder.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        failure = str(error)
    raise ReplyError(f"no JSON: {failure}")


def number(value: object) -> Decimal | None:
    """A number, written as a number or as text (`"1,234.50"`); None for anything else, NaN and infinity."""
    if type(value) is str and _PLAIN_NUMBER.fullmatch(value):
        return Decimal(value)
    if type(value) is int or type(value) is Decimal:
        found = Decimal(value)
    elif type(value) is str and len(value) <= _MOST_DIGITS and _NUMBER.fullmatch(text := value.strip()):
        try:
            found = Decimal(text.replace(",", ""))
        except ArithmeticError:
            return None
    else:
        return None
    return found if found.is_finite() and abs(found.adjusted()) < _MOST_DIGITS else None


def count(value: object) -> int | None:
    """A whole number; None for what is none."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    found = number(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def boolean(value: object) -> bool | None:
    """True or false in any of their spellings; None for what is neither."""
    if value is None:
        return False
    return _BOOLEANS.get(str(value).strip().casefold())


def identifier(value: object) -> Id:
    """An id: an `int` where its text is a plain integer, else its text."""
    if type(value) is int:
        return value
    text = _text(value).strip()
    if not text:
        raise ReplyError("an id is empty")
    plain_integer = text.isascii() and text.isdigit() and (text[0] != "0" or text == "0")
    return int(text) if plain_integer and len(text) <= _MOST_DIGITS else text


def _text(value: object, _type: object = None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    raise ReplyError(f"{value!r} is no text")


def _text_or_none(value: object, _type: object) -> str | None:
    return None if value is None or value == "" else _text(value)


def _money(value: object, _type: object) -> Decimal:
    found = number(value)
    if found is None:
        raise ReplyError(f"{value!r} is no amount of money")
    return found


_converter = Converter(detailed_validation=False)
_HOOKS: dict[object, Callable[[Any, Any], object]] = {
    Id: lambda value, _type: identifier(value),
    Decimal: _money,
    Decimal | None: lambda value, _type: number(value),
    int: lambda value, _type: count(value) or 0,
    int | None: lambda value, _type: count(value),
    bool | None: lambda value, _type: boolean(value),
    str: _text,
    str | None: _text_or_none,
}
for _kind, _hook in _HOOKS.items():
    _converter.register_structure_hook(_kind, _hook)


def reader(record: type[R]) -> Callable[[Mapping[str, object]], R]:
    """A function that reads a JSON object into a record; what the record does not name goes to `extra`.

    The function raises `ReplyError` where a field that must be there is missing or cannot be read.
    """
    names = frozenset(fields_dict(cast("Any", record))) - {"extra"}
    by_spelling = {plain(name): name for name in names} | {k: v for k, v in _ALIASES.items() if v in names}
    as_it_is = override(struct_hook=lambda value, _type: value)
    build = make_dict_structure_fn(record, _converter, _cattrs_detailed_validation=False, extra=as_it_is)

    def sort(row: Mapping[str, object]) -> Mapping[str, object]:
        known: dict[str, object] = {name: row[name] for name in names if name in row}
        extra: dict[str, object] = {}
        for name, value in row.items():
            if name not in names:
                field = by_spelling.get(plain(name))
                target = extra if field is None or field in known else known
                target[name if target is extra else cast("str", field)] = value
        return {**known, "extra": Extra(extra)}

    def read(row: Mapping[str, object]) -> R:
        missing = None
        try:
            return build(row if row.keys() <= names else sort(row), record)
        except KeyError as error:
            missing = error.args[0]
        raise ReplyError(f"the reply lacks {missing!r}")

    return read
