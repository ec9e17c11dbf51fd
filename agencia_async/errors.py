"""The exceptions of the library, as one tree.

```
AgenciaError                    .action  .attempts  .sent  .id  .http_status
├── ConfigurationError          (also ValueError) an invalid argument or setting; nothing was sent
│   └── InvalidInputError       an invalid order, id or amount; .field
├── JournalError                the database of a journal cannot be used: disk full, locked, connection lost
├── TransportError              no usable reply: connection failed, timeout, reset, 5xx, gateway page
├── ReplyError                  an unreadable reply: not JSON, wrong structure, too large
│   └── NotAnsweredError        the reply does not contain this id
├── PanelError                  an error response of the panel; .message is its own text
│   ├── AuthenticationError     key wrong, missing, disabled; account suspended
│   ├── InsufficientFundsError
│   ├── RateLimitedError        .retry_after
│   ├── NotFoundError           unknown order or refill id
│   ├── InvalidServiceError     service unknown or disabled
│   ├── InvalidOrderError       link, quantity, comments ... not accepted
│   ├── NotAllowedError         refill or cancel not possible for this order (now)
│   ├── DuplicateOrderError     the panel already has this order
│   └── UnavailableError        maintenance, action not supported by this panel
└── OutcomeUnknownError         a write that may or may not have happened; .cause
```

`sent` answers one question, "can the panel have acted?": `"no"` (nothing was sent, or the panel rejected
it), `"maybe"` (the request was sent, but the panel's reply is missing) or `"yes"` (the panel replied, but the
reply is unreadable).
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from agencia_async._plain.plain import plain

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = [
    "AgenciaError",
    "AuthenticationError",
    "ConfigurationError",
    "DuplicateOrderError",
    "InsufficientFundsError",
    "InvalidInputError",
    "InvalidOrderError",
    "InvalidServiceError",
    "JournalError",
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
"""Whether the panel can have acted on the request."""

_LONGEST = 450
"""Characters of a message, so that none is longer than 500 with what is added to it later."""
_UNPRINTABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]+"
)
"""Control characters, marks that turn the direction of a text, and halves of characters."""
_ADDRESS = re.compile(" at 0x[0-9A-Fa-f]{6,}")
"""Where an object lies in memory, which tells nobody anything."""


def _printable(message: str) -> str:
    """A message that is safe to print: bounded, on one line, without control characters."""
    text = _ADDRESS.sub("", _UNPRINTABLE.sub(" ", message[: 2 * _LONGEST])).strip(" ")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


E = TypeVar("E", bound="AgenciaError")


class AgenciaError(Exception):
    """The base class of all errors that this library raises.

    A message is on one line, without control characters, and has at most 500 characters.

    Attributes:
        message: the message.
        action: the panel's action (`"status"`, `"add"`, ...), or None outside a call.
        attempts: how many requests the call made.
        sent: whether the panel can have acted on the request: `"no"`, `"maybe"` or `"yes"`.
        id: the id of the order or refill that the error is about, as the caller gave it, or None.
        http_status: the HTTP status of the last reply, or None without one.
    """

    action: str | None = None
    attempts: int = 0
    sent: Sent = "no"
    id: int | str | None = None
    http_status: int | None = None

    def __init__(
        self, message: str = "", *, sent: Sent | None = None, http_status: int | None = None
    ) -> None:
        self.message: str = _printable(message)
        super().__init__(self.message)
        if sent is not None:
            self.sent = sent
        if http_status is not None:
            self.http_status = http_status

    def to_dict(self) -> dict[str, Any]:
        """The error as plain data for `json.dumps`; `from_dict` restores it."""
        cause = getattr(self, "cause", None)
        return {
            "type": type(self).__name__,
            "message": self.message,
            "sent": self.sent,
            "id": plain(self.id),
            "action": self.action,
            "attempts": self.attempts,
            "http_status": self.http_status,
            "retry_after": getattr(self, "retry_after", None),
            "field": getattr(self, "field", None),
            "cause": None if cause is None else cause.to_dict(),
        }

    @staticmethod
    def from_dict(given: Mapping[str, Any]) -> "AgenciaError":
        """The error from the plain data of `to_dict`; an `AgenciaError` if its type is unknown."""
        error = _KINDS.get(given.get("type", ""), AgenciaError)(str(given.get("message", "")))
        for name in ("sent", "action", "attempts", "http_status", "retry_after", "field"):
            if given.get(name) is not None:
                setattr(error, name, given[name])
        if given.get("id") is not None:
            error = of_id(error, given["id"])
        cause = given.get("cause")
        if isinstance(error, OutcomeUnknownError) and cause is not None:
            error.cause = error.__cause__ = (
                cause if isinstance(cause, AgenciaError) else AgenciaError.from_dict(cause)
            )
        return error

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """What pydantic 2 and FastAPI validate, serialise and document it by."""
        from agencia_async._plain.pydantic_schema import schema_of  # noqa: PLC0415 - only pydantic needs it

        del source
        return schema_of(cls, _HINTS, AgenciaError.from_dict, cls.to_dict, handler)

    @property
    def notes(self) -> tuple[str, ...]:
        """The lines that a traceback shows below the message, such as the id that it is about."""
        return tuple(getattr(self, "__notes__", ()))


class ConfigurationError(AgenciaError, ValueError):
    """An argument or a setting is invalid; nothing was sent."""


class InvalidInputError(ConfigurationError):
    """An order, an id or an amount is invalid; nothing was sent.

    It can be caused by the input of a user; any other `ConfigurationError` is a mistake in the program.

    Attributes:
        field: the name of the invalid field (`"quantity"`, `"link"`, `"id"` ...), or None.
    """

    field: str | None = None

    def __init__(
        self,
        message: str = "",
        *,
        field: str | None = None,
        sent: Sent | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message, sent=sent, http_status=http_status)
        if field is not None:
            self.field = field


class JournalError(AgenciaError):
    """The database of a journal cannot be used: disk full, locked, connection lost, file moved away.

    It is not a mistake in the program. `sent` is `"no"`: nothing is sent before it is recorded.
    """


class TransportError(AgenciaError):
    """No usable reply: the connection failed, timed out or broke, or the reply is a 5xx or a gateway page."""

    is_of_network = True
    """Whether the network or the server failed, and not the check of a certificate."""


class ReplyError(AgenciaError):
    """The reply is unreadable: not JSON, a wrong structure, an invalid amount, or too large."""

    sent: Sent = "yes"


class NotAnsweredError(ReplyError):
    """The panel's reply does not contain this id."""

    sent: Sent = "maybe"


