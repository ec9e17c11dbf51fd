"""The tasks of one client: the only module that creates any."""

import asyncio
import copy
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context
from typing import Any, TypeVar

from agencia_async.errors import AgenciaError, ConfigurationError, twin

T = TypeVar("T")


def closed() -> ConfigurationError:
    """The error of a call on a closed client, or on one that is closed during the call."""
    return ConfigurationError("the client is closed")


class Tasks:
    """The tasks of one client: created here, and all done when `aclose` returns."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[None], Callable[[], bool]] = {}
        self.closed: bool = False

    def start(
        self,
        work: Coroutine[Any, Any, None],
        *,
        may_end: Callable[[], bool] = lambda: True,
        context: Context | None = None,
    ) -> asyncio.Task[None]:
        """Run it in a new task. `may_end` returns whether it may be cancelled at that moment.

        It runs in that context, by default in a copy of the current one.

        It begins in a later turn of the event loop, even if the loop's own tasks are eager: who starts it has
        something to do before.
        """
        task = asyncio.Task(work, loop=asyncio.get_running_loop(), context=context)
        self._running[task] = may_end
        task.add_done_callback(self._running.pop)
        return task

    async def aclose(self) -> None:
        """Cancel what may be cancelled, and wait for all."""
        self.closed = True
        running = {task: may for task, may in self._running.items() if not task.get_loop().is_closed()}
        for task, may_end in running.items():
            if may_end():
                task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they are done."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def copied(error: Exception) -> Exception:
    """A copy of an exception for one of several callers.

    What is not of this library keeps its traceback, and is shared where it cannot be copied.
    """
    if isinstance(error, AgenciaError):
        return twin(error)
    try:
        return copy.copy(error).with_traceback(error.__traceback__)
    except Exception:  # noqa: BLE001 - whatever its constructor does
        return error


def settle(futures: Sequence[asyncio.Future[T]], answer: T | Exception) -> None:
    """Give each caller the answer: the value, or a copy of the error."""
    for future in futures:
        if future.done():  # its caller was cancelled
            continue
        if isinstance(answer, Exception):
            future.set_exception(copied(answer))
        else:
            future.set_result(answer)
