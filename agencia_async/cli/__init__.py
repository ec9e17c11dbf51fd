"""The command `agencia`: orders and refills from a terminal."""

import io
import sys

_NEEDED = frozenset({"typer", "rich"})


def main() -> None:
    """Run the command `agencia`; where what it needs is not installed, say so and exit with 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what it cannot spell must not end the command
            stream.reconfigure(errors="backslashreplace")
    try:
        from agencia_async.cli.app import app  # noqa: PLC0415 - an extra that may be missing
    except ModuleNotFoundError as missing:
        name = (missing.name or "").partition(".")[0]
        if name not in _NEEDED:
            raise
        print(  # noqa: T201 - a command prints
            f'agencia: {name} is missing: pip install "agencia-async[cli]"', file=sys.stderr
        )
        raise SystemExit(2) from None
    app(prog_name="agencia")
