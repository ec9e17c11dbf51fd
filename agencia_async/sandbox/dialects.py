"""The dialects by name, to test applications against."""

from collections.abc import Mapping
from typing import Final

from agencia_async.sandbox import dialect_parts as parts
from agencia_async.sandbox.dialect import DOCUMENTED, Dialect
from agencia_async.sandbox.translations import KEYS, SPANISH, TURKISH

_ALL = (
    DOCUMENTED,
    Dialect(
        "numbers",
        "Amounts with all their digits (0.08011655652), counts and ids are JSON numbers. Booleans are 1 "
        "and 0.",
        transforms=parts.everywhere(parts.flag_as_number),
        encodes=parts.with_numbers,
    ),
    Dialect(
        "words",
        'All values are strings: "1,234.50", "true", "false". Unknown counts are "", "Unknown" or null.',
        transforms=parts.in_words,
    ),
    Dialect(
        "pretty",
        "The JSON is indented, begins with a byte-order mark, and has the content type text/html.",
        encodes=parts.indented,
        content_type=b"text/html; charset=UTF-8",
    ),
    Dialect(
        "html",
        "The content type is text/html, without a byte-order mark.",
        content_type=b"text/html; charset=UTF-8",
    ),
    Dialect(
        "notices",
        "PHP notices are printed before and after the JSON, and the content type is text/html.",
        encodes=parts.with_notices,
        content_type=b"text/html; charset=UTF-8",
    ),
    Dialect(
        "nested",
        'All replies are in an envelope, {"status": "success", "data": ...} or {"status": "error", '
        '"message": ...}. The error of an id is {"error": ...} in place of its value.',
        transforms=parts.enveloped,
        formats_error=parts.failed,
    ),
    Dialect(
        "flat",
        "The error of an id is in the same object as the id, and every batch is a list. A batch of one id is "
        "answered like a single request.",
        transforms=parts.in_batches(parts.flat),
    ),
    Dialect(
        "plain",
        'The error of an id is plain text in place of its value: {"order": 3, '
        '"refill": "Incorrect order ID"}.',
        transforms=parts.in_batches(parts.plain),
    ),
    Dialect(
        "missing",
        "Unknown ids are left out of a batch. If all are unknown, the reply is [].",
        transforms=parts.in_batches(parts.known_only),
    ),
    Dialect(
        "noisy",
        "Unrequested rows, a different order, unknown fields, field names in another case or spelling "
        "(Order, order_id, start_counter), and spaces around ids.",
        transforms=parts.noise,
        formats_error=parts.noisy_error,
    ),
    Dialect(
        "truncating",
        f"Only the first {parts.TRUNCATED_AT} ids of a batch are processed and answered; the others are "
        "silently ignored.",
        selects=parts.first(parts.TRUNCATED_AT),
    ),
    Dialect(
        "silent",
        f"The first {parts.SILENT_AFTER} ids of a batch are processed and answered; larger batches are not "
        "rejected, and the other ids silently ignored.",
        selects=parts.first(parts.SILENT_AFTER),
    ),
    Dialect(
        "overwriting",
        "In a batch of statuses, a subscription, a drip-feed or an unknown id is answered without its id, "
        'and the rows before it are lost: {"status": "Active", "posts": "5", "23502": {...}}.',
        transforms=parts.in_batches(parts.overwriting),
    ),
    Dialect(
        "single",
        'There are no batches: only the field for one id is read, and every batch is "Order not found".',
        selects=parts.no_order_found,
        has_batches=False,
    ),
    Dialect(
        "required",
        'There are no batches, and every batch is answered with "Order parameter is required".',
        selects=parts.no_order_given,
        has_batches=False,
    ),
    Dialect(
        "spoilt",
        "One id that is not all digits makes the whole batch fail; nothing is executed.",
        selects=parts.all_or_none,
    ),
    Dialect(
        "extended",
        "Services say whether they allow a drip-feed (dripfeed), and each cancellation has a number instead "
        "of 1.",
        is_extended=True,
    ),
    Dialect(
        "statuses",
        "Errors have the HTTP status 400, 401, 402, 404 or 422, unexpected ones 500, as "
        '{"success": false, "errors": [...]}.',
        formats_error=parts.by_status,
    ),
    Dialect(
        "limited",
        "Rate limit errors have the HTTP status 200, not 429, and no Retry-After. This includes "
        "the fault rate_limit.",
        formats_error=parts.never_429,
    ),
    Dialect(
        "spanish",
        "Errors are in Spanish, in JSON with escaped letters: API key inválida.",
        transforms=parts.item_errors(SPANISH),
        formats_error=parts.errors(SPANISH),
    ),
    Dialect(
        "turkish",
        "Errors are in Turkish, in JSON with unescaped UTF-8: Bakiyeniz yetersiz, Geçersiz istek.",
        transforms=parts.item_errors(TURKISH),
        formats_error=parts.errors(TURKISH),
        encodes=parts.unescaped,
    ),
    Dialect(
        "keys",
        "Errors and states are untranslated message keys: neworder.error.not_enough_funds, "
        "tasks.status.completed.",
        transforms=parts.everywhere(parts.key),
        formats_error=parts.errors(KEYS),
    ),
)

DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in _ALL}
NAMES: Final = tuple(DIALECTS)


def dialect_of(name: str) -> Dialect:
    """The dialect with this name; a `ValueError` that lists the names if there is none."""
    if name not in DIALECTS:
        raise ValueError(f"dialect must be one of {', '.join(NAMES)}, got {name!r}")
    return DIALECTS[name]
