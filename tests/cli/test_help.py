"""The help of each command: what it shows, and that its examples name what there is."""

import re
import shlex
from importlib.metadata import version
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from agencia_async.cli.app import app
from agencia_async.cli.help import flowing, plain

from .conftest import Agencia, WatchedPanel

GROUP = get_command(app)
assert isinstance(GROUP, TyperGroup)
JOURNAL = GROUP.commands["journal"]
assert isinstance(JOURNAL, TyperGroup)
ALL: dict[str, Any] = {
    **{name: command for name, command in GROUP.commands.items() if name != "journal"},
    **{f"journal {name}": command for name, command in JOURNAL.commands.items()},
}


def examples(name: str) -> list[list[str]]:
    """The words of each example of a command, after its name."""
    _, _, text = ALL[name].help.partition("Examples:\n")
    lines = [line.strip() for line in text.splitlines()]
    assert all(line.startswith(f"agencia {name}") for line in lines)
    return [shlex.split(line.removeprefix(f"agencia {name}").partition("<")[0]) for line in lines]


@pytest.mark.parametrize("name", ALL)
def test_examples_name_options_that_there_are(name: str) -> None:
    found = examples(name)
    assert 1 <= len(found) <= 3
    for words in found:
        assert ALL[name].make_context(name, list(words)).params  # it parses


@pytest.mark.parametrize("name", [*ALL, "", "journal"])
@pytest.mark.parametrize("width", [60, 100])
def test_help_shows_no_types_and_flows(
    agencia: Agencia, monkeypatch: pytest.MonkeyPatch, name: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = agencia(*name.split(), "--help")
    assert done.code == 0
    assert not re.search(r"<(?!table|new|placed)[a-z\[\]]+>|\bTEXT\b(?!\s+S)|\bBOOLEAN\b|INTEGER", done.out)
    assert "--rate " not in done.out
    for paragraph in flowing(ALL[name].help if name in ALL else "").split("\n\n"):
        assert paragraph.startswith("Examples:") or "\n" not in paragraph


@pytest.mark.parametrize("name", ALL)
def test_no_example_is_broken(agencia: Agencia, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = [line.strip() for line in agencia(*name.split(), "--help").out.splitlines()]
    _, _, text = ALL[name].help.partition("Examples:\n")
    assert {line.strip() for line in text.splitlines()} <= {*shown}


def test_each_column_of_ids_has_its_own_default(agencia: Agencia) -> None:
    for name in ("status", "cancel", "refill", "watch"):
        assert "refill_id" not in agencia(name, "-h").out
    assert "refill_id" in agencia("refill-status", "-h").out


def test_completion_takes_what_is_not_a_command_yet() -> None:
    words = ["--profile", "a", "--profile", "b"]
    assert ALL["balance"].make_context("balance", words, resilient_parsing=True).params["profile"] == "b"


def test_paragraphs() -> None:
    text = """One
    line.

    Another
    one.

    Examples:
      a b
      c d
    """
    assert flowing(text) == "One line.\n\nAnother one.\n\nExamples:\n  a b\n  c d"


@pytest.mark.parametrize(("metavar", "plainly"), [("ID...", "ID"), ("FILE", "FILE"), (None, None)])
def test_arguments_of_both_kinds_of_typer(metavar: str | None, plainly: str | None) -> None:
    class Old:
        param_type_name = "argument"

        def __init__(self) -> None:
            self.metavar = metavar

    class New(Old):
        display_name_raw = "x"

    old, new = plain([Old(), New()])
    assert (old.metavar, new.metavar, new.display_type_rich(None)) == (metavar, plainly, None)


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version(agencia: Agencia, option: str) -> None:
    assert agencia(option).out == f"agencia {version('agencia-async')}\n"


def test_the_old_name_of_the_rate_limit(panel: WatchedPanel, agencia: Agencia) -> None:
    assert agencia("balance", "--rate", "1000/s").code == 0
    assert agencia("balance", "--rate", "nonsense").code == 2
    assert panel.received == 1
