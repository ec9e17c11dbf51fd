"""The dialects by name: what users can test their own application against."""

from collections.abc import Mapping
from typing import Final

from agencia_async.sandbox import accents
from agencia_async.sandbox.dialect import Dialect
from agencia_async.sandbox.translations import KEYS, SPANISH, TURKISH

_ALL = (
    Dialect("document", "As the document has it."),
    Dialect(
        "numbers",
        "Whatever is a number comes as one: money with all its digits (0.08011655652), counts, ids. "
        "Booleans come as 1 and 0.",
        tells=accents.everywhere(accents.flag_as_number),
        writes=accents.with_numbers,
    ),
    Dialect(
        "words",
        'Everything comes as text: "1,234.50", "true", "false". Counts that are not known come as "", '
        '"Unknown" or null.',
        tells=accents.in_words,
    ),
    Dialect(
        "pretty",
        "The JSON is indented, begins with a byte-order mark, and is said to be text/html.",
        writes=accents.indented,
        content_type=b"text/html; charset=UTF-8",
    ),
    Dialect(
        "nested",
        'Everything comes in an envelope, {"status": "success", "data": ...} or {"status": "error", '
        '"message": ...}. The error of an id comes as {"error": ...} in place of its value.',
        tells=accents.enveloped,
        refuses=accents.failed,
    ),
    Dialect(
        "flat",
        "The error of an id stands beside it, and every batch is a list. A batch of one id is answered like "
        "a request for that one.",
        tells=accents.in_batches(accents.flat),
    ),
    Dialect(
        "plain",
        'The error of an id is plain text in place of its value: {"order": 3, '
        '"refill": "Incorrect order ID"}.',
        tells=accents.in_batches(accents.plain),
    ),
    Dialect(
        "missing",
        "Ids that the panel does not know are left out of a batch. Where it knows none, it answers [].",
        tells=accents.in_batches(accents.known_only),
    ),
    Dialect(
        "noisy",
        "Rows that nobody asked for, another order, unknown fields, names in other cases and spellings "
        "(Order, order_id, start_counter), and blanks around ids.",
        tells=accents.noise,
        refuses=accents.noisy_refusal,
    ),
    Dialect(
        "truncating",
        f"Of a batch only the first {accents.TRUNCATED_AT} ids are taken up and answered, in silence, "
        "however many there are.",
        takes=accents.first_only,
    ),
    Dialect(
        "spoilt",
        "One id that is not all digits spoils its batch: it is refused as a whole, and nothing is done.",
        takes=accents.all_or_none,
    ),
    Dialect(
        "statuses",
        "Refusals come with the HTTP status 400, 401, 402, 404 or 422, unexpected ones with 500, as "
        '{"success": false, "errors": [...]}.',
        refuses=accents.by_status,
    ),
    Dialect(
        "limited",
        "Too many requests are refused with HTTP 200 and without Retry-After, where other panels answer 429: "
        "the fault rate_limit comes so.",
        refuses=accents.never_429,
    ),
    Dialect(
        "spanish",
        "Refusals are in Spanish, in JSON with escaped letters: API key inválida.",
        tells=accents.item_errors(SPANISH),
        refuses=accents.refusals(SPANISH),
    ),
    Dialect(
        "turkish",
        "Refusals are in Turkish, in JSON with plain letters, as UTF-8: Bakiyeniz yetersiz, Geçersiz istek.",
        tells=accents.item_errors(TURKISH),
        refuses=accents.refusals(TURKISH),
        writes=accents.unescaped,
    ),
    Dialect(
        "keys",
        "Refusals and states are keys of texts that nobody has translated: neworder.error.not_enough_funds, "
        "tasks.status.completed.",
        tells=accents.everywhere(accents.key),
        refuses=accents.refusals(KEYS),
    ),
)

DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in _ALL}
NAMES: Final = tuple(DIALECTS)


def dialect_of(name: str) -> Dialect:
    """The dialect of that name; a `ValueError` that lists the names if there is none."""
    if name not in DIALECTS:
        raise ValueError(f"no such dialect: {name!r}; there are {', '.join(NAMES)}")
    return DIALECTS[name]
