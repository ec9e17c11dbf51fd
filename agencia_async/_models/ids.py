"""Ids: as the caller gives them, as they are sent, and as they are compared."""

from collections.abc import Sequence
from operator import index
from typing import SupportsIndex, cast

from agencia_async.errors import InvalidInputError

_TOO_LARGE = 10**64

Id = int | str
"""The id of an order, refill, service or request: an integer at most panels, text at others.

Other objects with `__index__` (but no bool), such as an integer of numpy, are accepted as integers.
"""

RefillId = Id
"""The id of a refill, as `refill` returns it and `refill_status` takes it."""


def id_text(id: Id, field: str = "id") -> str:  # noqa: A002 - the protocol's own word
    """An id as it is sent; `field` is the name that its error tells.

    Raises:
        InvalidInputError: it is empty, or contains a comma, whitespace or a control character, which
            would change the meaning of the request.
    """
    number = _number(id)
    if number is not None and abs(number) < _TOO_LARGE:
        return str(number)
    if not isinstance(id, str):
        kind = type(id).__name__ if number is None else "an int of more than 64 digits"
        raise _invalid(f"an id must be an int or a str, got {kind}", field)
    if not id:
        raise _invalid("an id must not be empty", field)
    if "," in id or " " in id or not id.isprintable():
        raise _invalid(f"id {id!r} contains a comma, whitespace or a control character", field)
    return str.__str__(id)  # for a StrEnum as well


def _number(id: object) -> int | None:  # noqa: A002
    """The number that an id is: an int, or what can be one by `__index__`, such as that of numpy; no bool."""
    if type(id) is int:
        return id
    return None if isinstance(id, bool) or not isinstance(id, SupportsIndex) else index(id)


def _invalid(message: str, field: str) -> InvalidInputError:
    return InvalidInputError(message if field == "id" else f"{field}: {message}", field=field)


def id_texts(ids: Sequence[Id]) -> list[str]:
    """Ids as they are sent; raises as `id_text` does. A list of integers is checked at once, for speed."""
    if {*map(type, ids)} == {int}:
        numbers = cast("Sequence[int]", ids)
        if max(numbers) < _TOO_LARGE and min(numbers) > -_TOO_LARGE:
            return list(map(str, numbers))
    return list(map(id_text, ids))


def id_key(id: object) -> str:  # noqa: A002
    """An id as ids are compared: its text without blanks; `771.0` is 771."""
    if type(id) is int:
        return str(id)
    text = str(id).strip()
    if "." not in text:
        return text
    whole, point, rest = text.partition(".")
    return whole if point and whole.isdecimal() and not rest.strip("0") else text


def id_lookup(id: object) -> str | None:  # noqa: A002
    """An id as it is looked up in what was asked for: 1 and "1" are one; None for what can be no id."""
    if isinstance(id, str):
        return str.__str__(id)
    number = _number(id)
    return None if number is None else str(number)
