import builtins
import io
import sys
from importlib.metadata import version

import pytest

from agencia_async.cli import main

from .conftest import Agencia


def test_version(agencia: Agencia) -> None:
    done = agencia("--version")
    assert (done.code, done.out) == (0, f"agencia {version('agencia-async')}\n")


def test_help_names_every_command(agencia: Agencia) -> None:
    done = agencia("-h")
    assert done.code == 0
    for command in [
        "balance",
        "services",
        "status",
        "refill",
        "refill-status",
        "cancel",
        "add",
        "place",
        "journal",
        "sandbox",
        "demo",
    ]:
        assert f" {command} " in done.out


def test_main_runs_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "argv", ["agencia", "--version"])
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with pytest.raises(SystemExit) as ending:
        main()
    assert ending.value.code == 0
    assert out.errors == "backslashreplace"


@pytest.mark.parametrize("missing", ["typer", "rich", "rich.text"])
def test_what_it_needs_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    def without(name: str, *_: object) -> object:
        raise ModuleNotFoundError(name, name=missing)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SystemExit) as ending:
        main()
    monkeypatch.undo()
    assert ending.value.code == 2
    name = missing.partition(".")[0]
    assert (
        capsys.readouterr().err
        == f'agencia: {name} is not installed: in a clone, pip install ".[cli]" brings it\n'
    )


def test_something_else_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "agencia_async.cli.app", None)
    with pytest.raises(ModuleNotFoundError, match=r"agencia_async\.cli\.app"):
        main()


def test_streams_that_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, None)
    monkeypatch.setattr(sys, "argv", ["agencia", "journal", "resolve", "x", "--journal", "missing"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    out, err = sys.stdout, sys.stderr
    assert out
    assert err
    err.close()
    assert not out.isatty()
    with pytest.raises(OSError, match="Bad file descriptor"):
        out.write("x")
