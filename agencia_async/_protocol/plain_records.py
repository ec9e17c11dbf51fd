"""Records made again from their plain data, which a worker or a file brought."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from attrs import evolve, fields_dict

from agencia_async._models.extra import Extra
from agencia_async._plain.record import Record
from agencia_async._protocol.records import reader
from agencia_async.errors import ReplyError

R = TypeVar("R", bound=Record)

_reader = cache(reader)


@cache
def _names(kind: type[Any]) -> set[str]:
    return fields_dict(kind).keys() - {"extra"}


def record_of(kind: type[R], plain: Mapping[str, Any]) -> R:
    """The record that `to_dict` gave this of; amounts in `extra` stay text.

    Raises:
        ReplyError: it is none.
    """
    fields = {name: plain[name] for name in plain.keys() & _names(cast("Any", kind))}
    extra = plain.get("extra", {})
    if not isinstance(extra, Mapping):
        raise ReplyError("extra must be a mapping")
    return cast("R", evolve(cast("Any", _reader(cast("Any", kind))(fields)), extra=Extra(cast("Any", extra))))
