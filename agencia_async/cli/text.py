"""Values as text: money exact, and foreign text without what a terminal would act on, hide or never end."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, cast

MOST_SHOWN: Final = 500
"""Characters of a foreign text that are shown."""

_INVISIBLE: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffc\U0001d159"
)
"""What has no glyph, although it counts as printable."""
_JOINERS: Final = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""What only shapes the letters beside it, as in many emoji."""
_STACKED: Final = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
"""More marks on one letter than any language has: they would cover the lines around it."""


def one_line(text: str, most: int = MOST_SHOWN) -> str:
    """A foreign text on one line, printable and bounded: `?` for control characters and bidi marks."""
    return printable(" ".join(text[: 8 * most].split()), most)


def printable(text: str, most: int = MOST_SHOWN) -> str:
    """A text of which all characters are printable and visible, and which is bounded; blanks stay."""
    shown = _STACKED.sub(r"\1", _JOINERS.sub("", text[: 8 * most]))
    shown = "".join(letter if letter.isprintable() and letter not in _INVISIBLE else "?" for letter in shown)
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."


def shown(value: object) -> object:
    """A value with all its text printable and bounded, that of the values within it as well."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        return {one_line(str(name)): shown(inner) for name, inner in fields.items()}
    if isinstance(value, Sequence):
        return [shown(inner) for inner in cast("Sequence[object]", value)]
    return value


def cell(value: object) -> str:
    """A value in a table or a CSV file; amounts to the last digit, never in scientific notation."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def several(count: int, what: str) -> str:
    """A count with its noun: "1 id", "5,050 ids"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
