"""What the command shows, in terminals of all kinds: each scene on a console, whose clock is told the time.

Run as a module it writes the snapshots anew: `python -m tests.cli.screens`.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import MappingProxyType

from attrs import evolve
from rich.console import Console

from agencia_async import NotFoundError, OrderState, OrderStatus, Stats, TransportError
from agencia_async.cli.commands.demo import _print_checks
from agencia_async.cli.commands.status import _STATUS
from agencia_async.cli.output.progress import Bar
from agencia_async.cli.output.rows import Row, writer
from agencia_async.cli.output.summary import Tally, print_summary

FOLDER = Path(__file__).parent / "screens"
IDLE = Stats(
    requests=12,
    ids=1200,
    retries=0,
    rate_limited=0,
    unknown=0,
    in_flight=2,
    queued=0,
    pace=None,
    circuit="closed",
)


class Ascii(io.StringIO):
    """The file of a terminal that knows ASCII only."""

    encoding = "ascii"


class Screen:
    """A console, of which the clock is told the time."""

    def __init__(
        self,
        width: int | None,
        *,
        is_terminal: bool = True,
        file: io.StringIO | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.file = file or io.StringIO()
        self.now = 0.0
        self.console = Console(
            file=self.file,
            width=width,
            force_terminal=is_terminal,
            color_system="standard" if is_terminal else None,
            get_time=lambda: self.now,
            record=True,
            highlight=False,
            _environ=environment or {},
        )


Scene = Callable[[Screen], None]


def progress(screen: Screen) -> None:
    """The bar, while all is well and while something is waited for."""
    for stats, failed, total in [
        (IDLE, 0, 5000),
        (IDLE, 3, None),
        (evolve(IDLE, queued=4, pace=1.0), 0, 5000),
        (evolve(IDLE, queued=4, retry_in=41.2), 3, 5000),
        (evolve(IDLE, queued=9, circuit="open", away_for=12.3, retry_in=3.4), 3, 5000),
        (evolve(IDLE, queued=9, circuit="half_open", away_for=16.0, retry_in=0.0), 3, 5000),
    ]:
        screen.console.print(_bar(screen, stats, failed, total).renderable)


def _bar(screen: Screen, stats: Stats, failed: int, total: int | None) -> Bar:
    bar = Bar(total, terminal=screen.console, show=True, stats=lambda: stats)
    for number in range(1200):
        screen.now += 0.01
        bar.step(failed=number < failed)
    return bar


def table(screen: Screen) -> None:
    """Statuses, of which one failed."""
    terminal = screen.console if screen.console.is_terminal else None
    with writer(None, _STATUS.layout, terminal=terminal, widths={"id": 5}) as rows:
        for row in _rows():
            rows.row(row)


def _rows() -> Iterator[Row]:
    for number, state, charge, remains in [
        (23501, OrderState.COMPLETED, "0.27819", 0),
        (23502, OrderState.PARTIAL, "12.5", 157),
        (23503, OrderState.IN_PROGRESS, "1.44219", 10),
    ]:
        status = OrderStatus(
            charge=Decimal(charge),
            start_count=3572,
            status=state.value,
            remains=remains,
            currency="USD",
        )
        yield _full({"id": number, "ok": True} | status.to_dict())
    yield _full({"id": 99999, "ok": False, "error": "Incorrect order ID", "error_type": "NotFoundError"})


def _full(row: Mapping[str, object]) -> Row:
    return MappingProxyType(dict.fromkeys(_STATUS.layout.columns) | dict(row))


def summary(screen: Screen) -> None:
    """The summary of many ids, some of which failed, and one of nothing that was sent."""
    tally = Tally()
    for state, count in [("Completed", 3391), ("In progress", 1201), ("Partial", 297), ("Canceled", 111)]:
        for _ in range(count):
            tally.succeed(state)
    for _ in range(50):
        tally.fail(NotFoundError("Incorrect order ID"))
    tally.fail(TransportError("the panel has not answered for 61 s, since 12:00:05 UTC (connection refused)"))
    print_summary(tally, screen.console, requests=51, seconds=2.5, skipped=["3 # comments skipped"])
    placed = Tally()
    placed.succeed("placed")
    print_summary(
        placed, screen.console, requests=2, seconds=0.04, what="order", end="cost of this run: 0.90 USD"
    )


def verdict(screen: Screen) -> None:
    """How the demo ends."""
    _print_checks(screen.console, [(True, "5,050 ids, 5,050 results: exactly one for each")], "  none failed")
    _print_checks(screen.console, [(False, "4,999 of 5,000 statuses match")], "  none failed")


SCENES: tuple[Scene, ...] = (progress, table, summary, verdict)


def shown(screen: Screen, scenes: tuple[Scene, ...], *, styles: bool = False) -> str:
    """The scenes as text; with `styles` also the escape sequences, as they are written in a string."""
    parts: list[str] = []
    for scene in scenes:
        start = len(screen.file.getvalue())
        scene(screen)
        plain = screen.console.export_text()
        text = screen.file.getvalue()[start:].replace("\x1b", "\\e") if styles else plain
        lines = [line.rstrip() for line in text.splitlines()]
        parts.append("\n".join([f"--- {scene.__name__} ---", *lines, ""]))
    return "\n".join(parts)


def _at(width: int) -> str:
    return shown(Screen(width), SCENES)


VARIANTS: dict[str, Callable[[], str]] = {
    **{str(width): partial(_at, width) for width in (40, 80, 120, 200)},
    "ascii": lambda: shown(Screen(80, file=Ascii()), SCENES),
    "colors": lambda: shown(Screen(80), SCENES, styles=True),
    "no_color": lambda: shown(Screen(80, environment={"NO_COLOR": "1"}), SCENES, styles=True),
    "pipe": lambda: shown(Screen(None, is_terminal=False), (summary, verdict)),
}


if __name__ == "__main__":  # pragma: no cover - by hand, when a screen is meant to change
    FOLDER.mkdir(exist_ok=True)
    for name, draw in VARIANTS.items():
        (FOLDER / f"{name}.txt").write_text(draw(), encoding="utf-8")
