"""Reads a file, or stdin for `-`; an error is one line."""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from agencia_async.cli.exit import UsageError

_STDIN: Final = "-"
_ENCODING: Final = "utf-8-sig"
_OTHERS: Final = "replace"  # invalid UTF-8 is an error only in a cell that is used


def is_stdin(path: Path | str | None) -> bool:
    """Whether it means stdin."""
    return str(path) == _STDIN


def name_of(path: Path) -> str:
    """Its name, for messages."""
    return "stdin" if is_stdin(path) else str(path)


def lines_of(path: Path) -> Iterator[str]:
    """Its lines, read lazily.

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
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


def standard_input() -> TextIO:
    """Stdin as text.

    Raises:
        UsageError: it is closed.
    """
    if sys.stdin is None:
        raise UsageError("stdin is closed")
    try:  # with its own buffer, as a thread may hold the lock when the interpreter exits
        file: BinaryIO = os.fdopen(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # a stream without a file
        file = sys.stdin.buffer
    return io.TextIOWrapper(file, _ENCODING, _OTHERS, newline="")
