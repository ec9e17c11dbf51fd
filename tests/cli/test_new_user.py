"""What the sandbox tells a new user to type in another terminal works, as it stands there."""

import shlex
from itertools import takewhile
from pathlib import Path

import pytest

from .conftest import Agencia, Start


def test_what_the_screen_says_can_be_typed(
    start: Start, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start("sandbox", "--ids-file", "ids.txt", "--orders", 300)
    assert process.stdout is not None
    screen = takewhile(lambda line: not line.startswith("Press Ctrl-C"), process.stdout)
    lines = [line.strip() for line in screen]
    typed = [shlex.split(line) for line in lines[lines.index("In another terminal:") + 1 :] if line]
    for command, *arguments in typed:
        if command == "export":
            monkeypatch.setenv(*arguments[0].split("=", 1))
        elif command == "cd":
            assert arguments == [str(here)]
        else:
            done = agencia(*arguments, *(["--yes"] if arguments[0] == "add" else []))
            assert (command, done.code) == ("agencia", 0), done.err
            if arguments[0] == "status":
                assert "300 ids in 3 requests" in done.err
    assert typed[-1][1] == "add"
    assert done.out == "23801\n"
