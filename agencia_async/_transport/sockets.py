"""What can be seen of a socket without reading from it."""

import asyncio
import select
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_poll: "Callable[[], select.poll] | None" = getattr(select, "poll", None)
"""What looks at one socket for the least; Windows has none."""


def discard(transport: asyncio.Transport) -> None:
    """Close a connection at once, also one whose event loop has been closed."""
    try:
        transport.abort()
    except RuntimeError:  # the loop is closed, and would have closed the socket in its next round
        inner = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None) or transport
        lost: Callable[[None], None] = getattr(inner, "_call_connection_lost", _nothing)
        with suppress(RuntimeError):  # there is no public way, and perhaps not this one
            lost(None)


def _nothing(_: None) -> None:
    """What is done where there is no way: the garbage collector closes the socket."""


def has_unread(transport: asyncio.BaseTransport) -> bool:
    """Does the kernel hold something that the event loop has not read yet, the end included?"""
    descriptor = -1 if transport.is_closing() else transport.get_extra_info("socket").fileno()
    if _poll is None or descriptor < 0:
        return False
    poll = _poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
