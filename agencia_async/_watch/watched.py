"""One watched id: what is known of it, and what an answer means. Pure: it is given times.

new ──┬── a status ───────────────────────► known ── a final status ──────────────► ended
      │                                       │ └── another status ─► known, changed
      └── an error of its own ─► missing ◄────┘ not found
                                   │ └── a status ─► known
                                   └── still missing after `unknown_for` ─────────► ended, with that error

An *error of its own* is about the id: it is not found, was left out of a reply, or is rejected; whatever the
panel says in the row of the id is about the id, and so are the same words when it is requested alone. Of an
id that was seen before only "not found" counts: what once had a status is not forgotten because a panel
leaves it out for a while. All other errors are about the panel, and change nothing. A status whose word was
not recognised and is final now is a change as well. Each change is told once; a change that nobody has taken
is replaced by the next one, so that an id has at most one.
"""

import math
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from agencia_async._models.row_errors import is_of_row
from agencia_async._models.watching import Change
from agencia_async._watch.schedule import Intervals
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    NotAnsweredError,
    NotFoundError,
    PanelError,
    RateLimitedError,
    UnavailableError,
    of_id,
)
from agencia_async.models import Id

_OF_THE_PANEL = (AuthenticationError, UnavailableError)
"""What is about the panel, unless the row of an id says it."""


class Status(Protocol):
    """The status of an order or refill."""

    @property
    def status(self) -> str:
        """As the panel spells it."""
        ...

    @property
    def state(self) -> str:
        """What that means."""
        ...

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        ...


S = TypeVar("S", bound=Status)


@frozen
class Known(Generic[S]):
    """What is known of an id from before.

    Attributes:
        since: since when it has been in its state.
        status: the last status, or None.
        error: the error that it ended with, or None.
        number: the number of its last change.
        told: the status that was told last, or None.
        told_number: the number of the change that was told last.
    """

    since: float
    status: S | None = None
    error: AgenciaError | None = None
    number: int = 0
    told: S | None = None
    told_number: int = 0


class Watched(Generic[S]):
    """One watched id.

    Attributes:
        id: as the caller gave it.
        key: as it is sent.
        status: the last status.
        error: the error that it ended with.
        since: since when it has been in its state.
        number: the number of its last change.
        told: the status that was told last.
        told_number: the number of the change that was told last.
        requested: when the request for its last status began.
    """

    __slots__ = (
        *("id", "key", "status", "error", "since", "number", "told", "told_number", "requested"),
        *("_missing", "_words"),
    )

    def __init__(self, given: Id, key: str, known: Known[S]) -> None:
        self.id, self.key = given, key
        self.status, self.error, self.since, self.number = (
            known.status,
            known.error,
            known.since,
            known.number,
        )
        self.told, self.told_number = known.told, known.told_number
        self.requested = -math.inf
        self._missing = math.inf
        self._words = ""

    @property
    def known(self) -> Known[S]:
        """All that is known of it."""
        return Known(self.since, self.status, self.error, self.number, self.told, self.told_number)

    @property
    def is_ended(self) -> bool:
        """Whether it is asked for no more."""
        return self.error is not None or (self.status is not None and self.status.is_final)

    @property
    def has_news(self) -> bool:
        """Whether there is something that was not told."""
        if self.told_number == self.number:
            return False
        return self.error is not None or self.told is None or facts(self.status) != facts(self.told)

    def answered(self, status: S, now: float) -> bool:
        """The panel told its status; returns whether that is a change."""
        self._missing = math.inf
        is_new = self.status is None or facts(status) != facts(self.status)
        if self.status is not None and status.state != self.status.state:
            self.since = now
        self.status = status
        self.number += is_new
        return is_new

    def failed(self, error: AgenciaError, now: float, unknown_for: float) -> bool:
        """The panel told an error instead; returns whether that is a change: it has ended."""
        is_own = is_about_an_id(error) or self.says_again(error)
        if not (isinstance(error, NotFoundError) or (self.status is None and is_own)):
            return False
        self._missing, self._words = min(self._missing, now), error.message
        if now - self._missing < unknown_for:
            return False
        self.error = of_id(error, self.id)
        self.number += 1
        return True

    def says_again(self, error: AgenciaError) -> bool:
        """Whether it is in the words of the last error of its own."""
        is_missing = self._missing < math.inf
        return is_missing and isinstance(error, PanelError) and error.message == self._words

    def adopt(self, known: Known[S]) -> None:
        """Replace what is known of it by what was recorded; what was told here stays told."""
        self.status, self.error, self.since, self.number = (
            known.status,
            known.error,
            known.since,
            known.number,
        )

    def due(self, now: float, intervals: Intervals, unknown_for: float) -> float:
        """When it is to be asked for again."""
        if self._missing <= now:
            ends = self._missing + unknown_for
            again = now + intervals.after(now - self._missing)
            return ends if now < ends < again else again
        return now + intervals.after(now - self.since)

    def take(self) -> Change[S]:
        """What is to be told, which is told by that."""
        change = Change(
            self.id,
            self.status if self.error is None else None,
            self.error,
            previous=self.told,
            number=self.number,
        )
        self.told, self.told_number = self.status, self.number
        return change


def facts(status: object) -> tuple[str | None, Decimal | None, int | None, bool | None]:
    """What of a status is a change if it differs."""
    return (
        getattr(status, "status", None),
        getattr(status, "charge", None),
        getattr(status, "remains", None),
        getattr(status, "is_final", None),
    )


def is_about_an_id(error: AgenciaError) -> bool:
    """Whether an error is about an id, and not about the panel."""
    if isinstance(error, RateLimitedError) or not isinstance(error, PanelError | NotAnsweredError):
        return False
    return is_of_row(error) or not isinstance(error, _OF_THE_PANEL)
