"""Usual mistakes in what a client is given, each told with what to do instead."""

import inspect
from collections.abc import Sequence
from typing import cast

import httpx

from agencia_async.errors import ConfigurationError
from agencia_async.hooks import Hook

_SYNCHRONOUS = (httpx.Client, httpx.BaseTransport)
_METHODS = ("call_started", "attempt_started", "attempt_ended", "call_ended")


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
