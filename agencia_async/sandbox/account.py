"""The customer's account: balance, orders, refills, and pending refunds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Final

from agencia_async.sandbox.catalogue import ListedService
from agencia_async.sandbox.ids import Id, Numbering, numbering
from agencia_async.sandbox.ledger import StatementEntry
from agencia_async.sandbox.orders import REFILLABLE, SHARES, PlacedOrder, Refill, Series, ends
from agencia_async.sandbox.reply import RefusedError
from agencia_async.sandbox.rules import RULES, Purchase, unit_price

PARTIAL: Final = 0.06
CANCELED: Final = 0.04
REJECTED: Final = 0.1
NO_ORDER: Final = "Incorrect order ID"
NO_REFILL: Final = "Refill not found"

_MOST_SEEDED = 5_000

Span = tuple[float, float]


@dataclass(slots=True)
class Account:
    """The state of a panel. Times come from `now`, randomness from `random`; refunds wait in a heap."""

    balance: Decimal
    currency: str
    random: Random
    pending: Span
    progress: Span
    numbering: Numbering = field(default_factory=numbering)
    unknown_for: float = 0.0
    orders: dict[str, PlacedOrder | Series] = field(default_factory=dict[str, PlacedOrder | Series])
    refills: dict[str, Refill] = field(default_factory=dict[str, Refill])
    statement: list[StatementEntry] = field(default_factory=list[StatementEntry])
    _known_from: dict[str, float] = field(default_factory=dict[str, float])
    _due: list[tuple[float, int, PlacedOrder]] = field(default_factory=list[tuple[float, int, PlacedOrder]])
    _dues_made: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        if not self.unknown_for >= 0:
            raise ValueError(f"unknown_for must be a number of seconds >= 0, got {self.unknown_for!r}")

    def settle(self, now: float) -> None:
        """Refund orders that ended without full delivery, each of them once."""
        while self._due and self._due[0][0] <= now:
            order = heappop(self._due)[2]
            if not order.settled:
                order.settled = True
                self._book(order.number, order.price - order.charge(now), now)

    def order(self, number: str, now: float) -> PlacedOrder | Series:
        """The order with this id."""
        order = self.orders.get(number)
        if order is None or not order.is_born(now) or now < self._known_from.get(number, now):
            raise RefusedError(NO_ORDER)
        return order

    def refill(self, number: str) -> Refill:
        """The refill with this id."""
        if number not in self.refills:
            raise RefusedError(NO_REFILL)
        return self.refills[number]

    def place(self, service: ListedService, bought: Purchase, now: float) -> PlacedOrder | Series:
        """Charge the price and create the order, for a drip-feed or a subscription all of its orders.

        It is unknown to `order` for the first `unknown_for` seconds.
        """
        order = self._place(service, bought, now)
        self._known_from[str(order.number)] = now + self.unknown_for
        return order

    def _place(self, service: ListedService, bought: Purchase, now: float) -> PlacedOrder | Series:
        units = [self.random.randint(bought.low, bought.high) for _ in bought.offsets]
        price = unit_price(service) * sum(units)
        if price > self.balance:
            raise RefusedError("Not enough funds on balance")
        if bought.shape == "single":
            order = self._make(service, units[0], now)
            self._book(order.number, -price, now)
            return order
        number = next(self.numbering.orders)
        starts = zip(units, bought.offsets, strict=True)
        orders = [self._make(service, size, now + offset) for size, offset in starts]
        series = Series(number, service, bought.shape, orders, now, bought.posts, bought.expiry)
        self.orders[str(number)] = series
        self._book(number, -price, now)
        return series

    def seed_order(self, services: list[ListedService], now: float) -> PlacedOrder:
        """An order for a random service, placed and paid for at a random time in the past."""
        service = self.random.choice(services)
        most = min(service.max, _MOST_SEEDED)
        units = self.random.randint(service.min, most) if RULES[service.type].counted else 1
        oldest = 1.5 * (self.pending[1] + self.progress[1])
        order = self._make(service, units, now - self.random.uniform(0, oldest))
        order.settled = order.is_final(now)
        return order

    def request_refill(self, number: str, now: float) -> Refill:
        """A new refill of the order, if its service, its state and its last refill allow one."""
        order = self.order(number, now)
        if not order.service.refill:
            raise RefusedError("Refill is disabled for this service")
        if order.state(now) not in REFILLABLE:
            raise RefusedError("Order is not completed")
        if order.refill is not None and now < order.refill.ends:
            raise RefusedError("Refill already requested")
        begins, ends = self._plan(now)
        outcome = "Rejected" if self.random.random() < REJECTED else "Completed"
        order.refill = Refill(next(self.numbering.refills), begins, ends, outcome)
        self.refills[str(order.refill.number)] = order.refill
        return order.refill

    def request_cancel(self, number: str, now: float) -> PlacedOrder | Series:
        """Cancel the order, with effect after a random time within `pending`."""
        order = self.order(number, now)
        if not order.service.cancel:
            raise RefusedError("Cancel is disabled for this service")
        if order.cancel_at is not None:
            raise RefusedError("Cancellation already requested")
        if order.is_final(now):
            raise RefusedError("Order cannot be canceled")
        order.cancel(now + self.random.uniform(*self.pending))
        for one in [order] if isinstance(order, PlacedOrder) else order.orders:
            self._refund_later(one)
        return order

    def set_state(self, number: str, state: str, now: float) -> None:
        """Bring an order to this state, and pay back or charge what follows from it."""
        order = self.orders[number]
        if isinstance(order, PlacedOrder):
            return self._set_one(order, state, now)
        order.set_state = state
        if ends(state):
            for one in order.orders:
                if state.lower() in SHARES or not one.is_final(now):
                    self._set_one(one, state, now)
        return None

    def _set_one(self, order: PlacedOrder, state: str, now: float) -> None:
        paid = order.charge(now) if order.settled else order.price
        order.set_to(state, now)
        order.settled = True
        self._book(order.number, paid - order.charge(now), now)

    def _book(self, order: Id, amount: Decimal, now: float) -> None:
        """Change the balance, which the statement explains."""
        if amount:
            self.balance += amount
            self.statement.append(StatementEntry(now, order, amount, self.balance))

    def _make(self, service: ListedService, units: int, created: float) -> PlacedOrder:
        begins, ends = self._plan(created)
        order = PlacedOrder(
            number=next(self.numbering.orders),
            service=service,
            units=units,
            unit_price=unit_price(service),
            currency=self.currency,
            created=created,
            begins=begins,
            ends=ends,
            start_count=self.random.randrange(100_000),
            delivered=self._outcome(units),
        )
        self.orders[str(order.number)] = order
        if order.delivered < units:
            self._refund_later(order)
        return order

    def _plan(self, created: float) -> Span:
        begins = created + self.random.uniform(*self.pending)
        return begins, begins + self.random.uniform(*self.progress)

    def _outcome(self, units: int) -> int:
        chance = self.random.random()
        if chance < CANCELED:
            return 0
        if chance < CANCELED + PARTIAL and units > 1:
            return self.random.randrange(1, units)
        return units

    def _refund_later(self, order: PlacedOrder) -> None:
        heappush(self._due, (order.final_at(), next(self._dues_made), order))
