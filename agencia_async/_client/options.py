"""The settings of a client, and those that the environment holds."""

import os
from functools import cache
from pathlib import Path
from typing import TypedDict

import httpx

from agencia_async._calls.retry import RetryPolicy
from agencia_async._limits.rate_limit import Limit
from agencia_async._protocol.refusals import Patterns
from agencia_async.errors import ConfigurationError


class Options(TypedDict, total=False):
    """The settings of an `AsyncClient`, all but the key."""

    base_url: str
    transport: httpx.AsyncBaseTransport | None
    http_client: httpx.AsyncClient | None
    max_concurrency: int
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


def key_from_environment() -> str:
    """The key that the environment holds, or names a file for.

    Raises:
        ConfigurationError: there is none, or its file cannot be read.
    """
    key = os.environ.get("AGENCIA_API_KEY")
    if key:
        return key
    file = os.environ.get("AGENCIA_API_KEY_FILE")
    if not file:
        raise ConfigurationError("set AGENCIA_API_KEY, or AGENCIA_API_KEY_FILE to a file that holds the key")
    reason = None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
    raise ConfigurationError(f"the key cannot be read from {file!r}: {reason}")


@cache
def default_user_agent() -> str:
    """What the client calls itself unless it is told otherwise."""
    from importlib.metadata import version  # noqa: PLC0415 - takes longer to import than this package's own

    return f"agencia-async/{version('agencia-async')}"
