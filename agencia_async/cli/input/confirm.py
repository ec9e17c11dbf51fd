"""Prompts for confirmation before money is spent."""

import asyncio
import sys
from itertools import islice

import typer

from agencia_async.cli.exit import Interrupted, UsageError
from agencia_async.cli.input.background import in_background
from agencia_async.cli.input.source import standard_input


def check_terminal(what: str) -> None:
    """Check that a prompt is possible.

    Raises:
        UsageError: stdin is not a terminal.
    """
    if not can_ask():
        raise UsageError(f"{what} money: pass --yes to confirm, as stdin is not a terminal")


def can_ask() -> bool:
    """Whether stdin is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


async def is_agreed(question: str) -> bool:
    """Prompt on the terminal, without blocking the event loop. Anything but yes is no.

    Raises:
        Interrupted: Ctrl-C.
    """
    typer.echo(f"{question} [y/N]: ", nl=False, err=True)
    answers = in_background(islice(standard_input(), 1))
    try:
        answer = await anext(answers, None)
    except asyncio.CancelledError:
        typer.echo(err=True)
        raise Interrupted("nothing was ordered") from None
    finally:
        await answers.aclose()
    if answer is None:  # the end of the input
        typer.echo(err=True)
    return (answer or "").strip().casefold() in {"y", "yes"}
