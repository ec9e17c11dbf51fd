"""The client: one method for each action, and all of them through one sender."""

import os
from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

from agencia_async._bulk.bulk import Bulk
from agencia_async._bulk.chunks import Ids
from agencia_async._bulk.splitting import send_batch
from agencia_async._calls.channel import now
from agencia_async._calls.submission import OrderSubmission
from agencia_async._checks import check_money, check_seconds
from agencia_async._client.options import Options, key_from_environment
from agencia_async._client.settings import Settings, open_sender, panel_of, signature
from agencia_async._concurrency.cached_value import CachedValue
from agencia_async._concurrency.coalescer import Coalescer
from agencia_async._concurrency.tasks import Tasks
from agencia_async._orders.order import Order, check_order
from agencia_async._protocol import actions, calls
from agencia_async._protocol.actions import Action
from agencia_async._protocol.outcomes import Outcomes
from agencia_async._transport.api_key import ApiKey
from agencia_async.errors import AgenciaError
from agencia_async.models import (
    Balance,
    BulkItem,
    BulkResult,
    Cancellation,
    Id,
    OrderStatus,
    RefillId,
    RefillStatus,
    Service,
    id_text,
)

if TYPE_CHECKING:
    from agencia_async.catalogue import Catalogue

T = TypeVar("T")


