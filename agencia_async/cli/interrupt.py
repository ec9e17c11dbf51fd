"""Signals that end a command: the first one shuts it down gracefully, the second one at once.

Ctrl-C (SIGINT), SIGTERM (docker, systemd, kill) and SIGHUP (a terminal that was closed) do the same: what was
sent is answered first.
"""

import signal
import socket
from contextlib import suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import asyncio

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]  # no SIGHUP on Windows


class Signals:
    """Handles them for the block; `ends` sets the task that the first one cancels.

    The second one stops the event loop, which then cancels every task. asyncio by itself would raise it in
    whatever code is running; if that is a task, its cleanup would wait for the panel. The third one raises
    `KeyboardInterrupt` wherever it comes. A signal that is ignored (`nohup`), or handled elsewhere, is left.

    Attributes:
        count: how many have come.
        first: the first one, or None.
    """

    def __init__(self) -> None:
        self.count: int = 0
        self.first: signal.Signals | None = None
        self._task: asyncio.Task[Any] | None = None
        self._before: dict[signal.Signals, Any] = {}
        self._wakers: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if handler not in {signal.default_int_handler, signal.SIG_DFL}:
                continue
            try:
                signal.signal(number, self._came)
            except ValueError:  # signals are handled in the main thread only
                return self
            self._before[number] = handler
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._wakers is not None:
            signal.set_wakeup_fd(-1)
            for end in self._wakers:
                end.close()

    def ends(self, task: "asyncio.Task[Any]") -> None:
        """Set the task that the first one cancels; its event loop notices them at once."""
        self._task = task
        if self._before and self._wakers is None:
            # One that comes just before the loop begins to wait would be noticed with the next event.
            self._wakers = receiver, sender = socket.socketpair()
            receiver.setblocking(False)
            sender.setblocking(False)
            signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
            task.get_loop().add_reader(receiver, _drain, receiver)

    def _came(self, number: int, _frame: FrameType | None) -> None:
        self.count += 1
        self.first = self.first or signal.Signals(number)
        if self._task is None or self._task.done():
            raise KeyboardInterrupt
        match self.count:
            case 1:
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)
            case 2:
                self._task.get_loop().call_soon_threadsafe(_end_loop)
            case _:
                raise KeyboardInterrupt


def _drain(receiver: socket.socket) -> None:
    with suppress(BlockingIOError):  # where the loop was stopped between the event and this
        receiver.recv(4096)


def _end_loop() -> None:
    raise KeyboardInterrupt
