"""One request as data: its form, the parser of its reply, and whether it may be retried.

Also the calls without ids: the catalogue, the balance, and placing an order.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from enum import Enum
from functools import cache
from typing import Generic, TypeVar, cast
from urllib.parse import urlencode

from attrs import evolve, frozen

from agencia_async._orders.order import Order
from agencia_async._protocol.decoding import in_turns, nested
from agencia_async._protocol.envelope import (
    Row,
    as_row,
    canonical,
    error_text,
    is_success,
    nodes,
    says_nothing,
)
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reader
from agencia_async._protocol.write_result import write_result
from agencia_async.errors import (
    PanelError,
    ReplyError,
)
from agencia_async.models import Balance, Id, Service
from agencia_async.states import normalized

T = TypeVar("T")

_log = logging.getLogger("agencia_async")

_ORDERS = {"", "data", "result", "response", "order", "orders"}
"""Under these names an `id` is an order's."""


class RetryMode(Enum):
    """Whether a request may be retried when it is unknown whether the panel has acted on it."""

    ALWAYS = "a read changes nothing"
    IDEMPOTENT = "the panel recognises a retried add by its idempotency field"
    OPT_IN = "a second refill or cancel is usually rejected, sometimes executed again"
    NEVER = "a second add is a second order"

    @property
    def is_write(self) -> bool:
        """Whether the request may change something at the panel."""
        return self is not RetryMode.ALWAYS


@frozen
class Call(Generic[T]):
    """One request: its form (without the API key), the parser of its reply, and whether it may be retried."""

    action: str
    form: str
    reader: Reader[T]
    retry_mode: RetryMode


def _call(
    action: str, fields: Mapping[str, str], reader: Reader[T], retry_mode: RetryMode = RetryMode.ALWAYS
) -> Call[T]:
    return Call(action, urlencode({"action": action, **fields}), evolve(reader, action=action), retry_mode)


def reader_of(record: type[T]) -> Callable[[Row], T]:
    """A function that parses a row into a record. It loads cattrs on first use, as that import is slow."""

    @cache
    def made() -> Callable[[Row], T]:
        from agencia_async._protocol.records import reader  # noqa: PLC0415 - loaded on first use

        return reader(record)

    def read(row: Row) -> T:
        return made()(row)

    return read


_balance = reader_of(Balance)
_service = reader_of(Service)


def _has_balance(row: Row) -> bool:
    return not isinstance(row.get("balance", {}), Mapping | list)


def _find_balance(content: object) -> object:
    rows = (cast("Row", node) for _, node in nodes(content) if isinstance(node, Mapping))
    return next((row for row in rows if _has_balance(canonical(row))), None)


def _read_balance(content: object, _refusals: Refusals) -> Balance:
    return _balance(as_row(content))


def _find_services(content: object) -> object:
    return next((node for _, node in nodes(content) if _is_catalogue(node)), None)


def _is_catalogue(node: object) -> bool:
    """Whether it is a list of services, or an object of them by id or by category."""
    if isinstance(node, list):
        rows = cast("list[object]", node)
        return not rows or any(_is_service(row) for row in rows)
    if not isinstance(node, Mapping):
        return False
    values = list(cast("Row", node).values())
    return all(_is_service(value) or isinstance(value, list) for value in values) and (
        not values or any(_is_service(value) or _is_catalogue(value) for value in values)
    )


def _is_service(row: object) -> bool:
    return isinstance(row, Mapping) and "rate" in map(normalized, cast("Row", row))


def _read_services(content: object, _refusals: Refusals) -> list[Service]:
    """The services that can be parsed; one without an id or a price is skipped."""
    if says_nothing(content):
        return []
    services: list[Service] = []
    invalid, first = 0, ""
    for row in in_turns(_listed(content)):
        try:
            services.append(_service(as_row(row)))
        except ReplyError as error:
            invalid += 1
            first = first or error.message
    if invalid and not services:
        raise ReplyError(first)
    if invalid:
        _log.warning("skipped %d of %d services: invalid", invalid, invalid + len(services))
    return services


