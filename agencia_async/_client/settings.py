"""The options of a client, checked, and what is built from them. To add one, extend `Options` as well."""

import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import Parameter, Signature, formatannotation
from typing import Any, Self, cast

import httpx
from attrs import Attribute, evolve, field, fields, frozen

from agencia_async._calls.channel import Channel, now
from agencia_async._calls.observer import Observer
from agencia_async._calls.retry import RetryPolicy
from agencia_async._calls.retry_budget import RetryBudget
from agencia_async._calls.sender import Sender
from agencia_async._checks import check_header, check_policy, check_seconds, check_whole
from agencia_async._client.mistakes import (
    check_hooks,
    check_http_client,
    check_limit,
    check_transport,
    unexpected,
)
from agencia_async._client.options import CallOptions, default_user_agent
from agencia_async._concurrency.tasks import Tasks
from agencia_async._limits.adaptive import AdaptiveLimit
from agencia_async._limits.breaker import Breaker
from agencia_async._limits.circuits import Circuits
from agencia_async._limits.gate import Gate
from agencia_async._limits.rate_limit import Limit
from agencia_async._limits.write_breaker import WriteBreaker
from agencia_async._protocol.own_states import OwnStates
from agencia_async._protocol.refusals import Patterns, Refusals
from agencia_async._transport.address import checked_url
from agencia_async._transport.api_key import ApiKey
from agencia_async._transport.route import route_to
from agencia_async._transport.wire import open_wire
from agencia_async.errors import AgenciaError, ConfigurationError
from agencia_async.hooks import Hook
from agencia_async.states import OrderState

DEFAULT_URL = "https://agenciapopular.com/api/v2"

_MOST_IDS = 100


def _checked(check: Callable[..., None], **bounds: Any) -> Any:  # noqa: ANN401 - as attrs wants it
    """A validator for attrs that calls one of the shared checks."""

    def validate(_settings: object, attribute: "Attribute[Any]", value: object) -> None:
        check(attribute.name, value, **bounds)

    return validate


def _check_idempotency_field(name: str, value: object) -> None:
    if value is not None:
        from agencia_async.orders import check_field_name  # noqa: PLC0415 - loaded by those who order

        check_field_name(name, value)


def _check_writes(name: str, value: object) -> None:
    if value is not None:
        check_whole(name, value)


