"""The options of a client, and the environment variables."""

import os
import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypedDict

import httpx

from agencia_async._calls.retry import RetryPolicy
from agencia_async._limits.rate_limit import Limit
from agencia_async._protocol.refusals import Patterns
from agencia_async.errors import ConfigurationError
from agencia_async.states import OrderState


class Options(TypedDict, total=False):
    """The options of an `AsyncClient`, without the API key."""

    base_url: str
    transport: httpx.AsyncBaseTransport | None
    http_client: httpx.AsyncClient | None
    max_concurrency: int
    max_concurrent_writes: int | None
    timeout: float
    retry: RetryPolicy
    rate_limit: Limit | None
    batch_size: int
    batch_window: float
    max_reply_bytes: int
    allow_http: bool
    user_agent: str | None
    idempotency_field: str | None
    refusals: Patterns | None
    states: Mapping[str, OrderState] | None
    proxy: str | None
    trust_env: bool
    ssl_context: ssl.SSLContext | None


def key_from_environment() -> str:
    """The API key from `AGENCIA_API_KEY`, or from the file named by `AGENCIA_API_KEY_FILE`.

    Raises:
        ConfigurationError: neither is set, or the file cannot be read.
    """
    key = os.environ.get("AGENCIA_API_KEY")
    if key:
        return key
    file = os.environ.get("AGENCIA_API_KEY_FILE")
    if not file:
        raise ConfigurationError(
            "no API key: set AGENCIA_API_KEY, or AGENCIA_API_KEY_FILE to a file that contains it"
        )
    reason = None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
    raise ConfigurationError(f"cannot read the API key from {file!r}: {reason}")


@cache
def default_user_agent() -> str:
    """The default `User-Agent`."""
    from importlib.metadata import version  # noqa: PLC0415 - a slow import

    return f"agencia-async/{version('agencia-async')}"
