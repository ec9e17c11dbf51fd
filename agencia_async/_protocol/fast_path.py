"""The shortest way from bytes to records: a batch of statuses to the letter as the document has it.

Most replies are that. The decoder makes records of them by itself, in a fraction of the time that a look
at each value takes; whatever differs in the least is left to those who know the accents.
"""

import re
from collections.abc import Sequence

import msgspec

from agencia_async._protocol.outcomes import Values
from agencia_async.models import OrderStatus

_FIGURES = b"0123456789. \t\r\n"
_NUMBER = rb'(?:""|null|)'
_ROW = re.compile(
    rb'\{?"":\{"charge":%b,"start_count":%b,"status":"[^"\\]*","remains":%b,"currency":"[^"\\]+"\}*'
    % (_NUMBER, _NUMBER, _NUMBER)
)
"""What is left of a row without its figures: nothing but figures stood where numbers are."""

_AS_ZEROS = bytes.maketrans(b".123456789", b"0" * 10)
_LONG = b"0" * 33
"""A number of so many figures has rules of its own."""

_decoder = msgspec.json.Decoder(dict[str, OrderStatus], strict=False)  # numbers may be text


def order_statuses(wire_ids: Sequence[str], body: bytes) -> Values[OrderStatus] | None:
    """The statuses of these orders; None where the body is not that plain, or speaks of others."""
    shapes = {*body.translate(None, _FIGURES).split(b"},")}  # a few, however many rows there are
    if not all(map(_ROW.fullmatch, shapes)) or _LONG in body.translate(_AS_ZEROS):
        return None
    try:
        rows = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if [*rows] == wire_ids:
        return Values(rows)
    if rows.keys() != {*wire_ids}:
        return None
    return Values((wire_id, rows[wire_id]) for wire_id in wire_ids)
