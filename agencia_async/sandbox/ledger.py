"""What a panel remembers of the requests: all that came, and what of it was really executed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One thing that the panel really did: an `add`, a `refill` or a `cancel` that it accepted.

    `sequence` counts from 1, `time` is in seconds of the panel's clock. `order` is the order made, refilled
    or cancelled; `result` is what the reply tells: the number of the order or of the refill, 1 for a
    cancellation. `charge` is what the balance paid, 0 but for an `add`. `fields` is the form as it was sent,
    without the key: for a batch the whole form, in each of its entries.
    """

    sequence: int
    time: float
    action: str
    order: int
    result: int
    charge: Decimal
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One request that arrived, also one that was refused or met a fault.

    `form` is what was sent, without the key; `fault` is the name of the fault that it met, or None.
    """

    form: Mapping[str, str]
    fault: str | None = None

    @property
    def action(self) -> str:
        """The action asked for, "" where there was none."""
        return self.form.get("action", "")

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of orders or refills that were sent, in their order; empty where the action has none."""
        for name in ("orders", "refills", "order", "refill"):
            if name in self.form:
                return tuple(one.strip() for one in self.form[name].split(","))
        return ()
