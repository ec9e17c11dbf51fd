import errno
import socket
import ssl
from contextlib import suppress

import pytest

from agencia_async._transport.causes import brief, origin, rounded, told


def raised(
    error: BaseException, cause: BaseException | None = None, *, context: bool = False
) -> BaseException:
    """An error that has a traceback, with what led to it."""
    for one in filter(None, (error, cause)):
        with suppress(type(one)):
            throw(one)
    error.__context__ = cause
    if not context:
        error.__cause__ = cause
    return error


def throw(error: BaseException) -> None:
    raise error


def test_the_deepest_error_of_the_system_is_the_origin() -> None:
    refused = ConnectionRefusedError(111, "Connect call failed")
    middle = raised(OSError("All connection attempts failed"), refused)
    assert origin(raised(ValueError("what"), middle)) is refused
    assert (refused.__traceback__, refused.__cause__, refused.__context__) == (None, None, None)


def test_what_was_only_handled_at_that_time_counts_even_if_it_is_hidden() -> None:
    refused = ConnectionRefusedError(111, "Connect call failed")
    assert origin(raised(ValueError("what"), refused, context=True)) is refused
    hidden = raised(ValueError("what"), refused, context=True)
    hidden.__suppress_context__ = True
    assert origin(hidden) is refused


def test_of_a_group_the_first_counts() -> None:
    first, second = OSError(111, "first"), OSError(113, "second")
    group = ExceptionGroup("both", [first, second])
    assert origin(raised(OSError("All connection attempts failed"), group)) is first


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(-2, "Name or service not known"),
        ssl.SSLError("the handshake failed"),
        OSError("no number"),
    ],
)
def test_it_may_be_the_error_itself(error: OSError) -> None:
    assert origin(raised(error)) is error


def test_there_may_be_none_and_a_circle_ends() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert origin(one) is None
    assert origin(ValueError("alone")) is None


def test_an_error_is_told_by_its_name_and_text() -> None:
    assert [told(ValueError("why")), told(ValueError())] == ["ValueError: why", "ValueError"]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('1.2.3.4', 443)"),
            "connection refused",
        ),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('::1', 443, 0, 0)"),
            "connection refused",
        ),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('1.2.3.4', 3128)"), None),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "connection reset by peer"),
        (OSError(errno.ENETUNREACH, "x"), "network is unreachable"),
        (socket.gaierror(-2, "Name or service not known"), "name or service not known"),
        (socket.gaierror(), None),
        (OSError(errno.EIO, "Input/output error"), None),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), None),
        (OSError("no number"), None),
    ],
)
def test_what_the_system_says_of_a_connection_is_told_briefly(error: OSError, text: str | None) -> None:
    assert brief(error, "a.example:443") == (f"{text} (a.example:443)" if text else "")


@pytest.mark.parametrize(
    ("seconds", "text"), [(29.9693, "30"), (30.0, "30"), (12.34, "12.3"), (0.0499, "0.05"), (123.0, "123")]
)
def test_seconds_are_rounded(seconds: float, text: str) -> None:
    assert rounded(seconds) == text
