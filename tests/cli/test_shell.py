"""The words of printed commands: a shell reads them as they were."""

import os
import subprocess
from pathlib import Path

import pytest

from agencia_async.cli.commands.resolve_command import note_of, resolve_command
from agencia_async.cli.shell import TOO_LONG, shell_word, whole
from agencia_async.cli.text import printable

from .conftest import Agencia

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


def read(shown: str) -> str:
    """What a shell reads as one word."""
    done = subprocess.run(  # noqa: S603 - the words above
        ["bash", "-c", f"printf %s {shown}"],  # noqa: S607 - that of the path
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    return done.stdout.decode()


@pytest.mark.parametrize("word", WORDS)
def test_a_shell_reads_what_was_meant(word: str) -> None:
    assert read(printable(shell_word(word))) == word


def test_a_file_name_that_is_no_text() -> None:
    assert shell_word("a\udcff") == r"$'a\xff'"


def test_a_command_that_would_be_cut_is_not_printed() -> None:
    assert whole("agencia balance") == "agencia balance"
    assert resolve_command(199 * "\U000e0100", " --journal j.db", "--not-placed") == TOO_LONG


def test_a_url_is_not_printed() -> None:
    assert note_of(" --journal URL").startswith("URL stands for")
    assert note_of(" --journal j.db") == ""


@pytest.mark.usefixtures("panel")
@pytest.mark.parametrize("heading", ["My\u00a0note", "no\ufe0fte", "note\u2800", "o\u0301\u0302\u0303\u0304"])
def test_an_option_that_is_suggested_can_be_copied(agencia: Agencia, here: Path, heading: str) -> None:
    (here / "o.csv").write_text(
        f"reference,service,link,quantity,{heading}\nA-1,1,https://a.b/1,100,x\n", encoding="utf-8"
    )
    args = ("place", "o.csv", "--journal", "j.db", "--dry-run")
    done = agencia(*args)
    assert done.code == 2
    line = next(line for line in done.err.splitlines() if "--ignore-column" in line)
    assert agencia(*args, "--ignore-column", read(line.partition("--ignore-column ")[2])).code == 0


@pytest.mark.usefixtures("panel")
def test_an_option_that_would_be_cut_is_not_suggested(agencia: Agencia, here: Path) -> None:
    (here / "o.csv").write_text(f"reference,service,link,quantity,{'x' * 999}\n")
    done = agencia("place", "o.csv", "--journal", "j.db", "--dry-run")
    assert "--ignore-column" not in done.err