def _check_states(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{name} must map words to OrderState, got {value!r}")
    for word, state in cast("Mapping[object, object]", value).items():
        if not isinstance(word, str) or not word.strip():
            raise ConfigurationError(f"{name}: a word must be a non-empty string, got {word!r}")
        if not isinstance(state, OrderState):
            raise ConfigurationError(f"{name}: {word!r} must map to an OrderState, got {state!r}")


@frozen(kw_only=True)
class Settings:
    """The options of one client, documented at `AsyncClient`."""

    base_url: str = DEFAULT_URL
    transport: httpx.AsyncBaseTransport | None = field(default=None, validator=_checked(check_transport))
    http_client: httpx.AsyncClient | None = field(default=None, validator=_checked(check_http_client))
    max_concurrency: int = field(default=10, validator=_checked(check_whole))
    max_concurrent_writes: int | None = field(default=None, validator=_checked(_check_writes))
    timeout: float = field(default=30.0, validator=_checked(check_seconds))
    retry: RetryPolicy = field(default=RetryPolicy(), validator=_checked(check_policy, kind=RetryPolicy))
    rate_limit: Limit | None = field(default=None, validator=_checked(check_limit))
    batch_size: int = field(default=_MOST_IDS, validator=_checked(check_whole, most=_MOST_IDS))
    batch_window: float = field(default=0.005, validator=_checked(check_seconds, zero=True))
    max_reply_bytes: int = field(default=32 * 2**20, validator=_checked(check_whole))
    allow_http: bool = field(default=False, validator=_checked(check_policy, kind=bool))
    user_agent: str | None = field(default=None, validator=_checked(check_header))
    idempotency_field: str | None = field(default=None, validator=_checked(_check_idempotency_field))
    refusals: Patterns | None = None
    states: Mapping[str, OrderState] | None = field(default=None, validator=_checked(_check_states))
    hooks: Sequence[Hook] = field(default=(), validator=_checked(check_hooks))
    proxy: str | None = field(default=None, repr=False)
    trust_env: bool = field(default=False, validator=_checked(check_policy, kind=bool))
    ssl_context: ssl.SSLContext | None = field(
        default=None, validator=_checked(check_policy, kind=ssl.SSLContext, none=True)
    )

    @classmethod
    def of(cls, api_key: ApiKey, options: Mapping[str, Any]) -> Self:
        """The settings from the caller's options.

        Raises:
            TypeError: an unknown option.
            ConfigurationError: one is out of range, or they contradict each other. A key that was put in the
                wrong place is not shown.
        """
        known = [attribute.name for attribute in fields(cls)]
        unknown = options.keys() - set(known)
        if unknown:
            raise unexpected(min(unknown), known)
        try:
            settings = cls(**options)
            _check_url(api_key, settings.url)
        except ConfigurationError as error:
            failure = error
        else:
            return settings
        raise ConfigurationError(api_key.redact(failure.message))

    def changed(self, changes: Mapping[str, Any], redact: Callable[[AgenciaError], None]) -> Self:
        """The same settings with others for calls.

        Raises:
            TypeError: it is no option of calls.
            ConfigurationError: one is out of range. `redact` takes the key out of its message.
        """
        for name in changes.keys() - CallOptions.__optional_keys__:
            takes = ", ".join(CallOptions.__annotations__)
            raise TypeError(f"with_options() got an unexpected keyword argument {name!r}; it takes {takes}")
        try:
            return evolve(self, **changes)
        except ConfigurationError as error:
            redact(error)
            raise

    @property
    def of_calls(self) -> tuple[object, ...]:
        """What tells apart the calls that are not sent alike."""
        return self.timeout, self.retry, self.max_reply_bytes, *map(id, self.hooks)

    def __attrs_post_init__(self) -> None:
        if self.transport is not None and self.http_client is not None:
            raise ConfigurationError("transport and http_client are mutually exclusive")
        if self.transport is None and self.http_client is None:
            return
        for name in ("proxy", "trust_env", "ssl_context"):
            if getattr(self, name):
                raise ConfigurationError(
                    f"{name} is only for the client's own connections; set it on the transport or http_client"
                )

    @property
    def pace(self) -> float | None:
        """Requests per second under the configured limit, if there is one."""
        return None if self.rate_limit is None else self.rate_limit.pace

    @property
    def url(self) -> httpx.URL:
        """The panel's URL; raises `ConfigurationError` if it is not valid."""
        return checked_url(self.base_url, allow_http=self.allow_http)


def _check_url(api_key: ApiKey, url: httpx.URL) -> None:
    if api_key.stands_in(str(url)):
        raise ConfigurationError("base_url contains the API key; remove it, the client sends it itself")


def sender_of(settings: Settings, channel: Channel, budget: RetryBudget) -> Sender:
    """What sends the calls of a client by these settings."""
    return Sender(
        channel,
        settings.retry,
        timeout=settings.timeout,
        limit=settings.max_reply_bytes,
        observer=channel.observer.with_hooks(settings.hooks),
        budget=budget,
    )


def open_channel(api_key: ApiKey, settings: Settings, tasks: Tasks) -> Channel:
    """The channel of a client, with its own wire and gate."""
    wire = open_wire(
        settings.url,
        api_key,
        transport=settings.transport,
        http_client=settings.http_client,
        route=route_to(
            settings.url,
            proxy=settings.proxy,
            trust_env=settings.trust_env,
            ssl_context=settings.ssl_context,
        ),
        max_reply_bytes=settings.max_reply_bytes,
        user_agent=settings.user_agent or default_user_agent(),
        clock=now,
    )
    gate = _gate(settings, api_key.account(panel_of(settings.url)))
    refusals = Refusals(settings.refusals, OwnStates(settings.states))
    observer = Observer(settings.hooks, panel_of(settings.url), now)
    return Channel(wire, gate, refusals, settings.batch_size, tasks, observer)


def _gate(settings: Settings, account: str) -> Gate:
    policy, limit = settings.retry, settings.rate_limit
    adaptive = AdaptiveLimit(
        first_wait=policy.first_wait,
        longest_wait=policy.max_wait,
        patience=policy.deadline,
        is_configured=limit is not None,
    )
    slots = settings.max_concurrency
    writes = min(slots, settings.max_concurrent_writes or slots)
    circuits = Circuits(Breaker(slots, policy.deadline), WriteBreaker(writes, policy.deadline))
    return Gate(slots, adaptive, now, circuits, None if limit is None else partial(limit.open, now, account))


def panel_of(url: httpx.URL) -> str:
    """A panel's URL without its query, which may contain a secret."""
    return str(url.copy_with(query=None))


class Shown(str):
    """A type as a reader knows it: the name to import, without the private module and without quotes."""

    __slots__ = ()
    __repr__ = str.__str__

    @classmethod
    def of(cls, kind: object) -> Self:
        """The text of a type."""
        text = re.sub(r"\bagencia_async\.(\w+\.)*|\bcollections\.abc\.", "", formatannotation(kind))
        return cls(re.sub(r"\bLimit\b", "RateLimit | RedisRateLimit", text))  # the two that there are


class ShownSignature:
    """The signature of `AsyncClient` with all options by name, for `help` and editors.

    A subclass with a constructor of its own has its own one.
    """

    def __set_name__(self, client: type[Any], name: str) -> None:
        self._init = client.__init__

    def __get__(self, _instance: object, kind: type[Any]) -> Signature:
        if kind.__init__ is not self._init:
            raise AttributeError("__signature__")
        return signature()


def signature() -> Signature:
    """The options and their defaults."""
    options = [
        Parameter(
            option.name, Parameter.KEYWORD_ONLY, default=option.default, annotation=Shown.of(option.type)
        )
        for option in fields(Settings)
    ]
    api_key = Parameter("api_key", Parameter.POSITIONAL_OR_KEYWORD, annotation=str)
    return Signature([api_key, *options])
