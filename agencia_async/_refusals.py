"""What a refusal means: panels send no codes, only words, so the words are compared with a table."""

import re

from agencia_async.errors import (
    AuthenticationError,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidOrderError,
    InvalidServiceError,
    NotAllowedError,
    NotFoundError,
    PanelError,
    RateLimitedError,
    UnavailableError,
)

_TABLE: list[tuple[type[PanelError], str]] = [
    # The first class with a matching pattern wins, so what is narrow stands before what is wide.
    (RateLimitedError, r"too many (requests|attempts)|rate.?limit|requests? limit"),
    (DuplicateOrderError, r"active order with (this|that|the same) link|link_duplicate|identical order"),
    (InsufficientFundsError, r"not.?enough.?(funds|balance|money)|insufficient.?(funds|balance)"),
    (
        NotAllowedError,
        (
            r"(refill|cancel\w*) .*(disabled|not (available|allowed|possible|supported))"
            r"|not completed|already (been )?(requested|refilled|cancell?ed)|less than \d+ hours"
            r"|can(no|')t be (refilled|cancell?ed)"
        ),
    ),
    (AuthenticationError, r"api.?key|invalid.?key|(user|account) .*(not found|suspended|disabled|blocked)"),
    (
        NotFoundError,
        r"(incorrect|invalid|wrong|unknown) (order|refill)( id)?s?$|(order|refill)s?( id)? not found",
    ),
    (
        InvalidServiceError,
        r"(incorrect|invalid|wrong|unknown) service|service( id)? .*(not found|inactive|disabled|not exist)",
    ),
    (UnavailableError, r"maintenance|(ordering|api) is disabled|not supported|incorrect (request|action)"),
    (
        InvalidOrderError,
        (
            r"neworder\.error|quantity|(bad|invalid|incorrect|wrong) link|\bcomments?\b|\busernames?\b"
            r"|\bruns\b|\binterval\b|field is required"
        ),
    ),
]
_PATTERNS = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _TABLE]


def recognise(text: str) -> type[PanelError]:
    """The class of a refusal's text; `PanelError` itself where the text is none of the table."""
    for kind, pattern in _PATTERNS:
        if pattern.search(text):
            return kind
    return PanelError
