"""The error patterns: panels send no error codes, only text, so its words tell what an error is about."""

import re
from collections.abc import Mapping
from functools import lru_cache

from agencia_async._protocol.own_states import OwnStates
from agencia_async._protocol.refusal_rules import STRONG, WEAK
from agencia_async._protocol.refusal_text import LONGEST, Clause, clauses, normalized, union
from agencia_async.errors import (
    AuthenticationError,
    ConfigurationError,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidOrderError,
    NotAllowedError,
    NotFoundError,
    PanelError,
    RateLimitedError,
    UnavailableError,
)

Patterns = Mapping[str, type[PanelError]]
"""Regular expressions, searched ignoring case, and the error class of the responses that match."""

_BY_STATUS: dict[int, type[PanelError]] = {
    402: InsufficientFundsError,
    422: InvalidOrderError,
}
"""The classes by HTTP status, if the words are not known."""

_ALWAYS: dict[int, type[PanelError]] = {401: AuthenticationError, 429: RateLimitedError}
"""The classes by HTTP status, whatever the words are."""

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


class Refusals:
    """The error patterns: the caller's own, then the built-in rules.

    `states` are the caller's own words for states: what is one of them is no error text.
    """

    def __init__(self, own: Patterns | None = None, states: OwnStates | None = None) -> None:
        self._own = [_checked(pattern, kind) for pattern, kind in (own or {}).items()]
        self._action: str | None = None
        self.states = states or OwnStates()

    def for_action(self, action: str | None) -> "Refusals":
        """The same patterns for the replies to one action: `recognise` and `error` then know it."""
        bound = Refusals(states=self.states)
        bound._own, bound._action = self._own, action
        return bound

    def recognise(self, text: str, status: int | None = None, action: str | None = None) -> type[PanelError]:
        """The class of an error response; `PanelError` itself if neither text nor status is known."""
        text = text[:LONGEST]
        plain = normalized(text)
        kind = self._own_kind(text, plain)
        if kind is not None:
            return kind
        if status in _ALWAYS:
            return _ALWAYS[status]
        action = action or self._action
        kind = _known(plain, action)
        if kind is PanelError and status not in _NO_SUCH_ADDRESS and action in _OF_AN_ID:
            kind = NotFoundError if union(clauses(plain)) == _NOTHING_FOUND else kind
        return _BY_STATUS.get(status or 0, PanelError) if kind is PanelError else kind

    def is_failure(self, text: str) -> bool:
        """Whether a text only says that a server failed: that proves nothing of what was done before.

        What the caller's own patterns match is never one.
        """
        text = text[:LONGEST]
        plain = normalized(text)
        if self._own_kind(text, plain) is not None:
            return False
        return _known(plain, self._action) is PanelError and _is_failing(clauses(plain))

    def _own_kind(self, text: str, plain: str) -> type[PanelError] | None:
        found = (kind for pattern, kind in self._own if pattern.search(text) or pattern.search(plain))
        return next(found, None)

    def error(self, text: str) -> PanelError:
        """The error of one id."""
        return self.recognise(text)(text)


def _checked(pattern: str, kind: type[PanelError]) -> tuple[re.Pattern[str], type[PanelError]]:
    if not issubclass(kind, PanelError):  # pyright: ignore[reportUnnecessaryIsInstance] - a caller may err
        raise ConfigurationError(f"refusals: {pattern!r} must map to a PanelError class, got {kind!r}")
    try:
        return re.compile(pattern, re.IGNORECASE), kind
    except (re.error, TypeError) as error:
        reason = str(error)
    raise ConfigurationError(f"refusals: {pattern!r} is not a valid regular expression: {reason}")
