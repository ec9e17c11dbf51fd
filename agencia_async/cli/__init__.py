"""The command `agencia`: orders and refills on the command line."""

import io
import sys

_NEEDED = frozenset({"typer", "rich"})


def main() -> None:
    """Run the command `agencia`; exit with 2 if its dependencies are not installed."""
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
            f'agencia: {name} is not installed: pip install "agencia-async[cli]"', file=sys.stderr
        )
        raise SystemExit(2) from None
    app(prog_name="agencia")
