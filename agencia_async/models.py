"""What calls return: the records, and the results of bulk calls."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import starmap
from typing import Generic, Self, TypeVar, cast

from attrs import define, field, frozen

from agencia_async.errors import AgenciaError, ConfigurationError
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
    "Extra",
    "Id",
    "OrderStatus",
    "RefillId",
    "RefillStatus",
    "Service",
]

T = TypeVar("T")
V_co = TypeVar("V_co", covariant=True)

_TOO_LARGE = 10**64

Id = int | str
"""The id of an order, refill, service or request: an integer at most panels, text at others."""

RefillId = Id
"""The id of a refill: what `refill_status` takes."""


def id_text(id: Id) -> str:  # noqa: A002 - the protocol's own word
    """An id as it is sent.

    Raises:
        ConfigurationError: it is empty, or contains a comma, whitespace or a control character, which
            would change the meaning of the request.
    """
    if type(id) is int and abs(id) < _TOO_LARGE:
        return str(id)
    if not isinstance(id, str):
        kind = "an int of more than 64 digits" if type(id) is int else type(id).__name__
        raise ConfigurationError(f"an id must be an int or a str, got {kind}")
    if not id:
        raise ConfigurationError("an id must not be empty")
    if "," in id or " " in id or not id.isprintable():
        raise ConfigurationError(f"id {id!r} contains a comma, whitespace or a control character")
    return str.__str__(id)  # for a StrEnum as well


def id_texts(ids: Sequence[Id]) -> list[str]:
    """Ids as they are sent; raises as `id_text` does. A list of integers is checked at once, for speed."""
    if {*map(type, ids)} == {int}:
        numbers = cast("Sequence[int]", ids)
        if max(numbers) < _TOO_LARGE and min(numbers) > -_TOO_LARGE:
            return list(map(str, numbers))
    return list(map(id_text, ids))


def id_key(id: object) -> str:  # noqa: A002
    """An id as ids are compared: its text without blanks; `771.0` is 771."""
    if type(id) is int:
        return str(id)
    text = str(id).strip()
    if "." not in text:
        return text
    whole, point, rest = text.partition(".")
    return whole if point and whole.isdecimal() and not rest.strip("0") else text


class Extra(Mapping[str, V_co]):
    """A read-only mapping of the fields that a record does not name, as the panel sent them."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, V_co] | None = None) -> None:
        self._fields = dict(fields or {})

    def __getitem__(self, name: str) -> V_co:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return repr(self._fields)


NO_EXTRA: Extra[object] = Extra()


def extra_of(fields: dict[str, object]) -> Extra[object]:
    """The mapping of a dict that nobody else holds, without copying it."""
    extra = cast("Extra[object]", Extra.__new__(Extra))
    extra._fields = fields  # pyright: ignore[reportPrivateUsage]
    return extra


