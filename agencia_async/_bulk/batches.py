"""Sends any number of ids of one action, in as many requests as the panel needs."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from agencia_async._bulk.asker import Asker, lacks_field
from agencia_async._bulk.chunks import chunks
from agencia_async._bulk.reading import in_place_of_a_row
from agencia_async._bulk.splitting import BatchRead
from agencia_async._calls.sender import Sender
from agencia_async._concurrency.tasks import Tasks
from agencia_async._concurrency.workers import WorkerPool
from agencia_async._protocol.actions import Action
from agencia_async._protocol.outcomes import Outcomes, errors_in
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    NotAllowedError,
    NotAnsweredError,
    NotFoundError,
    PanelError,
    twin,
)

T = TypeVar("T")


def to_all(wire_ids: Sequence[str], error: AgenciaError) -> dict[str, Any]:
    """The error of a request as the outcome of each of its ids."""
    return {wire_id: twin(error) for wire_id in wire_ids}


class Batches:
    """The requests on ids of one client: for one id, for a batch, or in parts.

    Only reads are split and asked again. A write is sent again only if the panel says that it did not find
    the field for one id: then nothing was executed.
    """

    def __init__(self, sender: Sender, tasks: Tasks, workers: int) -> None:
        self.sender = sender
        self.tasks = tasks
        self.workers = workers

    def next_size(self, action: Action[Any]) -> int:
        """How many ids to put into the next request."""
        size = self.sender.channel.batches(action.name).next_size()
        return min(size, self._limit(action))

    def _limit(self, action: Action[Any]) -> int:
        """Writes keep to what reads have shown: cut off in silence, their outcomes would be unknown."""
        channel = self.sender.channel
        return channel.cut_at if action.retry_mode.is_write else channel.most_ids

    async def send(self, action: Action[T], wire_ids: Sequence[str], *, urgent: bool) -> Outcomes[T]:
        """The outcome for each id. Writes are always urgent; what is not urgent is part of a bulk call.

        Raises:
            AgenciaError: the request failed as a whole.
        """
        support = self.sender.channel.batches(action.name)
        is_urgent = urgent or action.retry_mode.is_write
        asker = Asker(self.sender, action, support, urgent=is_urgent, patient=not urgent)
        support.sent()
        if len(wire_ids) > support.size and not support.trial():
            return await self._in_parts(asker, wire_ids, support.size)
        if len(wire_ids) > self._limit(action):
            return await self._in_parts(asker, wire_ids, self._limit(action))
        return await self._request(asker, wire_ids)

    async def _request(self, asker: Asker[T], wire_ids: Sequence[str]) -> Outcomes[T]:
        if len(wire_ids) == 1:
            return {wire_ids[0]: await asker.alone(wire_ids[0])}
        return await (self._write if asker.action.retry_mode.is_write else self._read)(asker, wire_ids)

    async def _read(self, asker: Asker[T], wire_ids: Sequence[str]) -> Outcomes[T]:
        reading = BatchRead(asker, wire_ids)
        answers = await reading.read()
        if not reading.rest:
            return answers
        more = await self._in_parts(asker, reading.rest, reading.part)
        return {**answers, **more}

    async def _write(self, asker: Asker[T], wire_ids: Sequence[str]) -> Outcomes[T]:
        try:
            answers = await asker.batch(wire_ids)
        except PanelError as error:
            if lacks_field(error, asker.action.subject):
                return await self._each_alone(asker, wire_ids)
            if isinstance(error, NotFoundError):
                return {wire_id: in_place_of_a_row(error) for wire_id in wire_ids}
            if isinstance(error, NotAllowedError) and len(wire_ids) > 1:
                error.sent = "maybe"  # said of one of them, and the panel may have done the others before
            raise
        if not any(isinstance(answer, NotAnsweredError) for answer in errors_in(answers)):
            asker.support.answered(len(wire_ids))
        return answers

    async def _each_alone(self, asker: Asker[T], wire_ids: Sequence[str]) -> Outcomes[T]:
        """The outcomes of writes that were refused because the panel reads only the field for one id."""
        outcome: T | AgenciaError
        try:
            outcome = await asker.alone(wire_ids[0], by_subject=True)
        except AuthenticationError:
            raise
        except PanelError as error:
            if lacks_field(error, asker.action.subject):
                return to_all(wire_ids, error)
            outcome = error
        except AgenciaError as error:
            outcome = error
        asker.support.lacks_batches()
        more = await self._in_parts(asker, wire_ids[1:], 1)
        return {wire_ids[0]: outcome, **more}

    async def _in_parts(self, asker: Asker[T], wire_ids: Sequence[str], size: int) -> Outcomes[T]:
        """The outcomes of all parts, requested concurrently; an error of a part is the outcome of its ids.

        Once the account is rejected, nothing more is sent.

        Raises:
            AuthenticationError: it was rejected before anything succeeded.
        """
        rejection: list[AuthenticationError] = []

        async def request(part: list[str]) -> Outcomes[T]:
            asker.support.sent()
            try:
                if rejection:
                    return to_all(part, rejection[0])
                return await self._request(asker, part)
            except AgenciaError as error:
                if isinstance(error, AuthenticationError):
                    rejection.append(error)
                return to_all(part, error)

        pool = WorkerPool(
            chunks(wire_ids, lambda: size),
            request,
            workers=self.workers,
            may_start=self.sender.channel.accepted,
            tasks=self.tasks,
        )
        answers: dict[str, T | AgenciaError] = {}
        async with aclosing(pool.results()) as results:
            async for some in results:
                answers |= some
        if rejection and all(isinstance(answer, AuthenticationError) for answer in answers.values()):
            raise rejection[0]
        return answers
