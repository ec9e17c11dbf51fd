"""The log of the wire: what was sent and what came back, without the API key, on the logger of its own.

It is off unless the level of the logger `agencia_async.wire` is DEBUG, and costs nothing then.
"""

import logging
from itertools import count

from agencia_async._protocol.reply import Reply
from agencia_async._transport.api_key import ApiKey
from agencia_async.errors import AgenciaError

_log = logging.getLogger("agencia_async.wire")

_MOST = 500
"""Bytes that are shown of a form or a reply."""
_READ = 2**16
"""Bytes in which the key is looked for: so many are more than are shown, even if it fills them."""


class WireLog:
    """Logs the requests of one client, each with its number and that of its reply.

    Args:
        api_key: is blotted.
        where: the panel's host and port.
    """

    def __init__(self, api_key: ApiKey, where: str) -> None:
        self._api_key = api_key
        self._where = where
        self._numbers = count(1)

    @property
    def is_on(self) -> bool:
        """Whether anything is logged."""
        return _log.isEnabledFor(logging.DEBUG)

    def sent(self, form: str) -> int:
        """A form is sent; the number of the request."""
        number = next(self._numbers)
        _log.debug("request %d to %s: %s", number, self._where, self._shown(f"key=***&{form}".encode()))
        return number

    def received(self, number: int, reply: Reply) -> None:
        """The reply to a request came."""
        shown = self._shown(reply.body)
        _log.debug("reply %d: HTTP %d, %d bytes: %s", number, reply.status, len(reply.body), shown)

    def failed(self, number: int, error: BaseException) -> None:
        """No whole reply came."""
        why = error.message if isinstance(error, AgenciaError) else type(error).__name__
        _log.debug("no reply %d: %s", number, self._shown(why.encode()))

    def _shown(self, content: bytes) -> str:
        """The beginning of it on one line, without the key."""
        text = self._api_key.redact(content[:_READ].decode(errors="replace"))[: 4 * _MOST]
        if self._api_key.is_disguised_in(text):
            return "(not shown: it holds the API key)"
        line = "".join(map(_escaped, text)).encode()
        return line.decode() if len(line) <= _MOST else f"{line[: _MOST - 3].decode(errors='ignore')}..."


def _escaped(sign: str) -> str:
    return sign if sign.isprintable() else sign.encode("unicode_escape").decode()
