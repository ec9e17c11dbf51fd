"""The parts of the dialects: pure functions from documented replies to non-standard ones."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import count
from typing import Final, cast

from agencia_async.sandbox.account import NO_ORDER, NO_REFILL
from agencia_async.sandbox.dialect import Batch, Form, Row, batch_of, error_in
from agencia_async.sandbox.reply import RefusedError, encoded
from agencia_async.sandbox.translations import KEYS, translated

TRUNCATED_AT: Final = 40  # ids of a batch that a "truncating" panel processes
SILENT_AFTER: Final = 100  # the same of a "silent" one
FIRST_STRANGER: Final = (
    900_000_001  # the id of the unrequested row of a "noisy" panel, unless it is requested
)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Object = dict[str, object]


def _each(payload: object, change: Callable[[str, object], object], name: str = "") -> object:
    """`payload` with every scalar value replaced by `change(name, value)`."""
    if isinstance(payload, dict):
        return {key: _each(value, change, key) for key, value in cast("Object", payload).items()}
    if isinstance(payload, list):
        return [_each(value, change, name) for value in cast("list[object]", payload)]
    return change(name, payload)


def everywhere(change: Callable[[str, object], object]) -> Callable[[Form, object], object]:
    """Replace every scalar value, at any depth, by `change(name, value)`."""
    return lambda _, payload: _each(payload, change)


def in_batches(change: Callable[[Batch], object]) -> Callable[[Form, object], object]:
    """Change the replies to batches; all others are as documented."""

    def transform(form: Form, payload: object) -> object:
        batch = batch_of(form, payload)
        return payload if batch is None else change(batch)

    return transform


# numbers: a number in a string becomes a JSON number, digit by digit, as a float would lose digits

_NUMBER_AS_TEXT = re.compile(rb'(?<=[:\[,])"((?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?)"(?!:)')


def flag_as_number(_: str, value: object) -> object:
    """1 and 0 for true and false."""
    return int(value) if isinstance(value, bool) else value


def with_numbers(payload: object) -> bytes:
    """JSON with numbers instead of numeric strings."""
    return _NUMBER_AS_TEXT.sub(rb"\1", encoded(payload))


# words

_AMOUNTS = frozenset({"balance", "charge", "rate", "min", "max", "start_count", "remains", "runs", "posts"})
_UNCOUNTED: Final[Mapping[object, Object]] = {
    "Pending": {"start_count": None, "remains": ""},
    "Canceled": {"start_count": "Unknown"},
}


def in_words(_: Form, payload: object) -> object:
    """All values as strings; counts of pending and cancelled orders are unknown."""
    return _each(_gaps(payload), _word)


def _gaps(payload: object) -> object:
    if not isinstance(payload, dict):
        return payload
    row = cast("Object", payload)
    if "start_count" in row:
        return {**row, **_UNCOUNTED.get(row["status"], {})}
    return {name: _gaps(value) for name, value in row.items()}


def _word(name: str, value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if name in _AMOUNTS and isinstance(value, str) and value[:1].isdigit():
        return f"{Decimal(value):,f}"
    return str(value) if isinstance(value, int) else value


# pretty, notices, nested

_NOTICE = b"<br />\n<b>%s</b>:  %s in <b>/var/www/html/app/controllers/api.php</b> on line <b>%d</b><br />\n"
_BEFORE = _NOTICE % (b"Warning", b'Undefined array key "runs"', 35)
_BEHIND = b"\n" + _NOTICE % (b"Notice", b"Undefined variable: log", 212)


def indented(payload: object) -> bytes:
    """Indented JSON, after a byte-order mark."""
    return _BYTE_ORDER_MARK + json.dumps(payload, indent=4, ensure_ascii=False).encode()


def with_notices(payload: object) -> bytes:
    """JSON between two notices of PHP."""
    return _BEFORE + encoded(payload) + _BEHIND


def enveloped(_: Form, payload: object) -> object:
    """The payload in a success envelope."""
    return {"status": "success", "data": payload}


def failed(text: str, status: int) -> tuple[int, object]:
    """An error in the same envelope."""
    return status, {"status": "error", "message": text}


# flat, plain, missing: the results in a batch


def flat(batch: Batch) -> object:
    """Errors beside the ids, in a list for `status` as well; one id is answered like a single request."""
    if len(batch.rows) == 1:
        return _flat_item(batch, batch.rows[0][1])
    return [{batch.of: number, **_flat_item(batch, value)} for number, value in batch.rows]


def _flat_item(batch: Batch, value: object) -> Object:
    is_whole = error_in(value) is not None or not batch.result
    return cast("Object", value) if is_whole else {batch.result: value}


def plain(batch: Batch) -> object:
    """Errors as plain text."""
    rows: list[Row] = [(number, error_in(value) or value) for number, value in batch.rows]
    return Batch(batch.of, batch.result, rows).documented()


def known_only(batch: Batch) -> object:
    """The known ids only."""
    rows = [row for row in batch.rows if error_in(row[1]) not in {NO_ORDER, NO_REFILL}]
    return Batch(batch.of, batch.result, rows).documented() if rows else []


def overwriting(batch: Batch) -> object:
    """What is not an ordinary order is answered flat, and takes the place of the rows before it."""
    if batch.result:
        return batch.documented()
    told: Object = {}
    for number, value in batch.rows:
        row = cast("Object", value)
        is_ordinary = error_in(row) is None and "orders" not in row
        told = {**told, str(number): row} if is_ordinary else dict(row)
    return told


# noisy

_STRANGERS: Final[Mapping[str, object]] = {
    "": {"charge": "9.99", "start_count": "7", "status": "Completed", "remains": "0", "currency": "USD"},
    "refill": FIRST_STRANGER,
    "status": "Completed",
    "cancel": 1,
}
_NUMBERED = frozenset({"order", "orders", "order_id", "refill", "refill_id", "service"})


def noise(form: Form, payload: object) -> object:
    """The payload, with unrequested rows and fields."""
    batch = batch_of(form, payload)
    if batch is not None:
        return _noisy_batch(batch)
    if isinstance(payload, list):
        return [_noisy(row) for row in reversed(cast("list[Object]", payload))]
    return _noisy(cast("Object", payload))


def _noisy_batch(batch: Batch) -> object:
    asked = {str(number) for number, _ in batch.rows}
    stranger = next(number for number in count(FIRST_STRANGER) if str(number) not in asked)
    rows = [(stranger, _STRANGERS[batch.result]), *reversed(batch.rows)]
    if not batch.result:
        return {_blanks(number): _noisy(cast("Object", value)) for number, value in rows}
    return [_noisy({f"{batch.of}_id": number, batch.result: value}) for number, value in rows]


def _noisy(row: Object) -> Object:
    fields = {_noisy_name(name): _noisy_value(name, value) for name, value in reversed(row.items())}
    return {"provider": "north", **fields, "tags": []}


def _noisy_name(name: str) -> str:
    if name.endswith("_id"):
        return name
    return "start_counter" if name == "start_count" else name.capitalize()


def _noisy_value(name: str, value: object) -> object:
    if isinstance(value, dict):
        return _noisy(cast("Object", value))
    if isinstance(value, list):
        return [_noisy_value(name, one) for one in cast("list[object]", value)]
    return _blanks(value) if name in _NUMBERED and not isinstance(value, bool) else value


def _blanks(number: object) -> str:
    return f" {number} "


def noisy_error(text: str, status: int) -> tuple[int, object]:
    """An error with unrequested fields."""
    return status, _noisy({"error": text})


# truncating, silent, single, required, spoilt: those that affect what is executed


def first(most: int) -> Callable[[str, list[str]], list[str]]:
    """The first ids of a batch, at most so many."""
    return lambda _, ids: ids[:most]


def no_order_found(of: str, _: list[str]) -> list[str]:
    """Reject every batch, as there is nothing in the field for one id."""
    raise RefusedError(f"{of.capitalize()} not found")


def no_order_given(of: str, _: list[str]) -> list[str]:
    """Reject every batch, and name the field for one id."""
    raise RefusedError(f"{of.capitalize()} parameter is required")


def all_or_none(of: str, ids: list[str]) -> list[str]:
    """All ids, or an error if one is not all digits."""
    if not all(one.isascii() and one.isdigit() for one in ids):
        raise RefusedError(f"Incorrect {of} ID")
    return ids


# statuses, limited

_OK = 200
_UNEXPECTED = 500
_TOO_MANY = 429
_STATUSES = (  # the first one whose pattern matches the beginning of the text
    (401, re.compile(r"Invalid API key")),
    (402, re.compile(r"Not enough funds")),
    (404, re.compile(r"Incorrect (order|service) ID|Refill not found")),
    (400, re.compile(r"Incorrect request|At most")),
    (
        422,
        re.compile(
            r"Incorrect|Bad link|Quantity|Drip-feed|.+ field is required|.+ was used for another order"
        ),
    ),
)


def by_status(text: str, status: int) -> tuple[int, object]:
    """The appropriate HTTP status of an error that has none of its own."""
    if status == _OK:
        status = next((code for code, pattern in _STATUSES if pattern.match(text)), _UNEXPECTED)
    return status, {"success": False, "errors": [text]}


def never_429(text: str, status: int) -> tuple[int, object]:
    """HTTP 200 instead of 429."""
    return _OK if status == _TOO_MANY else status, {"error": text}


# spanish, turkish, keys


def item_errors(language: int) -> Callable[[Form, object], object]:
    """The errors of ids in another language."""
    return everywhere(lambda name, value: translated(str(value), language) if name == "error" else value)


def errors(language: int) -> Callable[[str, int], tuple[int, object]]:
    """Error responses in another language."""
    return lambda text, status: (status, {"error": translated(text, language)})


def key(name: str, value: object) -> object:
    """States and errors as message keys."""
    if name == "status":
        return f"tasks.status.{str(value).lower().replace(' ', '_')}"
    return translated(str(value), KEYS) if name == "error" else value


def unescaped(payload: object) -> bytes:
    """Compact JSON with unescaped letters, in UTF-8."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
