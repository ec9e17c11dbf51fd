"""The four actions on ids: the form of their requests, and what a reply says of each id."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Generic, TypeVar, cast
from urllib.parse import quote_plus

from attrs import frozen

from agencia_async._models.extra import Extra
from agencia_async._models.ids import id_key
from agencia_async._models.row_errors import mark_as_row
from agencia_async._protocol.calls import Call, RetryMode, reader_of
from agencia_async._protocol.columns import Columns
from agencia_async._protocol.envelope import (
    COUNTS,
    ENVELOPE,
    FLAGS,
    RECORD,
    Row,
    canonical,
    error_text,
    is_success,
    nodes,
    words,
)
from agencia_async._protocol.fast_path import order_statuses
from agencia_async._protocol.outcomes import Outcomes, Values, Wiped
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reader
from agencia_async._protocol.scalars import shown
from agencia_async._protocol.wire_ids import is_misread
from agencia_async._protocol.write_result import write_result
from agencia_async.errors import (
    AgenciaError,
    NotAnsweredError,
    OutcomeUnknownError,
    PanelError,
    ReplyError,
    TransportError,
)
from agencia_async.models import Cancellation, Id, OrderStatus, RefillStatus
from agencia_async.states import OrderState, RefillState, normalized, order_state, refill_state

T = TypeVar("T")

_HAS_DIGIT = re.compile(r"\d").search


@frozen
class Action(Generic[T]):
    """An action on ids: the form fields for one id and for many, and the parser of one row.

    `subject` is the field of a row that holds its id, `result` the one that holds the outcome (None: the
    whole row is the outcome). A row with only `documented` fields skips the general parser. `fast_path`
    parses a whole batch of such rows, and `columns` those rows of a batch that are whole records.
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
    columns: Columns[T] | None = None

    def single(self, wire_id: str) -> Call[Outcomes[T]]:
        """The call for one id."""
        return self._call(self.one, [wire_id])

    def batch(self, wire_ids: Sequence[str]) -> Call[Outcomes[T]]:
        """The call for a batch of ids."""
        return self._call(self.many, wire_ids)

    def in_field(self, field: str, wire_id: str) -> Call[Outcomes[T]]:
        """The call for one id, in the form field of this name."""
        return self._call(field, [wire_id])

    def _call(self, field: str, wire_ids: Sequence[str]) -> Call[Outcomes[T]]:
        ids = quote_plus(",".join(wire_ids), safe=",").replace(",", "%2C")  # faster than quoting commas
        reader = Reader(
            partial(self._find, wire_ids),
            partial(self._outcomes, wire_ids),
            self.name,
            is_write=self.retry_mode.is_write,
            fast_path=self.fast_path and partial(self.fast_path, wire_ids),
            ids=wire_ids,
        )
        return Call(self.name, f"action={self.name}&{field}={ids}", reader, self.retry_mode)

    def _outcomes(self, wire_ids: Sequence[str], rows: object, refusals: Refusals) -> Outcomes[T]:
        if not isinstance(rows, _Rows):
            raise ReplyError("the reply contains none of the requested ids")
        read = self._by_columns(wire_ids, rows)
        if len(read) == len(wire_ids):
            return read
        outcomes = {
            wire_id: read[wire_id] if wire_id in read else self._answer(rows.get(wire_id), refusals)
            for wire_id in wire_ids
        }
        for outcome in outcomes.values() if rows.is_named else ():
            if isinstance(outcome, PanelError):
                mark_as_row(outcome)
        return Wiped(outcomes) if rows.is_wiped else outcomes

    def _by_columns(self, wire_ids: Sequence[str], rows: Row) -> Values[T]:
        """The records of many rows that are whole, in the order of the ids."""
        if self.columns is None or len(wire_ids) == 1:
            return Values()
        return Values(self.columns.read({wire_id: rows[wire_id] for wire_id in wire_ids if wire_id in rows}))

    # --- the rows of a reply --------------------------------------------------------------------------

    def _find(self, wire_ids: Sequence[str], content: object) -> "_Rows | None":
        """The rows by id, wherever they stand in the reply; None if it speaks of nothing of the kind."""
        found = [*nodes(content)]
        for _, node in found:
            rows = self._by_id(node, wire_ids)
            if rows is not None and not rows.keys().isdisjoint(wire_ids):
                left_out = not rows.keys() >= {*wire_ids}
                return _Rows(rows, is_wiped=left_out and self._is_flat(node, wire_ids))
        if len(wire_ids) == 1 and (flat := self._flat(found)) is not None:
            rows = {wire_ids[0]: flat} if self._is_believed(flat, wire_ids[0]) else {}
            return _Rows(rows, is_named=False)
        if self._is_flat(content, wire_ids):
            return _Rows(is_wiped=True)
        is_empty = any(node in ([], {}) for _, node in found)
        return _Rows() if is_empty or self._is_of_others(content) else None

    def _is_flat(self, node: object, wire_ids: Sequence[str]) -> bool:
        """Whether the fields of one row, or its error, stand where the rows of a batch should be."""
        if len(wire_ids) == 1 or self.retry_mode.is_write or not isinstance(node, Mapping):
            return False
        row = canonical(cast("Row", node))
        told = row.get("status")
        is_state = isinstance(told, str) and normalized(told) not in FLAGS
        return is_state or bool(row.keys() & RECORD) or "error" in row

    def _by_id(self, node: object, wire_ids: Sequence[str]) -> Row | None:
        if isinstance(node, list):
            rows = [
                canonical(cast("Row", row)) for row in cast("list[object]", node) if isinstance(row, Mapping)
            ]
            return {id_key(row.get(self.subject, row.get("id"))): row for row in reversed(rows)}
        if not isinstance(node, Mapping):
            return None
        named = cast("Row", node)
        if named.keys() >= {*wire_ids}:
            return named
        return {id_key(name): row for name, row in named.items()}

    def _flat(self, found: Sequence[tuple[str, object]]) -> Row | None:
        """The row of the only id, which need not name it."""
        rows = [canonical(cast("Row", node)) for _, node in found if isinstance(node, Mapping)]
        field = self.result or "status"
        named = next((row for row in rows if field in row and not self._is_flag(row)), None)
        if named is None and self.retry_mode.is_write:
            return next(filter(is_success, rows), None)
        return named

    def _is_believed(self, row: Row, wire_id: str) -> bool:
        """Whether a flat row is that of the id that was asked for alone: it names it, or no other."""
        named = row.get(self.subject, row.get("id"))
        is_named = self.subject != self.result and isinstance(named, str | int | Decimal)
        return id_key(named) == wire_id if is_named else not is_misread(wire_id)

    def _is_flag(self, row: Row) -> bool:
        """Whether its `status` reports on the request: "success", "fail"."""
        told = row.get("status")
        is_flag = not isinstance(told, Mapping) and normalized(str(told)) in FLAGS
        return self.result in {None, "status"} and is_flag and not row.keys() & RECORD

    def _is_of_others(self, content: object) -> bool:
        """Whether it has rows, of ids that nobody asked for."""
        if isinstance(content, list):
            listed = (canonical(cast("Row", row)) for row in cast("list[object]", content) if _is_row(row))
            return any(self.subject in row for row in listed)
        named: Row = cast("Row", content) if isinstance(content, Mapping) else {}
        if canonical(named).keys() & ENVELOPE:
            return False
        return any(_is_row(row) or _HAS_DIGIT(name) for name, row in named.items())

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
            return OutcomeUnknownError(str(error), cause=error) if self.retry_mode.is_write else error

    def _is_documented(self, row: object) -> bool:
        """Whether it has documented fields only, and can skip the general parser."""
        return (
            isinstance(row, dict) and len(cast("Row", row)) > 0 and cast("Row", row).keys() <= self.documented
        )

    def _rejected(self, text: str, refusals: Refusals) -> AgenciaError:
        """The error of one id; a failing server's words prove nothing."""
        if not refusals.is_failure(text):
            return refusals.error(text)
        failure = TransportError(text, sent="maybe")
        if not self.retry_mode.is_write:
            return failure
        return OutcomeUnknownError(f"the panel may have acted: {text}", cause=failure)

    def _unwrapped(self, row: Row) -> Row:
        """A row in an envelope of its own."""
        is_whole = self._is_documented(row) or (self.result is None and not COUNTS.isdisjoint(row))
        if is_whole or not is_success(row) or not (self._is_flag(row) or self.result not in row):
            return row
        inside = (cast("Row", node) for _, node in islice(nodes(row), 1, None) if isinstance(node, Mapping))
        return next((inner for node in inside if not self._is_flag(inner := canonical(node))), row)

    def _read(self, row: object, refusals: Refusals) -> T | AgenciaError:
        if not isinstance(row, Mapping):  # a bare value or text instead of an object
            if self.result is None and order_state(refusals.states.word(str(row))) is OrderState.UNKNOWN:
                return self._rejected(words(row) or f"the panel answered {shown(row)}", refusals)
            return self.read_row({self.result or "status": row}, refusals)
        row = self._unwrapped(canonical(cast("Row", row)))
        whole = self.result is None and "status" in row and row.keys() & RECORD  # a complete record
        text = None if whole else error_text(row)
        return self.read_row(row, refusals) if text is None else self._rejected(text, refusals)


