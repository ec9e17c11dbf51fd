"""What all orders have in common: their fields as they are sent, and the class for a type of service."""

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import NOTHING, fields_dict, frozen

from agencia_async import _fields as fields
from agencia_async.errors import ConfigurationError
from agencia_async.models import Id, Service, id_text
from agencia_async.states import plain


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
            Order._types[plain(cls.__name__.removesuffix("Order"))] = cls

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
        kind = Order._types.get(plain(service.type))
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
