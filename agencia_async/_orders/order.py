"""The base class of all orders: the form that is sent, and the class for each service type."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar, Self, TypeVar, cast

from attrs import NOTHING, fields_dict, frozen

from agencia_async._models.ids import id_text
from agencia_async._orders import fields
from agencia_async._plain.record import Hints, Record
from agencia_async.errors import ConfigurationError, InvalidInputError
from agencia_async.models import Id, Service
from agencia_async.states import normalized

AnyOrder = TypeVar("AnyOrder", bound="Order")


@frozen(kw_only=True)
class Order(Record):
    """The base class of all orders, which `AsyncClient.add` takes: use a subclass, or `Order.for_service`.

    Attributes:
        service: the id of the service to order.
        extra: additional, panel-specific form fields, sent as given.

    Raises:
        InvalidInputError: a field is missing or invalid; nothing was sent.
    """

    service: Id = fields.service()
    extra: Mapping[str, str] = fields.further()

    unknown_fields: ClassVar[str] = "allow"
    """Not for users: pydantic leaves unknown fields to `from_dict`."""
    _types: ClassVar[dict[str, "type[Order]"]] = {}

    def __init_subclass__(cls) -> None:
        """Register the class for the service type that it is named after."""
        if cls.__name__ != "RawOrder" and not cls.__name__.startswith("_"):
            Order._types[normalized(cls.__name__.removesuffix("Order"))] = cls

    def __attrs_post_init__(self) -> None:
        named = fields_dict(type(self)).keys() & self.extra.keys()
        if named:
            raise InvalidInputError(
                f"extra must not contain {min(named)!r}: pass it as an argument", field=min(named)
            )
        self._check()

    def _check(self) -> None:
        """Raise if fields contradict each other."""

    def form(self) -> dict[str, str]:
        """The form fields that are sent; lines are joined by line feeds."""
        form = {"service": id_text(self.service)}
        for name in fields_dict(type(self)):
            value: object = getattr(self, name)
            if name not in {"service", "extra"} and value is not None:
                form[name] = fields.as_sent(value)
        return form | dict(self.extra)

    def _shallow(self) -> dict[str, Any]:
        names = [name for name in self._plain_hints() if name != "type"]
        return {"type": type(self).__name__, **{name: getattr(self, name) for name in names}}

    @classmethod
    def _plain_hints(cls, source: object = None) -> Hints:
        return {"type": (str, cls is Order)} | super()._plain_hints(source)

    @classmethod
    def _from_plain(cls, given: Mapping[str, Any]) -> Self:
        return cls.from_dict(given)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """An order from plain data, such as a result of `to_dict` or the body of a web request.

        `type` is the name of the class, or the service's type. If called on a subclass
        (`DefaultOrder.from_dict`), it may be left out. Texts are converted as in `for_service`.

        Raises:
            InvalidInputError: a field is missing, unexpected or invalid; `field` is its name.
        """
        name = given.get("type", None if cls is Order else cls.__name__)
        kind = cast("type[Any] | None", Order._kind(str(name)))
        if kind is None or not issubclass(kind, cls):
            expected = "the name of an order class" if cls is Order else repr(cls.__name__)
            raise InvalidInputError(f"type must be {expected}, got {name!r}", field="type")
        return _made(kind, {name: value for name, value in given.items() if name != "type"}, kind.__name__)

    @staticmethod
    def _kind(name: str) -> "type[Order] | None":
        """The class of this name, or for the service type of this name."""
        known = normalized(name.removesuffix("Order"))
        return RawOrder if known == "raw" else Order._types.get(known)

    @staticmethod
    def for_service(service: Service, **given: Any) -> "Order":  # noqa: ANN401 - each field has its own type
        """The order for a service, by its type in any spelling ("Custom Comments", "custom_comments").

        Values may be texts, as in a web form (`quantity="1000"`): integers are digits, lines are separated by
        line feeds, a date is `d/m/Y` or `YYYY-MM-DD`. None and blank texts count as missing. For an unknown
        type, it is a `RawOrder` with the given fields as text.

        Raises:
            InvalidInputError: a field is missing, unexpected or invalid; `field` is its name.
        """
        kind = Order.type_of(service)
        if kind is None:
            told = {name: value for name, value in given.items() if not fields.is_blank(value)}
            return RawOrder(service.service, {name: fields.as_sent(value) for name, value in told.items()})
        what = f"service {service.service} has type {service.type!r}"
        return _made(kind, {"service": service.service, **given}, what)

    @staticmethod
    def from_text(
        service: Service, texts: Mapping[str, str], extra: Mapping[str, str] | None = None
    ) -> "Order":
        """The order for a service, from texts such as the cells of a CSV file.

        Integers are digits, lines are separated by line feeds, a date is `d/m/Y` or `YYYY-MM-DD`. Blank
        texts count as missing. `extra` has additional, panel-specific form fields.

        Raises:
            InvalidInputError: a field is missing, unexpected or invalid; `field` is its name.
        """
        given = {name: text for name, text in texts.items() if text.strip()}
        kind = Order.type_of(service)
        if kind is None:
            return RawOrder(service=service.service, fields=given, extra=extra or {})
        return Order.for_service(service, **_values(kind, given), **({"extra": extra} if extra else {}))

    @staticmethod
    def restored(kind: str, form: Mapping[str, str]) -> "Order":
        """An order rebuilt from the name of its class and its form; a `RawOrder` if that fails."""
        service = fields.id_from_text(form["service"])
        rest = {name: text for name, text in form.items() if name != "service"}
        cls = Order._types.get(normalized(kind.removesuffix("Order")))
        if cls is not None:
            extra = {name: rest.pop(name) for name in rest.keys() - fields_dict(cls).keys()}
            with suppress(ConfigurationError, TypeError):  # from another version, or a class of the caller's
                return cls(service=service, extra=extra, **_values(cls, rest))
            rest |= extra
        return RawOrder(service, rest)

    @staticmethod
    def types() -> "list[type[Order]]":
        """The classes of all known service types."""
        return list(Order._types.values())

    @staticmethod
    def type_of(service: Service) -> "type[Order] | None":
        """The order class for a service; None if its type is unknown."""
        return Order._types.get(normalized(service.type))


def check_order(order: object) -> None:
    """Check for an `Order`."""
    if not isinstance(order, Order):
        raise ConfigurationError(f"order must be an Order, got {type(order).__name__}")


def description(form: Mapping[str, str]) -> str:
    """A short description of an order, to find it at the panel."""
    about = form.get("link") or form.get("username")
    return f"service {form['service']}" + (f", {about}" if about else "")


def _made(kind: type[AnyOrder], given: Mapping[str, Any], what: str) -> AnyOrder:
    """The order of these fields, texts among them; `what` is for the message."""
    known = fields_dict(kind)
    given = {name: value for name, value in given.items() if not fields.is_blank(value)}
    faults = [
        f"missing field: {name}"
        for name, attribute in known.items()
        if attribute.default is NOTHING and name not in given
    ]
    faults += [f"unexpected field: {name}" for name in given if name not in known]
    if faults:
        raise InvalidInputError(f"{what}: {', '.join(faults)}", field=faults[0].partition(": ")[2])
    return kind(**_values(kind, given))


def _values(kind: type[Order], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields that the class has, read from those that are text; others are unchanged."""
    known = fields_dict(kind)
    return {
        name: fields.from_text(known[name], value) if name in known and isinstance(value, str) else value
        for name, value in given.items()
    }


@frozen
class RawOrder(Order):
    """An order for a service type that has no class of its own.

    Attributes:
        service: the id of the service to order.
        fields: all form fields except `service`, sent as given.
        extra: additional, panel-specific form fields, sent as given.
    """

    service: Id = fields.service()
    fields: Mapping[str, str] = fields.further()

    def form(self) -> dict[str, str]:
        """The form fields that are sent."""
        return {"service": id_text(self.service)} | dict(self.fields) | dict(self.extra)
