"""Prompts for confirmation before something is sent that cannot be taken back."""

import asyncio
import sys
from itertools import islice
from pathlib import Path

from agencia_async.cli.exit import Interrupted, UsageError
from agencia_async.cli.input.background import in_background
from agencia_async.cli.input.source import is_stdin, standard_input
from agencia_async.cli.stderr import tell


def check_terminal(what: str, source: Path | None = None) -> None:
    """Check that a prompt is possible.

    Args:
        what: what needs confirmation.
        source: where the input was read from.

    Raises:
        UsageError: stdin is not a terminal, or was the input.
    """
    if is_stdin(source):
        raise UsageError(f"{what} from stdin require --yes")
    if not can_ask():
        raise UsageError(f"{what}: pass --yes to confirm, as stdin is not a terminal")


def can_ask() -> bool:
    """Whether stdin is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


async def is_agreed(question: str) -> bool:
    """Prompt on the terminal, without blocking the event loop. Anything but yes is no.

    Raises:
        Interrupted: Ctrl-C.
    """
    tell(f"{question} [y/N]: ", end="")
    answers = in_background(islice(standard_input(), 1))
    try:
        answer = await anext(answers, None)
    except asyncio.CancelledError:
        tell()
        raise Interrupted("nothing was sent") from None
    finally:
        await answers.aclose()
    if answer is None:  # the end of the input
        tell()
    return (answer or "").strip().casefold() in {"y", "yes"}
