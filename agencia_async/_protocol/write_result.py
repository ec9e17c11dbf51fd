"""The result of a write: an id, a confirmation without id, an error, or something ambiguous."""

import re
from collections.abc import Mapping
from typing import cast

from agencia_async._protocol.envelope import Row, canonical, refusal, words
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.scalars import boolean, identifier, number, shown
from agencia_async.errors import PanelError, ReplyError
from agencia_async.models import Id

_AMBIGUOUS = "the reply neither confirms nor rejects the request"
_WRONG_WORDS = re.compile(
    r"error|fail|reject|den(y|ied)|disabled|unavailable|not.?(allowed|found)|^(no|none|n/a)$", re.IGNORECASE
)
_YES = re.compile(
    r"(true|ok|yes|done|success(ful)?|accepted|requested|queued|pending|processing|in.?progress|cancell?ed|completed?)!?",
    re.IGNORECASE,
)


def write_result(made: object, refusals: Refusals) -> Id | PanelError | None:
    """The result of a write: its id, None for a confirmation without id, or the panel's error.

    Raises:
        ReplyError: it is ambiguous.
    """
    if isinstance(made, Mapping):
        return _accepted_in(canonical(cast("Row", made)), refusals)
    if made is None or made == "":
        raise ReplyError(_AMBIGUOUS)
    found = number(made)
    if boolean(made) is False or (found is not None and found <= 0):
        return PanelError(f"the panel answered {shown(made)}")
    if made is True:
        return None
    if isinstance(made, str) and found is None:
        return _accepted_text(made.strip(), refusals)
    return identifier(made)


def _accepted_text(text: str, refusals: Refusals) -> Id | PanelError | None:
    if _YES.fullmatch(text):
        return None
    if refusals.recognise(text) is not PanelError or _WRONG_WORDS.search(text):
        return refusals.error(words(text) or "?")
    if any(letter.isspace() for letter in text) or not any(letter.isdigit() for letter in text):
        raise ReplyError(f"{_AMBIGUOUS}: {shown(text)}")
    return identifier(text)


def _accepted_in(row: Row, refusals: Refusals) -> Id | PanelError | None:
    """The same for an object, which must contain an id or a confirmation."""
    text = refusal(row)
    if text is not None:
        return refusals.error(text)
    result = next((row[name] for name in ("id", "order", "refill", "cancel", "request") if name in row), None)
    if result is None:
        result = row.get("status", row.get("success", words(row)))
    if isinstance(result, Mapping):
        raise ReplyError(_AMBIGUOUS)
    return write_result(result, refusals)
