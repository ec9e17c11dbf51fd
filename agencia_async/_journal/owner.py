"""To whom an open journal belongs: one event loop, and so one thread, in one process."""

import asyncio
import os
import threading

from agencia_async.errors import ConfigurationError


class Owner:
    """The process and the event loop that opened a journal; nobody else may use it.

    Before it is opened it belongs to nobody: it may be created before a fork, and opened after it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # several threads may be the first at once
        self._owner: tuple[int, asyncio.AbstractEventLoop] | None = None

    def enter(self) -> None:
        """Become the owner, or be it already.

        Raises:
            ConfigurationError: it belongs to another process, thread or event loop.
        """
        with self._lock:
            self.check()
            self._owner = os.getpid(), asyncio.get_running_loop()

    def check(self) -> None:
        """Raise if it belongs to somebody else."""
        if self._owner is None:
            return
        process, loop = self._owner
        if process != os.getpid():
            raise ConfigurationError(
                f"the journal was opened in process {process}, before a fork: open one in each process"
            )
        if loop is not asyncio.get_running_loop():
            raise ConfigurationError(
                "the journal belongs to another event loop or thread: open one in each event loop"
            )