class PanelError(AgenciaError):
    """The panel replied with an error; `message` is its own text.

    A text that matches no known error pattern raises this class itself.
    """


class AuthenticationError(PanelError):
    """The key is wrong, missing or disabled, or the account is suspended."""


class InsufficientFundsError(PanelError):
    """The account's balance does not cover the order."""


class RateLimitedError(PanelError):
    """Rate limited: too many requests.

    Attributes:
        retry_after: seconds to wait before the next request, or None if the panel does not say.
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
    """This order cannot be refilled or cancelled, or not at the moment."""


class DuplicateOrderError(PanelError):
    """The panel already has this order."""


class UnavailableError(PanelError):
    """The panel is under maintenance, or does not support the action."""


class OutcomeUnknownError(AgenciaError):
    """A write (`add`, `refill`, `cancel`) that may or may not have been executed. Do not blindly retry it.

    Attributes:
        cause: the underlying error, a `TransportError` or `ReplyError`.
    """

    sent: Sent = "maybe"
    cause: AgenciaError | None = None

    def __init__(self, message: str = "", *, cause: AgenciaError | None = None) -> None:
        super().__init__(message)
        if cause is not None:
            self.cause = cause
            self.__cause__: BaseException | None = cause
            self.sent = "maybe" if cause.sent == "no" else cause.sent  # an earlier attempt may have acted
            self.http_status: int | None = cause.http_status


_KINDS: dict[str, type[AgenciaError]] = {
    name: kind
    for name, kind in globals().items()
    if isinstance(kind, type) and issubclass(kind, AgenciaError)
}
_HINTS: dict[str, tuple[Any, bool]] = {
    "type": (str, True),
    "message": (str, True),
    "sent": (Sent, False),
    "id": (int | str | None, False),
    "action": (str | None, False),
    "attempts": (int, False),
    "http_status": (int | None, False),
    "retry_after": (float | None, False),
    "field": (str | None, False),
    "cause": (dict[str, Any] | None, False),
}
"""The plain data of an error, and what of it must be given."""


def twin(error: E) -> E:
    """A copy of an error, for another caller.

    An exception collects a traceback wherever it is raised; two callers must not share one.
    """
    other = type(error).__new__(type(error), *error.args)  # quick: there may be thousands
    other.__dict__.update(error.__dict__)
    other.__cause__ = error.__cause__
    if hasattr(error, "__notes__"):
        other.__notes__ = [*error.__notes__]
    return other


def noted(error: AgenciaError, note: str) -> None:
    """Add a note to an error, once."""
    text = _printable(note)
    if text not in error.notes:
        error.add_note(text)


def of_id(error: AgenciaError, id: int | str) -> AgenciaError:  # noqa: A002 - the protocol's own word
    """The error as that of one id: itself, or a copy if it is another id's already."""
    own = error
    if error.id is not None:
        own = twin(error)
        own.__notes__ = [note for note in own.notes if note != _of(error)]
    own.id = id
    noted(own, _of(own))
    return own


def _of(error: AgenciaError) -> str:
    """The note of the id that an error is about."""
    kind = {None: "id", "refill_status": "refill"}.get(error.action, "order")
    return f"{kind} {error.id}"
