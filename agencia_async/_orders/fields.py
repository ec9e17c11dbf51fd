"""The fields of order classes: each validates its value, and names itself in its error."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any, get_args

from attrs import Attribute, field

from agencia_async._checks import whole_fault
from agencia_async._models.extra import Extra
from agencia_async._models.ids import id_text
from agencia_async.errors import InvalidInputError
from agencia_async.models import Id

_MOST_DIGITS = 64
_RESERVED = frozenset({"key", "action", "service"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def check_text(name: str, value: object) -> None:
    """Check for one line of text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidInputError(f"{name} must be a non-empty str, got {value!r}", field=name)
    if _SURROGATE.search(value):
        raise InvalidInputError(f"{name} contains a lone surrogate: {value!r}", field=name)
    if _CONTROL.search(value):
        raise InvalidInputError(f"{name} contains a line break or a control character: {value!r}", field=name)


def service() -> Any:  # noqa: ANN401 - attrs gives it the type of the field
    """The id of a service."""

    def check(_order: object, _field: object, value: Id) -> None:
        id_text(value, "service")

    return field(validator=check)


def text() -> Any:  # noqa: ANN401
    """One line of text."""

    def check(_order: object, attribute: "Attribute[str]", value: object) -> None:
        check_text(attribute.name, value)

    return field(validator=check)


def text_or_none() -> Any:  # noqa: ANN401
    """One line of text, or None."""

    def check(_order: object, attribute: "Attribute[str | None]", value: object) -> None:
        if value is not None:
            check_text(attribute.name, value)

    return field(default=None, validator=check)


def split(value: str | Iterable[str]) -> tuple[str, ...]:
    """Lines of text, given as an iterable or as one multi-line str."""
    return tuple(value.splitlines()) if isinstance(value, str) else tuple(value)


def check_lines(_order: object, attribute: "Attribute[Any]", value: tuple[str, ...]) -> None:
    """Check for at least one line, each of them text."""
    if not value:
        raise InvalidInputError(f"{attribute.name} must not be empty", field=attribute.name)
    for line in value:
        check_text(attribute.name, line)


def _check_whole(name: str, value: object, most: int | None = None) -> None:
    fault = whole_fault(name, value, most)
    if fault is not None:
        raise InvalidInputError(fault, field=name)


def whole(*, most: int | None = None) -> Any:  # noqa: ANN401
    """An integer >= 1."""

    def check(_order: object, attribute: "Attribute[int]", value: object) -> None:
        _check_whole(attribute.name, value, most)

    return field(validator=check)


def whole_or_none() -> Any:  # noqa: ANN401
    """An integer >= 1, or None."""

    def check(_order: object, attribute: "Attribute[int | None]", value: object) -> None:
        if value is not None:
            _check_whole(attribute.name, value)

    return field(default=None, validator=check)


def count_or_none() -> Any:  # noqa: ANN401
    """An integer >= 0, or None."""

    def check(_order: object, attribute: "Attribute[int | None]", value: object) -> None:
        if value is not None and value != 0:
            _check_whole(attribute.name, value)

    return field(default=None, validator=check)


def one_of(choices: Iterable[int]) -> Any:  # noqa: ANN401
    """One of a few integers."""
    known = sorted(choices)

    def check(_order: object, attribute: "Attribute[int]", value: object) -> None:
        if type(value) is not int or value not in known:
            raise InvalidInputError(
                f"{attribute.name} must be one of {', '.join(map(str, known))}, got {value!r}",
                field=attribute.name,
            )

    return field(validator=check)


def day_or_none() -> Any:  # noqa: ANN401
    """A date, or None."""

    def check(_order: object, attribute: "Attribute[date | None]", value: object) -> None:
        if value is not None and type(value) is not date:
            raise InvalidInputError(
                f"{attribute.name} must be a datetime.date, got {value!r}", field=attribute.name
            )

    return field(default=None, validator=check)


def further() -> Any:  # noqa: ANN401
    """A panel's own fields, as an immutable copy."""

    def copied(fields: Mapping[str, str]) -> Mapping[str, str]:
        for name, value in fields.items():
            check_further(name, value)
        return Extra(fields)

    return field(factory=dict[str, str], converter=copied, hash=False)


def check_further(name: object, value: object) -> None:
    """Check for a field of a panel's own: a name that is not reserved, and text."""
    fault = further_fault(name, value)
    if fault is not None:
        raise InvalidInputError(fault, field=name if isinstance(name, str) else None)


def further_fault(name: object, value: object) -> str | None:
    """Why it is no field of a panel's own, or None."""
    if name in _RESERVED:
        return f"reserved field: {name}"
    if not isinstance(name, str) or not isinstance(value, str):
        return f"extra fields must be str: str, got {name!r}: {value!r}"
    if _SURROGATE.search(name + value):
        return f"field {name!r} contains a lone surrogate"
    if name != name.strip() or _CONTROL.search(name):  # PHP strips blanks: it may be another field there
        return f"field {name!r} must have no blanks around its name and no control characters in it"
    return None


def as_sent(value: object) -> str:
    """The wire format of a field: lines are joined by line feeds, a date is d/m/Y."""
    if isinstance(value, tuple):
        return "\n".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else str(value)


def from_text(attribute: "Attribute[Any]", text: str) -> object:
    """The value of a field from its text: the inverse of `as_sent`.

    Raises:
        InvalidInputError: it is not a valid integer or date.
    """
    kinds = get_args(attribute.type) or (attribute.type,)
    if int in kinds and attribute.name != "service":
        if not is_plain_number(text.strip()):
            raise InvalidInputError(
                f"{attribute.name} must be an integer, got {text!r}", field=attribute.name
            )
        return int(text)
    return _day(attribute.name, text.strip()) if date in kinds else text


def is_blank(value: object) -> bool:
    """Whether it counts as not given: None, or a blank text."""
    return value is None or (isinstance(value, str) and not value.strip())


def is_plain_number(text: str) -> bool:
    """Whether it is a non-negative integer in the format of `str`."""
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and text == str(int(text))


def id_from_text(text: str) -> Id:
    """An id from its text: an `int` if it is in the format of `str(int)`."""
    return int(text) if is_plain_number(text) else text


def _day(name: str, text: str) -> date:
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        with suppress(ValueError):
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no time zone
    raise InvalidInputError(
        f"{name} must be a date such as 31/12/2030 or 2030-12-31, got {text!r}", field=name
    )
