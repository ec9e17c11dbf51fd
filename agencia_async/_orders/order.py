"""What all orders have in common: their fields as they are sent, and the class for a type of service."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from attrs import NOTHING, fields_dict, frozen

from agencia_async._orders import fields
from agencia_async.errors import ConfigurationError
from agencia_async.models import Id, Service, id_text
from agencia_async.states import normalized


@frozen(kw_only=True)
class Order:
    """What `AsyncClient.add` takes: use the subclass of the service's type, or `Order.for_service`.

    Attributes:
        service: the id of the service to order.
        extra: a panel's own further fields, sent as they are.
    """

    service: Id = fields.service()
    extra: Mapping[str, str] = fields.further()

    _types: ClassVar[dict[str, "type[Order]"]] = {}

    def __init_subclass__(cls) -> None:
        """Each class stands for the type of service that it is called after."""
        if cls.__name__ != "RawOrder" and not cls.__name__.startswith("_"):
            Order._types[normalized(cls.__name__.removesuffix("Order"))] = cls

    def __attrs_post_init__(self) -> None:
        named = fields_dict(type(self)).keys() & self.extra.keys()
        if named:
            raise ConfigurationError(f"{min(named)!r} is a field of its own, not an extra one")
        self._check()

    def _check(self) -> None:
        """Refuse fields that do not go together."""

    def form(self) -> dict[str, str]:
        """The fields as they are sent; lines are joined by line feeds."""
        form = {"service": id_text(self.service)}
        for name in fields_dict(type(self)):
            value: object = getattr(self, name)
            if name not in {"service", "extra"} and value is not None:
                form[name] = fields.as_sent(value)
        return form | dict(self.extra)

    @staticmethod
    def for_service(service: Service, **given: Any) -> "Order":  # noqa: ANN401 - each field has its own type
        """The order that a service takes, by its type in any spelling ("Custom Comments", "custom_comments").

        A type that is unknown here becomes a `RawOrder` of the fields given, as text.

        Raises:
            ConfigurationError: fields are missing, too many, or not what they should be.
        """
        kind = Order.type_of(service)
        if kind is None:
            return RawOrder(service.service, {name: fields.as_sent(value) for name, value in given.items()})
        known = {name: attribute for name, attribute in fields_dict(kind).items() if name != "service"}
        missing = [name for name, attribute in known.items() if attribute.default is NOTHING]
        faults = [f"{name} is missing" for name in missing if name not in given]
        faults += [f"{name} is too many" for name in given if name not in known]
        if faults:
            raise ConfigurationError(
                f"service {service.service} is of the type {service.type!r}: {', '.join(faults)}"
            )
        return kind(service=service.service, **given)

    @staticmethod
    def from_text(
        service: Service, texts: Mapping[str, str], extra: Mapping[str, str] | None = None
    ) -> "Order":
        """The order that a service takes, from texts such as the cells of a CSV file.

        Numbers are digits, lines are parted by line feeds, a day is `d/m/Y` or `YYYY-MM-DD`. A text that
        is blank counts as not given. `extra` are a panel's own further fields.

        Raises:
            ConfigurationError: fields are missing, too many, or not what they should be.
        """
        given = {name: text for name, text in texts.items() if text.strip()}
        kind = Order.type_of(service)
        if kind is None:
            return RawOrder(service=service.service, fields=given, extra=extra or {})
        return Order.for_service(service, **_values(kind, given), **({"extra": extra} if extra else {}))

    @staticmethod
    def restored(kind: str, form: Mapping[str, str]) -> "Order":
        """An order once more, from the name of its class and its form; a `RawOrder` where that fails."""
        service = fields.id_from_text(form["service"])
        rest = {name: text for name, text in form.items() if name != "service"}
        cls = Order._types.get(normalized(kind.removesuffix("Order")))
        if cls is not None:
            extra = {name: rest.pop(name) for name in rest.keys() - fields_dict(cls).keys()}
            with suppress(ConfigurationError, TypeError):  # another version's, or a class of the caller's
                return cls(service=service, extra=extra, **_values(cls, rest))
            rest |= extra
        return RawOrder(service, rest)

    @staticmethod
    def types() -> "list[type[Order]]":
        """The classes of all types of service that are known here."""
        return list(Order._types.values())

    @staticmethod
    def type_of(service: Service) -> "type[Order] | None":
        """The class of the orders that a service takes; None where its type is unknown here."""
        return Order._types.get(normalized(service.type))


def check_order(order: object) -> None:
    """Refuse what is no order."""
    if not isinstance(order, Order):
        raise ConfigurationError(f"an order is needed, not {type(order).__name__}")


def _values(kind: type[Order], texts: Mapping[str, str]) -> dict[str, Any]:
    """The values of the fields that the class has; other texts stay as they are."""
    known = fields_dict(kind)
    return {
        name: fields.from_text(known[name], text) if name in known else text for name, text in texts.items()
    }


@frozen
class RawOrder(Order):
    """An order for a type of service that has no class here.

    Attributes:
        fields: all its fields but `service`, sent as they are.
    """

    service: Id = fields.service()
    fields: Mapping[str, str] = fields.further()

    def form(self) -> dict[str, str]:
        """The fields as they are sent."""
        return {"service": id_text(self.service)} | dict(self.fields) | dict(self.extra)
