"""The protocol: what each action sends, how its reply is read, and whether it may be repeated.

Nothing here does I/O. A `Call` is one request; `decipher` turns its reply into a value or an error.
"""

import email.utils
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Generic, TypeVar, cast
from urllib.parse import urlencode

from attrs import frozen

from agencia_async._convert import boolean, decode, identifier, number, reader
from agencia_async._refusals import recognise
from agencia_async.errors import (
    AgenciaError,
    NotAnsweredError,
    OutcomeUnknownError,
    PanelError,
    RateLimitedError,
    ReplyError,
    TransportError,
)
from agencia_async.models import Balance, Cancellation, Extra, Id, OrderStatus, RefillStatus, Service
from agencia_async.orders import Order

T = TypeVar("T")

Row = Mapping[str, object]

_EXCERPT = 200
_SERVER_ERROR = 500
_TOO_MANY = 429
_REDIRECTS = range(300, 400)
_FAILED = {"error", "fail", "failed", "false"}


class Repeat(Enum):
    """May a request be sent again when it is not known whether the panel has acted on it?"""

    ALWAYS = "a read changes nothing"
    IF_TOLD = "a second refill or cancel is usually refused, sometimes made again"
    NEVER = "a second add is a second order"


@frozen
class Reply:
    """What came back: the status, the headers by lower-case name, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@frozen
class Call(Generic[T]):
    """One request: its form (all but the key), the reader of its reply, and whether it may be repeated."""

    action: str
    form: str
    read: Callable[[object], T]
    repeat: Repeat


def _call(
    action: str, fields: Mapping[str, str], read: Callable[[object], T], repeat: Repeat = Repeat.ALWAYS
) -> Call[T]:
    return Call(action, urlencode({"action": action, **fields}), read, repeat)


# --- a reply as a whole -----------------------------------------------------------------------------


def decipher(call: Call[T], reply: Reply) -> T:
    """The value that a reply holds.

    Raises:
        PanelError: the panel refused.
        TransportError: the reply is a gateway's, or an error of the panel's own.
        ReplyError: it cannot be read.
    """
    if reply.status == _TOO_MANY:
        raise RateLimitedError(_excerpt(reply), http_status=_TOO_MANY, retry_after=_retry_after(reply))
    content = _content(reply)
    refusal = _refusal(content)
    if refusal is not None:
        raise _refused(refusal, reply)
    if reply.status >= _SERVER_ERROR or reply.status in _REDIRECTS:
        raise _no_answer(reply)
    try:
        return call.read(content)
    except ReplyError as error:
        error.http_status = reply.status
        raise


def _content(reply: Reply) -> object:
    """The body's JSON, whatever the content type and the status say."""
    failure = None
    try:
        return decode(reply.body)
    except ReplyError as error:
        failure = error.message
    if reply.status >= _SERVER_ERROR or reply.status in _REDIRECTS or reply.body.lstrip().startswith(b"<"):
        raise _no_answer(reply)
    raise ReplyError(f"{failure}: {_excerpt(reply)}", http_status=reply.status)


def _no_answer(reply: Reply) -> TransportError:
    text = f"HTTP {reply.status}: {_excerpt(reply)}"
    if reply.status in _REDIRECTS:
        text = f"HTTP {reply.status} to {reply.headers.get('location')}; is base_url right?"
    return TransportError(text, sent="maybe", http_status=reply.status)


def _excerpt(reply: Reply) -> str:
    """The beginning of a body, on one line."""
    text = " ".join(reply.body[: 4 * _EXCERPT].decode(errors="replace").split())
    return f"{text[:_EXCERPT]}..." if len(text) > _EXCERPT else text or "an empty body"


def _refusal(content: object) -> str | None:
    """The panel's words, where the reply as a whole is a refusal."""
    if not isinstance(content, Mapping):
        return None
    row = cast("Row", content)
    text = _error_text(row)
    if text is None and str(row.get("status")).casefold() in _FAILED and len(row) > 1:
        text = _words(row.get("message") or row.get("msg") or row.get("data"))
    return text


def _error_text(row: Row) -> str | None:
    """What stands under `error`, as words."""
    return _words(row.get("error"))


def _words(value: object) -> str | None:
    if value is None or value is False or value == "":
        return None
    return value if isinstance(value, str) else str(value)


def _refused(text: str, reply: Reply) -> AgenciaError:
    """The error that a refusal amounts to; unknown words of a failing server prove nothing."""
    kind = recognise(text)
    if kind is PanelError and reply.status >= _SERVER_ERROR:
        return TransportError(f"HTTP {reply.status}: {text}", sent="maybe", http_status=reply.status)
    if kind is RateLimitedError:
        return RateLimitedError(text, http_status=reply.status, retry_after=_retry_after(reply))
    return kind(text, http_status=reply.status)


def _retry_after(reply: Reply) -> float | None:
    """The seconds that `Retry-After` asks for, given as seconds or as a date."""
    text = reply.headers.get("retry-after", "")
    seconds = number(text)
    if seconds is None:
        date = email.utils.parsedate_tz(text)
        if date is None:
            return None
        return max(0.0, email.utils.mktime_tz(date) - time.time())
    return max(0.0, float(seconds))


# --- the actions without ids --------------------------------------------------------------------------

_read_balance = reader(Balance)
_read_service = reader(Service)


def _row(content: object) -> Row:
    if not isinstance(content, Mapping):
        raise ReplyError(f"an object was expected, not {str(content)[:_EXCERPT]!r}")
    return cast("Row", content)


