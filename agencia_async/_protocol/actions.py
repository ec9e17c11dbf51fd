"""The four actions on ids: the form of their requests, and what a reply says of each id."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar, cast
from urllib.parse import quote_plus

from attrs import frozen

from agencia_async._protocol.calls import Call, RetryMode, reader_of
from agencia_async._protocol.envelope import ENVELOPE, RECORD, Row, as_row, canonical, refusal, words
from agencia_async._protocol.fast_path import order_statuses
from agencia_async._protocol.outcomes import Outcomes, Values
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reader
from agencia_async._protocol.scalars import shown
from agencia_async._protocol.write_result import write_result
from agencia_async.errors import (
    AgenciaError,
    NotAnsweredError,
    OutcomeUnknownError,
    PanelError,
    ReplyError,
)
from agencia_async.models import Cancellation, Extra, Id, OrderStatus, RefillStatus, id_key
from agencia_async.states import OrderState, RefillState, normalized, order_state

T = TypeVar("T")


@frozen
class Action(Generic[T]):
    """An action on ids: the form fields for one id and for many, and the parser of one row.

    `subject` is the field of a row that holds its id, `result` the one that holds the outcome (None: the
    whole row is the outcome). A row with only `documented` fields skips the general parser, and `fast_path`
    parses a whole batch of such rows.
    """

    name: str
    one: str
    many: str
    subject: str
    result: str | None
    documented: frozenset[str]
    read_row: Callable[[Row, Refusals], T | AgenciaError]
    retry_mode: RetryMode
    fast_path: Callable[[Sequence[str], bytes], Values[T] | None] | None = None

    def single(self, wire_id: str) -> Call[Outcomes[T]]:
        """The call for one id."""
        return self._call(self.one, [wire_id])

    def batch(self, wire_ids: Sequence[str]) -> Call[Outcomes[T]]:
        """The call for a batch of ids."""
        return self._call(self.many, wire_ids)

    def _call(self, field: str, wire_ids: Sequence[str]) -> Call[Outcomes[T]]:
        ids = quote_plus(",".join(wire_ids), safe=",").replace(",", "%2C")  # faster than quoting commas
        fast_path = self.fast_path and partial(self.fast_path, wire_ids)
        reader = Reader(partial(self._answers, wire_ids), fast_path=fast_path)
        return Call(self.name, f"action={self.name}&{field}={ids}", reader, self.retry_mode)

    def _answers(self, wire_ids: Sequence[str], content: object, refusals: Refusals) -> Outcomes[T]:
        rows = self._rows(content, wire_ids)
        return {wire_id: self._answer(rows.get(wire_id), refusals) for wire_id in wire_ids}

    def _rows(self, content: object, wire_ids: Sequence[str]) -> Row:
        """The row of each id, from a list, an object by id, or a flat object."""
        if isinstance(content, list):
            return self._listed(cast("list[object]", content), wire_ids)
        rows = as_row(content)
        if any(wire_id in rows for wire_id in wire_ids):
            return rows
        rows = {id_key(name): row for name, row in rows.items()}
        if any(wire_id in rows for wire_id in wire_ids) or not rows:
            return rows
        names = canonical(rows).keys()
        flat = names & self.documented or not all(isinstance(row, Mapping) for row in rows.values())
        if len(wire_ids) == 1 and flat:
            return {wire_ids[0]: content}
        if names & ENVELOPE:
            raise ReplyError("the reply contains none of the requested ids")
        return rows

    def _listed(self, content: list[object], wire_ids: Sequence[str]) -> Row:
        rows = [canonical(cast("Row", row)) for row in content if isinstance(row, Mapping)]
        if content and not rows:
            raise ReplyError(f"expected a list of objects, got a list of {shown(content[0])}")
        by_id = {id_key(row.get(self.subject, row.get("id"))): row for row in reversed(rows)}
        alone = len(rows) == len(wire_ids) == 1 and not by_id.keys() & {*wire_ids}
        return {wire_ids[0]: rows[0]} if alone and self.subject not in rows[0] else by_id

    def _answer(self, row: object, refusals: Refusals) -> T | AgenciaError:
        """The outcome of one id; an error is returned, so that the other ids are unaffected."""
        try:
            if self._is_documented(row):
                return self.read_row(cast("Row", row), refusals)
            if row is None or row in ("", [], {}):
                return NotAnsweredError(f"the reply to {self.name} does not contain this id")
            return self._read(row, refusals)
        except ReplyError as error:
            error = error.with_traceback(None)
            return (
                error if self.retry_mode is RetryMode.ALWAYS else OutcomeUnknownError(str(error), cause=error)
            )

    def _is_documented(self, row: object) -> bool:
        """Whether it has documented fields only, and can skip the general parser."""
        return (
            isinstance(row, dict) and len(cast("Row", row)) > 0 and cast("Row", row).keys() <= self.documented
        )

    def _read(self, row: object, refusals: Refusals) -> T | AgenciaError:
        if not isinstance(row, Mapping):  # a bare value or text instead of an object
            if self.result is None and order_state(str(row)) is OrderState.UNKNOWN:
                return refusals.error(words(row) or "?")
            return self.read_row({self.result or "status": row}, refusals)
        row = canonical(cast("Row", row))
        whole = self.result is None and "status" in row and row.keys() & RECORD  # a complete record
        text = None if whole else refusal(row)
        return self.read_row(row, refusals) if text is None else refusals.error(text)


_order_status = reader_of(OrderStatus)
_refill_status = reader_of(RefillStatus)
_NO_STATE = {"success", "ok", "true", "1", "200"}


def _without(row: Row, *names: str) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in names}


def _status_row(row: Row, refusals: Refusals) -> OrderStatus | AgenciaError:
    status = _order_status(row)
    if "remains" in row or row.keys() & RECORD or status.state is not OrderState.UNKNOWN:
        return status
    if normalized(status.status) in _NO_STATE:
        raise ReplyError(f"{shown(status.status)} is not an order state")
    return status if refusals.recognise(status.status) is PanelError else refusals.error(status.status)


def _refill_status_row(row: Row, refusals: Refusals) -> RefillStatus | AgenciaError:
    nested = row.get("status")
    if isinstance(nested, Mapping):  # {"refill": 3, "status": {...}}
        inner = canonical(cast("Row", nested))
        text = refusal(inner) or (None if "status" in inner else words(inner))
        return _refill_status(inner) if text is None else refusals.error(text)
    status = _refill_status(_without(row, "refill"))
    if status.state is RefillState.UNKNOWN and refusals.recognise(status.status) is not PanelError:
        return refusals.error(status.status)
    return status


def _refill_row(row: Row, refusals: Refusals) -> Id | PanelError:
    number = write_result(row.get("refill"), refusals)
    return "true" if number is None else number


def _cancel_row(row: Row, refusals: Refusals) -> Cancellation | PanelError:
    made = row.get("cancel")
    request = write_result(made, refusals)
    if isinstance(request, PanelError):
        return request
    inner = _without(cast("Row", made), "id") if isinstance(made, Mapping) else {}
    plain_yes = not isinstance(made, Mapping) and request == 1
    return Cancellation(
        request=None if plain_yes else request, extra=Extra({**_without(row, "order", "cancel"), **inner})
    )


STATUS: Action[OrderStatus] = Action(
    "status",
    "order",
    "orders",
    "order",
    None,
    frozenset({"charge", "start_count", "status", "remains", "currency"}),
    _status_row,
    RetryMode.ALWAYS,
    order_statuses,
)
REFILL: Action[Id] = Action(
    "refill",
    "order",
    "orders",
    "order",
    "refill",
    frozenset({"order", "refill"}),
    _refill_row,
    RetryMode.OPT_IN,
)
REFILL_STATUS: Action[RefillStatus] = Action(
    "refill_status",
    "refill",
    "refills",
    "refill",
    "status",
    frozenset({"refill", "status"}),
    _refill_status_row,
    RetryMode.ALWAYS,
)
CANCEL: Action[Cancellation] = Action(
    "cancel",
    "orders",
    "orders",
    "order",
    "cancel",
    frozenset({"order", "cancel"}),
    _cancel_row,
    RetryMode.OPT_IN,
)
