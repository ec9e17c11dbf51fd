"""The engines that a client can send through; what holds for one holds for all."""

from collections.abc import Callable

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


def tells_of_itself() -> bool:
    """Does the chosen engine log what it does?"""
    return chosen == "connections"
