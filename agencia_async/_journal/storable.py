"""What a database can store of a text: the one place through which all text goes that a journal writes.

PostgreSQL stores no NUL, and no database a lone surrogate. Both come from panels, in numbers and messages.
"""

from hashlib import blake2b
from typing import Any

from sqlalchemy import Dialect, Text, TypeDecorator


def storable(text: str) -> str:
    """A text without what some database cannot store, which becomes U+FFFD or a question mark."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def digest(*parts: str) -> str:
    """A short key for some texts, however long they are: an index of them has a limit."""
    return blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=16).hexdigest()


class StorableText(TypeDecorator[str]):
    """The type of a column for any text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - of the interface
        """The text as it is stored."""
        return storable(value) if isinstance(value, str) else value
