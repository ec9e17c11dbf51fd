"""Many ids, few requests: every id that was asked for ends in exactly one item."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Iterable,
    Sequence,
)
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from agencia_async._batch import Run, Tasks
from agencia_async._plan import chunks, each, unique
from agencia_async._protocol import Action, Answers
from agencia_async._sender import Sender
from agencia_async.errors import AgenciaError, AuthenticationError, twin
from agencia_async.models import BulkItem, BulkResult, Id

T = TypeVar("T")
B = TypeVar("B")
R = TypeVar("R")

Ids = Iterable[Id] | AsyncIterable[Id]


class Bulk(Generic[T]):
    """One bulk call: cuts its ids into requests, and notices when the account is refused."""

    def __init__(
        self,
        action: Action[T],
        sender: Sender,
        *,
        size: int,
        workers: int,
        tasks: Tasks,
    ) -> None:
        self._action = action
        self._sender = sender
        self._size = size
        self._workers = workers
        self._tasks = tasks
        self._succeeded = False
        self._refused: AuthenticationError | None = None

    async def many(self, ids: Ids) -> BulkResult[T]:
        """All at once, in the order of the input."""
        self._sender.enter()
        given = [id async for id in each(ids)]  # noqa: A001 - the protocol's own word
        answers: dict[str, T | AgenciaError] = {}
        async with aclosing(self._run(chunks(unique(given), self._size), self._fetch)) as batches:
            async for batch in batches:
                answers.update(batch)
        return BulkResult([_item(id, answers[str(id)]) for id in given])  # noqa: A001

    async def stream(self, ids: Ids) -> AsyncGenerator[BulkItem[T], None]:
        """One by one, as the replies arrive."""
        self._sender.enter()
        async with aclosing(self._run(chunks(ids, self._size), self._items)) as batches:
            async for items in batches:
                for item in items:
                    yield item

    def _run(
        self, source: AsyncGenerator[list[B], None], work: Callable[[list[B]], Awaitable[R]]
    ) -> AsyncGenerator[R, None]:
        run = Run(source, work, workers=self._workers, go=self._sender.accepted, tasks=self._tasks)
        return run.results()

    async def _items(self, ids: list[Id]) -> list[BulkItem[T]]:
        answers = await self._fetch(unique(ids))
        return [_item(id, answers[str(id)]) for id in ids]  # noqa: A001

    async def _fetch(self, wire_ids: list[str]) -> Answers[T]:
        """An answer for each id of one request: its value, its own error, or the request's."""
        if self._refused is not None:
            return _all(wire_ids, self._refused)
        try:
            answers = await self._sender.send(self._action.batch(wire_ids))
        except AuthenticationError as error:
            if not self._succeeded:
                raise
            self._refused = error
            return _all(wire_ids, error)
        except AgenciaError as error:
            return _all(wire_ids, error)
        self._succeeded = True
        return answers


def _all(wire_ids: Sequence[str], error: AgenciaError) -> dict[str, Any]:
    return {id: twin(error) for id in wire_ids}  # noqa: A001


def _item(id: Id, answer: T | AgenciaError) -> BulkItem[T]:  # noqa: A002 - the protocol's own word
    if isinstance(answer, AgenciaError):
        return BulkItem(id, error=answer)
    return BulkItem(id, answer)