class AsyncClient:
    """A client of one account at one panel, for any number of concurrent calls in one event loop.

    Use it in `async with`, or call `aclose` at the end; it opens by itself with the first call.

    Args:
        api_key: the account's key. It is shown nowhere: not in `repr`, errors, logs or tracebacks.
        base_url: the panel's endpoint; https, except for loopback hosts or with `allow_http`.
        transport: an httpx transport to send through (a proxy, a client certificate, an ASGI
            application, a faster engine); closed with the client.
        http_client: a configured httpx client of the caller's, shared and never closed here. At most
            one of `transport` and `http_client`.
        max_concurrency: requests under way at once, at least 1.
        timeout: seconds for one whole attempt, from connecting to the last byte.
        retry: how often and how long a call is tried; see `RetryPolicy`.
        rate_limit: the panel's limit, where it is known; see `RateLimit`, and `RedisRateLimit` for one that
            several processes share.
        batch_size: ids in one request, 1 to 100 (the protocol's bound).
        batch_window: seconds for which a single `status` or `refill_status` waits for others to
            travel with; 0 sends each alone.
        max_reply_bytes: a larger reply, counted after decompression, is a `ReplyError`.
        allow_http: send the key unencrypted, to a host that is not this machine.
        user_agent: what to call oneself; some firewalls turn away what they do not know.
        idempotency_field: the form field by which this panel recognises a repeated `add`; most panels
            have none. With it, an `add` whose outcome is unknown is sent again with the same value.
        refusals: regular expressions, searched in a refusal's text in any case, and the `PanelError`
            class that each stands for; they come before those that the library knows.

    Raises:
        ConfigurationError: one of these is out of range, or they contradict each other.
    """

    _shown = "a panel"
    """What `repr` tells; a traceback may ask for it before the constructor is through."""

    def __init__(self, api_key: str, **options: Unpack[Options]) -> None:
        key = ApiKey(api_key)
        del api_key  # a traceback may be captured with its local variables
        key.check()
        settings = Settings.of(options)
        self._sender = open_sender(key, settings)
        self._tasks = Tasks()
        self._submission = OrderSubmission(
            self._sender,
            self._tasks,
            panel_of(settings.url),
            settings.max_concurrency,
            settings.idempotency_field,
        )
        self._catalogue = CachedValue(self._fetch_catalogue, clock=now, tasks=self._tasks)
        self._statuses = self._coalescer(actions.STATUS, settings.batch_window)
        self._refill_statuses = self._coalescer(actions.REFILL_STATUS, settings.batch_window)
        self._shown = str(settings.url)

    __init__.__signature__ = signature()  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess] - what `help` shows

    @classmethod
    def from_env(cls, **overrides: Unpack[Options]) -> Self:
        """A client whose key is in the environment.

        `AGENCIA_API_KEY` holds it, or `AGENCIA_API_KEY_FILE` names a file that does; `AGENCIA_BASE_URL`
        names the panel. Whatever is given here as well counts instead.

        Raises:
            ConfigurationError: there is no key, or its file cannot be read.
        """
        url = os.environ.get("AGENCIA_BASE_URL")
        if url:
            overrides.setdefault("base_url", url)
        return cls(key_from_environment(), **overrides)

    async def __aenter__(self) -> Self:
        self._sender.channel.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; calls that still wait for their turn end in a `ConfigurationError`."""
        self._sender.channel.check_loop()
        self._shown = f"{self._shown.removesuffix(', closed')}, closed"
        self._sender.channel.closed = True
        for coalescer in (self._statuses, self._refill_statuses):
            coalescer.close()
        try:
            await self._tasks.aclose()
        finally:
            await self._sender.channel.aclose()

    def __repr__(self) -> str:
        return f"<AsyncClient of {self._shown}>"

    @property
    def requests_sent(self) -> int:
        """How many requests this client has made so far, those that failed included."""
        return self._sender.channel.requests_sent

    # --- the account and the catalogue ------------------------------------------------------------

    async def balance(self) -> Balance:
        """What the account holds."""
        return await self._sender.send(calls.BALANCE)

    async def services(self) -> list[Service]:
        """The panel's catalogue: up to some 8,000 services in one reply of up to 3 MB."""
        return await self._sender.send(calls.SERVICES)

    async def catalogue(self, max_age: float = 300.0) -> "Catalogue":
        """What `services` gives, to look up, to search and to check orders against.

        Kept by the client: asked for again when it is older than `max_age` seconds (0: in any case), by
        one request for all who ask at that time.
        """
        check_seconds("max_age", max_age, zero=True)
        self._sender.channel.enter()
        return await self._catalogue.get(max_age)

    async def add(self, order: Order, *, max_charge: Decimal | None = None) -> Id:
        """Place an order; returns its id.

        Never sent twice unless the first request cannot have reached the panel or was refused for its
        rate, or the panel recognises a repetition by the client's `idempotency_field`.

        Args:
            order: what to order.
            max_charge: the most that it may cost, in the account's currency. With it, the order is first
                checked against the catalogue, which may be up to 300 seconds old.

        Raises:
            OutcomeUnknownError: the panel may or may not have taken the order.
            PanelError: the panel refused it; nothing was bought.
            ConfigurationError: the catalogue does not allow it, or it costs more than `max_charge`;
                nothing was sent.
        """
        check_order(order)
        if max_charge is not None:
            check_money("max_charge", max_charge)
            (await self.catalogue()).check(order, max_charge)
        return await self._submission.submit(order)

    # --- the state of orders ----------------------------------------------------------------------

    async def status(self, id: Id) -> OrderStatus:  # noqa: A002 - the protocol's own word
        """The state of one order. Calls that come at about the same time travel in one request.

        Raises:
            NotFoundError: the panel does not know the order (a fresh one may be unknown for a while).
        """
        return await self._one(actions.STATUS, id, self._statuses)

    async def status_many(self, ids: Ids) -> BulkResult[OrderStatus]:
        """The states of any number of orders, in the order of the input.

        Raises:
            AuthenticationError: the account was refused before anything succeeded.
            ConfigurationError: an id cannot be sent; nothing was.
        """
        return await self._bulk(actions.STATUS).many(ids)

    def status_iter(self, ids: Ids) -> AsyncGenerator[BulkItem[OrderStatus], None]:
        """The states of any number of orders, as the replies arrive, in constant memory.

        The input is read lazily. Raises as `status_many` does, where the fault is met.
        """
        return self._bulk(actions.STATUS).stream(ids)

    # --- refills ------------------------------------------------------------------------------------

    async def refill(self, id: Id) -> RefillId:  # noqa: A002
        """Ask for a refill of one order; returns the id that `refill_status` takes.

        Raises:
            NotAllowedError: the order cannot be refilled, or not now.
            OutcomeUnknownError: the panel may or may not have taken the request.
        """
        return await self._one(actions.REFILL, id)

    async def refill_many(self, ids: Ids) -> BulkResult[RefillId]:
        """Ask for refills of any number of orders; raises as `status_many` does."""
        return await self._bulk(actions.REFILL).many(ids)

    def refill_iter(self, ids: Ids) -> AsyncGenerator[BulkItem[RefillId], None]:
        """Ask for refills of any number of orders, read lazily; raises as `status_many` does."""
        return self._bulk(actions.REFILL).stream(ids)

    async def refill_status(self, id: Id) -> RefillStatus:  # noqa: A002
        """The state of one refill. Calls that come at about the same time travel in one request.

        Raises:
            NotFoundError: the panel does not know the refill.
        """
        return await self._one(actions.REFILL_STATUS, id, self._refill_statuses)

    async def refill_status_many(self, ids: Ids) -> BulkResult[RefillStatus]:
        """The states of any number of refills; raises as `status_many` does."""
        return await self._bulk(actions.REFILL_STATUS).many(ids)

    def refill_status_iter(self, ids: Ids) -> AsyncGenerator[BulkItem[RefillStatus], None]:
        """The states of any number of refills, read lazily; raises as `status_many` does."""
        return self._bulk(actions.REFILL_STATUS).stream(ids)

    # --- cancelling ---------------------------------------------------------------------------------

    async def cancel(self, id: Id) -> Cancellation:  # noqa: A002
        """Ask to cancel one order. The refund comes later: `status` tells.

        Raises:
            NotAllowedError: the order cannot be cancelled, or not any more.
            OutcomeUnknownError: the panel may or may not have taken the request.
        """
        return await self._one(actions.CANCEL, id)

    async def cancel_many(self, ids: Ids) -> BulkResult[Cancellation]:
        """Ask to cancel any number of orders; raises as `status_many` does."""
        return await self._bulk(actions.CANCEL).many(ids)

    def cancel_iter(self, ids: Ids) -> AsyncGenerator[BulkItem[Cancellation], None]:
        """Ask to cancel any number of orders, read lazily; raises as `status_many` does."""
        return self._bulk(actions.CANCEL).stream(ids)

    async def _fetch_catalogue(self) -> "Catalogue":
        from agencia_async.catalogue import Catalogue  # noqa: PLC0415 - loaded by those who order

        return Catalogue(await self.services())

    async def _one(self, action: Action[T], id: Id, coalescer: Coalescer[T] | None = None) -> T:  # noqa: A002
        wire_id = id_text(id)
        self._sender.channel.enter()
        if coalescer is not None:
            return await coalescer.get(wire_id)
        answer = (await self._sender.send(action.single(wire_id)))[wire_id]
        if isinstance(answer, AgenciaError):
            raise answer
        return answer

    def _bulk(self, action: Action[T]) -> Bulk[T]:
        return Bulk(
            action,
            self._sender,
            workers=self._submission.workers,
            tasks=self._tasks,
        )

    def _coalescer(self, action: Action[T], window: float) -> Coalescer[T]:
        async def fetch(wire_ids: Sequence[str]) -> Outcomes[T]:
            if len(wire_ids) == 1:
                return await self._sender.send(action.single(wire_ids[0]))
            return await send_batch(self._sender, action, wire_ids, urgent=True)

        size = self._sender.channel.most_ids if window else 1
        return Coalescer(fetch, size=size, window=window, tasks=self._tasks)
