"""Rows that compare, and how they are printed."""

import statistics
from collections.abc import Iterator, Sequence

from attrs import frozen
from runs import ratio

_FACTORS = {"us": 1e6, "ms": 1e3, "s": 1, "%": 100, "MiB": 1, "": 1}
Goal = tuple[str, float]


@frozen
class Row:
    """One line of a table: what was measured, of ours and beside it, and whether a goal was held.

    `ours` and `beside` are in seconds, MiB or shares; `unit` tells how they are shown. A goal concerns
    `judged`, which is their ratio or, where nothing stands beside, ours.
    """

    measure: str
    ours: float | None = None
    beside: float | None = None
    ratio: float | None = None
    unit: str = ""
    goal: Goal | None = None
    skipped: str = ""

    @property
    def judged(self) -> float | None:
        """What the goal concerns."""
        return self.ours if self.ratio is None else self.ratio

    @property
    def held(self) -> bool | None:
        """Was the goal held? None where there is none, or where nothing was measured."""
        if self.goal is None or self.judged is None:
            return None
        sign, bound = self.goal
        return self.judged <= bound if sign == "<=" else self.judged >= bound

    def cells(self) -> list[str]:
        """The line as text."""
        if self.skipped:
            return [self.measure, "-", "", "", self._goal(), "skipped"]
        told = "" if self.ratio is None else f"{self.ratio:.2f}"
        held = {True: "yes", False: "NO", None: ""}[self.held]
        return [self.measure, self._shown(self.ours), self._shown(self.beside), told, self._goal(), held]

    def _goal(self) -> str:
        if self.goal is None:
            return ""
        sign, bound = self.goal
        plain = self.ratio is not None or not self.unit
        return f"{sign} {bound:g}" if plain else f"{sign} {self._shown(bound)}"

    def _shown(self, figure: float | None) -> str:
        if figure is None:
            return ""
        value = figure * _FACTORS[self.unit]
        if isinstance(figure, int):  # a count
            return f"{value:,}"
        digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2  # noqa: PLR2004 - three that count
        return f"{value:,.{digits}f} {self.unit}".rstrip()


def compared(
    measure: str, ours: Sequence[float], beside: Sequence[float], unit: str, goal: Goal | None = None
) -> Row:
    """Medians beside each other; the ratio is the median of those of each round."""
    medians = statistics.median(ours), statistics.median(beside)
    return Row(measure, *medians, ratio(ours, beside), unit, goal)


def alone(measure: str, ours: float, unit: str, goal: Goal | None = None) -> Row:
    """A figure with nothing beside it."""
    return Row(measure, ours, unit=unit, goal=goal)


def skipped(measure: str, reason: str, unit: str = "", goal: Goal | None = None) -> Row:
    """What could not be measured; a goal for a ratio has no unit."""
    return Row(measure, unit=unit, goal=goal, skipped=reason)


def printed(rows: Sequence[Row]) -> str:
    """The table of one question, and why rows of it were skipped."""
    heads = ("measure", "ours", "beside", "ratio", "goal", "held?")
    reasons = dict.fromkeys(f"   skipped: {row.skipped}" for row in rows if row.skipped)
    return "\n".join([table(heads, [row.cells() for row in rows]), *reasons])


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Columns of text; all but the first and the last to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    return "\n".join(_aligned([heads, ["-" * width for width in widths], *lines], widths))


def _aligned(lines: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    last = len(widths) - 1
    for line in lines:
        cells = [
            cell.ljust(width) if place in {0, last} else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield f"   {'  '.join(cells)}".rstrip()
