"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import functools
import os
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

P = ParamSpec("P")
IS_EAGER = "TESTS_EAGER" in os.environ
"""Whether tasks are to run at once, up to their first wait."""


def eager_loop() -> asyncio.AbstractEventLoop:
    """A loop whose tasks are eager."""
    return made_eager(asyncio.new_event_loop())


def made_eager(loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    """Let its tasks be eager."""
    loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined, unused-ignore]
    return loop


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing but real events; what it would have waited is added to the clock."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout is not None:
            self.now += max(0.0, timeout)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop for code that does no real I/O."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        if IS_EAGER:
            made_eager(self)

    def time(self) -> float:
        return self._jumping.now


def virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async test in a `VirtualLoop`: an hour of waiting takes no time and is exact."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    run.is_virtual = True  # type: ignore[attr-defined]
    return run
