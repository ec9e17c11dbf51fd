"""The catalogue of a panel: look up and search services; check orders and compute their cost."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, localcontext
from typing import cast

from attrs import NOTHING, fields_dict

from agencia_async._catalogue.changes import CatalogueChanges, ServiceChange, changes_of
from agencia_async._models.ids import id_key, id_lookup
from agencia_async.errors import ConfigurationError, InvalidInputError
from agencia_async.models import Id, Service
from agencia_async.orders import (
    CommentRepliesOrder,
    CustomCommentsOrder,
    CustomCommentsPackageOrder,
    MentionsCustomListOrder,
    Order,
    PackageOrder,
    RawOrder,
    SubscriptionsOrder,
)
from agencia_async.states import normalized

__all__ = ["Catalogue", "CatalogueChanges", "ServiceChange"]

_COUNTED: Mapping[type[Order] | None, str] = {
    CustomCommentsOrder: "comments",
    CommentRepliesOrder: "comments",
    MentionsCustomListOrder: "usernames",
}
"""The order classes whose quantity is a number of lines."""
_PACKAGES = (PackageOrder, CustomCommentsPackageOrder)
_MOST_DIGITS = 20
_MONEY = Context(prec=200, traps=[Inexact, InvalidOperation])


class Catalogue:
    """The services of a panel, by id: `catalogue[1]`, `1 in catalogue`, `len(catalogue)`.

    Iterates over the services in the panel's order. If services share an id, the first one is kept.

    Args:
        services: what `AsyncClient.services` returns.
    """

    __slots__ = ("_services",)

    def __init__(self, services: Iterable[Service]) -> None:
        self._services: dict[str, Service] = {}
        for service in services:
            self._services.setdefault(id_key(service.service), service)

    def __getitem__(self, id: Id) -> Service:  # noqa: A002 - the protocol's own word
        """The service with this id.

        Raises:
            KeyError: the catalogue does not contain it.
        """
        try:
            return self._services[id_key(id)]
        except KeyError:
            raise KeyError(id) from None

    def __contains__(self, id: object) -> bool:  # noqa: A002
        return id_lookup(id) is not None and id_key(id) in self._services

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services.values())

    def __len__(self) -> int:
        return len(self._services)

    def __repr__(self) -> str:
        return f"<Catalogue of {len(self)} services>"

    def search(
        self,
        text: str = "",
        *,
        type: str = "",  # noqa: A002 - the protocol's own word
        category: str = "",
        min_rate: Decimal | None = None,
        max_rate: Decimal | None = None,
    ) -> list[Service]:
        """The services that match all given criteria, in the panel's order.

        Args:
            text: words; each must occur in the service's name or category, ignoring case.
            type: the service's type, ignoring case, spaces, `_` and `-`.
            category: a part of the category's name, ignoring case.
            min_rate: the minimum `rate` (price per 1000; of a package, its price).
            max_rate: the maximum `rate`.
        """
        words = text.casefold().split()
        tests: list[Callable[[Service], bool]] = [
            lambda service: all(word in f"{service.name}\n{service.category}".casefold() for word in words),
            lambda service: not type or normalized(service.type) == normalized(type),
            lambda service: category.casefold() in service.category.casefold(),
            lambda service: min_rate is None or min_rate <= service.rate,
            lambda service: max_rate is None or max_rate >= service.rate,
        ]
        return [service for service in self if all(test(service) for test in tests)]

    def check(self, order: Order, max_charge: Decimal | None = None) -> None:
        """Check an order against the catalogue, and its cost against `max_charge`.

        Not checked here, but left to the panel: what the catalogue does not specify (a limit of 0, a
        drip-feed of None, an unknown type), and limits that contradict each other (minimum above maximum).

        Raises:
            InvalidInputError: the service is not in the catalogue, is of another type, does not accept this
                quantity or a drip-feed, or the order costs more than `max_charge`.
        """
        service = self._of(order)
        _check_type(order, service)
        form = order.form()
        if ("runs" in form or "interval" in form) and service.dripfeed is False:
            raise InvalidInputError(f"service {service.service} does not support drip-feed", field="runs")
        _check_units(order, service)
        if max_charge is not None and (cost := self.cost(order)) > max_charge:
            raise InvalidInputError(
                f"the order costs {cost:f}, which exceeds max_charge ({max_charge:f})", field="max_charge"
            )

    def cost(self, order: Order) -> Decimal:
        """The exact cost of an order, in the account's currency; for a subscription, the maximum cost.

        Packages cost `rate`, all other types `rate * quantity / 1000`, times the runs of a drip-feed.

        Raises:
            InvalidInputError: the service is not in the catalogue, or the cost is unknown: an open-ended
                subscription, or an order without a quantity.
            ConfigurationError: the rate in the catalogue is not a valid price.
        """
        service = self._of(order)
        kind = Order.type_of(service)
        if kind in _PACKAGES:
            return _exact(service.rate, 1000)
        form = order.form()
        _, units = _units(service, form)
        if kind is SubscriptionsOrder:
            posts = _number(form, "posts")
            many = None if posts is None else posts + (_number(form, "old_posts") or 0)
        else:
            many = _number(form, "runs") if "runs" in form else 1
        if units is None or many is None:
            raise InvalidInputError(
                f"the cost of this order of service {service.service} is unknown",
                field="quantity" if many is not None else "posts",
            )
        return _exact(service.rate, units * many)

    def changes(self, old: "Catalogue") -> CatalogueChanges:
        """What changed since an older catalogue of the same panel: services, prices, limits, flags."""
        known = {id_key(service.service): service for service in old}
        return changes_of(known, self._services)

    def _of(self, order: Order) -> Service:
        try:
            return self[order.service]
        except KeyError:
            raise InvalidInputError(
                f"service {order.service} is not in the catalogue", field="service"
            ) from None


def _check_type(order: Order, service: Service) -> None:
    kind = Order.type_of(service)
    if kind is None:
        return
    what = f"service {service.service} has type {service.type!r}"
    known = fields_dict(kind)
    form = order.form()
    if isinstance(order, RawOrder):
        missing = [name for name, field in known.items() if field.default is NOTHING and name not in form]
        if missing:
            raise InvalidInputError(f"{what}: missing field: {', '.join(missing)}", field=missing[0])
    elif not isinstance(order, kind) or form.keys() - known.keys() - order.extra.keys():
        raise InvalidInputError(
            f"{what}: expected a {kind.__name__}, got a {type(order).__name__}", field="service"
        )


def _check_units(order: Order, service: Service) -> None:
    low, high = _units(service, order.form())
    if low is None or high is None or service.min > service.max > 0:
        return
    kind = Order.type_of(service)
    name = None if kind is SubscriptionsOrder else _COUNTED.get(kind, "quantity")
    what = f"the quantity for service {service.service} must be"
    if low < service.min:
        raise InvalidInputError(f"{what} >= {service.min}, got {low}", field=name or "min")
    if service.max and high > service.max:
        raise InvalidInputError(f"{what} <= {service.max}, got {high}", field=name or "max")


def _units(service: Service, form: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The minimum and maximum quantity of an order; None if it does not specify any."""
    kind = Order.type_of(service)
    if kind in _PACKAGES:
        return None, None
    if kind is SubscriptionsOrder:
        return _number(form, "min"), _number(form, "max")
    if kind in _COUNTED:
        lines = form.get(_COUNTED[kind], "").splitlines()
        count = sum(1 for line in lines if line.strip())
        return count, count
    quantity = _number(form, "quantity")
    return quantity, quantity


def _number(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None


def _exact(rate: Decimal, units: int) -> Decimal:
    """The exact price of so many units at a rate per 1000, with at least as many decimals as the rate."""
    if rate.is_finite():
        with suppress(DecimalException), localcontext(_MONEY):
            price = (rate * units).scaleb(-3).normalize()
            return price.quantize(Decimal(1).scaleb(min(_exponent(price), _exponent(rate), 0)))
    raise ConfigurationError(f"rate is not a valid price: {rate}")


def _exponent(number: Decimal) -> int:
    return cast("int", number.as_tuple().exponent)