@frozen(kw_only=True)
class Service:
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
class OrderStatus:
    """The status of an order.

    Attributes:
        charge: the cost of the order so far, in `currency`; None if unspecified.
        start_count: the count (followers, likes ...) at the start of the order, or None.
        status: the status, as the panel spells it.
        remains: the quantity still to be delivered, or None.
        currency: the currency of `charge` ("USD"), or None.
        orders: the ids of the orders that a drip-feed or a subscription has made so far.
        runs: of a drip-feed, how many of its runs were made (at most panels), or None.
        posts: of a subscription, how many posts were served (at most panels), or None.
        expiry: when a subscription ends, as the panel writes it, or None.
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
    extra: Mapping[str, object] = field(default=NO_EXTRA, hash=False)

    @property
    def state(self) -> OrderState:
        """The state that `status` means, `OrderState.UNKNOWN` for an unknown spelling."""
        return order_state(self.status)

    @property
    def is_final(self) -> bool:
        """Whether the order has ended (completed, partial, canceled, refunded, failed, expired)."""
        return self.state in FINAL_ORDERS


@frozen(kw_only=True)
class RefillStatus:
    """The status of a refill.

    Attributes:
        status: the status, as the panel spells it.
        extra: all other fields.
    """

    status: str
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
class Cancellation:
    """An accepted cancellation request. Whether the order was cancelled is seen later in its `status`.

    Attributes:
        request: the id of the request; None if the panel answers a plain 1.
        extra: all other fields.
    """

    request: Id | None = None
    extra: Mapping[str, object] = field(default=NO_EXTRA, hash=False)


@frozen(kw_only=True)
class Balance:
    """The balance of the account.

    Attributes:
        balance: the amount, exact to the panel's digits.
        currency: its currency ("USD").
        extra: all other fields.
    """

    balance: Decimal
    currency: str = ""
    extra: Mapping[str, object] = field(default=NO_EXTRA, hash=False)


@define(unsafe_hash=True)  # one is made for every id, and a frozen one takes three times as long to make
class BulkItem(Generic[T]):
    """The outcome of one id of a bulk call: a value or an error, never both.

    Attributes:
        id: the id as the caller gave it.
        value: the value, or None if it failed.
        error: the error, or None if it succeeded.
    """

    id: Id
    value: T | None = None
    error: AgenciaError | None = None

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.error is None

    def unwrap(self) -> T:
        """The value.

        Raises:
            AgenciaError: this id's error, if it failed.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # pyright: ignore[reportReturnType] - it succeeded


def bulk_item(id: Id, answer: T | AgenciaError) -> BulkItem[T]:  # noqa: A002 - the protocol's own word
    """The item of an id and its outcome."""
    return BulkItem(id, error=answer) if isinstance(answer, AgenciaError) else BulkItem(id, answer)


class BulkResult(Generic[T]):
    """The outcomes of all ids of a bulk call, in the order of the input.

    Iterates as `BulkItem`s, one for each given id (two for an id that was given twice).
    """

    __slots__ = ("_answers", "_by_id", "_ids")

    def __init__(self, items: Iterable[BulkItem[T]]) -> None:
        given = list(items)
        self._ids: list[Id] = [item.id for item in given]
        self._answers: list[T | AgenciaError] = [
            cast("T", item.value) if item.error is None else item.error for item in given
        ]
        self._by_id: dict[str, T | AgenciaError] | None = None

    @classmethod
    def of(cls, ids: list[Id], answers: list[T | AgenciaError]) -> Self:
        """The result of ids and their outcomes, in the same order; items are created lazily."""
        result = cls(())
        result._ids, result._answers = ids, answers
        return result

    def _pairs(self) -> Iterator[tuple[Id, T | AgenciaError]]:
        return zip(self._ids, self._answers, strict=True)

    def __iter__(self) -> Iterator[BulkItem[T]]:
        return starmap(bulk_item, self._pairs())

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, id: Id) -> T:  # noqa: A002 - the protocol's own word
        """The value of an id.

        Raises:
            AgenciaError: that id's error, if it failed.
            KeyError: the id was not in the input.
        """
        if self._by_id is None:
            self._by_id = {id_text(given): answer for given, answer in self._pairs()}
        return bulk_item(id, self._by_id[id_text(id)]).unwrap()

    def __repr__(self) -> str:
        failed = sum(isinstance(answer, AgenciaError) for answer in self._answers)
        return f"<BulkResult: {len(self) - failed} ok, {failed} failed>"

    @property
    def ok(self) -> dict[Id, T]:
        """The values of all ids that succeeded, by id."""
        return {id: answer for id, answer in self._pairs() if not isinstance(answer, AgenciaError)}  # noqa: A001

    @property
    def failed(self) -> dict[Id, AgenciaError]:
        """The errors of all ids that failed, by id."""
        return {id: answer for id, answer in self._pairs() if isinstance(answer, AgenciaError)}  # noqa: A001

    def raise_for_failures(self) -> None:
        """Return if every id succeeded.

        Raises:
            ExceptionGroup: the errors of all ids that failed.
        """
        errors = list(self.failed.values())
        if errors:
            raise ExceptionGroup(f"{len(errors)} of {len(self)} ids failed", errors)
