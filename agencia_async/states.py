# ruff: noqa: RUF001, Russian has letters that look like Latin ones
"""The states of orders and refills, read from any panel's spelling."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Self, TypeVar

__all__ = ["OrderState", "RefillState"]

S = TypeVar("S", bound=StrEnum)


_LETTERS = str.maketrans({"\N{LATIN SMALL LETTER DOTLESS I}": "i", "\N{COMBINING DOT ABOVE}": None, "ё": "е"})


def normalized(word: str) -> str:
    """The normal form by which words are compared: case-folded, without spaces, `_` and `-`.

    Turkish has two letters i, and programs that do not support it change one into the other.
    """
    folded = word.casefold().replace(" ", "").replace("_", "").replace("-", "").strip()
    return folded if folded.isascii() else folded.translate(_LETTERS)


class OrderState(StrEnum):
    """The state of an order. The value is the documented spelling; unknown spellings become `UNKNOWN`."""

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
    """The state of a refill. The value is the documented spelling; unknown spellings become `UNKNOWN`."""

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


def _spellings(words: Mapping[S, str], states: type[S]) -> Mapping[str, S]:
    """The state of each spelling; the documented one always is."""
    others = {normalized(word): state for state, listed in words.items() for word in listed.split(",")}
    return others | {normalized(state): state for state in states}


_ORDER_SPELLINGS = _spellings(
    {
        OrderState.PENDING: "queued, queue, in queue, waiting, awaiting, new"
        ", ожидание, ожидает, в ожидании, в очереди, новый",
        OrderState.PROCESSING: "process, обработка, обрабатывается, в обработке",
        OrderState.IN_PROGRESS: "in process, active, running, refilling, started"
        ", выполняется, в работе, в процессе, активен, активный, активно, запущен, запущено",
        OrderState.COMPLETED: "complete, success, done, finished, delivered"
        ", выполнен, выполнено, завершен, завершено, готов, готово",
        OrderState.PARTIAL: "partially completed, partially complete, partially, partial completed"
        ", частично, частичный, частично выполнен, частично выполнено, частично завершен",
        OrderState.CANCELED: "cancelled, cancel, отменен, отменено, отмена",
        OrderState.REFUNDED: "refund, refunds, возврат, возвращен, возвращено, возврат средств",
        OrderState.FAILED: "fail, error, rejected, ошибка, отклонен, отклонено, не выполнен, неудача",
        OrderState.PAUSED: "pause, on hold, hold, holding, пауза, на паузе, приостановлен, приостановлено",
        OrderState.EXPIRED: "истек, истекло, просрочен",
    },
    OrderState,
)
_REFILL_SPELLINGS = _spellings(
    {
        RefillState.PENDING: "queued, in queue, waiting, ожидание, ожидает, в ожидании, в очереди",
        RefillState.AWAITING: "awaiting refill",
        RefillState.IN_PROGRESS: "in process, active, running, refilling, выполняется, в работе, в процессе",
        RefillState.PROCESSING: "process, обработка, обрабатывается, в обработке",
        RefillState.COMPLETED: "complete, success, done, finished, delivered, refilled"
        ", выполнен, выполнено, завершен, завершено, готово",
        RefillState.REJECTED: "reject, declined, отклонен, отклонено",
        RefillState.CANCELED: "cancelled, cancel, отменен, отменено, отмена",
        RefillState.FAILED: "fail, error, ошибка, неудача",
        RefillState.PARTIAL: "partially completed, partially, частично, частично выполнено",
    },
    RefillState,
)
AMBIGUOUS_STATES = frozenset({"error", "fail", "success"})
"""Spellings that can also be the result of a request; states beside a charge or a count, or in a batch."""
FINAL_ORDERS = frozenset(
    {
        OrderState.COMPLETED,
        OrderState.PARTIAL,
        OrderState.CANCELED,
        OrderState.REFUNDED,
        OrderState.FAILED,
        OrderState.EXPIRED,
    }
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
_LONGEST = 64  # characters


class OwnWord(str):
    """A status in one of the caller's own words (the option `states`): the text, and the state that it means.

    It equals the plain text, so records compare equal with and without it. Copies of the record keep it.
    """

    __slots__ = ("meant",)
    meant: OrderState

    def __new__(cls, text: str, meant: OrderState) -> Self:
        """The text, with its meaning."""
        word = super().__new__(cls, text)
        word.meant = meant
        return word

    def __reduce__(self) -> tuple[type[Self], tuple[str, OrderState]]:
        return type(self), (str(self), self.meant)


def spelt(word: str, spellings: Mapping[str, S]) -> S | None:
    """The state that a word means; of a key like `tasks.status.completed` the last part counts."""
    if len(word) > _LONGEST:
        return None
    return spellings.get(normalized(word)) or spellings.get(normalized(word.rpartition(".")[2]))


@lru_cache(maxsize=256)
def _order_state(word: str) -> OrderState:
    return spelt(word, _ORDER_SPELLINGS) or OrderState.UNKNOWN


@lru_cache(maxsize=256)
def _refill_state(word: str) -> RefillState:
    return spelt(word, _REFILL_SPELLINGS) or RefillState.UNKNOWN


def order_state(word: str) -> OrderState:
    """The state of an order that a word means."""
    return word.meant if isinstance(word, OwnWord) else _order_state(word[: _LONGEST + 1])


def refill_state(word: str) -> RefillState:
    """The state of a refill that a word means."""
    if isinstance(word, OwnWord) and word.meant in _AS_REFILLS:
        return _AS_REFILLS[word.meant]
    return _refill_state(word[: _LONGEST + 1])


_AS_REFILLS = {OrderState(state): state for state in RefillState if state in {*OrderState}}
