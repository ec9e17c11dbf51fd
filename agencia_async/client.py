"""The client: one method for each action of the panel API."""

import os
from collections.abc import AsyncGenerator, Sequence
from copy import copy
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar, Unpack
from weakref import WeakValueDictionary

from agencia_async._bulk.batches import Batches
from agencia_async._bulk.bulk import Bulk
from agencia_async._bulk.chunks import Ids
from agencia_async._calls.channel import now
from agencia_async._calls.retry_budget import RetryBudget
from agencia_async._calls.sender import Sender
from agencia_async._calls.submission import OrderSubmission
from agencia_async._checks import check_money, check_seconds
from agencia_async._client.options import CallOptions, Options, key_from_environment
from agencia_async._client.settings import Settings, ShownSignature, open_channel, panel_of, sender_of
from agencia_async._client.watching import Watching, WatchingClient
from agencia_async._concurrency.cached_value import CachedValue
from agencia_async._concurrency.coalescer import Coalescer
from agencia_async._concurrency.tasks import Tasks
from agencia_async._models.ids import id_text
from agencia_async._orders.order import Order, check_order
from agencia_async._protocol import actions, calls
from agencia_async._protocol.actions import Action
from agencia_async._protocol.outcomes import Outcomes
from agencia_async._transport.api_key import ApiKey
from agencia_async.errors import AgenciaError, ConfigurationError, of_id
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
    Stats,
)

if TYPE_CHECKING:
    from agencia_async.catalogue import Catalogue

T = TypeVar("T")


