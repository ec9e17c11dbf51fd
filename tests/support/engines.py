"""The engines that a client can send through; what holds for one holds for all."""

import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from agencia_async import fast_transport

ENGINES: dict[str, Callable[[], httpx.AsyncBaseTransport | None]] = {
    "connections": lambda: None,
    "fast": fast_transport,
}
chosen = "connections"
"""What `each_engine` sets for one test."""

by_each_engine = pytest.mark.usefixtures("each_engine")


def transport() -> httpx.AsyncBaseTransport | None:
    """The chosen engine, as `AsyncClient` takes it."""
    return ENGINES[chosen]()


def trusting(context: ssl.SSLContext | None) -> dict[str, Any]:
    """The options of a client that sends through the chosen engine and trusts a context."""
    if chosen == "connections":
        return {"ssl_context": context}
    return {"transport": fast_transport(ssl_context=context)}


def tells_of_itself() -> bool:
    """Does the chosen engine log what it does?"""
    return chosen == "connections"
