"""What calls return: the records, and the results of bulk calls."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from attrs import field, frozen

from agencia_async._models.bulk import BulkItem, BulkResult
from agencia_async._models.extra import NO_EXTRA, Extra
from agencia_async._models.ids import Id, RefillId
from agencia_async._models.settlement import Settlement, checked_facts, settle
from agencia_async._models.stats import Stats
from agencia_async._models.watching import Change, WatchStats
from agencia_async._plain.record import Record
from agencia_async.states import (
    FINAL_ORDERS,
    FINAL_REFILLS,
    OrderState,
    RefillState,
    order_state,
    refill_state,
)

__all__ = [
    "Balance",
    "BulkItem",
    "BulkResult",
    "Cancellation",
    "Change",
    "Extra",
    "Id",
    "OrderStatus",
    "RefillId",
    "RefillStatus",
    "Service",
    "Settlement",
    "Stats",
    "WatchStats",
]


@frozen(kw_only=True)
class Service(Record):
    """One service in the panel's catalogue.

    Attributes:
        service: the id to order by.
        name: its name.
        type: its type ("Default", "Package", ...), as the panel spells it.
        category: its category.
        rate: the price per 1000, in the account's currency (of a package: the price of one).
        min: the minimum quantity per order, 0 if unspecified.
        max: the maximum quantity per order, 0 if unspecified.
        refill: whether its orders can be refilled, None if unspecified.
        cancel: whether its orders can be cancelled, None if unspecified.
        dripfeed: whether it supports drip-feed (`runs` and `interval`), None if unspecified.
        extra: all other fields.
    """

    service: Id
    name: str = ""
    type: str = ""
    category: str = ""
    rate: Decimal
    min: int = 0
    max: int = 0
    refill: bool | None = None
    cancel: bool | None = None
    dripfeed: bool | None = None
    extra: Mapping[str, object] = field(default=NO_EXTRA, hash=False)


@frozen(kw_only=True)
class OrderStatus(Record):
    """The status of an order.

    Attributes:
        charge: the cost of the order so far, in `currency`; None if unspecified. Panels differ in what it
            means after a refund; see `settlement`.
        start_count: the count (followers, likes ...) at the start of the order, or None.
        status: the status, as the panel spells it.
        remains: the quantity still to be delivered, or None.
        currency: the currency of `charge` ("USD"), or None.
        orders: the ids of the orders that a drip-feed or a subscription has created so far.
        runs: for a drip-feed, the number of completed runs (at most panels), or None.
        posts: for a subscription, the number of posts served (at most panels), or None.
        expiry: for a subscription, when it ends, as the panel writes it, or None.
        extra: all other fields.
    """

    charge: Decimal | None = None
    start_count: int | None = None
    status: str
    remains: int | None = None
    currency: str | None = None
    orders: tuple[Id, ...] = ()
    runs: int | None = None
    posts: int | None = None
    expiry: str | None = None
    _derived: ClassVar[Mapping[str, Any]] = {"state": OrderState, "is_final": bool}
    extra: Mapping[str, object] = field(default=NO_EXTRA, hash=False)

    @property
    def state(self) -> OrderState:
        """The state that `status` means, `OrderState.UNKNOWN` for an unknown spelling."""
        return order_state(self.status)

    @property
    def is_final(self) -> bool:
        """Whether the order has ended (completed, partial, canceled, refunded, failed, expired)."""
        return self.state in FINAL_ORDERS

    def settlement(self, *, quantity: int | None = None, paid: Decimal | None = None) -> Settlement:
        """The actual cost of the order so far: delivered, refunded, and net of refunds.

        Panels differ in what `charge` means after a refund; see "What an order really cost" in the
        documentation.

        Args:
            quantity: how many were ordered, >= 1; for a drip-feed, in all runs together.
            paid: the price when the order was placed, >= 0, such as `Catalogue.cost` at that time. Without
                it, the result has only what follows from `charge`.

        Raises:
            InvalidInputError: `quantity` or `paid` is invalid.
        """
        return settle(checked_facts(self.state, self.charge, self.remains, quantity, paid))


@frozen(kw_only=True)
class RefillStatus(Record):
    """The status of a refill.

    Attributes:
        status: the status, as the panel spells it.
        extra: all other fields.
    """

    status: str
    _derived: ClassVar[Mapping[str, Any]] = {"state": RefillState, "is_final": bool}
    extra: Mapping[str, object] = field(default=NO_EXTRA, hash=False)

    @property
    def state(self) -> RefillState:
        """The state that `status` means, `RefillState.UNKNOWN` for an unknown spelling."""
        return refill_state(self.status)

    @property
    def is_final(self) -> bool:
        """Whether the refill has ended (completed, rejected, canceled, failed, partial)."""
        return self.state in FINAL_REFILLS


@frozen(kw_only=True)
class Cancellation(Record):
    """An accepted cancellation request. The order's later `status` shows whether it was cancelled.

    Attributes:
        request: the id of the request; None if the panel replies with a plain 1.
        extra: all other fields.
    """

    request: Id | None = None
    extra: Mapping[str, object] = field(default=NO_EXTRA, hash=False)


@frozen(kw_only=True)
class Balance(Record):
    """The balance of the account.

    Attributes:
        balance: the amount, exact to the panel's digits.
        currency: its currency ("USD").
        extra: all other fields.
    """

    balance: Decimal
    currency: str = ""
    extra: Mapping[str, object] = field(default=NO_EXTRA, hash=False)
