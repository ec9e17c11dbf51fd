"""What can be bought: one frozen class for each type of service."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from attrs import Attribute, field, fields_dict, frozen

from agencia_async._checks import check_whole
from agencia_async.errors import ConfigurationError
from agencia_async.models import Extra, Id, id_text

__all__ = ["CustomCommentsOrder", "DefaultOrder", "Order", "PackageOrder", "RawOrder"]

_RESERVED = frozenset({"key", "action", "service"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HALF = re.compile(r"[\ud800-\udfff]")


def _extra_fields(fields: Mapping[str, str]) -> Mapping[str, str]:
    """A panel's own fields, copied so that nobody can change them afterwards."""
    for name, value in fields.items():
        if name in _RESERVED:
            raise ConfigurationError(f"{name!r} is no field that an order may set itself")
        if not all(isinstance(text, str) for text in (name, value)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"the fields of an order are text, not {name!r}: {value!r}")
        if _HALF.search(name + value):
            raise ConfigurationError(f"the field {name!r} holds half a character")
    return Extra(fields)


def _service(_order: object, _field: object, value: Id) -> None:
    id_text(value)


def _further(order: "Order", _field: object, extra: Mapping[str, str]) -> None:
    named = fields_dict(type(order)).keys() & extra.keys()
    if named:
        raise ConfigurationError(f"{min(named)!r} is a field of its own, not an extra one")


def _text(_order: object, attribute: "Attribute[str]", value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{attribute.name} is a text that is not empty, not {value!r}")
    if _HALF.search(value):
        raise ConfigurationError(f"{attribute.name} holds half a character: {value!r}")
    if _CONTROL.search(value):
        raise ConfigurationError(f"{attribute.name} holds a line break or a control character: {value!r}")


def _positive(_order: object, attribute: "Attribute[int]", value: object) -> None:
    check_whole(attribute.name, value)


def _positive_or_none(order: object, attribute: "Attribute[int]", value: object) -> None:
    if value is not None:
        _positive(order, attribute, value)


def _split(value: str | Iterable[str]) -> tuple[str, ...]:
    """Lines, given as one text or one by one."""
    return tuple(value.splitlines()) if isinstance(value, str) else tuple(value)


def _lines(order: object, attribute: "Attribute[Any]", value: tuple[str, ...]) -> None:
    if not value:
        raise ConfigurationError(f"{attribute.name} is empty")
    for line in value:
        _text(order, attribute, line)


@frozen(kw_only=True)
class Order:
    """What `AsyncClient.add` takes: use the subclass of the service's type.

    Attributes:
        service: the id of the service to order.
        extra: a panel's own further fields, sent as they are.
    """

    service: Id = field(validator=_service)
    extra: Mapping[str, str] = field(
        factory=dict[str, str], converter=_extra_fields, validator=_further, hash=False
    )

    def form(self) -> dict[str, str]:
        """The fields as they are sent; lines are joined by line feeds."""
        form = {"service": id_text(self.service)}
        for name in fields_dict(type(self)):
            value: object = getattr(self, name)
            if name not in {"service", "extra"} and value is not None:
                lines = cast("tuple[str, ...]", value) if isinstance(value, tuple) else (str(value),)
                form[name] = "\n".join(lines)
        return form | dict(self.extra)


@frozen(kw_only=True)
class DefaultOrder(Order):
    """A quantity of something for a link.

    Attributes:
        link: the page, profile or post.
        quantity: how many, at least 1; with drip-feed, how many in each run.
        runs: drip-feed: how many times. Goes with `interval`.
        interval: drip-feed: minutes between two runs. Goes with `runs`.
    """

    link: str = field(validator=_text)
    quantity: int = field(validator=_positive)
    runs: int | None = field(default=None, validator=_positive_or_none)
    interval: int | None = field(default=None, validator=_positive_or_none)

    def __attrs_post_init__(self) -> None:
        if (self.runs is None) != (self.interval is None):
            raise ConfigurationError("a drip-feed takes both runs and interval (minutes), or neither")


@frozen(kw_only=True)
class PackageOrder(Order):
    """A package of a fixed size for a link.

    Attributes:
        link: the page, profile or post.
    """

    link: str = field(validator=_text)


@frozen(kw_only=True)
class CustomCommentsOrder(Order):
    """Comments of the caller's own under a link; their number is the quantity.

    Attributes:
        link: the post.
        comments: the comments, one by one or as one text with a comment on each line.
        quantity: their number once more, for the few panels that insist on it.
    """

    link: str = field(validator=_text)
    comments: tuple[str, ...] = field(converter=_split, validator=_lines)
    quantity: int | None = field(default=None, validator=_positive_or_none)


@frozen
class RawOrder(Order):
    """An order for a type of service that has no class here.

    Attributes:
        fields: all its fields but `service`, sent as they are.
    """

    service: Id = field(validator=_service)
    fields: Mapping[str, str] = field(factory=dict[str, str], converter=_extra_fields, hash=False)

    def form(self) -> dict[str, str]:
        """The fields as they are sent."""
        return {"service": id_text(self.service)} | dict(self.fields) | dict(self.extra)
