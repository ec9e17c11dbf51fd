"""Charts, as SVG: time and memory by the number of ids, on logarithmic axes, and a run over time."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 440, 320
_LEFT, _TOP, _GAP = 60, 60, 80
_KEY_ROW, _KEY_COLUMNS = 20, 4
_COLOURS = (
    *("#0b6e4f", "#5fb49c", "#c1272d", "#1f4e9c", "#e08e0b", "#f2c14e"),
    *("#7d3c98", "#555555", "#a0522d", "#2aa1b3", "#b8578c", "#8a8a2a"),
)


class _Axis:
    """Places values on a line of pixels; it ends at whole steps of 1, 2, 5."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        steps = [factor * 10.0**power for power in range(-4, 10) for factor in (1, 2, 5)]
        self.low = max(step for step in steps if step <= min(values))
        self.high = min(step for step in steps if step >= max(values) and step > self.low)
        self.ticks = [step for step in steps if self.low <= step <= self.high]
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self._start + share * (self._end - self._start), 1)


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#ddd"/>'


def _half(left: float, title: str, lines: Mapping[str, Points]) -> Iterator[str]:
    """One diagram with its grid and a line for each contestant."""
    points = [point for line in lines.values() for point in line]
    right, bottom = left + _WIDTH, _TOP + _HEIGHT
    across = _Axis([x for x, _ in points], left, right)
    up = _Axis([y for _, y in points], bottom, _TOP)
    yield _text(left, _TOP - 14, title, 'font-weight="bold"')
    for tick in across.ticks:
        yield _line(across.at(tick), _TOP, across.at(tick), bottom)
        if math.log10(tick).is_integer() or len(across.ticks) < 5:  # noqa: PLR2004 - room for all
            yield _text(across.at(tick), bottom + 18, f"{tick:,.0f}", 'text-anchor="middle"')
    for tick in up.ticks:
        yield _line(left, up.at(tick), right, up.at(tick))
        yield _text(left - 8, up.at(tick) + 4, f"{tick:g}", 'text-anchor="end"')
    yield _text(right, bottom + 36, "ids", 'text-anchor="end"')
    for line, colour in zip(lines.values(), _COLOURS, strict=False):
        path = " ".join(f"{across.at(x)},{up.at(y)}" for x, y in line)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y in line:
            yield f'<circle cx="{across.at(x)}" cy="{up.at(y)}" r="2.5" fill="{colour}"/>'


def _key(names: Sequence[str], top: float) -> Iterator[str]:
    for place, (name, colour) in enumerate(zip(names, _COLOURS, strict=False)):
        row, place_in_row = divmod(place, _KEY_COLUMNS)
        x, y = _LEFT + place_in_row * 240, top + row * _KEY_ROW
        yield f'<rect x="{x}" y="{y - 9}" width="14" height="10" fill="{colour}"/>'
        yield _text(x + 20, y, name)


def drawn(title: str, halves: Mapping[str, Mapping[str, Points]]) -> str:
    """A title, and beside each other a diagram for each half, of one line by contestant."""
    names = list(next(iter(halves.values())))
    key = _TOP + _HEIGHT + 70
    width = _LEFT + len(halves) * (_WIDTH + _GAP)
    height = key + -(-len(names) // _KEY_COLUMNS) * _KEY_ROW
    parts = [_text(_LEFT, 24, title, 'font-size="16"'), *_key(names, key)]
    for place, (half, lines) in enumerate(halves.items()):
        parts += _half(_LEFT + place * (_WIDTH + _GAP), half, lines)
    return _image(width, height, parts)


def _image(width: float, height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="12" fill="#222">'
    )
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>\n"])


class _Linear:
    """Places values on a line of pixels, from 0 to a whole step."""

    def __init__(self, most: float, start: float, end: float) -> None:
        steps = (factor * 10.0**power for power in range(-1, 9) for factor in (1, 2, 5))
        step = next(step for step in steps if most / step <= 10)  # noqa: PLR2004 - lines of the grid
        self.ticks = [step * place for place in range(math.ceil(most / step) + 1)]
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        return round(self._start + value / self.ticks[-1] * (self._end - self._start), 1)


def _grid(across: _Linear, up: _Linear, right: float, bottom: float) -> Iterator[str]:
    for tick in across.ticks:
        yield _line(across.at(tick), _TOP, across.at(tick), bottom)
        yield _text(across.at(tick), bottom + 18, f"{tick:g}", 'text-anchor="middle"')
    for tick in up.ticks:
        yield _line(_LEFT, up.at(tick), right, up.at(tick))
        yield _text(_LEFT - 8, up.at(tick) + 4, f"{tick:,.0f}", 'text-anchor="end"')
    yield _text(right, bottom + 36, "seconds", 'text-anchor="end"')


def over_time(title: str, lines: Mapping[str, Points], away: tuple[float, float]) -> str:
    """A title, and a diagram of seconds with one line each; a time in it is marked."""
    points = [point for line in lines.values() for point in line]
    right, bottom = _LEFT + 2 * _WIDTH, _TOP + _HEIGHT
    across = _Linear(max(x for x, _ in points), _LEFT, right)
    up = _Linear(max(y for _, y in points), bottom, _TOP)
    begin, end = map(across.at, away)
    parts = [
        f'<rect x="{begin}" y="{_TOP}" width="{end - begin:.1f}" height="{_HEIGHT}" fill="#f3e9e9"/>',
        _text((begin + end) / 2, _TOP + 16, "away", 'text-anchor="middle" fill="#a33"'),
        _text(_LEFT, 24, title, 'font-size="16"'),
        *_grid(across, up, right, bottom),
    ]
    for place, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[2 * place]
        path = " ".join(f"{across.at(x)},{up.at(y)}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        key = bottom + 60 + place * _KEY_ROW
        parts.append(f'<rect x="{_LEFT}" y="{key - 9}" width="14" height="10" fill="{colour}"/>')
        parts.append(_text(_LEFT + 20, key, name))
    return _image(right + 30, bottom + 60 + len(lines) * _KEY_ROW, parts)
