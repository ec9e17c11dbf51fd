"""What a command tells on stderr: messages, questions and log records, all of them printable text."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import typer

from agencia_async.cli.text import printable

_MOST: Final = 2_000
_LOG: Final = logging.getLogger("agencia_async")


def tell(line: str = "", *, end: str = "\n") -> None:
    """Print a line, above a live screen. Line breaks within it are foreign, so they show as `?`."""
    # Named, as otherwise it goes past what a live screen puts in its place.
    typer.echo(f"{printable(line, _MOST)}{end}", file=sys.stderr, nl=False, err=True)


@contextmanager
def logged() -> Generator[None]:
    """Print the library's log records, for the block: warnings, and what `verbose` adds."""
    handler = _Stderr()
    handler.setFormatter(_Printable("%(asctime)s %(message)s"))
    _LOG.addHandler(handler)
    try:
        yield
    finally:
        _LOG.removeHandler(handler)


@contextmanager
def at_level(level: int) -> Generator[None]:
    """Log from this level on, for the block."""
    before = _LOG.level
    _LOG.setLevel(level)
    try:
        yield
    finally:
        _LOG.setLevel(before)


class _Stderr(logging.Handler):
    """Writes to what stderr is at that moment: while there is a live screen, above it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
        except Exception:  # noqa: BLE001 - as each handler of the standard library does
            self.handleError(record)


class _Printable(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """A record as one line; without its time where only warnings are logged."""
        text = record.getMessage() if _LOG.level == logging.NOTSET else super().format(record)
        return printable(text, _MOST)
