"""Texts for property tests, of few characters by default and of all of Unicode at night."""

import string

from hypothesis import strategies as st

from tests.support.rounds import PROFILE

CHARACTERS = (
    string.printable
    + "\0\x1b\x7f\x85\xa0\xad\xb2\xbd\xdf\xe9\xff"
    + "\u0130\u0131\u015f\u0301\u03c3\u0416\u05d0\u0663\u0e01\u1e9e\u200b\u200d\u2019\u2028\u202e\u20ac"
    + "\u3000\u65e5\uac00\ufb01\ufeff\uff11\ufffd\uffff\U0001d7d8\U0001f600\U0010ffff"
)
"""One of each kind that is treated in a way of its own somewhere."""


def texts(*, max_size: int | None = None) -> st.SearchStrategy[str]:
    """Any text."""
    return st.text(max_size=max_size) if PROFILE == "nightly" else texts_of(CHARACTERS, max_size=max_size)


def texts_of(characters: str, *, max_size: int | None = None) -> st.SearchStrategy[str]:
    """Any text of these characters.

    `st.text` would do the same, but it first makes a table of all of Unicode, which takes ten seconds.
    """

    def spelt(numbers: bytes) -> str:
        return "".join(characters[number % len(characters)] for number in numbers)

    return st.binary(max_size=max_size).map(spelt)
