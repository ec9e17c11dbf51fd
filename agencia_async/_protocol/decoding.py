"""From the bytes of a reply to JSON, whatever a panel prints around it, and without holding the event loop.

A large reply is decoded in a thread, but a decoder lets no other thread run before it returns. So a large
list or object is decoded in pieces of a few milliseconds.
"""

import re
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from json import JSONDecoder
from typing import Any, TypeVar

import msgspec

from agencia_async.errors import ReplyError

T = TypeVar("T")

_MOST_DIGITS = 64
_LARGE = 2**18
"""Bytes that are decoded in a few milliseconds, whatever they are."""
_WINDOW = 2**16
_LONGEST = 2**20
"""Bytes of one value that is no object or list."""
_CUTS = 8
"""Places at which a window is cut until a piece is whole."""
_DEEPEST = 4
_TURN = 100  # rows

_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rf"{_PAIR}|(?P<half>{_HALF})|\\.")
_CONTROL = re.compile(r"[\x00-\x1f]")

_NOTICE = re.compile(
    r"\b(warning|notice|deprecated|strict standards|fatal error|parse error)(</b>)?\s*:", re.IGNORECASE
)
_PAGE = re.compile(r"<(!doctype|html|head|body)\b", re.IGNORECASE)
_START = re.compile(r"(?:\A|(?<=[>\n]))[ \t\r\n]*(?=[{\[])")
_MOST_STARTS = 50

_BLANKS = rb"[ \t\r\n]{0,10000}"
_SPACE = re.compile(_BLANKS)
_END = re.compile(_BLANKS + rb"([]}])")
_NAME = re.compile(_BLANKS + rb'("(?:[^"\\]|\\.){0,1000}")' + _BLANKS + b":" + _BLANKS)
_COMMA = re.compile(_BLANKS + b",?")
_MOST_SINGLE = 100
"""Elements of one object that are looked at one by one."""
_MOST_ELEMENTS = 100_000
"""Of a large list or object; the largest catalogues have some ten thousand."""
_CLOSING = {b"[": b"]", b"{": b"}"}


def _decimal(text: str) -> object:
    """The `Decimal` of a number with a point or an exponent; text if it is too long to calculate with."""
    try:
        found = Decimal(text) if len(text) <= _MOST_DIGITS else None
    except ArithmeticError:
        return text
    return text if found is None or abs(found.adjusted()) > _MOST_DIGITS else found


_decoder = msgspec.json.Decoder(float_hook=_decimal)
_scanner = JSONDecoder(strict=False)
_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def in_turns(rows: Sequence[T]) -> Iterator[T]:
    """The rows; after each hundred, other threads may run before the next ones are taken."""
    for place, row in enumerate(rows, 1):
        yield row
        if place % _TURN == 0:
            time.sleep(0)


