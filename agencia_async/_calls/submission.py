"""The submission of orders: what `add` and a journal need of a client."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from uuid import uuid4

from attrs import frozen

from agencia_async._calls.execution import Attempt
from agencia_async._calls.sender import Sender
from agencia_async._concurrency.tasks import Tasks
from agencia_async._orders.order import Order, description
from agencia_async._protocol import calls
from agencia_async.errors import AgenciaError, noted
from agencia_async.models import Id


@frozen
class OrderSubmission:
    """Submits orders.

    Attributes:
        sender: sends them.
        tasks: the client's tasks.
        panel: the panel's URL, which contains no secret.
        workers: how many orders may be in flight at once.
        idempotency_field: the form field by which the panel recognises a retried order, if it does.
        patient: the orders are part of a bulk call: waiting does not count towards their deadlines.
    """

    sender: Sender
    tasks: Tasks
    panel: str
    workers: int
    idempotency_field: str | None
    patient: bool = False

    async def submit(
        self,
        order: Order,
        reference: str | None = None,
        around: Callable[[Attempt[Id]], Awaitable[Id]] | None = None,
    ) -> Id:
        """Submit an order; its id. `reference` is the idempotency key, by default a fresh UUID.

        Raises:
            AgenciaError: as `AsyncClient.add` does.
        """
        call = calls.add(order, self._key(reference or str(uuid4())))
        with self._noted(order):
            return await self.sender.send(call, around, patient=self.patient)

    async def submit_all(
        self,
        order: Order,
        key: str,
        around: Callable[[Attempt[tuple[Id, ...]]], Awaitable[tuple[Id, ...]]],
    ) -> tuple[Id, ...]:
        """Submit an order under an idempotency key; all its ids, if the panel makes several orders of it.

        Raises:
            AgenciaError: as `AsyncClient.add` does.
        """
        with self._noted(order):
            return await self.sender.send(calls.add_all(order, self._key(key)), around, patient=self.patient)

    @contextmanager
    def _noted(self, order: Order) -> Generator[None]:
        """Tell in a note of each error which order it is about."""
        try:
            yield
        except AgenciaError as error:
            noted(error, description(order.form()))
            self.sender.channel.redact(error)  # a link may hold anything
            raise

    def _key(self, value: str) -> dict[str, str] | None:
        return {self.idempotency_field: value} if self.idempotency_field else None
