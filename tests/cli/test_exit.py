import asyncio
import io
import os
import sys
from pathlib import Path

import pytest
import typer

import agencia_async
from agencia_async import AgenciaError, ConfigurationError, NotFoundError, ReplyError
from agencia_async.cli.exit import CODES, Code, Interrupted, UsageError, describe, print_id, run

from .conftest import interrupt


def ended(error: BaseException | None) -> int:
    async def work() -> Code:
        await asyncio.sleep(0)
        if error is not None:
            raise error
        return Code.SOME_FAILED

    with pytest.raises(typer.Exit) as caught:
        run(work())
    return caught.value.exit_code


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (None, 1, ""),
        (UsageError("no file"), 2, "agencia: no file\n"),
        (Interrupted("5 of 6 ids done"), 130, "agencia: interrupted: 5 of 6 ids done\n"),
        (KeyboardInterrupt(), 130, "agencia: interrupted\n"),
        (ConfigurationError("a comma"), 2, "agencia: a comma\n"),
        (NotFoundError(), 3, "agencia: error from the panel: NotFoundError\n"),
        (
            OSError(28, "No space left on device"),
            2,
            "agencia: cannot write the output: No space left on device\n",
        ),
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
    ],
)
def test_an_ending_is_one_line_and_a_code(
    capsys: pytest.CaptureFixture[str], error: BaseException | None, code: int, text: str
) -> None:
    assert ended(error) == code
    assert capsys.readouterr() == ("", text)


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
def test_what_is_not_expected_is_not_hidden(error: type[BaseException]) -> None:
    async def work() -> Code:
        raise error

    with pytest.raises(error):
        run(work())


def test_ctrl_c_where_there_is_nothing_to_tell(capsys: pytest.CaptureFixture[str]) -> None:
    async def work() -> Code:
        interrupt()
        return Code(await asyncio.Event().wait())

    with pytest.raises(typer.Exit) as caught:
        run(work())
    assert caught.value.exit_code == 130
    assert capsys.readouterr() == ("", "agencia: interrupted\n")


def test_every_error_has_a_line() -> None:
    kinds = [
        kind
        for kind in vars(agencia_async).values()
        if isinstance(kind, type) and issubclass(kind, AgenciaError)
    ]
    assert len(kinds) > 10
    for kind in kinds:
        ending = describe(kind("some\ntext"))
        assert "some text" in ending.line
        assert ending.code is not Code.OK
    assert describe(ReplyError("x")).hint


def test_the_codes_are_documented() -> None:
    for code in Code:
        assert str(code.value) in CODES


def test_a_pipe_without_a_reader_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        stream.write("what is left")
        assert ended(BrokenPipeError()) == 141
        stream.flush()
        assert Path(f"/proc/self/fd/{writing}").resolve() == Path(os.devnull)


class Failing(io.StringIO):
    """A stream whose disk is full."""

    def write(self, _text: str, /) -> int:
        raise OSError(28, "No space left on device")


def test_the_id_of_an_order_is_told_if_stdout_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Failing())
    assert print_id(23501) is Code.UNWRITTEN
    err = capsys.readouterr().err
    assert err == "agencia: order 23501 was placed, but stdout failed: No space left on device\n"
