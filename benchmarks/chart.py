"""Charts, as SVG for light and dark: time and memory by the number of ids, other curves, a run over time.

Each is narrow enough for a phone, and each line has its name beside it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

_LEFT, _TOP, _WIDTH, _HEIGHT, _NAMES = 60, 80, 360, 260, 140
_ROW = 18
_STYLE = """<style>
text { fill: #222 } .back { fill: #fff } .grid { stroke: #ddd } .away { fill: #f6e4e4 }
.line0 { color: #0b6e4f } .line1 { color: #c1272d } .line2 { color: #1f4e9c }
.line3 { color: #9a5b00 } .line4 { color: #7d3c98 } .name { fill: currentColor }
@media (prefers-color-scheme: dark) {
text { fill: #e3e3e3 } .back { fill: #16181b } .grid { stroke: #3a3d42 } .away { fill: #402a2a }
.line0 { color: #4fc79a } .line1 { color: #ff7b72 } .line2 { color: #7fb0ff }
.line3 { color: #f0a83c } .line4 { color: #c895e6 } .name { fill: currentColor }
}
</style>"""


class _Logarithmic:
    """Places values on a line of pixels; it ends at whole steps of 1, 2, 5."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        steps = [factor * 10.0**power for power in range(-4, 10) for factor in (1, 2, 5)]
        self.low = max(step for step in steps if step <= min(values))
        self.high = min(step for step in steps if step >= max(values) and step > self.low)
        self.ticks = [step for step in steps if self.low <= step <= self.high]
        self._start, self.end = start, end

    def at(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self._start + share * (self.end - self._start), 1)


class _Linear:
    """Places values on a line of pixels, from 0 to a whole step."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        steps = (factor * 10.0**power for power in range(-1, 9) for factor in (1, 2, 5))
        step = next(step for step in steps if max(values) / step <= 10)  # noqa: PLR2004 - lines of the grid
        self.ticks = [step * place for place in range(math.ceil(max(values) / step) + 1)]
        self._start, self.end = start, end

    def at(self, value: float) -> float:
        return round(self._start + value / self.ticks[-1] * (self.end - self._start), 1)


_Axis = _Logarithmic | _Linear


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" {more}>{escape(words)}</text>'


def _grid(across: _Axis, up: _Axis, top: float, unit: str) -> Iterator[str]:
    """The lines behind a diagram, and what they stand for."""
    right, bottom = across.end, top + _HEIGHT
    for tick in across.ticks:
        yield f'<path d="M{across.at(tick)} {top}V{bottom}" class="grid"/>'
        if isinstance(across, _Linear) or math.log10(tick).is_integer():
            yield _text(across.at(tick), bottom + 18, f"{tick:,.9g}", 'text-anchor="middle"')
    for tick in up.ticks:
        yield f'<path d="M{_LEFT} {up.at(tick)}H{right}" class="grid"/>'
        yield _text(_LEFT - 8, up.at(tick) + 4, f"{tick:,.9g}", 'text-anchor="end"')
    yield _text(right + 12, bottom + 20 + _ROW, unit, 'text-anchor="end"')


def _apart(wanted: Mapping[str, float]) -> dict[str, float]:
    """Heights for names, each as near as it can be to the one it wants without touching another."""
    placed: dict[str, float] = {}
    for name in sorted(wanted, key=lambda name: wanted[name]):
        placed[name] = max(wanted[name], *(at + _ROW for at in placed.values()), -math.inf)
    return placed


def _line(place: int, points: Points, across: _Axis, up: _Axis) -> Iterator[str]:
    path = " ".join(f"{across.at(x)},{up.at(y)}" for x, y in points)
    yield (
        f'<polyline points="{path}" class="line{place}" fill="none" stroke="currentColor" stroke-width="2"/>'
    )


def _names(lines: Mapping[str, Points], across: _Axis, up: _Axis) -> Iterator[str]:
    """The name of each line, at its end."""
    for end in sorted({line[-1][0] for line in lines.values()}):
        wanted = {name: up.at(line[-1][1]) + 4 for name, line in lines.items() if line[-1][0] == end}
        for name, y in _apart(wanted).items():
            place = list(lines).index(name)
            yield _text(across.at(end) + 8, y, name, f'class="name line{place}"')


def _by_size(top: float, title: str, lines: Mapping[str, Points], below: str = "ids") -> Iterator[str]:
    """One diagram on logarithmic axes; `below` is what the horizontal one counts."""
    points = [point for line in lines.values() for point in line]
    across = _Logarithmic([x for x, _ in points], _LEFT, _LEFT + _WIDTH)
    up = _Logarithmic([y for _, y in points], top + _HEIGHT, top)
    yield _text(_LEFT, top - 14, title, 'font-weight="bold"')
    yield from _grid(across, up, top, below)
    for place, line in enumerate(lines.values()):
        yield from _line(place, line, across, up)
    yield from _names(lines, across, up)


def by_size(title: str, diagrams: Mapping[str, Mapping[str, Points]]) -> str:
    """A title, and below each other a diagram for each figure, of one line by contestant."""
    parts = [_text(_LEFT, 28, title, 'font-size="17"')]
    tall = _HEIGHT + 96
    for place, (diagram, lines) in enumerate(diagrams.items()):
        parts += _by_size(_TOP + place * tall, diagram, lines)
    return _image(_TOP + len(diagrams) * tall - 40, parts)


def curve(title: str, lines: Mapping[str, Points], axes: tuple[str, str]) -> str:
    """A title, and one diagram on logarithmic axes with these names."""
    below, beside = axes
    parts = [_text(_LEFT, 28, title, 'font-size="17"'), *_by_size(_TOP, beside, lines, below)]
    return _image(_TOP + _HEIGHT + 56, parts)


def over_time(title: str, lines: Mapping[str, Points], away: tuple[float, float]) -> str:
    """A title, and a diagram of seconds with one line each; a time in it is marked."""
    points = [point for line in lines.values() for point in line]
    bottom = _TOP + _HEIGHT
    across = _Linear([x for x, _ in points], _LEFT, _LEFT + _WIDTH + _NAMES - 20)
    up = _Linear([y for _, y in points], bottom, _TOP)
    begin, end = map(across.at, away)
    parts = [
        _text(_LEFT, 28, title, 'font-size="17"'),
        f'<rect x="{begin}" y="{_TOP}" width="{end - begin:.1f}" height="{_HEIGHT}" class="away"/>',
        _text((begin + end) / 2, _TOP + 18, "away", 'text-anchor="middle"'),
        *_grid(across, up, _TOP, "seconds"),
    ]
    for place, (name, line) in enumerate(lines.items()):
        parts += _line(place, line, across, up)
        parts.append(_text(_LEFT, bottom + 66 + place * _ROW, name, f'class="name line{place}"'))
    return _image(bottom + 80 + len(lines) * _ROW, parts)


def _image(height: float, parts: Sequence[str]) -> str:
    width = _LEFT + _WIDTH + _NAMES
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}" width="{width}" '
        f'height="{height:g}" font-family="sans-serif" font-size="14" role="img">'
    )
    back = f'<rect width="{width}" height="{height:g}" rx="8" class="back"/>'
    return "\n".join([head, _STYLE, back, *parts, "</svg>\n"])
