"""Statuses made again from their plain data, which a worker, a snapshot or a journal brought."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

from attrs import evolve, fields_dict

from agencia_async._models.extra import Extra
from agencia_async._protocol.records import reader
from agencia_async.errors import ReplyError
from agencia_async.models import OrderStatus, RefillStatus
from agencia_async.states import OrderState, OwnWord

R = TypeVar("R", bound=OrderStatus | RefillStatus)

FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, ReplyError)
"""What reading plain data may raise that is not what it should be."""

_reader = cache(reader)


@cache
def _names(kind: type[Any]) -> set[str]:
    return fields_dict(kind).keys() - {"extra"}


def status_of(kind: type[R], plain: Mapping[str, Any]) -> R:
    """The status that `to_dict` gave this of; amounts in `extra` stay text.

    Raises:
        Exception: it is none; one of `FAULTS`.
    """
    fields = {name: plain[name] for name in plain.keys() & _names(cast("Any", kind))}
    if fields.get("charge") is not None:
        fields["charge"] = Decimal(fields["charge"])
    extra = plain.get("extra", {})
    if not isinstance(extra, Mapping):
        raise ReplyError("extra must be a mapping")
    read = cast("R", _reader(cast("Any", kind))(fields))
    word = _word(read, str(plain.get("state")))
    return evolve(read, status=word, extra=Extra(cast("Any", extra)))


def _word(read: OrderStatus | RefillStatus, state: str) -> str:
    """The status as the panel spelt it; a word of the caller's own means what it meant then."""
    is_own = state in {*OrderState} and state != str(read.state)
    return OwnWord(read.status, OrderState(state)) if is_own else read.status
