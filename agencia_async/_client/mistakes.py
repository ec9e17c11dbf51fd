"""Usual mistakes in what a client is given, each told with what to do instead."""

import inspect
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final, cast

import httpx

from agencia_async._limits.rate_limit import Limit, RateLimit
from agencia_async.errors import ConfigurationError
from agencia_async.hooks import Hook

_SYNCHRONOUS = (httpx.Client, httpx.BaseTransport)
_METHODS = ("call_started", "attempt_started", "attempt_ended", "call_ended")

_CERTIFICATES = "pass ssl_context=ssl.create_default_context(cafile=...)"
_INSTEAD: Final = {
    "ca_file": f"it is a key of a profile; {_CERTIFICATES}",
    "verify": _CERTIFICATES,
    "cert": "pass an ssl_context that has loaded it with load_cert_chain",
    "key": "the key is the first argument",
    "url": "pass base_url",
    "api_url": "pass base_url",
    "proxies": "pass proxy",
    "retries": "pass retry=RetryPolicy(attempts=...)",
    "max_retries": "pass retry=RetryPolicy(attempts=...)",
    "attempts": "pass retry=RetryPolicy(attempts=...)",
    "deadline": "pass retry=RetryPolicy(deadline=...)",
    "headers": "pass an http_client that has them",
    "profile": "use AsyncClient.from_profile(name)",
    "journal": "pass the client to journal.place(client, ...)",
    "key_file": "it is a key of a profile; AsyncClient.from_env() reads AGENCIA_API_KEY_FILE",
    "key_env": "it is a key of a profile; AsyncClient.from_env() reads AGENCIA_API_KEY",
    "rate_limit_redis": "it is a key of a profile; pass rate_limit=RedisRateLimit(...)",
}
"""What to write in place of an option that there is not."""


def unexpected(option: str, options: Iterable[str]) -> TypeError:
    """The error of an option that there is not, with what may have been meant."""
    close = get_close_matches(option, options, 1)
    hint = _INSTEAD.get(option) or (f"did you mean {close[0]!r}?" if close else "")
    told = f"AsyncClient() got an unexpected keyword argument {option!r}"
    return TypeError(f"{told}: {hint}" if hint else told)


def check_limit(name: str, value: object) -> None:
    """Check for a limit, or None."""
    if value is None or isinstance(value, Limit):
        return
    if isinstance(value, str):
        given = _rate(value)
    else:
        given = repr(value) if isinstance(value, int | float) else _mistake(value)
    raise ConfigurationError(f"{name} must be a RateLimit, a RedisRateLimit or None, got {given}")


def _rate(text: str) -> str:
    try:
        RateLimit.parse(text)
    except ConfigurationError:
        return "text that is not a rate, such as 60/min"  # a URL of Redis may contain a password
    return f"{text!r}: write RateLimit.parse({text!r})"


def check_transport(name: str, value: object) -> None:
    """Check for an asynchronous transport of httpx, or None."""
    if value is not None and not isinstance(value, httpx.AsyncBaseTransport):
        raise ConfigurationError(f"{name} must be an httpx.AsyncBaseTransport, got {_mistake(value)}")


def check_http_client(name: str, value: object) -> None:
    """Check for an asynchronous client of httpx that is open, or None."""
    if value is None:
        return
    if not isinstance(value, httpx.AsyncClient):
        raise ConfigurationError(f"{name} must be an httpx.AsyncClient, got {_mistake(value)}")
    if value.is_closed:
        raise ConfigurationError(f"{name} is closed: keep it open for as long as the client is used")


def check_hooks(name: str, value: object) -> None:
    """Check for a sequence of hooks, whose methods are not asynchronous."""
    if isinstance(value, Hook):
        raise ConfigurationError(f"{name} must be a sequence: {name}=[{type(value).__name__}()]")
    if not isinstance(value, Sequence):
        raise ConfigurationError(f"{name} must be a sequence of hooks, got {_mistake(value)}")
    for hook in cast("Sequence[object]", value):
        if not isinstance(hook, Hook):
            raise ConfigurationError(
                f"{name} must be objects of agencia_async.hooks.Hook, got {_mistake(hook)}"
            )
        for method in _METHODS:
            if inspect.iscoroutinefunction(getattr(hook, method)):
                raise ConfigurationError(f"{name}: {type(hook).__name__}.{method} must not be async")


def _mistake(value: object) -> str:
    """What was given; the value itself is not shown, as it may hold a secret."""
    if inspect.isclass(value):
        return f"the class {value.__name__}: create an instance of it, {value.__name__}(...)"
    if callable(value) and not isinstance(value, (httpx.AsyncClient, *_SYNCHRONOUS)):
        shown = getattr(value, "__name__", "it")
        return f"a function: call it, {shown}()"
    kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__qualname__}"
    return f"{kind}{_advice(value)}"


def _advice(value: object) -> str:
    if isinstance(value, httpx.AsyncClient):
        return ": give it as http_client"
    if isinstance(value, httpx.AsyncBaseTransport):
        return ": give it as transport"
    if isinstance(value, _SYNCHRONOUS):
        return ", which is synchronous: use the asynchronous one of httpx"
    if hasattr(value, "handle_async_request") or hasattr(value, "build_request"):
        return ", which is of another library: use that of httpx"
    return ""
