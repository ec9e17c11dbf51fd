"""Where orders are handed in: what `add` and a journal need of a client."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from attrs import frozen

from agencia_async._calls.execution import Attempt
from agencia_async._calls.sender import Sender
from agencia_async._concurrency.tasks import Tasks
from agencia_async._orders.order import Order
from agencia_async._protocol import calls
from agencia_async.models import Id


@frozen
class OrderSubmission:
    """Hands in orders.

    Attributes:
        sender: sends them.
        tasks: the client's.
        panel: the panel's address, which holds no secret.
        workers: how many orders may be under way at once.
        mark: the field by which the panel recognises a repeated order, where it can.
    """

    sender: Sender
    tasks: Tasks
    panel: str
    workers: int
    idempotency_field: str | None

    async def submit(
        self,
        order: Order,
        reference: str | None = None,
        around: Callable[[Attempt[Id]], Awaitable[Id]] | None = None,
    ) -> Id:
        """The id of the order; `reference` is what the panel recognises a repetition by, else a fresh UUID.

        Raises:
            AgenciaError: as `AsyncClient.add` does.
        """
        idempotency_field = (
            {self.idempotency_field: reference or str(uuid4())} if self.idempotency_field else None
        )
        return await self.sender.send(calls.add(order, idempotency_field), around)
