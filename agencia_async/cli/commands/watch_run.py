"""Takes the changes of all panels, until enough orders have ended.

a change ─► shown or written ─┬─ not final ─────────────────────────────► told
                              └─ final, counted ─┬─ without a command ──► told
                                                 └─ with one, in a slot ─► told if its exit code is 0

What is told need not come again: a journal has it recorded. So after a kill the lines and commands that were
not finished come again, and none is lost.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Final

from rich.console import Console

from agencia_async import Change, OrderState, OrderStatus
from agencia_async._concurrency.tasks import Tasks, end
from agencia_async.cli.commands.on_final import OnFinal, document_of
from agencia_async.cli.commands.watch_feeds import Feed
from agencia_async.cli.exit import Code
from agencia_async.cli.input.keys import on_key
from agencia_async.cli.output.rows import DOCUMENT, Format, Layout, Writer, writer
from agencia_async.cli.output.watch_screen import Screen, SeenChange, View
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import several

_RECENT: Final = 50
"""Changes that are kept for the screen."""
_REFRESH: Final = 1.0
"""Seconds between two screens."""


class Sink:
    """Where changes go: to a screen, or as lines of JSON to a pipe.

    Args:
        screen: the terminal of the screen; None without one.
        is_terminal: stdout is a terminal, which is never given lines of JSON.
        began: when the watching began, on the clock of this process.
    """

    def __init__(self, screen: Console | None, *, is_terminal: bool, began: float) -> None:
        self.screen: Screen | None = None if screen is None else Screen(screen)
        self.is_written: bool = not is_terminal
        self._began = began

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began


class WatchRun:
    """One run of the command.

    Args:
        feeds: the changes of each panel.
        commands: runs the command for orders that have ended; None without one.
        until: how many orders must have ended; 0 for all.
    """

    def __init__(self, feeds: Sequence[Feed], commands: OnFinal | None, until: int) -> None:
        self._feeds = feeds
        self.commands = commands
        self._until = until
        self._over = asyncio.Event()
        self._reading = len(feeds)
        self._recent: deque[SeenChange] = deque(maxlen=_RECENT)
        self._rows: Writer | None = None
        self._taken = 0
        self._ended = 0
        self._failed = 0

    @property
    def code(self) -> Code:
        """The exit code."""
        failed = self._failed or (self.commands is not None and self.commands.failed)
        return Code.SOME_FAILED if failed else Code.OK

    @property
    def failures(self) -> str:
        """What of it failed."""
        orders = f"{self._failed:,} of {several(self._ended, 'order')} ended without being completed"
        commands = self.commands.summary if self.commands is not None and self.commands.failed else ""
        return "; ".join(filter(None, [orders if self._failed else "", commands]))

    @property
    def how_far(self) -> str:
        """How far it got, when it is interrupted."""
        return f"{several(self._ended, 'order')} ended"

    async def run(self, sink: Sink) -> None:
        """Take the changes to the end.

        Raises:
            AgenciaError: what ended one of the watchers.
            OSError: the changes cannot be written.
        """
        tasks = Tasks()
        with ExitStack() as stack:
            if sink.is_written:
                self._rows = stack.enter_context(writer(Format.JSONL, Layout((), ())))
            if sink.screen is not None:
                stack.enter_context(sink.screen)
                stack.enter_context(on_key("q", self._over.set))
            feeding = [tasks.start(self._follow(feed)) for feed in self._feeds]
            for task in feeding:
                task.add_done_callback(self._one_ended)
            try:
                await self._until_over(sink)
            finally:
                await end(feeding)
                if self.commands is not None:
                    await self.commands.aclose()
        self._raise(feeding)

    async def _until_over(self, sink: Sink) -> None:
        while not self._over.is_set():
            if sink.screen is not None:
                sink.screen.show(self.view(sink.elapsed))
            try:
                async with asyncio.timeout(None if sink.screen is None else _REFRESH):
                    await self._over.wait()
            except TimeoutError:
                continue

    def _one_ended(self, task: "asyncio.Task[None]") -> None:
        self._reading -= 1
        if not self._reading or (not task.cancelled() and task.exception() is not None):
            self._over.set()

    def _raise(self, feeding: Sequence["asyncio.Task[None]"]) -> None:
        for task, feed in zip(feeding, self._feeds, strict=True):
            error = None if task.cancelled() else task.exception()
            if error is not None:
                if len(self._feeds) > 1:
                    tell(f"{feed.name} ended the watching")
                raise error

    async def _follow(self, feed: Feed) -> None:
        async for change in feed.watcher:
            if 0 < self._until <= self._taken:  # at another panel: what comes now is left for the next run
                return
            self._show(feed, change)
            if not change.is_final:
                feed.told(change)
                continue
            await self._final(feed, change)
            if self._ended == self._until:
                self._over.set()
                return

    async def _final(self, feed: Feed, change: Change[OrderStatus]) -> None:
        self._taken += 1
        self._failed += change.value is None or change.value.state is not OrderState.COMPLETED
        if self.commands is None:
            feed.told(change)
        else:
            await self.commands.start(change, feed.profile, lambda: feed.told(change))
        self._ended += 1

    def _show(self, feed: Feed, change: Change[OrderStatus]) -> None:
        if self._rows is not None:
            self._rows.row({DOCUMENT: document_of(change, feed.profile)})
        self._recent.append(SeenChange(datetime.now().astimezone(), change, feed.profile))

    def view(self, elapsed: float) -> View:
        """What the screen shows."""
        return View(
            panels=[feed.view() for feed in self._feeds],
            recent=list(self._recent),
            elapsed=elapsed,
            commands="" if self.commands is None else self.commands.summary,
        )
