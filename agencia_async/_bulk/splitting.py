"""One batch and what panels make of it: spoilt by one id, refused for its size, or answered in part.

Reads only: a write is never sent again for the sake of a better answer.
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
"""All ids of so small a batch may be wrong by chance: a halving in vain proves nothing there."""
_MOST_HALVINGS = 20
"""For one batch: enough to single out three ids of a hundred; a batch that is worse fails as it is."""


async def send_batch(
    sender: Sender, action: Action[T], wire_ids: Sequence[str], *, urgent: bool
) -> Outcomes[T]:
    """An answer for each id, asked for in as many requests as the panel needs.

    Writes are urgent in any case.

    Raises:
        AgenciaError: none of them could be asked for.
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
    """The answers of all parts; one that fails is its own ids' answer."""
    answers: dict[str, T | AgenciaError] = {}
    for part in parts:
        try:
            answers.update(await send(part))
        except AuthenticationError as error:
            if not answers:
                raise
            # What is known already must not be lost; nothing more is sent.
            rest = [wire_id for part in parts for wire_id in part if wire_id not in answers]
            return answers | to_all(rest, error)
        except AgenciaError as error:
            answers.update(to_all(part, error))
    return answers


def parts_of(wire_ids: Sequence[str], size: int) -> list[Sequence[str]]:
    """The ids in parts of at most `size`."""
    return [wire_ids[start : start + size] for start in range(0, len(wire_ids), size)]


def to_all(wire_ids: Sequence[str], error: AgenciaError) -> dict[str, Any]:
    """The error of a request as the answer to each of its ids."""
    return {wire_id: twin(error) for wire_id in wire_ids}


class _BatchRead(Generic[T]):
    """Asks for one batch of a read until every id has the best answer that is to be had."""

    def __init__(self, sender: Sender, action: Action[T], *, urgent: bool) -> None:
        self._sender = sender
        self._action = action
        self._urgent = urgent
        self._halvings = _MOST_HALVINGS

    async def batch(self, wire_ids: Sequence[str]) -> Outcomes[T]:
        """The answers; a whole that fails is raised, a part that fails is its ids' answer."""
        if len(wire_ids) > self._sender.channel.most_ids:
            return await _one_by_one(parts_of(wire_ids, self._sender.channel.most_ids), self.batch)
        try:
            answers = await self._plainly(wire_ids)
        except PanelError as error:
            if not isinstance(error, NotFoundError | InvalidOrderError) and type(error) is not PanelError:
                raise
            if len(wire_ids) == 1 or not self._halvings or not self._sender.channel.halving_pays:
                return to_all(wire_ids, error)
        else:
            return await self._completed(wire_ids, answers)
        return await self._halved(wire_ids)

    async def _halved(self, wire_ids: Sequence[str]) -> Outcomes[T]:
        """One id can spoil a batch: halve it until the culprit stands alone."""
        self._halvings -= 1
        half = (len(wire_ids) + 1) // 2
        answers = await _one_by_one(parts_of(wire_ids, half), self.batch)
        if not errors_in(answers):
            self._learn(half)  # no culprit: it was too large
        if not any(_is_value(answer) for answer in answers.values()) and len(wire_ids) > _FEW:
            self._sender.channel.halving_pays = False  # whatever it was, it was no single id
        return answers

    async def _completed(self, wire_ids: Sequence[str], answers: Outcomes[T]) -> Outcomes[T]:
        """Some panels answer the first N ids of a batch in silence: ask for the others again."""
        answered = _answered_first(wire_ids, answers) if errors_in(answers) else 0
        if not answered:
            return answers
        rest = parts_of(wire_ids[answered:], answered)
        more = await _one_by_one(rest[:1], self._plainly)
        if not any(_is_value(answer) for answer in more.values()):
            return {**answers, **more}  # the panel knows nothing of them, or could not be asked
        self._learn(answered)
        return {**answers, **more, **await _one_by_one(rest[1:], self.batch)}

    async def _plainly(self, wire_ids: Sequence[str]) -> Outcomes[T]:
        return await self._sender.send(self._action.batch(wire_ids), urgent=self._urgent)

    def _learn(self, size: int) -> None:
        if size < self._sender.channel.most_ids:
            self._sender.channel.most_ids = size
            _log.info("the panel answers at most %d ids at once; asking for no more from now on", size)


def _is_value(answer: object) -> bool:
    return not isinstance(answer, AgenciaError)


def _answered_first(wire_ids: Sequence[str], answers: Mapping[str, object]) -> int:
    """The place after the last id that was answered, where any was left out behind it; else 0."""
    spoken = [not isinstance(answers[wire_id], NotAnsweredError) for wire_id in wire_ids]
    last = len(spoken) - spoken[::-1].index(True) if True in spoken else 0
    return last if last < len(spoken) else 0
