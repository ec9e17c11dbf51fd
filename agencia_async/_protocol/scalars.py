"""Parses JSON values: strict about their meaning, tolerant about their spelling."""

import re
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from agencia_async.errors import ReplyError
from agencia_async.models import Id

T = TypeVar("T")

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?(?<=[\d.])([eE][+-]?\d{1,4})?", re.ASCII)
_PLAIN_NUMBER = re.compile(r"[0-9]{1,32}(?:\.[0-9]{1,32})?")
_MOST_DIGITS = 64
_TOO_LARGE = 10**_MOST_DIGITS
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False, "": False}

_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rf"{_PAIR}|(?P<half>{_HALF})|\\.")
_CONTROL = re.compile(r"[\x00-\x1f]")


def _decimal(text: str) -> object:
    """A number with a decimal point or an exponent; one of absurd size stays text."""
    try:
        found = Decimal(text) if len(text) <= _MOST_DIGITS else None
    except ArithmeticError:
        return text
    return text if found is None or abs(found.adjusted()) > _MOST_DIGITS else found


_decoder = msgspec.json.Decoder(float_hook=_decimal)
_rows = msgspec.json.Decoder(list[msgspec.Raw])
_LARGE = 2**18  # bytes
_TURN = 100  # rows
_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def in_turns(rows: Sequence[T]) -> Iterator[T]:
    """The rows; after each hundred the GIL is released, so that other threads can run."""
    for index, row in enumerate(rows, 1):
        yield row
        if index % _TURN == 0:
            time.sleep(0)


def _decoded(body: bytes) -> object:
    """The value of a body; a long list is decoded row by row, as a decoder holds the GIL."""
    if len(body) >= _LARGE and body.lstrip()[:1] == b"[":
        return [_decoder.decode(row) for row in in_turns(_rows.decode(body))]
    return _decoder.decode(body)


def decode(body: bytes) -> object:
    """The JSON value of a body; numbers with a decimal point become exact `Decimal`s.

    Raises:
        ReplyError: the body is not JSON.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    failure = None
    try:
        return _decoded(body)
    except _FAULTS as error:
        failure = str(error)
    if body.lstrip()[:1] in {b"{", b"["} and (repaired := _repaired(body)) != body:
        try:
            return _decoded(repaired)
        except _FAULTS as error:
            failure = str(error)
    raise ReplyError(f"not JSON: {failure}")


def _repaired(body: bytes) -> bytes:
    """The body without single characters that make it invalid JSON.

    Panels truncate names in the middle of a character or an emoji, and send raw control characters: a lone
    surrogate or an incomplete sequence becomes U+FFFD, a control character a blank.
    """
    text = _CONTROL.sub(" ", body.decode(errors="replace"))
    return _ESCAPE.sub(lambda escape: r"\ufffd" if escape["half"] else escape[0], text).encode()


def shown(value: object) -> str:
    """A value as shown in a message: short, whatever it is."""
    if isinstance(value, str):
        return repr(value[:_MOST_DIGITS])
    return str(value) if value is None or isinstance(value, bool | Decimal) else f"a {type(value).__name__}"


def number(value: object) -> Decimal | None:
    """A number, given as a number or as text (`"1,234.50"`); None for anything else, NaN and infinity."""
    if type(value) is str and _PLAIN_NUMBER.fullmatch(value):
        return Decimal(value)
    if (type(value) is int and abs(value) < _TOO_LARGE) or type(value) is Decimal:
        found = Decimal(value)
    elif type(value) is str and len(value) <= _MOST_DIGITS and _NUMBER.fullmatch(text := value.strip()):
        try:
            found = Decimal(text.replace(",", ""))
        except ArithmeticError:
            return None
    else:
        return None
    return found if found.is_finite() and abs(found.adjusted()) < _MOST_DIGITS else None


def count(value: object) -> int | None:
    """An integer; None for anything else."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    found = number(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def boolean(value: object) -> bool | None:
    """True or false in any spelling (`1`, `"true"`, null ...); None for anything else."""
    if value is None:
        return False
    return _BOOLEANS.get(str(value).strip().casefold())


def identifier(value: object) -> Id:
    """An id: an `int` if its text is a plain integer, else a `str`."""
    if type(value) is int and abs(value) < _TOO_LARGE:
        return value
    stripped = text(value).strip()
    if not stripped:
        raise ReplyError("empty id")
    plain_integer = stripped.isascii() and stripped.isdigit() and (stripped[0] != "0" or stripped == "0")
    return int(stripped) if plain_integer and len(stripped) <= _MOST_DIGITS else stripped


def text(value: object, _type: object = None) -> str:
    """A string, or a number as a string."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal) or (type(value) is int and abs(value) < _TOO_LARGE):
        return str(value)
    raise ReplyError(f"expected a string, got {shown(value)}")