class AsyncClient(WatchingClient):
    """A client for one account at one panel, for any number of concurrent calls in one event loop.

    Use it in `async with`, or call `aclose` at the end. It connects on the first call.

    Args:
        api_key: the account's API key. It never appears in `repr`, errors, logs or tracebacks.
        base_url: the panel's API endpoint; https, except for loopback hosts or with `allow_http`.
        transport: an httpx transport to send requests with (a proxy, a client certificate, an ASGI
            application, a faster engine); it is closed with the client.
        http_client: a configured `httpx.AsyncClient`; it is never closed here, so others can share it.
            `transport` and `http_client` are mutually exclusive.
        max_concurrency: the maximum number of requests in flight, >= 1.
        max_concurrent_writes: the same for `add`, `refill` and `cancel`, >= 1; by default
            `max_concurrency`. Some panels process concurrent orders wrongly.
        timeout: seconds for one attempt, from connecting to the last byte, > 0.
        retry: attempts, backoff and deadline of a call; see `RetryPolicy`.
        rate_limit: the panel's rate limit, if known; see `RateLimit`, and `RedisRateLimit` for one that
            several processes share. Without it, the client discovers the limit.
        batch_size: ids per request, 1 to 100 (the API's maximum).
        batch_window: seconds for which a single `status` or `refill_status` call waits to be batched with
            others; 0 disables batching.
        max_reply_bytes: the maximum size of a reply in bytes, after decompression; a larger one is a
            `ReplyError`.
        allow_http: allow plain HTTP to a remote host: the key is sent unencrypted.
        user_agent: the `User-Agent` header; some firewalls reject unknown ones.
        idempotency_field: the form field by which this panel recognises a retried `add`; most panels have
            none. With it, an `add` whose outcome is unknown is retried with the same value.
        refusals: error patterns: regular expressions, each with its `PanelError` class. They are searched
            ignoring case, in the text of an error response and in the same text without diacritics, and
            take precedence over the built-in rules.
        states: the panel's own words for the states of orders (`{"listo": OrderState.COMPLETED}`),
            compared ignoring case, spaces, `_` and `-`; they take precedence over the known spellings. A
            refill whose status is one of these words has the state of the same name.
        hooks: objects whose methods are called for each call and each attempt; see `agencia_async.hooks`.
        proxy: the URL of an HTTP proxy (`http://user:password@proxy.example:3128`) for the client's own
            connections; its credentials are never shown.
        trust_env: read the proxy and the trusted certificates from the environment (`HTTPS_PROXY`,
            `NO_PROXY`, `SSL_CERT_FILE` ...), as httpx does, unless `proxy` or `ssl_context` is given.
        ssl_context: the trusted certificates, and a client certificate, for the client's own connections.

    Raises:
        ConfigurationError: an argument is invalid, or two of them contradict each other.
    """

    __signature__: ClassVar[ShownSignature] = ShownSignature()
    _shown = "a panel"
    """For `repr`; a traceback may call it before the constructor has finished."""

    def __init__(self, api_key: str, **options: Unpack[Options]) -> None:
        key = ApiKey(api_key)
        del api_key  # a traceback may be captured with its local variables
        key.check()
        settings = Settings.of(key, options)
        self._tasks = Tasks()
        self._use(settings, sender_of(settings, open_channel(key, settings, self._tasks), RetryBudget()))
        self._catalogue = CachedValue(self._fetch_catalogue, clock=now, tasks=self._tasks)
        self._origin: Self | None = None  # None if it is no variant of another
        self._variants: WeakValueDictionary[object, Self] = WeakValueDictionary()
        self._shown = str(settings.url)

    def _use(self, settings: Settings, sender: Sender) -> None:
        """Send calls by these settings."""
        self._settings, self._sender = settings, sender
        panel, workers = panel_of(settings.url), settings.max_concurrency
        self._submission = OrderSubmission(sender, self._tasks, panel, workers, settings.idempotency_field)
        self._batches = Batches(sender, self._tasks, workers)
        self._watching = Watching(self._batches, settings.batch_window)
        self._statuses = self._coalescer(actions.STATUS, settings.batch_window)
        self._refill_statuses = self._coalescer(actions.REFILL_STATUS, settings.batch_window)

    @classmethod
    def from_env(cls, **overrides: Unpack[Options]) -> Self:
        """A client configured by environment variables.

        `AGENCIA_API_KEY` is the key, or `AGENCIA_API_KEY_FILE` the path of a file that contains it;
        `AGENCIA_BASE_URL` is the panel's endpoint. Arguments override the environment.

        Raises:
            ConfigurationError: there is no key, or its file cannot be read.
        """
        url = os.environ.get("AGENCIA_BASE_URL")
        if url:
            overrides.setdefault("base_url", url)
        return cls(key_from_environment(), **overrides)

    @classmethod
    def from_profile(cls, name: str | None = None, **overrides: Unpack[Options]) -> Self:
        """A client configured by a profile of the configuration file.

        The file is `AGENCIA_CONFIG`, or `agencia/config.toml` in `$XDG_CONFIG_HOME` (by default
        `~/.config`, on Windows `%APPDATA%`). With a name, the variables that `from_env` reads are ignored.
        Without a name, they are used if one of them is set, otherwise the file's `default` profile is.
        Arguments override the profile, except for `base_url`: a key belongs to its panel.

        Raises:
            ConfigurationError: there is no such profile, it is not valid, or its key cannot be read.
        """
        from agencia_async._client.profiles import is_environment_set, read_profile  # noqa: PLC0415 - for those who have some

        if name is None and is_environment_set():
            return cls.from_env(**overrides)
        profile = read_profile(name)
        options = profile.options(overrides)
        return cls(profile.key(), **options)

    def with_options(self, **changes: Unpack[CallOptions]) -> Self:
        """The same client with other settings for some calls: `client.with_options(timeout=120)`.

        It shares the connections, the limits, what is known about the panel, and the cached catalogue.
        Single calls are batched only with calls of the same settings. Open and close the client itself, not
        this one.

        Args:
            changes: `timeout`, `retry`, `max_reply_bytes`, `hooks`, as for `AsyncClient`; each replaces the
                one of this client.

        Raises:
            ConfigurationError: an argument is invalid.
        """
        origin = self._origin or self
        settings = self._settings.changed(changes, self._sender.channel.redact)
        variant = self._variants.get(settings.of_calls)
        if variant is None:
            self._variants[settings.of_calls] = variant = copy(origin)
            variant._be_variant(origin, settings)  # noqa: SLF001 - it is of this class
        return variant

    def _be_variant(self, origin: Self, settings: Settings) -> None:
        self._origin = origin
        if settings.of_calls != self._settings.of_calls:
            self._catalogue = self._catalogue.fetched_by(self._fetch_catalogue)
            self._use(settings, sender_of(settings, self._sender.channel, self._sender.budget))

    def _end_waiting(self) -> None:
        """End the single calls that wait to be batched."""
        for coalescer in (self._statuses, self._refill_statuses):
            coalescer.close()

    def _check_origin(self) -> None:
        if self._origin is not None:
            raise ConfigurationError(
                "a client from with_options() is not opened or closed: use the original client for that"
            )

    async def __aenter__(self) -> Self:
        self._check_origin()
        self._sender.channel.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; calls that have not been sent yet raise `ConfigurationError`.

        Once the event loop of the calls is closed, this also works in another event loop.
        """
        self._check_origin()
        if not self._sender.channel.is_orphaned:
            self._sender.channel.check_loop()
        self._sender.channel.closed = True
        self._end_waiting()
        for variant in [*self._variants.values()]:
            variant._end_waiting()  # noqa: SLF001 - it is of this class
        try:
            await self._tasks.aclose()
        finally:
            await self._sender.channel.aclose()

    def __repr__(self) -> str:
        is_closed = "_sender" in vars(self) and self._sender.channel.closed
        return f"<AsyncClient of {self._shown}{', closed' if is_closed else ''}>"

    @property
    def requests_sent(self) -> int:
        """How many requests this client has sent so far, including failed ones."""
        return self._sender.channel.counters.requests

    def stats(self) -> Stats:
        """The counters and the current state of this client."""
        return self._sender.channel.stats(self._settings.pace)

    # --- the account and the catalogue ------------------------------------------------------------

    async def balance(self) -> Balance:
        """The balance of the account."""
        return await self._sender.send(calls.BALANCE)

    async def services(self) -> list[Service]:
        """All services of the panel, in one reply; see `catalogue` for a cached one with lookups."""
        return await self._sender.send(calls.SERVICES)

    async def catalogue(self, max_age: float = 300.0) -> "Catalogue":
        """The panel's services: look them up, search them, and check orders against them.

        The client caches it, and fetches it again when it is older than `max_age` seconds (0: always).
        Concurrent callers share one request.
        """
        check_seconds("max_age", max_age, zero=True)
        self._sender.channel.enter()
        return await self._catalogue.get(max_age)

    async def add(self, order: Order, *, max_charge: Decimal | None = None) -> Id:
        """Place an order; returns its id.

        It is retried only if the first request cannot have reached the panel or was rate limited, or if the
        panel recognises retries by the client's `idempotency_field`.

        Args:
            order: the order.
            max_charge: the maximum cost, in the account's currency. With it, the order is first checked
                against the catalogue, which may be up to 300 seconds old.

        Raises:
            OutcomeUnknownError: the panel may or may not have accepted the order.
            PanelError: the panel rejected it; nothing was bought.
            InvalidInputError: with `max_charge`, the catalogue does not allow the order, or it costs more;
                nothing was sent.
        """
        check_order(order)
        if max_charge is not None:
            check_money("max_charge", max_charge)
            (await self.catalogue()).check(order, max_charge)
        return await self._submission.submit(order)

    # --- the status of orders ---------------------------------------------------------------------

    async def status(self, id: Id) -> OrderStatus:  # noqa: A002 - the protocol's own word
        """The status of one order. Concurrent calls are batched into one request.

        Raises:
            NotFoundError: the panel does not know the order (a new one may be unknown for a while).
        """
        return await self._one(actions.STATUS, id, self._statuses)

    async def status_many(self, ids: Ids) -> BulkResult[OrderStatus]:
        """The statuses of any number of orders, in the order of the input.

        Raises:
            AuthenticationError: the account was rejected before anything succeeded.
            InvalidInputError: an id is invalid; nothing was sent.
        """
        return await self._bulk(actions.STATUS).many(ids)

    def status_iter(self, ids: Ids) -> AsyncGenerator[BulkItem[OrderStatus], None]:
        """The statuses of any number of orders, as the replies arrive.

        The input is read lazily. Raises as `status_many` does, but an invalid id only when it is reached.
        """
        return self._bulk(actions.STATUS).stream(ids)

    # --- refills ------------------------------------------------------------------------------------

    async def refill(self, id: Id) -> RefillId | None:  # noqa: A002
        """Request a refill of one order; returns the id for `refill_status`.

        Returns None if the panel confirms the request without an id.

        Raises:
            NotAllowedError: the order cannot be refilled, or not at the moment.
            OutcomeUnknownError: the panel may or may not have accepted the request.
        """
        return await self._one(actions.REFILL, id)

    async def refill_many(self, ids: Ids) -> BulkResult[RefillId | None]:
        """Request refills of any number of orders; raises as `status_many` does."""
        return await self._bulk(actions.REFILL).many(ids)

    def refill_iter(self, ids: Ids) -> AsyncGenerator[BulkItem[RefillId | None], None]:
        """Request refills of any number of orders, read lazily; raises as `status_many` does."""
        return self._bulk(actions.REFILL).stream(ids)

    async def refill_status(self, id: Id) -> RefillStatus:  # noqa: A002
        """The status of one refill. Concurrent calls are batched into one request.

        Raises:
            NotFoundError: the panel does not know the refill.
        """
        return await self._one(actions.REFILL_STATUS, id, self._refill_statuses)

    async def refill_status_many(self, ids: Ids) -> BulkResult[RefillStatus]:
        """The statuses of any number of refills; raises as `status_many` does."""
        return await self._bulk(actions.REFILL_STATUS).many(ids)

    def refill_status_iter(self, ids: Ids) -> AsyncGenerator[BulkItem[RefillStatus], None]:
        """The statuses of any number of refills, read lazily; raises as `status_many` does."""
        return self._bulk(actions.REFILL_STATUS).stream(ids)

    # --- cancelling ---------------------------------------------------------------------------------

    async def cancel(self, id: Id) -> Cancellation:  # noqa: A002
        """Request the cancellation of one order. Its later `status` shows whether it was cancelled.

        Raises:
            NotAllowedError: the order cannot be cancelled, or no longer.
            OutcomeUnknownError: the panel may or may not have accepted the request.
        """
        return await self._one(actions.CANCEL, id)

    async def cancel_many(self, ids: Ids) -> BulkResult[Cancellation]:
        """Request the cancellation of any number of orders; raises as `status_many` does."""
        return await self._bulk(actions.CANCEL).many(ids)

    def cancel_iter(self, ids: Ids) -> AsyncGenerator[BulkItem[Cancellation], None]:
        """Request the cancellation of any number of orders, read lazily; raises as `status_many` does."""
        return self._bulk(actions.CANCEL).stream(ids)

    async def _fetch_catalogue(self) -> "Catalogue":
        from agencia_async.catalogue import Catalogue  # noqa: PLC0415 - loaded by those who order

        return Catalogue(await self.services())

    async def _one(self, action: Action[T], id: Id, coalescer: Coalescer[T] | None = None) -> T:  # noqa: A002
        wire_id = id_text(id)
        self._sender.channel.enter()
        answer: T | AgenciaError
        try:
            if coalescer is not None:
                return await coalescer.get(wire_id)
            answer = (await self._batches.send(action, [wire_id], urgent=True))[wire_id]
        except AgenciaError as error:
            answer = error
        if isinstance(answer, AgenciaError):
            raise of_id(answer, id)
        return answer

    def _bulk(self, action: Action[T]) -> Bulk[T]:
        return Bulk(action, self._batches)

    def _coalescer(self, action: Action[T], window: float) -> Coalescer[T]:
        async def fetch(wire_ids: Sequence[str]) -> Outcomes[T]:
            return await self._batches.send(action, wire_ids, urgent=True)

        size = self._sender.channel.most_ids if window else 1
        return Coalescer(fetch, size=size, window=window, tasks=self._tasks)