def decode(body: bytes) -> object:
    """The JSON value of a body; numbers with a decimal point become exact `Decimal`s.

    A body that is one JSON value before or behind notices of PHP is that value, and so is JSON inside a JSON
    text.

    Raises:
        ReplyError: the body is not JSON.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    failure = None
    try:
        return nested(_decoded(body))
    except _FAULTS as error:
        failure = str(error)
    if len(body) <= _LARGE:
        bare = _without_notices(body)
        try:
            if bare is not None or body.lstrip()[:1] in _CLOSING:
                return nested(_decoded(_repaired(body if bare is None else bare)))
        except _FAULTS as error:
            failure = str(error)
    raise ReplyError(f"not JSON: {failure}")


def nested(value: object) -> object:
    """The value; what it contains if it is a text that is JSON."""
    if isinstance(value, str) and len(value) <= _LARGE and value.lstrip()[:1] in {"{", "["}:
        try:
            return _decoder.decode(value)
        except _FAULTS:
            return value
    return value


def _repaired(body: bytes) -> bytes:
    """The body without single characters that make it invalid JSON.

    Panels truncate names in the middle of a character or an emoji, and send raw control characters: a lone
    surrogate or an incomplete sequence becomes U+FFFD, a control character a blank.
    """
    text = _CONTROL.sub(" ", body.decode(errors="replace"))
    return _ESCAPE.sub(lambda escape: r"\ufffd" if escape["half"] else escape[0], text).encode()


# --- notices ----------------------------------------------------------------------------------------------


def _without_notices(body: bytes) -> bytes | None:
    """The JSON object or list in a body that is otherwise notices of PHP; None if it is none."""
    text = body.decode(errors="replace")
    if not _NOTICE.search(text) or _PAGE.search(text):
        return None
    for start in islice(_START.finditer(text), _MOST_STARTS):
        try:
            _, end = _scanner.raw_decode(text, start.end())
        except (ValueError, RecursionError):
            continue
        around = [part for part in (text[: start.end()], text[end:]) if part.strip()]
        if all(map(_NOTICE.search, around)):
            return text[start.end() : end].encode()
    return None


# --- large bodies -----------------------------------------------------------------------------------------


def _decoded(body: bytes) -> object:
    if len(body) < _LARGE:
        return _decoder.decode(body)
    begin = _space(body, 0)
    if body[begin : begin + 1] not in _CLOSING:
        raise msgspec.DecodeError("a large body is neither an object nor a list")
    value, end = _in_pieces(body, begin, 0)
    if _space(body, end) != len(body):
        raise msgspec.DecodeError(f"something stands behind the value (byte {end})")
    return value


def _space(body: bytes, at: int) -> int:
    found = _SPACE.match(body, at)
    return at if found is None else found.end()


def _in_pieces(body: bytes, at: int, depth: int) -> tuple[object, int]:
    """The object or list that begins at a place, and where it ends."""
    opening = body[at : at + 1]
    found: Any = [] if opening == b"[" else {}
    add = found.extend if opening == b"[" else found.update
    at, single = at + 1, 0
    while single <= _MOST_SINGLE and len(found) <= _MOST_ELEMENTS:
        time.sleep(0)  # other threads' turn
        end = _END.match(body, at)
        if end is not None and end[1] == _CLOSING[opening]:
            return found, end.end()
        piece, used = _piece(body[at : at + _WINDOW], opening)
        if used:
            add(piece)
            at += used
        else:
            single += 1
            at = _one(body, at, add, opening, depth)
    raise msgspec.DecodeError(f"too many elements (byte {at})")


def _piece(window: bytes, opening: bytes) -> tuple[Any, int]:
    """As many elements as a window holds, and how many bytes they take; none if the first is too large."""
    closing, cut = _CLOSING[opening], len(window)
    for _ in range(_CUTS):
        cut = max(window.rfind(b"},", 0, cut), window.rfind(b"],", 0, cut))
        if cut < 0:
            break
        try:
            return _mended(opening + window[: cut + 1] + closing), cut + 2
        except _FAULTS:
            continue
    text = (opening + window).decode("latin-1")  # a character for each byte
    try:
        _, end = _scanner.raw_decode(text)
        return _mended(opening + window[: end - 1]), end - 2
    except (ValueError, RecursionError):
        return None, 0


def _one(body: bytes, at: int, add: Any, opening: bytes, depth: int) -> int:  # noqa: ANN401 - a bound method
    """Add one element, which may be too large for a window; returns the place behind it."""
    name = None
    if opening == b"{":
        named = _NAME.match(body, at)
        if named is None:
            raise msgspec.DecodeError(f"a name was expected (byte {at})")
        name, at = _mended(named[1]), named.end()
    at = _space(body, at)
    if body[at : at + 1] in _CLOSING and depth < _DEEPEST:
        value, at = _in_pieces(body, at, depth + 1)
    else:
        window = body[at : at + _LONGEST]
        try:
            _, length = _scanner.raw_decode(window.decode("latin-1"))
        except (ValueError, RecursionError):
            length = _LONGEST
        if length >= _LONGEST:
            raise msgspec.DecodeError(f"a value is malformed, or too large (byte {at})")
        value, at = _mended(window[:length]), at + length
    add([value] if name is None else {name: value})
    comma = _COMMA.match(body, at)
    return at if comma is None else comma.end()


def _mended(piece: bytes) -> object:
    try:
        return _decoder.decode(piece)
    except _FAULTS:
        repaired = _repaired(piece)
        if repaired == piece:
            raise
        return _decoder.decode(repaired)
