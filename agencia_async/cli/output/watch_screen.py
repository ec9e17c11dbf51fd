"""The live screen of `agencia watch`: what is known of the orders, and of each panel.

A frame is made of plain values, and holds no more lines than the terminal. It is drawn once a second, however
many orders there are: what it costs does not grow with them.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Final, NamedTuple, Self

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from agencia_async import Change, OrderStatus
from agencia_async.cli.output.summary import ERROR, STYLES
from agencia_async.cli.text import cell, one_line, several

UNSEEN: Final = "not seen yet"

_MOST_BAR: Final = 120
_LEAST_BAR: Final = 10
_PANELS: Final = 8
"""Panels that have a line; those that are away come first."""
_FRAME_LINES: Final = 5
"""Lines beside states, panels and changes."""
_MINUTE: Final = 60.0
"""Seconds from which on requests per minute are told: before, one request would look like many."""
_TEXT: Final = 200
"""Characters of a foreign text."""


@dataclass(frozen=True, kw_only=True)
class PanelView:
    """One panel; times are in seconds.

    Attributes:
        name: its name.
        open: how many orders have not ended.
        states: how many orders are in each state, those that have ended as well.
        unseen: how many were not answered yet.
        requests: the requests sent.
        pace: the requests per second that the rate limit allows; None if it is not known.
        next_look: until the next order is asked for; None if none is.
        away: for how long the panel has answered nothing; None if it answers.
        why: why it does not answer.
        retry_in: until the next request may be sent; None if one may.
    """

    name: str
    open: int
    states: Mapping[str, int]
    unseen: int = 0
    requests: int = 0
    pace: float | None = None
    next_look: float | None = None
    away: float | None = None
    why: str = ""
    retry_in: float | None = None


class SeenChange(NamedTuple):
    """A change, when it was seen, and at which profile."""

    at: datetime
    change: Change[OrderStatus]
    profile: str | None


@dataclass(frozen=True, kw_only=True)
class View:
    """All that the screen shows."""

    panels: Sequence[PanelView]
    recent: Sequence[SeenChange] = field(default=())
    elapsed: float
    commands: str = ""

    @property
    def states(self) -> Counter[str]:
        """How many orders are in each state, at all panels."""
        states = sum((Counter(panel.states) for panel in self.panels), Counter[str]())
        states[UNSEEN] = sum(panel.unseen for panel in self.panels)
        return +states


class Marks(NamedTuple):
    """The signs that the encoding of the terminal has."""

    bar: str
    arrow: str


class Screen:
    """Draws the frames on a terminal, in place; it is gone at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=sys.stderr.isatty(),  # notices appear above it
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, view: View) -> None:
        """Draw the next frame."""
        self._live.update(frame(view, self._console), refresh=True)


def frame(view: View, console: Console) -> Group:
    """The frame for a console of that size."""
    marks = _marks(console)
    head = [_head(view), *_state_lines(view, console.width, marks), Text()]
    head += _panel_lines(view.panels, view.elapsed)
    head += [Text(view.commands)] if view.commands else []
    room = max(0, console.height - len(head) - _FRAME_LINES)
    recent = [_recent_line(seen, marks) for seen in [*reversed(view.recent)][:room]]
    lines = [*head, Text(), *(recent or [Text("no changes yet", "dim")]), Text("q ends", "dim")]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*lines)


def ending(view: View, console: Console) -> list[Text]:
    """The summary: the states, and what it took."""
    requests = sum(panel.requests for panel in view.panels)
    total = f"{_orders(view)}, {several(requests, 'request')}, {_span(view.elapsed)}"
    return [*_state_lines(view, console.width, _marks(console)), Text(total, "bold")]


def _marks(console: Console) -> Marks:
    return Marks("█", "→") if console.encoding.startswith("utf") else Marks("#", "->")


def _orders(view: View) -> str:
    count, left = view.states.total(), sum(panel.open for panel in view.panels)
    return f"{several(count, 'order')}, {left:,} not ended"


