"""The API key: the only module that holds it."""

import html
import json
import re
from urllib.parse import quote, quote_plus

from agencia_async.errors import ConfigurationError

_LEAST_SHOWN = 8
"""Of a key that is cut off, fewer characters than these tell nothing."""


class Secret:
    """The API key, which shows itself only to the wire."""

    __slots__ = ("_forms", "_key")

    def __init__(self, key: str) -> None:
        self._key = key
        self._forms = _written(key)

    def __repr__(self) -> str:
        return "'***'"

    __str__ = __repr__

    def check(self) -> None:
        """Refuse what cannot be a key, without showing it."""
        if not isinstance(self._key, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError("the API key is no text")
        if not self._key:
            raise ConfigurationError("the API key is missing")
        if not self._key.isprintable() or " " in self._key:
            raise ConfigurationError("the API key holds white space or a control character")

    def form(self, form: str) -> bytes:
        """The form with the key in front, as it is sent."""
        return f"key={quote_plus(self._key)}&{form}".encode()

    def blot(self, text: str) -> str:
        """The text without the key, in whatever form it is written."""
        for written in self._forms:
            text = text.replace(written, "***")
        for written in self._forms:  # and where it is cut off in the middle
            for length in range(len(written) - 1, _LEAST_SHOWN - 1, -1):
                text = text.replace(written[:length], "***")
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
    return sorted(forms, key=len, reverse=True)
