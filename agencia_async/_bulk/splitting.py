"""Batches that fail or come back incomplete: one bad id, too many ids, or a silently truncated reply.

Only reads are split and asked again: a write is never sent twice for a better answer.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from agencia_async._calls.sender import Sender
from agencia_async._protocol.actions import Action
from agencia_async._protocol.calls import RetryMode
from agencia_async._protocol.outcomes import Outcomes, errors_in
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    InvalidOrderError,
    NotAnsweredError,
    NotFoundError,
    PanelError,
    twin,
)

T = TypeVar("T")

_log = logging.getLogger("agencia_async")

_FEW = 8
"""Ids: in such a small batch all may be wrong by chance, so bisecting it in vain proves nothing."""
_MOST_HALVINGS = 20
"""Bisections per batch: enough to isolate three bad ids in a hundred; a worse batch fails as a whole."""


async def send_batch(
    sender: Sender, action: Action[T], wire_ids: Sequence[str], *, urgent: bool
) -> Outcomes[T]:
    """The outcome for each id, in as many requests as the panel needs.

    Writes are always urgent.

    Raises:
        AgenciaError: the batch failed as a whole.
    """
    if action.retry_mode is RetryMode.ALWAYS:
        return await _BatchRead(sender, action, urgent=urgent).batch(wire_ids)
    parts = parts_of(wire_ids, sender.channel.most_ids)
    if len(parts) == 1:
        return await sender.send(action.batch(wire_ids))
    return await _one_by_one(parts, lambda part: sender.send(action.batch(part)))


async def _one_by_one(
    parts: Sequence[Sequence[str]], send: Callable[[Sequence[str]], Awaitable[Outcomes[T]]]
) -> dict[str, T | AgenciaError]:
    """The outcomes of all parts; the error of one that fails is the outcome of its ids."""
    answers: dict[str, T | AgenciaError] = {}
    for part in parts:
        try:
            answers.update(await send(part))
        except AuthenticationError as error:
            if not answers:
                raise
            # Keep what is known already; send nothing more.
            rest = [wire_id for part in parts for wire_id in part if wire_id not in answers]
            return answers | to_all(rest, error)
        except AgenciaError as error:
            answers.update(to_all(part, error))
    return answers


def parts_of(wire_ids: Sequence[str], size: int) -> list[Sequence[str]]:
    """The ids in parts of at most `size`."""
    return [wire_ids[start : start + size] for start in range(0, len(wire_ids), size)]


def to_all(wire_ids: Sequence[str], error: AgenciaError) -> dict[str, Any]:
    """The error of a request as the outcome of each of its ids."""
    return {wire_id: twin(error) for wire_id in wire_ids}


class _BatchRead(Generic[T]):
    """Reads one batch, splitting it until every id has its best possible outcome."""

    def __init__(self, sender: Sender, action: Action[T], *, urgent: bool) -> None:
        self._sender = sender
        self._action = action
        self._urgent = urgent
        self._halvings = _MOST_HALVINGS

    async def batch(self, wire_ids: Sequence[str]) -> Outcomes[T]:
        """The outcomes; an error of the whole batch is raised, that of a part is the outcome of its ids."""
        if len(wire_ids) > self._sender.channel.most_ids:
            return await _one_by_one(parts_of(wire_ids, self._sender.channel.most_ids), self.batch)
        try:
            answers = await self._request(wire_ids)
        except PanelError as error:
            if not isinstance(error, NotFoundError | InvalidOrderError) and type(error) is not PanelError:
                raise
            if len(wire_ids) == 1 or not self._halvings or not self._sender.channel.halving_pays:
                return to_all(wire_ids, error)
        else:
            return await self._completed(wire_ids, answers)
        return await self._halved(wire_ids)

    async def _halved(self, wire_ids: Sequence[str]) -> Outcomes[T]:
        """One bad id can fail a whole batch: bisect until it is isolated."""
        self._halvings -= 1
        half = (len(wire_ids) + 1) // 2
        answers = await _one_by_one(parts_of(wire_ids, half), self.batch)
        if not errors_in(answers):
            self._learn(half)  # no bad id: the batch was too large
        if not any(_is_value(answer) for answer in answers.values()) and len(wire_ids) > _FEW:
            self._sender.channel.halving_pays = False  # a single bad id was not the cause
        return answers

    async def _completed(self, wire_ids: Sequence[str], answers: Outcomes[T]) -> Outcomes[T]:
        """Some panels silently truncate a batch to its first N ids: ask for the others again."""
        answered = _answered_first(wire_ids, answers) if errors_in(answers) else 0
        if not answered:
            return answers
        rest = parts_of(wire_ids[answered:], answered)
        more = await _one_by_one(rest[:1], self._request)
        if not any(_is_value(answer) for answer in more.values()):
            return {**answers, **more}  # unknown to the panel, or the request failed
        self._learn(answered)
        return {**answers, **more, **await _one_by_one(rest[1:], self.batch)}

    async def _request(self, wire_ids: Sequence[str]) -> Outcomes[T]:
        return await self._sender.send(self._action.batch(wire_ids), urgent=self._urgent)

    def _learn(self, size: int) -> None:
        if size < self._sender.channel.most_ids:
            self._sender.channel.most_ids = size
            _log.info("the panel answers at most %d ids per request; batches are limited to that", size)


def _is_value(answer: object) -> bool:
    return not isinstance(answer, AgenciaError)


def _answered_first(wire_ids: Sequence[str], answers: Mapping[str, object]) -> int:
    """The index after the last id that was answered, if ids after it were not; else 0."""
    answered = [not isinstance(answers[wire_id], NotAnsweredError) for wire_id in wire_ids]
    last = len(answered) - answered[::-1].index(True) if True in answered else 0
    return last if last < len(answered) else 0