def _head(view: View) -> Text:
    return Text(f"{_orders(view)}, watched for {_span(view.elapsed)}", "bold")


def _state_lines(view: View, width: int, marks: Marks) -> list[Text]:
    """A line with a bar for each state; failed and unseen ones come last."""
    total = view.states.total()
    states = sorted(view.states.items(), key=lambda state: (state[0] in {UNSEEN, ERROR}, -state[1]))
    names = max((len(name) for name, _ in states), default=0)
    counts = len(f"{total:,}")
    room = min(_MOST_BAR, max(_LEAST_BAR, width - names - counts - len("      100.0% ")))
    return [
        Text.assemble(
            f"{name:<{names}}  ",
            (f"{marks.bar * max(1, round(room * count / total)):<{room}}", STYLES.get(name, "")),
            f"  {count:>{counts},}  {count / total:>6.1%}",
        )
        for name, count in states
    ]


def _panel_lines(panels: Sequence[PanelView], elapsed: float) -> list[Text]:
    """A line for each panel, and one more for each that is away."""
    ordered = sorted(panels, key=lambda panel: panel.away is None)
    lines: list[Text] = []
    for panel in ordered[:_PANELS]:
        lines.append(_panel_line(panel, elapsed))
        if panel.away is not None:
            why = f": {one_line(panel.why, _TEXT)}" if panel.why else ""
            lines.append(Text(f"  away for {_span(panel.away)}, {_next_try(panel)}{why}", "red"))
    rest = len(panels) - _PANELS
    return [*lines, Text(f"and {several(rest, 'more panel')}", "dim")] if rest > 0 else lines


def _panel_line(panel: PanelView, elapsed: float) -> Text:
    pace = f"{60 * panel.requests / elapsed:,.0f}/min" if elapsed >= _MINUTE else ""
    limit = "" if panel.pace is None else f"limit {60 * panel.pace:,.0f}/min"
    facts = [
        f"{one_line(panel.name, _TEXT)}: {panel.open:,} not ended",
        _look(panel),
        several(panel.requests, "request"),
        pace,
        limit,
    ]
    return Text(", ".join(filter(None, facts)))


def _look(panel: PanelView) -> str:
    if panel.next_look is None or panel.away is not None:
        return ""
    wait = max(panel.next_look, panel.retry_in or 0)
    return f"next poll in {_span(wait)}" if wait >= 1 else "polling now"


def _next_try(panel: PanelView) -> str:
    wait = max(panel.retry_in or 0, panel.next_look or 0)
    return f"next try in {_span(wait)}" if wait >= 1 else "trying now"


def _recent_line(seen: SeenChange, marks: Marks) -> Text:
    change = seen.change
    order = one_line(str(change.id) if seen.profile is None else f"{seen.profile} {change.id}", _TEXT)
    line = Text(f"{seen.at:%H:%M:%S}  {order}{' ' * (12 - cell_len(order))}  ")
    if change.previous is not None:
        line.append(f"{one_line(change.previous.status, _TEXT)} {marks.arrow} ")
    if change.value is None:
        return line.append(one_line(str(change.error), _TEXT), STYLES[ERROR])
    line.append(one_line(change.value.status, _TEXT), STYLES.get(change.value.state.value, ""))
    return line.append(_amounts(change.value), "dim")


def _amounts(status: OrderStatus) -> str:
    money = f"{cell(status.charge)} {status.currency or ''}".strip()
    facts = {"charge": money, "remains": cell(status.remains)}
    return "".join(f"  {name} {one_line(value, _TEXT)}" for name, value in facts.items() if value)


def _span(seconds: float) -> str:
    """A time span: "12 s", "5:03 min", "2:05 h", "3 d 4 h"."""
    whole = int(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if not minutes:
        return f"{whole} s"
    if not hours:
        return f"{minutes}:{whole % 60:02} min"
    return f"{hours}:{minutes % 60:02} h" if not days else f"{days} d {hours % 24} h"
