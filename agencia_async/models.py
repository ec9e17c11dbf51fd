"""What comes back: the records, and the results of bulk calls."""

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
"""The id of an order, refill, service or request: some panels number, others use text."""

RefillId = Id
"""The id by which `refill_status` asks for a refill."""


def id_text(id: Id) -> str:  # noqa: A002 - the protocol's own word
    """An id as it travels.

    Raises:
        ConfigurationError: it is empty, or holds a comma, white space or a control character, which
            would make another request of it.
    """
    if type(id) is int and abs(id) < _TOO_LARGE:
        return str(id)
    if not isinstance(id, str):
        kind = "one of more than 64 digits" if type(id) is int else type(id).__name__
        raise ConfigurationError(f"an id is an int or a str, not {kind}")
    if not id:
        raise ConfigurationError("an id is empty")
    if "," in id or " " in id or not id.isprintable():
        raise ConfigurationError(f"the id {id!r} holds a comma, white space or a control character")
    return str.__str__(id)  # the value of an enum, too


def id_texts(ids: Sequence[Id]) -> list[str]:
    """Ids as they travel; raises as `id_text` does. Numbers are looked at all together."""
    if {*map(type, ids)} == {int}:
        numbers = cast("Sequence[int]", ids)
        if max(numbers) < _TOO_LARGE and min(numbers) > -_TOO_LARGE:
            return list(map(str, numbers))
    return list(map(id_text, ids))


def id_key(id: object) -> str:  # noqa: A002
    """An id as ids are compared: its text without blanks."""
    return str(id).strip()


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


NOTHING: Extra[object] = Extra()


@frozen(kw_only=True)
class Service:
    """One line of the panel's catalogue.

    Attributes:
        service: the id to order by.
        name: what the panel calls it.
        type: the kind of order it takes ("Default", "Package", ...), as the panel spells it.
        category: the heading that it stands under.
        rate: the price of 1000, in the account's currency (of a package: the price of one).
        min: the smallest quantity of one order, 0 where the panel does not say.
        max: the largest quantity of one order, 0 where the panel does not say.
        refill: can its orders be refilled? None where the panel does not say.
        cancel: can its orders be cancelled? None where the panel does not say.
        dripfeed: does it take `runs` and `interval`? None where the panel does not say.
        extra: the fields not named here.
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
    extra: Mapping[str, object] = field(default=NOTHING, hash=False)


@frozen(kw_only=True)
class OrderStatus:
    """What the panel says of an order.

    Attributes:
        charge: what the order cost so far, in `currency`; None where the panel does not say.
        start_count: the count (followers, likes ...) when the order began, or None.
        status: the state's name as the panel spelt it.
        remains: how many are still to be delivered, or None.
        currency: the currency of `charge` ("USD"), or None.
        extra: the fields not named here (`runs`, `posts`, `orders` ...).
    """

    charge: Decimal | None = None
    start_count: int | None = None
    status: str
    remains: int | None = None
    currency: str | None = None
    extra: Mapping[str, object] = field(default=NOTHING, hash=False)

    @property
    def state(self) -> OrderState:
        """The state that `status` spells, `OrderState.UNKNOWN` for a word never seen."""
        return order_state(self.status)

    @property
    def is_final(self) -> bool:
        """Has the order ended (completed, partial, canceled, refunded, failed)?"""
        return self.state in FINAL_ORDERS


@frozen(kw_only=True)
class RefillStatus:
    """What the panel says of a refill.

    Attributes:
        status: the state's name as the panel spelt it.
        extra: the fields not named here.
    """

    status: str
    extra: Mapping[str, object] = field(default=NOTHING, hash=False)

    @property
    def state(self) -> RefillState:
        """The state that `status` spells, `RefillState.UNKNOWN` for a word never seen."""
        return refill_state(self.status)

    @property
    def is_final(self) -> bool:
        """Has the refill ended (completed, rejected, canceled, failed, partial)?"""
        return self.state in FINAL_REFILLS


@frozen(kw_only=True)
class Cancellation:
    """A request to cancel that the panel accepted. The refund comes later: `status` tells.

    Attributes:
        request: the number of the request; None where the panel answers a plain 1.
        extra: the fields not named here.
    """

    request: Id | None = None
    extra: Mapping[str, object] = field(default=NOTHING, hash=False)


@frozen(kw_only=True)
class Balance:
    """What the account holds.

    Attributes:
        balance: the amount, exact to the panel's digits.
        currency: its currency ("USD").
        extra: the fields not named here.
    """

    balance: Decimal
    currency: str = ""
    extra: Mapping[str, object] = field(default=NOTHING, hash=False)


@define(unsafe_hash=True)  # one is made for every id, and a frozen one takes three times as long to make
class BulkItem(Generic[T]):
    """What became of one id of a bulk call: a value or an error, never both.

    Attributes:
        id: the id as the caller gave it.
        value: what the panel answered, or None where it failed.
        error: why it failed, or None where it did not.
    """

    id: Id
    value: T | None = None
    error: AgenciaError | None = None

    @property
    def ok(self) -> bool:
        """Did it succeed?"""
        return self.error is None

    def unwrap(self) -> T:
        """The value.

        Raises:
            AgenciaError: this id's error, where it failed.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # pyright: ignore[reportReturnType] - it succeeded


def bulk_item(id: Id, answer: T | AgenciaError) -> BulkItem[T]:  # noqa: A002 - the protocol's own word
    """The item of an id and what became of it."""
    return BulkItem(id, error=answer) if isinstance(answer, AgenciaError) else BulkItem(id, answer)


class BulkResult(Generic[T]):
    """What became of every id of a bulk call, in the order of the input.

    Iterates as `BulkItem`s, one for each id that was given (an id given twice has two).
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
        """The result in which each id has the answer at its place; the items are made when asked for."""
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
            AgenciaError: that id's error, where it failed.
            KeyError: the id was not asked for.
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
