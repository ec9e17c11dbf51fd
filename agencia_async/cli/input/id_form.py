"""The form of the ids in a file, by the majority of its rows. Pure."""

import re
from collections import Counter
from typing import Final

NUMBERED: Final = "prefix:#"
"""The form of `#23501`."""

_SHORTEST_FIXED: Final = 8
_EXACT_DIGITS: Final = 15  # of a number in a spreadsheet
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PREFIXED: Final = re.compile(r"(#|[a-z]{1,12}[-_]?)\d+", re.IGNORECASE | re.ASCII)
_TOKEN: Final = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE | re.ASCII)
_ORDER: Final = ("number", "uuid", "prefix", "hex", "digits", "alnum", "dashed", "token")
"""The kinds of forms, the narrowest first."""


def forms_of(text: str) -> tuple[str, ...]:
    """The forms of an id: a kind, and after a colon what distinguishes it. None for what is no usual id."""
    if text.isascii() and text.isdecimal():
        number = ("number",) if text[0] != "0" else ()
        return (*number, *_hexadecimal(text), f"digits:{len(text)}", *_fixed(text), "token")
    if _UUID.fullmatch(text):
        return ("uuid",)
    if not any(letter.isdecimal() for letter in text):
        return _hexadecimal(text)
    if text.startswith("#"):
        return (NUMBERED,) if _PREFIXED.fullmatch(text) else ()
    return _mixed(text) if _TOKEN.fullmatch(text) else ()


def _mixed(text: str) -> tuple[str, ...]:
    """The forms of what has digits and others."""
    if not any(letter.isalpha() for letter in text):
        return ("dashed:" + "-".join(str(len(part)) for part in re.split("[-_]", text)),)
    prefix = _PREFIXED.fullmatch(text)
    own = (f"prefix:{prefix[1].casefold()}",) if prefix else ()
    return (*own, *_hexadecimal(text), *_fixed(text), "token")


def named(form: str) -> str:
    """The name of a form, for messages."""
    kind, _, what = form.partition(":")
    names = {
        "number": "numbers",
        "uuid": "UUIDs",
        "prefix": f"{what} and a number",
        "hex": f"{what} hexadecimal digits",
        "digits": f"{what} digits",
        "alnum": f"{what} letters and digits",
        "dashed": f"numbers of {what} digits",
    }
    return names.get(kind, "letters and digits")


def is_rounded(text: str) -> bool:
    """Whether it is a number that only has zeros where a spreadsheet keeps no digits."""
    return len(text) > _EXACT_DIGITS and text.isdecimal() and not text[_EXACT_DIGITS:].strip("0")


class Majority:
    """Counts the forms of ids, and tells which one most of them have."""

    def __init__(self) -> None:
        self._total = 0
        self._votes: Counter[str] = Counter()
        self._is_exact = False

    def add(self, text: str, forms: tuple[str, ...]) -> None:
        """Count an id."""
        self._total += 1
        self._is_exact |= len(text) > _EXACT_DIGITS and text.isdecimal() and not is_rounded(text)
        only_digits = "number" in forms or any(form.startswith("digits") for form in forms)
        self._votes.update(form for form in forms if not (only_digits and form == "token"))

    @property
    def form(self) -> str | None:
        """The narrowest form that more than half of the ids have; None if there is none."""
        most = [form for form, votes in self._votes.items() if 2 * votes > self._total]
        return min(most, key=lambda form: _ORDER.index(form.partition(":")[0]), default=None)

    @property
    def is_exact(self) -> bool:
        """Whether a number has more digits than a spreadsheet keeps."""
        return self._is_exact


def _hexadecimal(text: str) -> tuple[str, ...]:
    is_one = len(text) >= _SHORTEST_FIXED and re.fullmatch("[0-9a-f]+", text, re.IGNORECASE | re.ASCII)
    return (f"hex:{len(text)}",) if is_one else ()


def _fixed(text: str) -> tuple[str, ...]:
    is_one = len(text) >= _SHORTEST_FIXED and text.isalnum()
    return (f"alnum:{len(text)}",) if is_one else ()
