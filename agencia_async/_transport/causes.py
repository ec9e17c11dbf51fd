"""What lies behind a failure of the network: the operating system's own error, or that of TLS."""

import errno
import os
import re
import socket
import ssl
from collections.abc import Iterator
from typing import cast

_WORDS = {
    number: os.strerror(number)
    for number in (
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EPIPE,
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ETIMEDOUT,
    )
}
"""What the system says of connections, without the address that asyncio puts in its place."""
_ADDRESS = re.compile(r"\('[^']*', (?P<port>\d+)")
_DEEPEST = 20
"""Exceptions that are looked at behind one."""


def origin(error: BaseException) -> OSError | None:
    """The error of the operating system or of TLS behind an exception, or that itself.

    It comes without its traceback and without what led to it, whose variables may hold the API key.
    """
    known = [behind for behind in _chain(error) if isinstance(behind, OSError)]
    exact = [behind for behind in known if behind.errno is not None or isinstance(behind, ssl.SSLError)]
    for found in (exact or known)[-1:]:
        found.__cause__ = found.__context__ = None
        return found.with_traceback(None)
    return None


def told(error: BaseException) -> str:
    """The name and the text of an exception."""
    return f"{type(error).__name__}: {error}".rstrip(": ")


def brief(error: OSError, where: str) -> str:
    """What the system says of a connection, such as "connection refused", with the host and port.

    Empty if that would not tell all: of other errors, and of an address that is not this port's (a proxy's).
    """
    text = error.strerror if isinstance(error, socket.gaierror) else _WORDS.get(error.errno or 0)
    named = _ADDRESS.search(str(error))
    if not text or (named and not where.endswith(f":{named['port']}")):
        return ""
    return f"{text[0].lower()}{text[1:]} ({where})"


def rounded(seconds: float) -> str:
    """A number of seconds as a person reads it: 29.9693 is 30."""
    return f"{seconds:.2g}" if seconds < 1 else f"{round(seconds, 1):g}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and what led to it; of a group the first."""
    for _ in range(_DEEPEST):
        yield error
        behind = _before(error)
        if behind is None:
            return
        error = behind


def _before(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error.__cause__ or error.__context__  # httpcore's pool hides what led to its errors
