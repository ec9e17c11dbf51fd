"""The records of a panel: the requests received, the ledger of those executed, and the statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from agencia_async.sandbox.ids import Id


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One executed write: an accepted `add`, `refill` or `cancel`.

    `sequence` counts from 1, and `time` is in seconds of the panel's clock. `order` is the id of the order
    that was placed, refilled or cancelled. `result` is the result in the reply: the id of the order or of the
    refill, or for a cancellation 1 or its number. `charge` is the amount deducted from the balance, 0 except
    for an `add`. `fields` is the form as sent, without the key; each entry of a batch has the whole form.
    """

    sequence: int
    time: float
    action: str
    order: Id
    result: Id
    charge: Decimal
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One change of the balance: the cost of an order (a negative amount), or a refund for it.

    `time` is in seconds of the panel's clock, `balance` is the balance after the change.
    """

    time: float
    order: Id
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Request:
    """One received request, including rejected ones and those with a fault.

    `form` is the form as sent, without the key; `fault` is the name of the injected fault, or None.
    """

    form: Mapping[str, str]
    fault: str | None = None

    @property
    def action(self) -> str:
        """The action, "" if missing."""
        return self.form.get("action", "")

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of orders or refills in the request, in order; empty if the action has none."""
        for name in ("orders", "refills", "order", "refill"):
            if name in self.form:
                return tuple(one.strip() for one in self.form[name].split(","))
        return ()
