"""Parses JSON values: strict about their meaning, tolerant about their spelling."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from agencia_async._models.ids import id_key
from agencia_async.errors import ReplyError
from agencia_async.models import Id

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?(?<=[\d.])([eE][+-]?\d{1,4})?", re.ASCII)
_CURRENCY = (
    "(?:[$\u00a2-\u00a5\u0e3f\u20a0-\u20cf]|[A-Z]{2,4}\\$?|[A-Z]\\$"
    "|R[sp]\\.?|TL|\u0440\u0443\u0431\\.?|kr\\.?|z\u0142)"
)
"""A sign, a code of letters, or an abbreviation that is often seen."""
_AMOUNT = re.compile(
    rf"(?P<minus>-)?{_CURRENCY}[ \xa0]?(?P<before>-?[\d.,]+)|(?P<behind>-?[\d.,]+)[ \xa0]?{_CURRENCY}",
    re.ASCII,
)
_PLAIN_NUMBER = re.compile(r"[0-9]{1,32}(?:\.[0-9]{1,32})?")
_MOST_DIGITS = 64
_TOO_LARGE = 10**_MOST_DIGITS
_KINDS: dict[type, str] = {dict: "an object", list: "a list", int: "an integer"}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False, "": False}


def shown(value: object) -> str:
    """A value as shown in a message: short, whatever it is."""
    if isinstance(value, str):
        return repr(value[:_MOST_DIGITS])
    if value is None or isinstance(value, bool | Decimal):
        return str(value)
    return _KINDS.get(type(value), "another value")


def number(value: object) -> Decimal | None:
    """A number, given as a number or as text; None for anything else, NaN and infinity.

    The text may have separators of thousands and a currency: `"1,234.50"`, `"$0.90"`, `"0.90 USD"`.
    """
    found = plain_number(value)
    if found is not None or not isinstance(value, str) or len(value) > _MOST_DIGITS:
        return found
    amount = _AMOUNT.fullmatch(value.strip())
    return amount and plain_number((amount["minus"] or "") + (amount["before"] or amount["behind"]))


def plain_number(value: object) -> Decimal | None:
    """The same without a currency."""
    if type(value) is str and _PLAIN_NUMBER.fullmatch(value):
        return Decimal(value)
    if (type(value) is int and abs(value) < _TOO_LARGE) or type(value) is Decimal:
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
    """An integer; None for anything else."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    found = number(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def boolean(value: object) -> bool | None:
    """True or false in any spelling (`1`, `"true"`, null ...); None for anything else."""
    if value is None:
        return False
    return _BOOLEANS.get(str(value).strip().casefold())


def identifier(value: object) -> Id:
    """An id: an `int` if its text is a plain integer (`771.0` is 771), else a `str`."""
    if type(value) is int and abs(value) < _TOO_LARGE:
        return value
    written = id_key(text(value))
    if not written:
        raise ReplyError("an id is empty")
    plain_integer = written.isascii() and written.isdigit() and (written[0] != "0" or written == "0")
    return int(written) if plain_integer and len(written) <= _MOST_DIGITS else written


def identifiers(value: object) -> tuple[Id, ...]:
    """Ids in a list, alone, in objects, or in a text that joins them by commas; what is no id is left out."""
    if isinstance(value, str):
        value = value.split(",")
    listed = cast("list[object]", value) if isinstance(value, list) else [value]
    return tuple(found for one in listed if (found := _identifier_or_none(one)) is not None)


def _identifier_or_none(value: object) -> Id | None:
    if isinstance(value, Mapping):
        row = cast("Mapping[str, object]", value)
        value = row.get("order", row.get("id"))
    try:
        return None if boolean(value) is False else identifier(value)
    except ReplyError:
        return None


def text_or_none(value: object) -> str | None:
    """A string; None if it is empty or null."""
    return None if value is None or value == "" else text(value)


def text(value: object, _type: object = None) -> str:
    """A string, or a number as a string."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal) or (type(value) is int and abs(value) < _TOO_LARGE):
        return str(value)
    raise ReplyError(f"expected a string, got {shown(value)}")
