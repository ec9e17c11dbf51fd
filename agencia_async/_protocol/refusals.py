"""The error patterns: panels send no error codes, only text, so its words tell what an error is about."""

import re
from collections.abc import Mapping

from agencia_async._protocol.own_states import OwnStates
from agencia_async.errors import (
    AuthenticationError,
    ConfigurationError,
    InsufficientFundsError,
    InvalidOrderError,
    PanelError,
    RateLimitedError,
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
        from agencia_async._protocol import refusal_kinds as built_in  # noqa: PLC0415 - as it takes long

        kind = self._own_kind(text)
        if kind is not None:
            return kind
        if status in _ALWAYS:
            return _ALWAYS[status]
        kind = built_in.kind_of(text, status, action or self._action)
        return _BY_STATUS.get(status or 0, PanelError) if kind is PanelError else kind

    def is_failure(self, text: str) -> bool:
        """Whether a text only says that a server failed: that proves nothing of what was done before.

        What the caller's own patterns match is never one.
        """
        from agencia_async._protocol import refusal_kinds as built_in  # noqa: PLC0415 - as it takes long

        return self._own_kind(text) is None and built_in.is_failure(text, self._action)

    def _own_kind(self, text: str) -> type[PanelError] | None:
        if not self._own:
            return None
        from agencia_async._protocol import refusal_kinds as built_in  # noqa: PLC0415 - as it takes long

        text, plain = text[: built_in.LONGEST], built_in.normalized(text)
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
