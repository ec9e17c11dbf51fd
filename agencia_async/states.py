"""The states of orders and refills, parsed from any panel's spelling."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

__all__ = ["OrderState", "RefillState"]

S = TypeVar("S", bound=StrEnum)


def normalized(word: str) -> str:
    """The normal form by which words are compared: case-folded, without blanks, `_` and `-`."""
    return word.casefold().replace(" ", "").replace("_", "").replace("-", "").strip()


class OrderState(StrEnum):
    """The state of an order. The value is the documented spelling; `UNKNOWN` stands for any other."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    PARTIAL = "Partial"
    CANCELED = "Canceled"
    REFUNDED = "Refunded"
    FAILED = "Failed"
    PAUSED = "Paused"
    EXPIRED = "Expired"
    UNKNOWN = "Unknown"


class RefillState(StrEnum):
    """The state of a refill. The value is the documented spelling; `UNKNOWN` stands for any other."""

    PENDING = "Pending"
    AWAITING = "Awaiting"
    IN_PROGRESS = "In progress"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    REJECTED = "Rejected"
    CANCELED = "Canceled"
    FAILED = "Failed"
    PARTIAL = "Partial"
    UNKNOWN = "Unknown"


_ORDER_SPELLINGS = {normalized(state): state for state in OrderState} | {
    "active": OrderState.IN_PROGRESS,
    "complete": OrderState.COMPLETED,
    "cancelled": OrderState.CANCELED,
    "fail": OrderState.FAILED,
    "error": OrderState.FAILED,
    "rejected": OrderState.FAILED,
    "awaiting": OrderState.PENDING,
    "refilling": OrderState.IN_PROGRESS,
}
_REFILL_SPELLINGS = {normalized(state): state for state in RefillState} | {
    "inprocess": RefillState.IN_PROGRESS,
    "active": RefillState.IN_PROGRESS,
    "complete": RefillState.COMPLETED,
    "cancelled": RefillState.CANCELED,
    "fail": RefillState.FAILED,
    "error": RefillState.FAILED,
}
FINAL_ORDERS = frozenset(
    {OrderState.COMPLETED, OrderState.PARTIAL, OrderState.CANCELED, OrderState.REFUNDED, OrderState.FAILED}
)
FINAL_REFILLS = frozenset(
    {
        RefillState.COMPLETED,
        RefillState.REJECTED,
        RefillState.CANCELED,
        RefillState.FAILED,
        RefillState.PARTIAL,
    }
)


def _spelt(word: str, spellings: Mapping[str, S]) -> S:
    """The state that a word means; of a key like `tasks.status.completed` the last part counts."""
    found = spellings.get(normalized(word)) or spellings.get(normalized(word.rpartition(".")[2]))
    return found or spellings["unknown"]


@lru_cache(maxsize=256)
def order_state(word: str) -> OrderState:
    """The state of an order that a word means."""
    return _spelt(word, _ORDER_SPELLINGS)


@lru_cache(maxsize=256)
def refill_state(word: str) -> RefillState:
    """The state of a refill that a word means."""
    return _spelt(word, _REFILL_SPELLINGS)
