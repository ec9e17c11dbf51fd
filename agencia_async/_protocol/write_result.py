"""What the value of a write says: its number, a yes without one, a refusal, or nothing to rely on."""

import re
from collections.abc import Mapping
from typing import cast

from agencia_async._protocol.envelope import Row, canonical, refusal, words
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.scalars import boolean, identifier, number, shown
from agencia_async.errors import PanelError, ReplyError
from agencia_async.models import Id

_WRONG_WORDS = re.compile(
    r"error|fail|reject|den(y|ied)|disabled|unavailable|not.?(allowed|found)|^(no|none|n/a)$", re.IGNORECASE
)
_YES = re.compile(
    r"(true|ok|yes|done|success(ful)?|accepted|requested|queued|pending|processing|in.?progress|cancell?ed|completed?)!?",
    re.IGNORECASE,
)


def write_result(made: object, refusals: Refusals) -> Id | PanelError | None:
    """What the value of a write says: its number, a yes without one (None), or a refusal.

    Raises:
        ReplyError: it says neither.
    """
    if isinstance(made, Mapping):
        return _accepted_in(canonical(cast("Row", made)), refusals)
    if made is None or made == "":
        raise ReplyError("the reply says neither yes nor no")
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
        raise ReplyError(f"the reply says neither yes nor no: {shown(text)}")
    return identifier(text)


def _accepted_in(row: Row, refusals: Refusals) -> Id | PanelError | None:
    """The same of an object, which must hold a number or a word for yes."""
    text = refusal(row)
    if text is not None:
        return refusals.error(text)
    told = next((row[name] for name in ("id", "order", "refill", "cancel", "request") if name in row), None)
    if told is None:
        told = row.get("status", row.get("success", words(row)))
    if isinstance(told, Mapping):
        raise ReplyError("the reply says neither yes nor no")
    return write_result(told, refusals)
