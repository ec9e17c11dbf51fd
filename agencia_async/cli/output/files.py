"""Where rows are written: a stream, or a file that keeps what it had until there is something better."""

from collections.abc import Generator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Final, TextIO

from rich.text import Text

from agencia_async.cli.exit import UsageError

_IN_MEMORY: Final = 1_000_000
"""Characters that are held in memory; more of them go to a temporary file."""
_CHUNK: Final = 65_536
_ENCODING: Final = "utf-8"
_ERRORS: Final = "backslashreplace"


class Flushed:
    """Writes texts to a stream, each of which is flushed; once that failed, no more."""

    def __init__(self, stream: TextIO) -> None:
        self.is_broken: bool = False
        self._stream = stream

    def __call__(self, text: Text | str) -> None:
        """Write a text."""
        if self.is_broken:  # what is in the buffer would fail again
            return
        self.is_broken = True
        self._stream.write(str(text))
        self._stream.flush()
        self.is_broken = False


class OutputFile:
    """Writes texts to an open file, which is truncated only with the first one.

    Args:
        stream: the file.
        hold: hold the texts back until `release`, if the file is not empty.
    """

    def __init__(self, stream: TextIO, *, hold: bool) -> None:
        self.flushed: Flushed = Flushed(stream)
        self.is_terminal: bool = stream.isatty()
        self._stream = stream
        self._is_old = True
        self._is_kept = False
        self._held = _spool() if hold and stream.seekable() and stream.tell() else None

    def __call__(self, text: Text | str) -> None:
        """Write a text, or hold it back."""
        if self._held is not None:
            self._held.write(str(text))
        elif not self._is_kept:
            self._write(text)

    def _write(self, text: Text | str) -> None:
        if self._is_old:
            self._is_old = False
            with suppress(OSError):  # a device cannot be truncated
                self._stream.truncate(0)
        self.flushed(text)

    def release(self) -> None:
        """Write what is held back, and hold back nothing more."""
        held, self._held = self._held, None
        if held is not None:
            with held:
                held.seek(0)
                while text := held.read(_CHUNK):
                    self._write(text)

    def keep_old(self) -> bool:
        """Drop what is held back, and all that comes; whether there is an old file that is kept."""
        held, self._held = self._held, None
        if held is not None:
            held.close()
            self._is_kept = True
        return self._is_kept


def _spool() -> "SpooledTemporaryFile[str]":
    return SpooledTemporaryFile(_IN_MEMORY, "w+", encoding=_ENCODING, errors=_ERRORS, newline="")


@contextmanager
def open_output(file: Path, *, hold: bool) -> Generator[OutputFile]:
    """A file for output, for the block; it is opened at once, so that it is known that it can be written.

    Raises:
        UsageError: it cannot.
    """
    try:
        stream = file.open("a", encoding=_ENCODING, errors=_ERRORS, newline="")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror or error}") from None
    output = OutputFile(stream, hold=hold)
    try:
        try:
            yield output
        finally:
            output.release()
    finally:
        with suppress(OSError) if output.flushed.is_broken else nullcontext():
            stream.close()
