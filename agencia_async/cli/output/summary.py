"""The summary of a bulk command: counts by state, errors, and throughput."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from agencia_async import AgenciaError, AuthenticationError, TransportError
from agencia_async.cli.exit import Code
from agencia_async.cli.text import one_line, several

ERROR: Final = "error"
"""The name of those that failed; `Failed` is a state of orders."""

STYLES: Final = {
    "Completed": "green",
    "In progress": "cyan",
    "Processing": "cyan",
    "Pending": "blue",
    "Awaiting": "blue",
    "Partial": "yellow",
    "Canceled": "magenta",
    "Refunded": "magenta",
    "Failed": "red",
    "Rejected": "red",
    ERROR: "red",
    "placed": "green",
    "already placed": "green",
    "still unknown": "yellow",
    "refused": "red",
    "skipped": "magenta",
    "unknown": "yellow",
}

_BAR: Final = 40
_LEAST_BAR: Final = 4
_FIGURES: Final = 12  # cells for the percentage and the gaps
_KINDS_KEPT: Final = 50
_KINDS_SHOWN: Final = 5


class Tally:
    """Counts the outcomes of ids or orders.

    Attributes:
        states: how many are in each state.
        failures: how many failed, by type and message; beyond the first fifty by type only.
        first: the type and message of the first failure.
    """

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.first: str = ""
        self._is_rejected = False
        self._unreached = 0

    @property
    def done(self) -> int:
        """How many are done."""
        return self.states.total()

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return self.states[ERROR]

    @property
    def has_values(self) -> bool:
        """Whether any did not fail."""
        return self.done > self.failures.total()

    @property
    def refused(self) -> bool:
        """Whether the account was rejected, or nothing reached the panel."""
        return self._is_rejected or (
            self._unreached > 0 and self._unreached == self.failures.total() == self.done
        )

    @property
    def code(self) -> Code:
        """The exit code."""
        if self.refused:
            return Code.REFUSED
        return Code.SOME_FAILED if self.failed else Code.OK

    def succeed(self, state: str) -> None:
        """Count one with a value."""
        self.states[state] += 1

    def move(self, state: str, other: str, count: int) -> None:
        """Count so many of one state in another one."""
        self.states[state] -= count
        self.states[other] += count

    def fail(self, error: AgenciaError, state: str = ERROR) -> None:
        """Count one that failed."""
        self.states[state] += 1
        self._is_rejected |= isinstance(error, AuthenticationError)
        self._unreached += isinstance(error, TransportError)
        name = type(error).__name__
        kind = f"{name}: {one_line(str(error))}"
        self.first = self.first or kind
        is_kept = kind in self.failures or len(self.failures) < _KINDS_KEPT
        self.failures[kind if is_kept else f"{name} (other messages)"] += 1


def print_summary(  # noqa: PLR0913 - all that it tells
    tally: Tally,
    console: Console,
    *,
    requests: int,
    seconds: float,
    what: str = "id",
    end: str | None = None,
    skipped: Sequence[str] = (),
) -> None:
    """Print it: a line with a bar for each state, for each kind of error, what was skipped, and a total.

    `end`: what is said at the end, by default the rate. Long lines wrap on a terminal; in a pipe they are
    never cut.
    """
    rate = tally.done / seconds if requests and seconds else 0
    speed = f"{several(round(rate), what)} a second" if rate >= 1 else ""
    last = speed if end is None else end
    facts = [f"{several(tally.done, what)} in {several(requests, 'request')}", f"{seconds:.2f} s", last]
    total = Text(", ".join(filter(None, facts)), "bold")
    for line in (*_state_lines(tally, console), *_failure_lines(tally), *skipped, total):
        console.print(
            Text(line) if isinstance(line, str) else line, highlight=False, soft_wrap=not console.is_terminal
        )


def _state_lines(tally: Tally, console: Console) -> list[Text]:
    """A line for each state; the bars get what the names and figures leave of a terminal."""
    mark = "█" if console.encoding.startswith("utf") else "#"
    counted = [(name, count) for name, count in tally.states.items() if count]
    states = sorted(counted, key=lambda state: (state[0] == ERROR, -state[1]))
    name_width = max((len(name) for name, _ in states), default=0)
    count_width = len(f"{tally.done:,}")
    room = console.width - name_width - count_width - _FIGURES if console.is_terminal else _BAR
    width = min(_BAR, room) if room >= _LEAST_BAR else 0
    lines: list[Text] = []
    for name, count in states:
        bar = f"{mark * max(1, round(width * count / tally.done)):<{width}}  " if width else ""
        lines.append(
            Text.assemble(
                f"{name:<{name_width}}  ",
                (bar, STYLES.get(name, "")),
                f"{count:>{count_width},}  {count / tally.done:>6.1%}",
            )
        )
    return lines


def _failure_lines(tally: Tally) -> list[Text]:
    shown = tally.failures.most_common(_KINDS_SHOWN)
    lines = [Text(f"{count:,} x {kind}", "red") for kind, count in shown]
    rest = tally.failures.total() - sum(count for _, count in shown)
    return [*lines, Text(f"{rest:,} x other errors", "red")] if rest else lines