def _is_row(value: object) -> bool:
    return isinstance(value, Mapping)


class _Rows(dict[str, object]):
    """The rows of a reply by id: what `find` gives to `read`, and JSON does not have.

    `is_wiped`: one id was answered without its name, which may have wiped out others. `is_named`: the reply
    names the ids.
    """

    def __init__(self, rows: Row | None = None, *, is_wiped: bool = False, is_named: bool = True) -> None:
        super().__init__(rows or {})
        self.is_wiped = is_wiped
        self.is_named = is_named


_order_status = reader_of(OrderStatus)
_refill_status = reader_of(RefillStatus)
_NO_STATE = {"success", "ok", "true", "1", "200"}


def _status_row(row: Row, refusals: Refusals) -> OrderStatus | AgenciaError:
    status = _order_status(row)
    if row.keys() & RECORD:
        return status
    if normalized(status.status) in _NO_STATE:
        raise ReplyError(f"{shown(status.status)} is not an order state")
    if order_state(refusals.states.word(status.status)) is not OrderState.UNKNOWN:
        return status
    return status if refusals.recognise(status.status) is PanelError else refusals.error(status.status)


def _refill_status_row(row: Row, refusals: Refusals) -> RefillStatus | AgenciaError:
    nested = row.get("status")
    if isinstance(nested, Mapping):  # {"refill": 3, "status": {...}}
        inner = canonical(cast("Row", nested))
        text = error_text(inner) or (None if "status" in inner else words(inner))
        return _refill_status(inner) if text is None else refusals.error(text)
    status = _refill_status(canonical(row).without("refill"))
    state = refill_state(refusals.states.word(status.status))
    if state is RefillState.UNKNOWN and refusals.recognise(status.status) is not PanelError:
        return refusals.error(status.status)
    return status


def _refill_row(row: Row, refusals: Refusals) -> Id | PanelError | None:
    return None if _is_plain_yes(row, "refill") else write_result(row.get("refill"), refusals)


def _is_plain_yes(row: Row, field: str) -> bool:
    """Whether it confirms without naming a number: `{"status": "success", "message": "..."}`."""
    return field not in row and is_success(row)


def _cancel_row(row: Row, refusals: Refusals) -> Cancellation | PanelError:
    made = row.get("cancel")
    request = None if _is_plain_yes(row, "cancel") else write_result(made, refusals)
    if isinstance(request, PanelError):
        return request
    extra = canonical(row).as_sent("order", "cancel")
    if isinstance(made, Mapping):
        extra |= canonical(cast("Row", made)).as_sent("id")
    plain_yes = not isinstance(made, Mapping) and request == 1
    return Cancellation(request=None if plain_yes else request, extra=Extra(extra))


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
    Columns(OrderStatus),
)
REFILL: Action[Id | None] = Action(
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
