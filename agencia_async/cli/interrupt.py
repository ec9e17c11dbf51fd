"""What Ctrl-C does to a command: it ends in order at the first, and at once at the second."""

import signal
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import asyncio


class CtrlC:
    """Obeys Ctrl-C for the block; `ends` names the task that the first one cancels.

    The second one ends the event loop, which then cancels every task. By itself asyncio would raise it in
    the midst of whatever runs; if that is a task, it cleans up and waits for the panel in doing so. The
    third one is raised wherever it comes.

    Attributes:
        presses: how often it came.
    """

    def __init__(self) -> None:
        self.presses = 0
        self._task: asyncio.Task[Any] | None = None
        self._is_ours = False

    def __enter__(self) -> Self:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, or another's
            try:
                signal.signal(signal.SIGINT, self._pressed)
                self._is_ours = True
            except ValueError:  # signals reach the main thread alone
                pass
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def ends(self, task: "asyncio.Task[Any] | None") -> None:
        """Let the first one cancel this task."""
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
