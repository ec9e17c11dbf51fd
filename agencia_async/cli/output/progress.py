"""A progress bar on stderr, if that is a terminal."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text


class Bar:
    """Shows how many ids or orders are done, and how many of them failed.

    Args:
        total: how many there are; None if unknown.
        terminal: the console to which rows are written, so that they appear above the bar.
        show: whether to show a bar.
        doing: the description of the bar.
    """

    def __init__(
        self, total: int | None, *, terminal: Console | None, show: bool, doing: str = "polling"
    ) -> None:
        self._failed = 0
        self._is_shown = show and sys.stderr.isatty()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            _Count(),
            TimeElapsedColumn(),
            console=terminal or Console(stderr=True),
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task(doing, total=total, failed=0)

    def __enter__(self) -> Self:
        if self._is_shown:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_shown:
            self._progress.stop()

    def step(self, *, failed: bool) -> None:
        """One more is done."""
        self._failed += failed
        self._progress.update(self._task, advance=1, failed=self._failed)


class _Count(ProgressColumn):
    def render(self, task: Task) -> Text:
        """How many of how many."""
        of = "" if task.total is None else f"/{task.total:,.0f}"
        text = Text(f"{task.completed:,.0f}{of}")
        failed = task.fields["failed"]
        return text.append(f"  {failed:,} failed", "red") if failed else text
