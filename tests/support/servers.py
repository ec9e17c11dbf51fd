"""Servers of one's own that some tests need: PostgreSQL, Redis."""

import os
import socket
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

import pytest

S = TypeVar("S")

PASSWORD = "pa55word-that-nobody-sees"


class MissingError(Exception):
    """There is none on this machine, or none that can be started."""


@contextmanager
def wanted(started: Callable[[], AbstractContextManager[S]]) -> Generator[S]:
    """A server; where there is none the test is skipped, but fails where it must be there."""
    try:
        with started() as server:
            yield server
    except MissingError as missing:
        if "CI" in os.environ:
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
