"""Everything that can go wrong, as one tree.

```
AgenciaError                    .action  .attempts  .sent  .http_status
├── ConfigurationError          (also ValueError) found before anything was sent
├── TransportError              no usable reply came: connect, time-out, reset, 5xx, gateway page
├── ReplyError                  a reply came and cannot be read: not JSON, wrong shape, too large
│   └── NotAnsweredError        the reply leaves this id out
├── PanelError                  the panel refused; .message is its own text
│   ├── AuthenticationError     key wrong, missing, disabled; account suspended
│   ├── InsufficientFundsError
│   ├── RateLimitedError        .retry_after
│   ├── NotFoundError           unknown order or refill id
│   ├── InvalidServiceError     service unknown or disabled
│   ├── InvalidOrderError       link, quantity, comments ... not accepted
│   ├── NotAllowedError         refill or cancel not possible for this order (now)
│   ├── DuplicateOrderError     the panel says it has this order already
│   └── UnavailableError        maintenance, action not supported by this panel
└── OutcomeUnknownError         a write that may or may not have happened; .cause
```

`sent` answers one question, "can the panel have acted?": `"no"` (nothing left this machine, or the
panel refused), `"maybe"` (the request left, no reply of the panel's came back) or `"yes"` (the panel
answered, in a way that cannot be read).
"""

import copy
from typing import Literal, TypeVar

__all__ = [
    "AgenciaError",
    "AuthenticationError",
    "ConfigurationError",
    "DuplicateOrderError",
    "InsufficientFundsError",
    "InvalidOrderError",
    "InvalidServiceError",
    "NotAllowedError",
    "NotAnsweredError",
    "NotFoundError",
    "OutcomeUnknownError",
    "PanelError",
    "RateLimitedError",
    "ReplyError",
    "Sent",
    "TransportError",
    "UnavailableError",
]

Sent = Literal["no", "maybe", "yes"]
"""Can the panel have acted on the request?"""

E = TypeVar("E", bound=Exception)


class AgenciaError(Exception):
    """The base of every error that this library raises on purpose.

    Attributes:
        action: the panel's action (`"status"`, `"add"`, ...), or None outside a call.
        attempts: how many requests the call made before it gave up.
        sent: can the panel have acted? `"no"`, `"maybe"` or `"yes"`.
        http_status: the status of the last reply, or None where none came.
    """

    action: str | None = None
    attempts: int = 0
    sent: Sent = "no"
    http_status: int | None = None

    def __init__(
        self, message: str = "", *, sent: Sent | None = None, http_status: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        if sent is not None:
            self.sent = sent
        if http_status is not None:
            self.http_status = http_status


class ConfigurationError(AgenciaError, ValueError):
    """Something in the call or the client's settings is wrong; nothing was sent."""


class TransportError(AgenciaError):
    """No usable reply came: the connection failed, timed out or broke, or a 5xx or gateway page came back."""


class ReplyError(AgenciaError):
    """A reply came that cannot be read: no JSON, a wrong shape, a money that is no number, too large."""

    sent: Sent = "yes"


class NotAnsweredError(ReplyError):
    """The panel answered the request but left this id out."""

    sent: Sent = "maybe"


class PanelError(AgenciaError):
    """The panel refused. `message` is its own text, unchanged.

    Raised itself where the text is none that the library knows.
    """


class AuthenticationError(PanelError):
    """The key is wrong, missing or disabled, or the account is suspended."""


class InsufficientFundsError(PanelError):
    """The account's balance does not cover the order."""


class RateLimitedError(PanelError):
    """The panel turned the request away because too many came.

    Attributes:
        retry_after: seconds until the panel wants to hear again, or None where it does not say.
    """

    retry_after: float | None = None

    def __init__(
        self,
        message: str = "",
        *,
        sent: Sent | None = None,
        http_status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, sent=sent, http_status=http_status)
        self.retry_after = retry_after


class NotFoundError(PanelError):
    """The panel does not know this order or refill id."""


class InvalidServiceError(PanelError):
    """The service is unknown or disabled."""


class InvalidOrderError(PanelError):
    """The panel does not accept the order's link, quantity, comments or another of its fields."""


class NotAllowedError(PanelError):
    """This order cannot be refilled or cancelled, or not now."""


class DuplicateOrderError(PanelError):
    """The panel says that it has this order already."""


class UnavailableError(PanelError):
    """The panel is under maintenance, or does not support the action."""


class OutcomeUnknownError(AgenciaError):
    """A write (`add`, `refill`, `cancel`) that may or may not have happened. Do not simply repeat it.

    Attributes:
        cause: what went wrong: a `TransportError` or `ReplyError`.
    """

    sent: Sent = "maybe"
    cause: AgenciaError | None = None

    def __init__(self, message: str = "", *, cause: AgenciaError | None = None) -> None:
        super().__init__(message)
        if cause is not None:
            self.cause = self.__cause__ = cause
            self.sent = "maybe" if cause.sent == "no" else cause.sent  # an earlier attempt may have acted
            self.http_status = cause.http_status


def twin(error: E) -> E:
    """The same error once more, for another caller.

    An exception object gathers a traceback wherever it is raised; two callers must not share one.
    """
    other = copy.copy(error)
    other.__cause__ = error.__cause__
    return other
