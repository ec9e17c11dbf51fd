"""What runs without the entry point: `python -m agencia_async`, and the shell's completion."""

import os
import subprocess
import sys

from agencia_async import __version__


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


def test_the_shell_completes_dialects() -> None:
    words = output(
        "-c",
        "from agencia_async.cli import main; main()",
        _AGENCIA_COMPLETE="complete_bash",
        COMP_WORDS="agencia sandbox --dialect sp",
        COMP_CWORD="3",
    )
    assert words.split() == ["spanish", "spoilt"]