def _listed(content: object) -> list[object]:
    """The rows of a catalogue: a list, or an object by id or by category."""
    if isinstance(content, list):
        return cast("list[object]", content)
    rows: list[object] = []
    for name, value in as_row(content).items():
        if isinstance(value, list):
            rows += cast("list[object]", value)
        else:
            rows.append({"service": name, **as_row(value)})
    return rows


def _rows_in(content: object) -> list[tuple[str, Row]]:
    return [
        (name, canonical(cast("Row", node))) for name, node in nodes(content) if isinstance(node, Mapping)
    ]


def _named(rows: list[tuple[str, Row]]) -> Iterator[object]:
    """What stands under the name of an order."""
    for field in ("order", "orders"):
        for _, row in rows:
            if field in row:
                value = nested(row[field])
                yield from cast("list[object]", value) if isinstance(value, list) else [value]


def _places(content: object) -> Iterator[object]:
    """What stands in the place of an order's number, from the likeliest to the least likely."""
    rows = _rows_in(content)
    yield from _named(rows)
    if any(error_text(row) is not None for _, row in rows):
        return
    for name, row in rows:
        if "id" in row and name in _ORDERS:
            yield row["id"]
        if is_success(row):
            yield from (row[field] for field in ("data", "result", "response") if field in row)


def _find_order(content: object) -> object:
    """All that may be an order's number, or tell why there is none; a tuple, which JSON does not have."""
    return (*_places(content),) or None


def _read_add(places: object, refusals: Refusals) -> Id:
    """The first number; else the first error."""
    refused: PanelError | None = None
    for place in cast("tuple[object, ...]", places) if isinstance(places, tuple) else ():
        try:
            found = write_result(place, refusals)
        except ReplyError:
            continue
        if isinstance(found, PanelError):
            refused = refused or found
        elif found is not None:
            return found
    if refused is not None:
        raise refused
    raise ReplyError("the reply to add contains no order id")


SERVICES: Call[list[Service]] = _call("services", {}, Reader(_find_services, _read_services, "services"))
BALANCE: Call[Balance] = _call(
    "balance", {}, Reader(_find_balance, _read_balance, "balance", rows_first=False)
)


@frozen
class _Orders:
    """What may be the number of an order, and what stands under the name of one."""

    places: object
    named: tuple[object, ...]


def _find_orders(content: object) -> _Orders | None:
    places = _find_order(content)
    return None if places is None else _Orders(places, (*_named(_rows_in(content)),))


def _read_all(found: object, refusals: Refusals) -> tuple[Id, ...]:
    """The number that `_read_add` finds, and all others that stand under the name of an order."""
    if not isinstance(found, _Orders):
        return (_read_add(found, refusals),)
    first = _read_add(found.places, refusals)
    numbers = {str(first): first}
    for place in found.named:
        with suppress(ReplyError):
            number = write_result(place, refusals)
            if isinstance(number, int | str):
                numbers.setdefault(str(number), number)
    return tuple(numbers.values())


def add(order: Order, idempotency: Mapping[str, str] | None = None) -> Call[Id]:
    """The call that places an order; `idempotency` is the field by which the panel recognises a retry."""
    retry_mode = RetryMode.IDEMPOTENT if idempotency else RetryMode.NEVER
    return _call(
        "add",
        {**(idempotency or {}), **order.form()},
        Reader(_find_order, _read_add, "add", is_write=True),
        retry_mode,
    )


def add_all(order: Order, idempotency: Mapping[str, str] | None = None) -> Call[tuple[Id, ...]]:
    """The same; it reads all numbers, where a panel makes several orders of one."""
    reader = Reader(_find_orders, _read_all, "add", is_write=True)
    one = add(order, idempotency)
    return Call(one.action, one.form, evolve(reader, action=one.action), one.retry_mode)
