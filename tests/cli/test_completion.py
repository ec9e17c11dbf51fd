"""What runs without the entry point: `python -m agencia_async`, and the shell's completion."""

import os
import runpy
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from agencia_async import __file__ as package
from agencia_async import __version__

MODULE = Path(package).with_name("__main__.py")


def output(*arguments: str, **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_as_a_module() -> None:
    assert output("-m", "agencia_async", "-V") == f"agencia {__version__}\n"


@pytest.mark.parametrize(("name", "told"), [("__main__", f"agencia {__version__}\n"), ("imported", "")])
def test_the_module_runs_the_command(
    name: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["agencia", "-V"])
    with pytest.raises(SystemExit) if told else nullcontext():
        runpy.run_path(str(MODULE), run_name=name)
    assert capsys.readouterr().out == told


def test_the_shell_completes_dialects() -> None:
    words = output(
        "-c",
        "from agencia_async.cli import main; main()",
        _AGENCIA_COMPLETE="complete_bash",
        COMP_WORDS="agencia sandbox --dialect sp",
        COMP_CWORD="3",
    )
    assert words.split() == ["spanish", "spoilt"]
