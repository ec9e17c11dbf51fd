"""The examples of docs/command.md about placing orders: each runs, and prints what the page says."""

import re
import shlex
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from agencia_async.cli.app import app

from .conftest import Agencia, WatchedPanel

PAGE = (Path(__file__).parents[2] / "docs/command.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(text|shell-session)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = [
    (line, output)
    for language, text in BLOCKS
    if language == "shell-session"
    for line, output in re.findall(r"^\$ agencia (.*)\n((?:[^$].*\n)*)", text, re.MULTILINE)
]
WRONG = "reference,service,link,quantity\nA,1,x,50\nB,1,x,10\nC,2,x,5\n"
LOST = "reference,service,link,quantity\nA-1004,1,https://a.b/4,50\nA-1005,1,https://a.b/5,50\n"


def lines(text: str) -> list[str]:
    """Sorted lines, as answers come in any order, without the numbers that hang on that and on a clock."""
    changing = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\d+\.\d\d s, |\b235\d\d$|\b235\d\d(?=,)"
    return sorted(re.sub(changing, "", line) for line in text.splitlines())


def test_the_examples(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (here / "orders.csv").write_text(next(text for language, text in BLOCKS if language == "text"))
    (here / "wrong.csv").write_text(WRONG)
    (here / "lost.csv").write_text(LOST)
    assert len(EXAMPLES) == 12
    for line, promised in EXAMPLES:
        if line.startswith("journal resolve A-1004"):
            panel.faults.actions = {"add"}
            panel.faults.script("drop_after", "reset_before")
            lost = agencia("place", "lost.csv", "-j", "orders.db", "--yes", "--concurrency", 1)
            assert lost.code == 4
        done = agencia(*shlex.split(line))
        assert done.code == (2 if "wrong.csv" in line or line.endswith("--journal monday.db") else 0), line
        if promised:
            assert lines(done.out + done.err) == lines(promised), line
    assert len(panel.ledger) == 4


GROUP = get_command(app)
assert isinstance(GROUP, TyperGroup)
JOURNAL = GROUP.commands["journal"]
assert isinstance(JOURNAL, TyperGroup)
COMMANDS = JOURNAL.commands


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_journal_is_documented_with_its_options(command: str) -> None:
    section = PAGE.partition("### `agencia journal`")[2].partition("\n## ")[0]
    shared = PAGE.partition("\n## The panel\n")[2]
    params = [param for param in COMMANDS[command].params if not getattr(param, "hidden", False)]
    options = {word for param in params for word in param.opts if word[0] == "-"}
    assert f"| `{command}` |" in section
    assert options - {"--help", "-h", "-j"} <= set(re.findall(r"`(--?[a-zA-Z-]+)`", section + shared))
