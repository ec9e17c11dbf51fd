"""The words of printed commands: a shell reads them as they were."""

import os
import subprocess

import pytest

from agencia_async.cli.commands.local_journal import note_of, resolve_command
from agencia_async.cli.shell import TOO_LONG, shell_word, whole
from agencia_async.cli.text import printable

WORDS = [
    "A-1",
    "it's  two",
    "-a b",
    "é",
    "注文 1",
    "a\ufe0fb",
    "❤\ufe0f it's",
    "o\u0301\u0302\u0303\u0304\u0305",
    "a\u00a0b",
    "a\u3164b",
    "a\u2800'\\b",
    "tag\U000e0100a1",
    '$HOME `x` "y" !1',
]


@pytest.mark.parametrize("word", WORDS)
def test_a_shell_reads_what_was_meant(word: str) -> None:
    shown = printable(shell_word(word))
    done = subprocess.run(  # noqa: S603 - the words above
        ["bash", "-c", f"printf %s {shown}"],  # noqa: S607 - that of the path
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert done.stdout.decode() == word


def test_a_file_name_that_is_no_text() -> None:
    assert shell_word("a\udcff") == r"$'a\xff'"


def test_a_command_that_would_be_cut_is_not_printed() -> None:
    assert whole("agencia balance") == "agencia balance"
    assert resolve_command(199 * "\U000e0100", " --journal j.db", "--not-placed") == TOO_LONG


def test_a_url_is_not_printed() -> None:
    assert note_of(" --journal URL").startswith("URL stands for")
    assert note_of(" --journal j.db") == ""
