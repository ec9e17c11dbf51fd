"""What a panel sells: looked up, searched, and orders checked against it before they cost anything."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, localcontext
from typing import cast

from attrs import NOTHING, fields_dict

from agencia_async.errors import ConfigurationError
from agencia_async.models import Id, Service, id_key
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

__all__ = ["Catalogue"]

_COUNTED: Mapping[type[Order] | None, str] = {
    CustomCommentsOrder: "comments",
    CommentRepliesOrder: "comments",
    MentionsCustomListOrder: "usernames",
}
"""The types whose quantity is a number of lines."""
_PACKAGES = (PackageOrder, CustomCommentsPackageOrder)
_MOST_DIGITS = 20
_MONEY = Context(prec=200, traps=[Inexact, InvalidOperation])


class Catalogue:
    """The services of a panel, by id: `catalogue[1]`, `1 in catalogue`, `len(catalogue)`.

    Iterates over the services in the panel's own order. Of services that share an id the first counts.

    Args:
        services: what `AsyncClient.services` gives.
    """

    __slots__ = ("_services",)

    def __init__(self, services: Iterable[Service]) -> None:
        self._services: dict[str, Service] = {}
        for service in services:
            self._services.setdefault(id_key(service.service), service)

    def __getitem__(self, id: Id) -> Service:  # noqa: A002 - the protocol's own word
        """The service of this id.

        Raises:
            KeyError: the panel does not sell it.
        """
        try:
            return self._services[id_key(id)]
        except KeyError:
            raise KeyError(id) from None

    def __contains__(self, id: object) -> bool:  # noqa: A002
        return isinstance(id, int | str) and id_key(id) in self._services

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
        """The services that fit all that is given, in the panel's own order.

        Args:
            text: each of its words stands in the service's name or category, in any case.
            type: the service's type, in any spelling.
            category: a part of the category's name, in any case.
            min_rate: the least price of 1000.
            max_rate: the highest price of 1000.
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
        """Return if nothing in the catalogue speaks against an order, and it costs no more than `max_charge`.

        What the catalogue does not say (a limit of 0, a drip-feed of None, a type that is unknown here) or
        says against itself (a minimum above the maximum) is left to the panel.

        Raises:
            ConfigurationError: the service is not there, is of another type, does not take this quantity or
                a drip-feed, or the order costs more.
        """
        service = self._of(order)
        _check_type(order, service)
        form = order.form()
        if ("runs" in form or "interval" in form) and service.dripfeed is False:
            raise ConfigurationError(f"service {service.service} does not take a drip-feed")
        _check_units(order, service)
        if max_charge is not None and (cost := self.cost(order)) > max_charge:
            raise ConfigurationError(f"the order costs {cost:f}, more than the {max_charge:f} it may cost")

    def cost(self, order: Order) -> Decimal:
        """What an order costs, exact, in the account's currency; of a subscription the most it can cost.

        All types but packages are priced `rate * quantity / 1000`, for each run of a drip-feed.

        Raises:
            ConfigurationError: the service is not there, or the cost cannot be told: the subscription has
                no end, or nothing in the order tells how many.
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
            raise ConfigurationError(f"what this order of service {service.service} costs cannot be told")
        return _exact(service.rate, units * many)

    def _of(self, order: Order) -> Service:
        try:
            return self[order.service]
        except KeyError:
            raise ConfigurationError(f"service {order.service} is not in the catalogue") from None


def _check_type(order: Order, service: Service) -> None:
    kind = Order.type_of(service)
    if kind is None:
        return
    sold = f"service {service.service} is of the type {service.type!r}"
    known = fields_dict(kind)
    form = order.form()
    if isinstance(order, RawOrder):
        missing = [name for name, field in known.items() if field.default is NOTHING and name not in form]
        if missing:
            raise ConfigurationError(f"{sold}: {', '.join(missing)} is missing")
    elif not isinstance(order, kind) or form.keys() - known.keys() - order.extra.keys():
        raise ConfigurationError(f"{sold}: it takes a {kind.__name__}, not a {type(order).__name__}")


def _check_units(order: Order, service: Service) -> None:
    low, high = _units(service, order.form())
    if low is None or high is None or service.min > service.max > 0:
        return
    sold = f"service {service.service} takes at"
    if low < service.min:
        raise ConfigurationError(f"{sold} least {service.min} in an order, not {low}")
    if service.max and high > service.max:
        raise ConfigurationError(f"{sold} most {service.max} in an order, not {high}")


def _units(service: Service, form: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The least and the largest quantity that an order asks for at once; None where it does not say."""
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
    """The price of so many at a rate for 1000, to its last digit, with no fewer decimals than the rate."""
    if rate.is_finite():
        with suppress(DecimalException), localcontext(_MONEY):
            price = (rate * units).scaleb(-3).normalize()
            return price.quantize(Decimal(1).scaleb(min(_exponent(price), _exponent(rate), 0)))
    raise ConfigurationError(f"a rate of {rate} is no price to reckon with")


def _exponent(number: Decimal) -> int:
    return cast("int", number.as_tuple().exponent)
