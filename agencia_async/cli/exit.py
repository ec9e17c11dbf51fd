"""How a command exits: its exit code, and one line with the error."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress
from enum import IntEnum
from typing import Any, Final, NamedTuple, NoReturn, TextIO, cast

import typer

from agencia_async import (
    AgenciaError,
    AuthenticationError,
    InsufficientFundsError,
    InvalidServiceError,
    OutcomeUnknownError,
    PanelError,
    RateLimitedError,
    ReplyError,
    TransportError,
)
from agencia_async.cli.interrupt import Signals
from agencia_async.cli.stderr import logged, tell
from agencia_async.cli.text import one_line


class Code(IntEnum):
    """The exit codes of all commands."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNKNOWN = 4
    UNWRITTEN = 5
    LOW = 6
    HANGUP = 129
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


_MEANINGS: Final = {
    Code.OK: "success",
    Code.SOME_FAILED: "some ids or orders failed",
    Code.USAGE: "usage or configuration error",
    Code.REFUSED: "account rejected or panel unavailable",
    Code.UNKNOWN: "outcome of an order unknown",
    Code.UNWRITTEN: "an order was placed but the output failed",
    Code.LOW: "a balance is low (agencia profiles --low)",
}

CODES: Final = (
    f"Exit codes: {', '.join(f'{code:d} {text}' for code, text in _MEANINGS.items())}, 129, 130 or 143 ended "
    "by a signal (SIGHUP, SIGINT, SIGTERM), 141 broken pipe (SIGPIPE)."
)


_BY_SIGNAL: Final = {
    Code.HANGUP: "hung up",
    Code.INTERRUPTED: "interrupted",
    Code.TERMINATED: "terminated",
}


class UsageError(Exception):
    """Invalid input of the user; the message is one line, or a line for each fault and one that sums up."""


class Interrupted(Exception):  # noqa: N818 - an exit, not an error
    """A signal ended it; the message says how far the command got."""


class Source(NamedTuple):
    """What hints call the key and the URL of a panel."""

    key: str = "--key-file"
    url: str = "--base-url"


_SOURCE: Final = "source_of_the_command"


def is_of(error: AgenciaError, source: Source) -> None:
    """Note where the key and the URL come from, for the hint about an error."""
    vars(error)[_SOURCE] = source


class _Ending(NamedTuple):
    line: str
    hint: str = ""
    code: Code = Code.REFUSED


_ENDINGS: Final[dict[type[AgenciaError], _Ending]] = {
    AuthenticationError: _Ending(
        "the panel rejected the account: {}", "is this the key for this panel? see {key} and {url}"
    ),
    RateLimitedError: _Ending("rate limited: {}", "limit the requests, for example with --rate-limit 60/min"),
    InsufficientFundsError: _Ending("error from the panel: {}", "see: agencia balance"),
    InvalidServiceError: _Ending("error from the panel: {}", "see: agencia services"),
    PanelError: _Ending("error from the panel: {}"),
    TransportError: _Ending("no usable reply from the panel: {}", "is the panel up, and {url} correct?"),
    ReplyError: _Ending("unreadable reply from the panel: {}", "is {url} the URL of its API?"),
    OutcomeUnknownError: _Ending(
        "outcome unknown: {}",
        "check the panel before you send this again",
        Code.UNKNOWN,
    ),
    AgenciaError: _Ending("{}", code=Code.USAGE),
}


def run(work: Coroutine[Any, Any, Code]) -> NoReturn:
    """Run a command and exit; expected errors become a line and an exit code."""
    endings: list[Interrupted] = []
    signals = Signals()
    try:
        with signals, logged():
            code = asyncio.run(_exit_code(work, endings, signals))
    except BrokenPipeError:
        _redirect_to_null(sys.stdout, sys.stderr)
        code = Code.BROKEN_PIPE
    except KeyboardInterrupt:
        code = _code_of(signals)
    except UsageError as error:
        code = _print_error(str(error), code=Code.USAGE)
    except AgenciaError as error:
        code = _print_error(*describe(error))
    except OSError as error:
        code = _print_error(f"cannot write the output: {error.strerror or error}", code=Code.USAGE)
        _redirect_to_null(sys.stdout)
    if code in _BY_SIGNAL:
        _print_error(f"{_BY_SIGNAL[code]}: {''.join(map(str, endings))}".rstrip(": "))
    raise typer.Exit(code)


def _code_of(signals: Signals) -> Code:
    """The exit code of what a signal ended: 128 and its number."""
    return Code.INTERRUPTED if signals.first is None else Code(128 + signals.first)


async def _exit_code(work: Coroutine[Any, Any, Code], endings: list[Interrupted], signals: Signals) -> Code:
    """Its exit code; an interruption is collected, as raising it would end the event loop."""
    signals.ends(cast("asyncio.Task[Any]", asyncio.current_task()))
    try:
        return await work
    except Interrupted as ending:
        endings.append(ending)
    except asyncio.CancelledError:
        if not signals.count:
            raise
    return _code_of(signals)


def describe(error: AgenciaError) -> _Ending:
    """The line, the hint and the exit code of an error that ends a command."""
    ending = next(_ENDINGS[kind] for kind in type(error).__mro__ if kind in _ENDINGS)
    text = one_line(str(error)) or type(error).__name__
    hint = "on the command line: --allow-http" if "allow_http" in text else ending.hint
    source: Source = vars(error).get(_SOURCE, Source())
    return ending._replace(line=ending.line.format(text), hint=hint.format(**source._asdict()))


def tell_failure(what: str, code: Code, *, some: str = "") -> None:
    """What failed, for a command that is quiet otherwise: one line, with the meaning of the exit code.

    `some`: what 1 means, if not that some ids or orders failed.
    """
    meaning = some if some and code is Code.SOME_FAILED else _MEANINGS[code]
    tell(f"agencia: {what} (exit code {code:d}: {meaning})")


def _print_error(line: str, hint: str = "", code: Code = Code.REFUSED) -> Code:
    *details, last = line.split("\n")
    for detail in details:
        tell(detail)
    tell(f"agencia: {last}")
    if hint:
        tell(f"  hint: {hint}")
    return code


def print_id(number: object) -> Code:
    """Print the id of an order that was placed: if stdout fails, on stderr; and the exit code."""
    stream = cast("TextIO", sys.stdout)  # `main` sees to it that there is one
    try:
        stream.write(f"{one_line(str(number)) if stream.isatty() else number}\n")
        stream.flush()
    except OSError as error:
        let_go_of_stdout()
        tell(f"agencia: order {number} was placed, but stdout failed: {error.strerror or error}")
        return Code.UNWRITTEN
    return Code.OK


def let_go_of_stdout() -> None:
    """What is left in the buffer of stdout would fail again when the interpreter exits."""
    _redirect_to_null(sys.stdout)


def _redirect_to_null(*streams: TextIO) -> None:
    """Redirect streams to the null device: flushing their buffers at exit would fail otherwise."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(OSError):  # a stream without a file needs no redirection
            os.dup2(null, stream.fileno())
    os.close(null)
