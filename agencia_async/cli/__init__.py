"""The command `agencia`: orders and refills on the command line."""

import errno
import io
import os
import sys

_NEEDED = frozenset({"typer", "rich"})


class _Closed(io.TextIOBase):
    """A stream that was closed before the command began: what is written to it is not lost silently."""

    def write(self, _text: str, /) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def main() -> None:
    """Run the command `agencia`; exit with 2 if its dependencies are not installed."""
    if sys.stdout is None:  # closed by the caller
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # an encoding error must not end the command
            stream.reconfigure(errors="backslashreplace")
    try:
        from agencia_async.cli.app import app  # noqa: PLC0415 - an extra that may be missing
    except ModuleNotFoundError as missing:
        name = (missing.name or "").partition(".")[0]
        if name not in _NEEDED:
            raise
        print(  # noqa: T201 - a command prints
            f'agencia: {name} is not installed: in a clone, pip install ".[cli]" brings it', file=sys.stderr
        )
        raise SystemExit(2) from None
    app(prog_name="agencia")
