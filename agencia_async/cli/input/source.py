"""Reading what the user names: a file, or `-` for standard input; a fault is one readable line."""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from agencia_async.cli.exit import UsageError

_STDIN: Final = "-"
_ENCODING: Final = "utf-8-sig"
_OTHERS: Final = "replace"  # what is no UTF-8 is a fault only of the cell that is needed


def is_stdin(path: Path | str | None) -> bool:
    """Is standard input meant?"""
    return str(path) == _STDIN


def name_of(path: Path) -> str:
    """What a message calls it."""
    return "standard input" if is_stdin(path) else str(path)


def lines_of(path: Path) -> Iterator[str]:
    """Its lines, read as they are asked for.

    Raises:
        UsageError: it cannot be read.
    """
    if is_stdin(path):
        yield from standard_input()
        return
    try:
        with path.open(encoding=_ENCODING, errors=_OTHERS, newline="") as lines:
            yield from lines
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None


def standard_input() -> TextIO:
    """Standard input as text.

    Raises:
        UsageError: it is closed.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    try:  # a buffer of its own, as a thread may hold its lock when the interpreter ends
        file: BinaryIO = os.fdopen(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # a stream without a file
        file = sys.stdin.buffer
    return io.TextIOWrapper(file, _ENCODING, _OTHERS, newline="")
