"""What is asked for one batch of a read, and what was found so far."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from attrs import frozen

from agencia_async._bulk.asker import Asker
from agencia_async._protocol.outcomes import Outcomes, Wiped
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    InsufficientFundsError,
    NotAnsweredError,
    PanelError,
    RateLimitedError,
    ReplyError,
    TransportError,
    twin,
)

T = TypeVar("T")

_MOST_REQUESTS = 60
"""Requests for one batch beyond its first: enough to isolate five bad ids in a hundred (54 and a check)."""
_IN_VAIN = 4
_MORE = 3
"""Ids asked for alone without a value before, and in, the last look over all of the batch."""
_REDIRECTS = range(300, 400)
_PAIR = 2
_OF_THE_ACCOUNT = (AuthenticationError, RateLimitedError, InsufficientFundsError)


@frozen
class Gaps:
    """The ids that a reply leaves out, in their order.

    `answered` is the index behind the last one that it does not; `wiped`: one is answered without its name.
    """

    wire_ids: Sequence[str]
    answered: int
    wiped: bool


Trouble = AgenciaError | Gaps
"""What stands in the way of the outcomes of a batch."""


class Reading(Generic[T]):
    """The requests for one batch of a read, within their bounds, and the outcomes so far.

    Attributes:
        outcomes: what is settled.
        found: an id that was asked for again has a value.
        is_wiped: a reply answered an id without its name.
        is_failing: the panel fails; batches are not retried.
        stopped: nothing more is asked for; all that is left ends in this error.
    """

    def __init__(self, asker: Asker[T], wire_ids: Sequence[str]) -> None:
        self.asker = asker
        self.support = asker.support
        self.wire_ids = wire_ids
        self.outcomes: dict[str, T | AgenciaError] = {}
        self.found = self.is_wiped = self.is_failing = False
        self.stopped: AgenciaError | None = None
        self._left_out: dict[str, AgenciaError] = {}
        self._requests = _MOST_REQUESTS
        self._good: list[str] = []
        self._in_vain = 0
        self._gave_up = self._is_checked = self._is_locked = False

    def open(self, wire_ids: Iterable[str]) -> list[str]:
        """Those that are not settled."""
        return [wire_id for wire_id in wire_ids if wire_id not in self.outcomes]

    def has_value(self, wire_id: str) -> bool:
        """Whether an id is settled by a value."""
        return wire_id in self.outcomes and _is_value(self.outcomes[wire_id])

    def is_refused(self, wire_id: str) -> bool:
        """Whether an id is settled by an error that the panel gave."""
        return isinstance(self.outcomes.get(wire_id), PanelError)

    def is_over(self, wire_ids: Sequence[str]) -> bool:
        """Whether these are not to be asked for as a batch, or at all."""
        is_spent = self._gave_up or self._requests <= 0
        return is_spent or self.stopped is not None or self.support.size < len(wire_ids)

    def stop(self, error: AgenciaError) -> None:
        """Ask for nothing more: all that is left ends in this error."""
        self.stopped = self.stopped or error

    def unsettled(self, wire_id: str, trouble: Trouble) -> AgenciaError:
        """The error of an id that is left; `trouble` is that of the whole batch."""
        if self.stopped is not None:
            return twin(self.stopped)
        if wire_id in self._left_out or isinstance(trouble, Gaps):
            return self._left_out[wire_id]
        return in_place_of_a_row(trouble) if isinstance(trouble, PanelError) else twin(trouble)

    async def lock(self) -> None:
        """Let other batches of the action wait with their search, until this one finds a value."""
        await self.support.searching.acquire()
        self._is_locked = True

    def unlock(self) -> None:
        """Let others search as well."""
        if self._is_locked:
            self._is_locked = False
            self.support.searching.release()

    # --- requests -----------------------------------------------------------------------------------

    async def batch(self, wire_ids: Sequence[str]) -> Trouble | None:
        """Send one batch, and take the outcomes that it gives."""
        self._requests -= 1
        try:
            answers = await self.asker.batch(wire_ids, once=self.is_failing)
        except AgenciaError as error:
            if is_divisible(error):
                return error
            self._failed(wire_ids, error)
            return None
        return self.take(wire_ids, answers)

    def take(self, wire_ids: Sequence[str], answers: Outcomes[T]) -> Gaps | None:
        """Take the outcomes of a batch; the ids that it leaves out."""
        left_out: list[str] = []
        answered = 0
        for index, (wire_id, answer) in enumerate(answers.items(), 1):
            if isinstance(answer, NotAnsweredError):
                left_out.append(wire_id)
                self._left_out[wire_id] = answer
            else:
                answered = index
                self.outcomes[wire_id] = answer
                self.found = self.found or (self._is_locked and _is_value(answer))
        if answered:
            self.support.answers_rows = True
        if self.found:
            self.unlock()
        if not left_out:
            self.support.answered(len(wire_ids))
            return None
        return Gaps(left_out, answered, isinstance(answers, Wiped))

    async def alone(self, wire_id: str, *, once: bool = False) -> None:
        """Ask for one id alone."""
        self._requests -= 1
        try:
            self.outcomes[wire_id] = await self.asker.alone(wire_id, once=once)
        except AgenciaError as error:
            self._failed([wire_id], error)
        if self.has_value(wire_id):
            self.found = True
            self._good.append(wire_id)
            await self._check()
        elif not self.found:
            self._in_vain += 1
            if self._in_vain == _IN_VAIN:
                await self.look(_MORE)
                self._gave_up = not self.found

    async def look(self, count: int) -> None:
        """Ask for a few ids alone, from all over the batch, until one has a value."""
        left = self.open(self.wire_ids)
        for index in sorted({(2 * number + 1) * len(left) // (2 * count) for number in range(count)}):
            if left and not self.found:
                await self.alone(left[index])

    async def _check(self) -> None:
        """Two ids that have values alone show whether the panel has batches at all."""
        if self._is_checked or self.support.answers_rows:
            self.unlock()
        elif len(self._good) >= _PAIR:
            self._is_checked = True
            if await self._is_refused(self._good[:_PAIR]):
                self.support.lacks_batches()
            self.unlock()

    async def _is_refused(self, pair: Sequence[str]) -> bool:
        """Whether they are refused or left out together."""
        self._requests -= 1
        try:
            answers = await self.asker.batch(pair, once=True)
        except AgenciaError as error:
            return is_divisible(error)
        self.take(pair, answers)
        return any(isinstance(answer, NotAnsweredError) for answer in answers.values())

    def _failed(self, wire_ids: Sequence[str], error: AgenciaError) -> None:
        """A request failed for no other id's sake."""
        if isinstance(error, AuthenticationError):
            if not any(map(_is_value, self.outcomes.values())):
                raise error
            self.stop(error)
        self.outcomes |= {wire_id: twin(error) for wire_id in wire_ids}


def in_place_of_a_row(error: AgenciaError) -> NotAnsweredError:
    """The error of an id in a batch that was refused as a whole, maybe for another one's sake."""
    other = NotAnsweredError(
        f"the panel rejected the whole batch, possibly because of another id; request this id alone: {error}",
        http_status=error.http_status,
    )
    other.action, other.attempts = error.action, error.attempts
    return other


def is_divisible(error: AgenciaError) -> bool:
    """Whether smaller requests may do better."""
    if isinstance(error, PanelError):
        return not isinstance(error, _OF_THE_ACCOUNT)
    status = error.http_status
    return isinstance(error, TransportError | ReplyError) and status is not None and status not in _REDIRECTS


def _is_value(outcome: object) -> bool:
    return not isinstance(outcome, AgenciaError)
