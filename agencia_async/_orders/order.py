"""The base class of all orders: the form that is sent, and the class for each service type."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from attrs import NOTHING, fields_dict, frozen

from agencia_async._models.ids import id_text
from agencia_async._orders import fields
from agencia_async.errors import ConfigurationError, InvalidInputError
from agencia_async.models import Id, Service
from agencia_async.states import normalized


@frozen(kw_only=True)
class Order:
    """The base class of what `AsyncClient.add` takes: use a subclass, or `Order.for_service`.

    Attributes:
        service: the id of the service to order.
        extra: additional, panel-specific form fields, sent as given.

    Raises:
        InvalidInputError: a field is missing or invalid; nothing was sent.
    """

    service: Id = fields.service()
    extra: Mapping[str, str] = fields.further()

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

    @staticmethod
    def for_service(service: Service, **given: Any) -> "Order":  # noqa: ANN401 - each field has its own type
        """The order for a service, by its type in any spelling ("Custom Comments", "custom_comments").

        For an unknown type it is a `RawOrder` with the given fields as text.

        Raises:
            InvalidInputError: a field is missing, unexpected or invalid.
        """
        kind = Order.type_of(service)
        if kind is None:
            return RawOrder(service.service, {name: fields.as_sent(value) for name, value in given.items()})
        known = {name: attribute for name, attribute in fields_dict(kind).items() if name != "service"}
        missing = [name for name, attribute in known.items() if attribute.default is NOTHING]
        faults = [f"missing field: {name}" for name in missing if name not in given]
        faults += [f"unexpected field: {name}" for name in given if name not in known]
        if faults:
            what = f"service {service.service} has type {service.type!r}"
            raise InvalidInputError(f"{what}: {', '.join(faults)}", field=faults[0].partition(": ")[2])
        return kind(service=service.service, **given)

    @staticmethod
    def from_text(
        service: Service, texts: Mapping[str, str], extra: Mapping[str, str] | None = None
    ) -> "Order":
        """The order for a service, from texts such as the cells of a CSV file.

        Integers are digits, lines are separated by line feeds, a date is `d/m/Y` or `YYYY-MM-DD`. A blank
        text counts as not given. `extra` are additional, panel-specific form fields.

        Raises:
            InvalidInputError: a field is missing, unexpected or invalid.
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


def _values(kind: type[Order], texts: Mapping[str, str]) -> dict[str, Any]:
    """The values of the fields that the class has; other texts are unchanged."""
    known = fields_dict(kind)
    return {
        name: fields.from_text(known[name], text) if name in known else text for name, text in texts.items()
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
