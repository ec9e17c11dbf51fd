"""The API key: the only module that holds it."""

import hashlib
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote

from agencia_async.errors import ConfigurationError

_LEAST_SHOWN = 8
"""Of a key that is cut off, fewer characters than these tell nothing."""
_CODE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))")


class ApiKey:
    """The API key, which shows itself only to the wire."""

    __slots__ = ("_beginnings", "_field", "_forms", "_key", "_marks")

    def __init__(self, key: str) -> None:
        self._key = key
        self._forms = _written(key)
        self._field = f"key={quote_plus(key)}&" if self._forms else ""
        self._beginnings = _beginnings(self._forms)
        self._marks = {form[:_LEAST_SHOWN].encode() for form in self._forms}

    def __repr__(self) -> str:
        return "'***'"

    __str__ = __repr__

    def check(self) -> None:
        """Refuse what cannot be a key, without showing it."""
        if not isinstance(self._key, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError("the API key must be a str")
        if not self._key:
            raise ConfigurationError("the API key is missing")
        if "://" in self._key:
            raise ConfigurationError(
                "the API key is a URL: pass the key as the first argument, the URL as base_url"
            )
        if not self._key.isprintable() or " " in self._key:
            raise ConfigurationError("the API key contains whitespace or a control character")

    def stands_in(self, text: str) -> bool:
        """Whether a text holds the whole key, in any notation; one that is short may be a word."""
        return len(self._key) >= _LEAST_SHOWN and any(form in text for form in self._forms)

    def account(self, panel: str) -> str:
        """What names the key's account at a panel, the same everywhere, with no way back to the key."""
        return hashlib.sha256(f"{panel}\n{self._key}".encode()).hexdigest()[:32]

    def form(self, form: str) -> bytes:
        """The form with the key in front, as it is sent."""
        return (self._field + form).encode()

    def is_in(self, body: bytes) -> bool:
        """Whether a body holds it, in any notation; one of fewer than 8 characters may be a word."""
        return len(self._key) >= _LEAST_SHOWN and any(mark in body for mark in self._marks)

    def is_disguised_in(self, text: str) -> bool:
        """Whether a text holds some of it in a notation that `redact` leaves, such as sign by sign.

        A key of fewer than 8 characters may be a word.
        """
        key = self._key.casefold()
        parts = [key[end - _LEAST_SHOWN : end] for end in range(_LEAST_SHOWN, len(key) + 1)]
        return any(part in told for told in _unescaped(text) for part in parts)

    def redact(self, text: str) -> str:
        """The text without the key, in whatever form it is written."""
        if any(written[:_LEAST_SHOWN] in text for written in self._forms):
            for beginning in self._beginnings:
                text = text.replace(beginning, "***")
        return text


def _written(key: str) -> list[str]:
    """The key as text, in a form, in JSON and in HTML."""
    if not key or not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance] - `check` tells
        return []
    in_json = json.dumps(key)[1:-1]
    percent = [quote(key), quote(key, safe=""), quote_plus(key)]
    lower = [re.sub("%..", lambda code: code[0].lower(), text) for text in percent]
    in_html = [html.escape(key), html.escape(key).replace("&#x27;", "&#039;")]
    forms = {key, in_json, in_json.replace("/", r"\/"), *percent, *lower, *in_html}
    return sorted(forms)


def _unescaped(text: str) -> Iterator[str]:
    """A text without its escapes, kind by kind."""
    text = text.replace("\0", "")  # UTF-16 that is read as UTF-8
    yield text.casefold()
    for unescape in (unquote, unquote, html.unescape, _without_codes):
        text = unescape(text)
        yield text.casefold()


def _without_codes(text: str) -> str:
    """A text without the escapes of JSON."""
    return _CODE.sub(lambda code: chr(int(code[1] or code[2], 16)), text)


def _beginnings(forms: list[str]) -> list[str]:
    """All that may stand of them where a text is cut off, the longest first."""
    lengths = (
        (form, length) for form in forms for length in range(min(_LEAST_SHOWN, len(form)), len(form) + 1)
    )
    return sorted({form[:length] for form, length in lengths}, key=len, reverse=True)
