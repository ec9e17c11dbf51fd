"""The outcome of each id of a request: a value or an error."""

from collections.abc import Mapping
from typing import TypeVar, cast

from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitedError,
    twin,
)

T = TypeVar("T")

Outcomes = Mapping[str, T | AgenciaError]
"""The outcome of each id of a request: a value or an error."""


class Values(dict[str, T]):
    """Outcomes without any error: consumers need not check each of them."""


class Wiped(dict[str, T | AgenciaError]):
    """Outcomes of a batch in which an id was answered without its name, which may have wiped out others."""


def errors_in(value: object) -> list[AgenciaError]:
    """The errors among the outcomes of one request."""
    if not isinstance(value, dict) or isinstance(value, Values):
        return []
    answers = cast("dict[str, object]", value).values()
    return [answer for answer in answers if isinstance(answer, AgenciaError)]


def as_unknown(value: T) -> T:
    """The outcomes of a retried write: what is rejected now may have been executed by the first request."""
    answers = cast("dict[str, object]", value).items()  # only actions on ids are retried so
    message = "an earlier request may have been executed"
    return cast(
        "T",
        {
            wire_id: OutcomeUnknownError(f"{message}: {answer}", cause=answer)
            if isinstance(answer, AgenciaError)
            else answer
            for wire_id, answer in answers
        },
    )


def raise_if_whole(value: object) -> None:
    """Raise an authentication or rate limit error that the panel reports for every single id."""
    errors = errors_in(value)
    if errors and len(errors) == len(cast("dict[str, object]", value)):
        for kind in (RateLimitedError, AuthenticationError):
            if all(isinstance(error, kind) for error in errors):
                raise twin(errors[0])
