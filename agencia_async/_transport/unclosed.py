"""What becomes of a client that is never closed: its connections are closed for it, and a warning says so."""

import asyncio
import os
import warnings
from collections.abc import Callable
from typing import Protocol
from weakref import finalize


class Closable(Protocol):
    """What a client holds open."""

    where: str

    @property
    def held(self) -> str:
        """What is open, in words; nothing if there is nothing."""
        ...

    def discard(self) -> None:
        """Close it without waiting."""
        ...


def watch(owner: object, wire: Closable, loop: asyncio.AbstractEventLoop) -> Callable[[], object]:
    """Warn if the owner ends, or the interpreter, before the function that this returns is called."""
    return finalize(owner, _abandoned, wire, loop, os.getpid()).detach


def _abandoned(wire: Closable, loop: asyncio.AbstractEventLoop, process: int) -> None:
    """The garbage collector calls it, in whatever thread, or the end of the interpreter."""
    held = wire.held
    if not held:
        return
    if os.getpid() != process:  # after a fork the connections are those of the parent; these are copies
        if loop.is_closed():  # else it would stop that of the parent from reading
            wire.discard()
        return
    try:
        loop.call_soon_threadsafe(wire.discard)
    except RuntimeError:  # the loop is closed
        wire.discard()
    warnings.warn(
        f"unclosed AsyncClient of {wire.where}: {held} left open; use `async with AsyncClient(...)`, or end "
        "with `await client.aclose()`",
        ResourceWarning,
        stacklevel=1,
        source=wire,
    )
