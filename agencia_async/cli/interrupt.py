"""Ctrl-C: the first one shuts a command down gracefully, the second one at once."""

import signal
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import asyncio


class CtrlC:
    """Handles SIGINT for the block; `ends` sets the task that the first one cancels.

    The second one stops the event loop, which then cancels every task. asyncio by itself would raise it in
    whatever code is running; if that is a task, its cleanup would wait for the panel. The third one raises
    `KeyboardInterrupt` wherever it comes.

    Attributes:
        presses: how many have come.
    """

    def __init__(self) -> None:
        self.presses = 0
        self._task: asyncio.Task[Any] | None = None
        self._is_ours = False

    def __enter__(self) -> Self:
        if (
            signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):  # else ignored, or handled elsewhere
            try:
                signal.signal(signal.SIGINT, self._pressed)
                self._is_ours = True
            except ValueError:  # signals are handled in the main thread only
                pass
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def ends(self, task: "asyncio.Task[Any] | None") -> None:
        """Set the task that the first one cancels."""
        self._task = task

    def _pressed(self, _number: int, _frame: FrameType | None) -> None:
        self.presses += 1
        if self._task is None or self._task.done():
            raise KeyboardInterrupt
        match self.presses:
            case 1:
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)
            case 2:
                self._task.get_loop().call_soon_threadsafe(_end_loop)
            case _:
                raise KeyboardInterrupt


def _end_loop() -> None:
    raise KeyboardInterrupt
