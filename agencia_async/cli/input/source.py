"""Reads a file, or stdin for `-`, as text of bounded lines; an error is one line."""

import codecs
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from agencia_async.cli.exit import UsageError
from agencia_async.cli.text import one_line

MOST_CHARACTERS: Final = 40 * 2**20
"""The length of a row: more than the longest reply of a panel, which may stand in one."""

_STDIN: Final = "-"
_UTF_8: Final = "utf-8-sig"
_OTHERS: Final = "replace"  # invalid text is an error only in a cell that is used
_MOST_AT_FIRST: Final = 2**16  # characters of the first line, before anything tells that it is a text
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # it begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WITHOUT_MARK: Final = (
    (re.compile(rb"[^\0]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[^\0]\0[^\0]"), "utf-16-be"),
)
_AS_CSV: Final = 'save it as CSV (in Excel: File > Save As > "CSV UTF-8")'
_OTHER_FORMATS: Final = (
    (re.compile(rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", re.DOTALL), f"an OpenDocument; {_AS_CSV}"),
    (re.compile(rb"PK\x03\x04"), f"an Excel workbook (xlsx), or another zip file; {_AS_CSV}"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), f"an old Excel workbook (xls); {_AS_CSV}"),
    (re.compile(rb"%PDF"), "a PDF document; a CSV file is needed"),
    (re.compile(rb"\x1f\x8b"), "compressed (gzip); decompress it first"),
    (
        re.compile(rb"SQLite format 3\0"),
        "an SQLite database; of a journal, agencia journal export makes a CSV",
    ),
    (re.compile(rb"\s*<[!?a-zA-Z]"), f"HTML or XML; {_AS_CSV}"),
    (re.compile(rb'\s*(?:\{\s*"|\[\s*[\[{"\]\d-])'), "JSON; a CSV file is needed (--format csv)"),
)


def is_stdin(path: Path | str | None) -> bool:
    """Whether it means stdin."""
    return str(path) == _STDIN


def name_of(path: Path) -> str:
    """Its name, for messages."""
    return "stdin" if is_stdin(path) else one_line(str(path))


def lines_of(path: Path) -> Iterator[str]:
    """Its lines, read lazily: UTF-8, or UTF-16 and UTF-32 as spreadsheets and shells write them.

    Raises:
        UsageError: it cannot be read, is no text, or has a line without an end.
    """
    try:
        with _binary_input() if is_stdin(path) else path.open("rb") as file:
            yield from _lines(file, name_of(path))
    except OSError as error:
        raise UsageError(f"cannot read {name_of(path)}: {error.strerror or error}") from None


def standard_input() -> TextIO:
    """Stdin as text.

    Raises:
        UsageError: it is closed.
    """
    return io.TextIOWrapper(_binary_input(), _UTF_8, _OTHERS, newline="")


def _binary_input() -> io.BufferedReader:
    if sys.stdin is None:
        raise UsageError("stdin is closed")
    try:  # with its own buffer, as a thread may hold the lock when the interpreter exits
        return os.fdopen(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # a stream without a file
        file: BinaryIO = sys.stdin.buffer
        return io.BufferedReader(io.BytesIO(file.read()))


def _lines(file: io.BufferedReader, name: str) -> Iterator[str]:
    """The lines of a file, none of them longer than the limit."""
    encoding = _encoding(file.peek(64)[:64], name)
    number, most = 1, _MOST_AT_FIRST
    with io.TextIOWrapper(file, encoding, _OTHERS, newline="") as text:
        while line := text.readline(most):
            if len(line) == most:
                raise UsageError(
                    f"{name}, line {number}: longer than {most - 1:,} characters; write one item per line"
                )
            yield line
            number, most = number + 1, MOST_CHARACTERS


def _encoding(head: bytes, name: str) -> str:
    """The encoding of a text that begins so.

    Raises:
        UsageError: it is no text, but a workbook or the like.
    """
    for pattern, what in _OTHER_FORMATS:
        if pattern.match(head):
            raise UsageError(f"{name} is {what}")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    return next((encoding for pattern, encoding in _WITHOUT_MARK if pattern.match(head)), _UTF_8)
