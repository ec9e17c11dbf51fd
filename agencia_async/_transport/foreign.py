"""Exceptions of the caller's own code, in a transport or an event hook, that do not tell of the network.

Such a mistake is raised to the caller as it is, once. Its traceback stays, without the variables of its
frames: they may hold the key.
"""

import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import httpx

from agencia_async._transport.causes import told
from agencia_async.errors import AgenciaError, TransportError

_LIBRARIES = {"aiohttp", "anyio", "curl_cffi", "h11", "h2", "httpcore", "httpx2", "requests", "urllib3"}
"""Libraries whose exceptions tell of the network."""


class ForeignError(Exception):
    """An exception of the caller's code, on its way to the caller. Where it passes, nothing was sent."""

    def __init__(self, original: Exception) -> None:
        super().__init__()
        self.original = original

    def as_error(self, action: str | None = None, attempts: int = 0) -> TransportError:
        """The same as an error of this library, which can be the outcome of one id among many."""
        error = TransportError(told(self.original), sent="no")
        error.action, error.attempts = action, attempts
        error.__cause__ = self.original
        return error


@contextmanager
def callers_code() -> Generator[None]:
    """Wraps what code of the caller's raises, unless it is the network's or this library's."""
    try:
        yield
    except Exception as error:
        if isinstance(error, AgenciaError) or is_of_network(error):
            raise
        failure = ForeignError(error)
    else:
        return
    raise failure


def is_of_network(error: BaseException) -> bool:
    """Whether an exception tells of the network or the server, and not of a mistake."""
    if parts := _parts(error):
        return all(map(is_of_network, parts))
    if isinstance(error, OSError):
        return error.filename is None  # one with a name is about a file
    modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, (httpx.HTTPError, EOFError)) or not modules.isdisjoint(_LIBRARIES)


def _parts(error: BaseException) -> Sequence[BaseException]:
    """The exceptions of a group."""
    if not isinstance(error, BaseExceptionGroup):
        return ()
    return cast("BaseExceptionGroup[BaseException]", error).exceptions


def cleaned(error: Exception, redact: Callable[[str], str]) -> Exception:
    """The exception without the key: in its texts, and in the variables of the frames that it passed."""
    for part in _chain(error):
        part.args = tuple(redact(arg) if isinstance(arg, str) else arg for arg in part.args)
        traceback.clear_frames(part.__traceback__)
    return error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception, and all that it came from."""
    seen: dict[int, BaseException] = {}
    found: list[BaseException | None] = [error]
    while found:
        part = found.pop()
        if part is not None and id(part) not in seen:
            seen[id(part)] = part
            found += [part.__cause__, part.__context__]
            found += _parts(part)
            yield part
