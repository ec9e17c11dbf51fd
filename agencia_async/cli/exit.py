"""How a command ends: its exit code, and the one line that says what went wrong."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress
from enum import IntEnum
from typing import Any, Final, NamedTuple, NoReturn, TextIO

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
from agencia_async.cli.interrupt import CtrlC
from agencia_async.cli.text import one_line


class Code(IntEnum):
    """The exit codes of all commands."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNKNOWN = 4
    INTERRUPTED = 130
    BROKEN_PIPE = 141


CODES: Final = (
    "Exit codes: 0 all well, 1 some ids or orders failed, 2 usage or configuration, 3 the account or the "
    "panel refused, 4 an order that may or may not have been placed, 130 interrupted, 141 the reader of the "
    "output has gone."
)


class UsageError(Exception):
    """Something that the user gave cannot be used; the message is one readable line."""


class Interrupted(Exception):  # noqa: N818 - an ending, not an error
    """Ctrl-C; the message tells how far the command came."""


class _Ending(NamedTuple):
    line: str
    hint: str = ""
    code: Code = Code.REFUSED


_ENDINGS: Final[dict[type[AgenciaError], _Ending]] = {
    AuthenticationError: _Ending(
        "the panel refused the account: {}", "is this the key of this panel? see --key-file and --base-url"
    ),
    RateLimitedError: _Ending("the panel refused: {}", "ask more slowly, for example with --rate 60/min"),
    InsufficientFundsError: _Ending("the panel refused: {}", "see: agencia balance"),
    InvalidServiceError: _Ending("the panel refused: {}", "see: agencia services"),
    PanelError: _Ending("the panel refused: {}"),
    TransportError: _Ending("no usable reply from the panel: {}", "is the panel up, and --base-url right?"),
    ReplyError: _Ending("the panel's reply cannot be read: {}", "is --base-url the address of its API?"),
    OutcomeUnknownError: _Ending(
        "nobody knows whether the panel acted: {}",
        "look at the panel before you send this again",
        Code.UNKNOWN,
    ),
    AgenciaError: _Ending("{}", code=Code.USAGE),
}


def run(work: Coroutine[Any, Any, Code]) -> NoReturn:
    """Run a command to its end; what may be expected to go wrong becomes a line and an exit code."""
    endings: list[Interrupted] = []
    try:
        with CtrlC() as ctrl_c:
            code = asyncio.run(_noted(work, endings, ctrl_c))
    except BrokenPipeError:
        _let_go(sys.stdout, sys.stderr)
        code = Code.BROKEN_PIPE
    except KeyboardInterrupt:
        code = Code.INTERRUPTED
    except UsageError as error:
        code = _tell(str(error), code=Code.USAGE)
    except AgenciaError as error:
        code = _tell(*describe(error))
    except OSError as error:
        code = _tell(f"the output cannot be written: {error.strerror or error}", code=Code.USAGE)
        _let_go(sys.stdout)
    if code is Code.INTERRUPTED:
        _tell(f"interrupted: {''.join(map(str, endings))}".rstrip(": "))
    raise typer.Exit(code)


async def _noted(work: Coroutine[Any, Any, Code], endings: list[Interrupted], ctrl_c: CtrlC) -> Code:
    """Its code; an interruption is noted and not raised: once the event loop has ended, nobody catches it."""
    ctrl_c.ends(asyncio.current_task())
    try:
        return await work
    except Interrupted as ending:
        endings.append(ending)
    except asyncio.CancelledError:
        if not ctrl_c.presses:
            raise
    return Code.INTERRUPTED


def describe(error: AgenciaError) -> _Ending:
    """The line, the hint and the exit code for an error of a whole command."""
    ending = next(_ENDINGS[kind] for kind in type(error).__mro__ if kind in _ENDINGS)
    text = one_line(str(error)) or type(error).__name__
    hint = "here that is --allow-http" if "allow_http" in text else ending.hint
    return ending._replace(line=ending.line.format(text), hint=hint)


def _tell(line: str, hint: str = "", code: Code = Code.REFUSED) -> Code:
    typer.echo(f"agencia: {line}", err=True)
    if hint:
        typer.echo(f"  hint: {hint}", err=True)
    return code


def _let_go(*streams: TextIO) -> None:
    """Let them write to nowhere: what is left in their buffers would complain when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(OSError):  # one that has no file needs none of this
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
