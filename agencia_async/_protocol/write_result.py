"""The result of a write: an id, a confirmation without id, an error, or something ambiguous."""

import re
from collections.abc import Mapping
from typing import cast

from agencia_async._protocol.envelope import Row, canonical, error_text, is_success, words
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.scalars import boolean, identifier, plain_number, shown
from agencia_async.errors import PanelError, ReplyError
from agencia_async.models import Id

AMBIGUOUS = "the reply neither confirms nor rejects the request"
_NO = (
    "no|not|none|null|na|error|err|fail|failed|failure|reject|rejected|deny|denied|disabled|unavailable|invalid"
    "|incorrect|wrong|missing|unknown|refused|forbidden"
)
_NO_WORD = re.compile(rf"(?:.*[\W_])?(?:{_NO})(?:[\W_].*)?", re.IGNORECASE)
"""A text that holds one of these as a word of its own: `refill.failed`."""
_YES = re.compile(
    r"(true|ok|yes|done|success(ful)?|accepted|requested|queued|pending|processing|in.?progress|cancell?ed|completed?)!?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Z]?[a-z]{1,7}[.!]?|[A-Z]{1,7}[.!]?")
"""A text that may be a word of any language; an id is longer, or has digits."""


def write_result(made: object, refusals: Refusals) -> Id | PanelError | None:
    """The result of a write: its id, None for a confirmation without id, or the panel's error.

    A text without a blank is an id, whatever letters it holds, unless it is a word that says yes or no.

    Raises:
        ReplyError: it is ambiguous.
    """
    if isinstance(made, Mapping):
        return _result_in(canonical(cast("Row", made)), refusals)
    if made is None or made == "":
        raise ReplyError(AMBIGUOUS)
    found = plain_number(made)
    if boolean(made) is False or (found is not None and found <= 0):
        return PanelError(f"the panel answered {shown(made) if isinstance(made, str | bool) else made}")
    if made is True:
        return None
    if isinstance(made, str) and found is None:
        return _text_result(made.strip(), refusals)
    return identifier(made)


def _text_result(text: str, refusals: Refusals) -> Id | PanelError | None:
    if _YES.fullmatch(text):
        return None
    says_no = _NO_WORD.fullmatch(text) is not None
    if any(letter.isspace() for letter in text):
        if says_no or refusals.recognise(text) is not PanelError:
            return _rejected(words(text) or text, refusals)
    elif any(letter.isdigit() for letter in text):
        if not says_no:
            return identifier(text)
    elif says_no or refusals.recognise(text) is not PanelError:
        return _rejected(text, refusals)
    elif not _WORD.fullmatch(text):
        return identifier(text)
    raise ReplyError(f"{AMBIGUOUS}: {shown(text)}")


def _result_in(row: Row, refusals: Refusals) -> Id | PanelError | None:
    """The same for an object, which must contain an id, a flag or a word."""
    text = error_text(row)
    if text is not None:
        return _rejected(text, refusals)
    result = next((row[name] for name in ("id", "order", "refill", "cancel", "request") if name in row), None)
    if result is None and is_success(row):
        return None
    if result is None:
        result = row.get("status", words(row))
    if isinstance(result, Mapping):
        raise ReplyError(AMBIGUOUS)
    return write_result(result, refusals)


def _rejected(text: str, refusals: Refusals) -> PanelError:
    """The panel's error; a failing server's words are none, and prove nothing."""
    if refusals.is_failure(text):
        raise ReplyError(f"{AMBIGUOUS}: {text}")
    return refusals.error(text)
