"""The options of a client, and the environment variables."""

import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypedDict

import httpx

from agencia_async._calls.retry import RetryPolicy
from agencia_async._limits.rate_limit import Limit
from agencia_async._protocol.refusals import Patterns
from agencia_async.errors import ConfigurationError
from agencia_async.hooks import Hook
from agencia_async.states import OrderState

VERSION: Final = "0.1.0"
"""The version of the package, which may be used without its metadata; the build takes it from here."""

ENVIRONMENT: Final = ("AGENCIA_API_KEY", "AGENCIA_API_KEY_FILE", "AGENCIA_BASE_URL")


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
    hooks: Sequence[Hook]
    proxy: str | None
    trust_env: bool
    ssl_context: ssl.SSLContext | None


class CallOptions(TypedDict, total=False):
    """The options that may differ between the calls of one client."""

    timeout: float
    retry: RetryPolicy
    max_reply_bytes: int
    hooks: Sequence[Hook]


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
    key, reason = read_key(Path(file))
    if reason:
        raise ConfigurationError(f"cannot read the API key from the file of AGENCIA_API_KEY_FILE: {reason}")
    return key


def read_key(path: Path) -> tuple[str, str]:
    """The key in a file; or why it cannot be read, without the path: that could be the key itself."""
    try:
        return path.read_text(encoding="utf-8-sig").strip(), ""
    except (OSError, ValueError) as error:
        return "", getattr(error, "strerror", None) or "not UTF-8 text"


def default_user_agent() -> str:
    """The default `User-Agent`."""
    return f"agencia-async/{VERSION}"