def _read_services(content: object) -> list[Service]:
    if not isinstance(content, list):
        raise ReplyError(f"a list was expected, not {str(content)[:_EXCERPT]!r}")
    return [_read_service(_row(row)) for row in cast("list[object]", content)]


def _read_add(content: object) -> Id:
    row = _row(content)
    if not row.get("order"):
        raise ReplyError(f"the reply to an order has no number: {str(row)[:_EXCERPT]}")
    return identifier(row["order"])


SERVICES: Call[list[Service]] = _call("services", {}, _read_services)
BALANCE: Call[Balance] = _call("balance", {}, lambda content: _read_balance(_row(content)))


def add(order: Order) -> Call[Id]:
    """The call that places an order."""
    return _call("add", order.form(), _read_add, Repeat.NEVER)


# --- the actions on ids -------------------------------------------------------------------------------

Answers = Mapping[str, T | AgenciaError]
"""What became of each id of a request."""


def errors_in(value: object) -> list[AgenciaError]:
    """The errors among the answers of one request."""
    if not isinstance(value, dict):
        return []
    answers = cast("dict[str, object]", value).values()
    return [answer for answer in answers if isinstance(answer, AgenciaError)]


@frozen
class Action(Generic[T]):
    """An action on ids: the fields that carry one id or many, and the reader of one row.

    `subject` is the field of a row that tells its id, `result` the one that tells what became of it
    (None where the whole row does).
    """

    name: str
    one: str
    many: str
    subject: str
    result: str | None
    read_row: Callable[[Row], T]
    repeat: Repeat

    def single(self, wire_id: str) -> Call[Answers[T]]:
        """The call that asks for one id."""
        return self._call(self.one, [wire_id])

    def batch(self, wire_ids: Sequence[str]) -> Call[Answers[T]]:
        """The call that asks for many ids at once."""
        return self._call(self.many, wire_ids)

    def _call(self, field: str, wire_ids: Sequence[str]) -> Call[Answers[T]]:
        fields = {field: ",".join(wire_ids)}
        return _call(self.name, fields, lambda content: self._answers(content, wire_ids), self.repeat)

    def _answers(self, content: object, wire_ids: Sequence[str]) -> Answers[T]:
        rows = dict(self._rows(content, wire_ids))
        return {wire_id: self._answer(rows.get(wire_id)) for wire_id in wire_ids}

    def _rows(self, content: object, wire_ids: Sequence[str]) -> Iterator[tuple[str, object]]:
        """The id and the row of each answer: from a list, an object by id, or one flat reply."""
        if isinstance(content, list):
            for row in map(_row, cast("list[object]", content)):
                yield str(row.get(self.subject)).strip(), row
        elif len(wire_ids) == 1 and wire_ids[0] not in _row(content):
            yield wire_ids[0], content
        else:
            yield from _row(content).items()

    def _answer(self, row: object) -> T | AgenciaError:
        """What became of one id; an error is returned, so that it spoils no other id."""
        if row is None:
            return NotAnsweredError(f"the reply to {self.name} leaves this id out")
        try:
            flat = cast("Row", row) if isinstance(row, Mapping) else {self.result or "error": row}
            refusal = self._refusal(flat)
            return self.read_row(flat) if refusal is None else recognise(refusal)(refusal)
        except ReplyError as error:
            return error if self.repeat is Repeat.ALWAYS else OutcomeUnknownError(str(error), cause=error)

    def _refusal(self, row: Row) -> str | None:
        """The panel's words, where it refuses this one id."""
        text = _error_text(row)
        if text is None and self.result is not None:
            result = row.get(self.result)
            text = _error_text(cast("Row", result)) if isinstance(result, Mapping) else None
        return text


_read_order_status = reader(OrderStatus)
_read_refill_status = reader(RefillStatus)


def _read_status_row(row: Row) -> OrderStatus:
    return _read_order_status(row)


def _read_refill_row(row: Row) -> Id:
    if not row.get("refill") or boolean(row["refill"]) is False:
        raise ReplyError(f"the reply to a refill has no number: {str(row)[:_EXCERPT]}")
    return identifier(row["refill"])


def _read_refill_status_row(row: Row) -> RefillStatus:
    return _read_refill_status({name: value for name, value in row.items() if name != "refill"})


def _read_cancel_row(row: Row) -> Cancellation:
    """A plain 1 or true is a yes without a number; any other number is that of the request."""
    made = row.get("cancel")
    extra = {name: value for name, value in row.items() if name not in {"order", "cancel"}}
    if isinstance(made, Mapping):
        return Cancellation(extra=Extra({**extra, **cast("Row", made)}))
    if boolean(made) is False:
        raise ReplyError(f"the reply to a cancel is no yes: {str(row)[:_EXCERPT]}")
    return Cancellation(request=None if boolean(made) else identifier(made), extra=Extra(extra))


STATUS = Action("status", "order", "orders", "order", None, _read_status_row, Repeat.ALWAYS)
REFILL = Action("refill", "order", "orders", "order", "refill", _read_refill_row, Repeat.IF_TOLD)
REFILL_STATUS = Action(
    "refill_status", "refill", "refills", "refill", "status", _read_refill_status_row, Repeat.ALWAYS
)
CANCEL = Action("cancel", "orders", "orders", "order", "cancel", _read_cancel_row, Repeat.IF_TOLD)
