"""One request as data: its form, the parser of its reply, and whether it may be retried.

Also the calls without ids: the catalogue, the balance, and placing an order.
"""

import logging
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Generic, TypeVar, cast
from urllib.parse import urlencode

from attrs import frozen

from agencia_async._orders.order import Order
from agencia_async._protocol.envelope import Row, as_row, canonical
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reader
from agencia_async._protocol.scalars import in_turns
from agencia_async._protocol.write_result import write_result
from agencia_async.errors import (
    PanelError,
    ReplyError,
)
from agencia_async.models import Balance, Id, Service

T = TypeVar("T")

_log = logging.getLogger("agencia_async")


class RetryMode(Enum):
    """Whether a request may be retried when it is unknown whether the panel has acted on it."""

    ALWAYS = "a read changes nothing"
    IDEMPOTENT = "the panel recognises a retried add by its idempotency field"
    OPT_IN = "a second refill or cancel is usually rejected, sometimes executed again"
    NEVER = "a second add is a second order"


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
    return Call(action, urlencode({"action": action, **fields}), reader, retry_mode)


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


def _read_balance(content: object, _refusals: Refusals) -> Balance:
    return _balance(as_row(content))


def _read_services(content: object, _refusals: Refusals) -> list[Service]:
    """The services that can be parsed; one without an id or a price is skipped."""
    services: list[Service] = []
    errors: list[ReplyError] = []
    for row in in_turns(_listed(content)):
        try:
            services.append(_service(as_row(row)))
        except ReplyError as error:
            errors.append(error)
    if errors and not services:
        raise errors[0].with_traceback(None)
    if errors:
        _log.warning("skipped %d of %d services: invalid", len(errors), len(errors) + len(services))
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


def _read_add(content: object, refusals: Refusals) -> Id:
    rows = cast("list[object]", content) if isinstance(content, list) else [content]
    number = write_result(canonical(as_row(rows[0] if len(rows) == 1 else rows)).get("order"), refusals)
    if isinstance(number, PanelError):
        raise number
    if number is None:
        raise ReplyError("the reply to add contains no order id")
    return number


SERVICES: Call[list[Service]] = _call("services", {}, Reader(_read_services))


BALANCE: Call[Balance] = _call("balance", {}, Reader(_read_balance, rows_first=False))


def add(order: Order, idempotency: Mapping[str, str] | None = None) -> Call[Id]:
    """The call that places an order; `idempotency` is the field by which the panel recognises a retry."""
    retry_mode = RetryMode.IDEMPOTENT if idempotency else RetryMode.NEVER
    return _call("add", {**(idempotency or {}), **order.form()}, Reader(_read_add), retry_mode)
