"""A progress bar on stderr, if that is a terminal."""

import math
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final, Self

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from agencia_async import Stats

_GAP: Final = 2
_LEAST_BAR: Final = 8
_UTF: Final = "━─"
_ASCII: Final = "#-"


def waiting_for(stats: Stats) -> str:
    """What a client waits for; empty if it waits for replies only."""
    if stats.away_for is not None:
        away = f"panel away for {stats.away_for:.0f} s"
        return (
            f"{away}, next try in {math.ceil(stats.retry_in)} s" if stats.retry_in else f"{away}, trying now"
        )
    if not stats.queued:
        return ""
    if stats.retry_in is not None:
        return f"rate limit, {math.ceil(stats.retry_in)} s"
    return "rate limit" if stats.pace is not None else ""


class Bar:
    """Shows how many ids or orders are done, how many of them failed, and what is waited for.

    Args:
        total: how many there are; None if unknown.
        terminal: the console to which rows are written, so that they appear above the bar.
        show: whether to show a bar.
        doing: the description of the bar.
        stats: what the client is doing.
    """

    def __init__(
        self,
        total: int | None,
        *,
        terminal: Console | None,
        show: bool,
        doing: str = "polling",
        stats: Callable[[], Stats] | None = None,
    ) -> None:
        self._failed = 0
        self._is_shown = show and sys.stderr.isatty()
        console = terminal or Console(stderr=True)
        self._progress = Progress(
            _Column(stats), console=console, transient=True, expand=True, get_time=console.get_time
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

    @property
    def renderable(self) -> RenderableType:
        """What is shown at the moment."""
        return self._progress.get_renderable()

    def step(self, *, failed: bool) -> None:
        """One more is done."""
        self._failed += failed
        self._progress.update(self._task, advance=1, failed=self._failed)


class _Column(ProgressColumn):
    """The whole line, as its parts give way to each other."""

    def __init__(self, stats: Callable[[], Stats] | None) -> None:
        super().__init__()
        self._stats = stats

    def render(self, task: Task) -> "_Line":
        """The line, of whatever width."""
        return _Line(task, "" if self._stats is None else waiting_for(self._stats()))


class _Line:
    """One line of progress. Where it is narrow the bar gives way first, then the times, then the description.

    What is waited for gets a line of its own before that.
    """

    def __init__(self, task: Task, waiting: str) -> None:
        self._task = task
        self._waiting = Text(waiting, "yellow")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yields the line, or two of them."""
        width = options.max_width
        parts = self._parts()
        least = _width([*parts.values(), self._waiting]) + _GAP + _LEAST_BAR
        is_beside = bool(self._waiting) and least <= width
        if is_beside:
            parts["waiting"] = self._waiting
        for name in ("elapsed", "left", "doing"):
            if _width(parts.values()) > width:
                parts.pop(name, None)
        yield self._row(parts, width - _width(parts.values()) - _GAP, is_utf=not options.ascii_only)
        if self._waiting and not is_beside:
            self._waiting.truncate(width, overflow="ellipsis")
            yield self._waiting

    def _parts(self) -> dict[str, Text]:
        """The figures, in their order; those that are known."""
        task = self._task
        of = "" if task.total is None else f"/{task.total:,.0f}"
        failed, elapsed = task.fields["failed"], task.elapsed or 0
        left = elapsed * task.remaining / task.completed if task.remaining and task.completed else None
        parts = {
            "doing": Text(task.description),
            "count": Text(f"{task.completed:,.0f}{of}"),
            "failed": Text(f"{failed:,} failed" if failed else "", "red"),
            "elapsed": Text(f"{_clock(elapsed)} elapsed"),
            "left": Text("" if left is None else f"{_clock(left)} left"),
        }
        return {name: text for name, text in parts.items() if text}

    def _row(self, parts: dict[str, Text], room: int, *, is_utf: bool) -> Text:
        """The parts, and the bar in the room that they leave."""
        cells = [*parts.values()]
        if self._task.total is not None and room >= _LEAST_BAR:
            full, empty = _UTF if is_utf else _ASCII
            done = min(room, int(room * self._task.completed / (self._task.total or 1)))
            style = "yellow" if self._waiting else "green"
            cells.insert(1, Text.assemble((full * done, style), (empty * (room - done), "dim")))
        return Text(" " * _GAP).join(cells)


def _width(parts: Iterable[Text]) -> int:
    """The cells that texts take beside each other."""
    return sum(part.cell_len + _GAP for part in parts) - _GAP


def _clock(seconds: float) -> str:
    """A time as minutes and seconds, or hours as well: "0:07", "1:02:30"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
