"""The life cycle of an order: its state is a function of time, nothing runs in the background.

The plan of an order is drawn when it is placed: when it begins, when it ends, and how much is delivered by
then. Its state at any time follows from that plan; a cancellation ends it earlier.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from agencia_async.sandbox.catalogue import ListedService
from agencia_async.sandbox.ids import Id

REFILLABLE: Final = frozenset({"Completed", "Partial"})
SHARES: Final[Mapping[str, float]] = {
    "completed": 1,
    "partial": 0.5,
    "canceled": 0,
    "cancelled": 0,
    "refunded": 0,
    "failed": 0,
    "pending": 0,
}
"""The share that is delivered in a state that an order is set to; in others it is what was by then."""

_FINAL: Final = frozenset({"completed", "partial", "canceled", "cancelled", "refunded", "failed", "expired"})


def ends(state: str) -> bool:
    """Whether an order that is set to this state has ended."""
    return state.lower() in _FINAL


@dataclass(frozen=True, slots=True)
class SetState:
    """The state that an order was set to, and what is delivered in it."""

    state: str
    delivered: int


@dataclass(slots=True)
class Refill:
    """A refill; at `ends` its state becomes `outcome`, "Completed" or "Rejected"."""

    number: Id
    begins: float
    ends: float
    outcome: str
    set_state: str | None = None

    def state(self, now: float) -> str:
        """Pending, In progress, then the outcome, unless it was set."""
        if self.set_state is not None:
            return self.set_state
        if now >= self.ends:
            return self.outcome
        return "Pending" if now < self.begins else "In progress"


@dataclass(slots=True)
class PlacedOrder:
    """One order and its plan; times are seconds of the panel's clock.

    `delivered` is the final delivery unless it is cancelled: all `units` (Completed), some (Partial) or none
    (Canceled).
    """

    number: Id
    service: ListedService
    units: int
    unit_price: Decimal
    currency: str
    created: float
    begins: float
    ends: float
    start_count: int
    delivered: int
    cancel_at: float | None = None
    refill: Refill | None = None
    settled: bool = False
    set_state: SetState | None = None
    _final_status: dict[str, object] | None = field(default=None, repr=False)

    @property
    def price(self) -> Decimal:
        """The price paid."""
        return self.unit_price * self.units

    def is_born(self, now: float) -> bool:
        """Whether it exists by now: a run of a drip-feed starts later, and may be cancelled before."""
        return self.created <= now and (self.cancel_at is None or self.created <= self.cancel_at)

    def final_at(self) -> float:
        """When its state becomes final; a cancellation after the end has no effect."""
        return self.ends if self.cancel_at is None else min(self.ends, self.cancel_at)

    def is_final(self, now: float) -> bool:
        """Whether its state can no longer change."""
        return now >= self.final_at() if self.set_state is None else ends(self.set_state.state)

    def delivered_by(self, now: float) -> int:
        """Units delivered: none before it begins, then evenly until it ends."""
        if self.set_state is not None:
            return self.set_state.delivered
        moment = min(now, self.final_at())
        if moment >= self.ends:
            return self.delivered
        if moment <= self.begins:
            return 0
        return int(self.delivered * (moment - self.begins) / (self.ends - self.begins))

    def state(self, now: float) -> str:
        """The state in the document's spelling, or the one that it was set to."""
        if self.set_state is not None:
            return self.set_state.state
        return self._final_state(self.delivered_by(now)) if self.is_final(now) else self._early_state(now)

    def charge(self, now: float) -> Decimal:
        """The charge: for all units, once it is final for the delivered ones."""
        return self.unit_price * (self.delivered_by(now) if self.is_final(now) else self.units)

    def status(self, now: float) -> dict[str, object]:
        """The documented reply to `status`; cached once it is final, so it must not be modified."""
        if self._final_status is not None:
            return self._final_status
        delivered, final = self.delivered_by(now), self.is_final(now)
        status: dict[str, object] = {
            "charge": f"{self.unit_price * (delivered if final else self.units):f}",
            "start_count": str(self.start_count),
            "status": self.state(now),
            "remains": str(self.units - delivered),
            "currency": self.currency,
        }
        if final:
            self._final_status = status
        return status

    def set_to(self, state: str, now: float) -> None:
        """Bring it to this state, until it is set again."""
        share = SHARES.get(state.lower())
        delivered = self.delivered_by(now) if share is None else int(self.units * share)
        self.set_state = SetState(state, delivered)
        self._final_status = None

    def _early_state(self, now: float) -> str:
        return "Pending" if now < self.begins else "In progress"

    def _final_state(self, delivered: int) -> str:
        if delivered == self.units:
            return "Completed"
        return "Partial" if delivered else "Canceled"

    def cancel(self, at: float) -> None:
        """End it at `at`, if it has not ended by then."""
        self.cancel_at = at


@dataclass(slots=True)
class Series:
    """An order that creates orders: a drip-feed or a subscription. Its charge is the sum of theirs."""

    number: Id
    service: ListedService
    shape: Literal["drip-feed", "subscription"]
    orders: list[PlacedOrder]
    created: float
    posts: str | None = None
    expiry: str | None = None
    cancel_at: float | None = None
    refill: Refill | None = None
    set_state: str | None = None
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        is_endless = self.shape == "subscription" and self.posts is None
        self.ends = float("inf") if is_endless else max(order.ends for order in self.orders)

    @property
    def price(self) -> Decimal:
        """The price paid."""
        return sum((order.price for order in self.orders), Decimal(0))

    def is_born(self, now: float) -> bool:
        """Whether it exists by now."""
        return self.created <= now

    def is_final(self, now: float) -> bool:
        """Whether its state can no longer change."""
        return ends(self.state(now))

    def state(self, now: float) -> str:
        """In progress (a drip-feed) or Active (a subscription), then Completed or Canceled, unless set."""
        if self.set_state is not None:
            return self.set_state
        if self.cancel_at is not None and self.cancel_at <= now and self.cancel_at < self.ends:
            return "Canceled"
        if now >= self.ends:
            return "Completed"
        return "Active" if self.shape == "subscription" else "In progress"

    def charge(self, now: float) -> Decimal:
        """The charge of its orders, including future ones."""
        return sum((order.charge(now) for order in self.orders), Decimal(0))

    def status(self, now: float) -> dict[str, object]:
        """The reply to `status`, in the format of its kind, with the orders created so far."""
        made = [str(order.number) for order in self.orders if order.is_born(now)]
        if self.shape == "subscription":
            return {"status": self.state(now), "expiry": self.expiry, "posts": self.posts, "orders": made}
        return {"status": self.state(now), "runs": str(len(self.orders)), "orders": made}

    def cancel(self, at: float) -> None:
        """End it at `at`, together with its orders that have not ended by then."""
        self.cancel_at = at
        for order in self.orders:
            if order.cancel_at is None:
                order.cancel(at)
