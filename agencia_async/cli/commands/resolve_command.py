"""The command that resolves an order, as it is printed to be copied."""

from typing import Final

from agencia_async.cli.journal_option import URL
from agencia_async.cli.shell import shell_word, whole

_PLACEHOLDER: Final = "URL stands for the database URL of the journal, which may contain a password."


def resolve_command(reference: str, words: str, outcome: str) -> str:
    """The command that resolves an order, as it can be copied into a shell."""
    name = shell_word(reference)
    if reference.startswith("-"):
        return whole(f"agencia journal resolve{words} {outcome} -- {name}")
    return whole(f"agencia journal resolve {name}{words} {outcome}")


def note_of(words: str) -> str:
    """What is to be said about commands that name the journal so; empty if nothing is."""
    return _PLACEHOLDER if words == f" --journal {URL}" else ""
