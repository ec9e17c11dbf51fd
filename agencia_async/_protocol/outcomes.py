"""What became of each id of a request: a value or an error."""

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
"""What became of each id of a request."""


class Values(dict[str, T]):
    """Answers by id, none of which is an error."""


def errors_in(value: object) -> list[AgenciaError]:
    """The errors among the answers of one request."""
    if not isinstance(value, dict) or isinstance(value, Values):
        return []
    answers = cast("dict[str, object]", value).values()
    return [answer for answer in answers if isinstance(answer, AgenciaError)]


def as_unknown(value: T) -> T:
    """The answers to a repeated write: what is refused now may have been done by the first request."""
    answers = cast("dict[str, object]", value).items()  # only what concerns ids is ever repeated so
    told = "an earlier request may have done it"
    return cast(
        "T",
        {
            wire_id: OutcomeUnknownError(f"{told}: {answer}", cause=answer)
            if isinstance(answer, AgenciaError)
            else answer
            for wire_id, answer in answers
        },
    )


def raise_if_whole(value: object) -> None:
    """Raise the refusal of an account or a rate that a panel tells for each id anew."""
    errors = errors_in(value)
    if errors and len(errors) == len(cast("dict[str, object]", value)):
        for kind in (RateLimitedError, AuthenticationError):
            if all(isinstance(error, kind) for error in errors):
                raise twin(errors[0])
