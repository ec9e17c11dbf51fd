"""What an error text is about, by the built-in rules: loaded with the first error, as that takes long."""

import re
from functools import lru_cache

from agencia_async._protocol.refusal_rules import LINK_IN_USE, STRONG, WEAK
from agencia_async._protocol.refusal_text import LONGEST, Clause, clauses, normalized, union
from agencia_async.errors import (
    DuplicateOrderError,
    InvalidOrderError,
    NotAllowedError,
    NotFoundError,
    PanelError,
    RateLimitedError,
    UnavailableError,
)

__all__ = ["LONGEST", "is_failure", "is_link_in_use", "kind_of", "normalized"]

_NO_SUCH_ADDRESS = {404, 405, 410}
_NOTHING_FOUND = frozenset({"unknown"})
_OF_AN_ID = {None, "status", "refill", "refill_status", "cancel"}

_SERVER_IS_DOWN = re.compile(r"(?:the )?service (?:is )?(?:currently |temporarily )?unavailable\b")
"""A web server's words: they are not about a service of the catalogue."""


def _kind_of(sentences: tuple[Clause, ...], action: str | None) -> type[PanelError]:
    """The class of an error text that says this; `PanelError` itself if no rule applies."""
    whole = union(sentences)
    if whole & {"crash", "success"}:
        return PanelError
    if "neworder" in whole:
        action = "add"
    for rules in (STRONG, WEAK):
        for sentence in sentences:
            for rule in rules:
                if rule.applies(sentence, whole, action):
                    return _within(rule.kind, action)
    return PanelError


_WITHIN: dict[str, dict[type[PanelError], type[PanelError]]] = {
    "add": {NotFoundError: InvalidOrderError},
    "services": {DuplicateOrderError: RateLimitedError},
    "balance": {DuplicateOrderError: RateLimitedError},
    "status": {DuplicateOrderError: PanelError},
    "refill_status": {DuplicateOrderError: PanelError},
    "refill": {DuplicateOrderError: NotAllowedError},
    "cancel": {DuplicateOrderError: NotAllowedError},
}
"""What an error can only be in reply to an action: an order that is placed is not one that is not found."""


def _within(kind: type[PanelError], action: str | None) -> type[PanelError]:
    return _WITHIN.get(action or "", {}).get(kind, kind)


def _is_failing(sentences: tuple[Clause, ...]) -> bool:
    """Whether a text says that a server failed, whatever else it says."""
    whole = union(sentences)
    return bool(whole & {"failure", "crash"}) or any(
        ("fault" in sentence and sentence & {"happen", "system", "doing", "unfinished", "order", "request"})
        or ("cannot" in sentence and sentence & {"doing", "system"})
        or {"unfinished", "order"} <= sentence
        for sentence in sentences
    )


@lru_cache(maxsize=256)
def _known(text: str, action: str | None) -> type[PanelError]:
    """The class of a normalized text, by the built-in rules."""
    if _SERVER_IS_DOWN.match(text):
        return UnavailableError
    return _kind_of(clauses(text), action)


def kind_of(text: str, status: int | None, action: str | None) -> type[PanelError]:
    """The class of an error text; `PanelError` itself if it is not known."""
    plain = normalized(text[:LONGEST])
    kind = _known(plain, action)
    if kind is PanelError and status not in _NO_SUCH_ADDRESS and action in _OF_AN_ID:
        return NotFoundError if union(clauses(plain)) == _NOTHING_FOUND else kind
    return kind


def is_failure(text: str, action: str | None) -> bool:
    """Whether a text only says that a server failed."""
    plain = normalized(text[:LONGEST])
    return _known(plain, action) is PanelError and _is_failing(clauses(plain))


def is_link_in_use(text: str) -> bool:
    """Whether the text of a `DuplicateOrderError` says that an order for the same link still runs."""
    sentences = clauses(normalized(text[:LONGEST]))
    whole = union(sentences)
    return any(rule.applies(sentence, whole, "add") for sentence in sentences for rule in LINK_IN_USE)
