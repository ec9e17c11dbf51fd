"""A panel on a real socket, in a thread and loop of its own, as each command has its own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread, main_thread
from types import SimpleNamespace
from typing import IO

import pytest
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

from agencia_async.cli.app import app
from agencia_async.sandbox import Panel, serve
from agencia_async.sandbox.faults import Answer

COMMAND = [sys.executable, "-c", "from agencia_async.cli import main; main()"]


class WatchedPanel(Panel):
    """A panel whose clock stands still, and that calls somebody when a certain request has come."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: 0.0)
        self._calls: dict[int, Callable[[], object]] = {}

    def at_request(self, number: int, call: Callable[[], object]) -> None:
        self._calls[number] = call

    def answer(self, form: Mapping[str, str]) -> Answer:
        answer = super().answer(form)
        if call := self._calls.pop(self.received, None):
            call()
        return answer

    @property
    def seen(self) -> list[str]:
        """The actions that were asked for, in their order."""
        return [request.action for request in self.requests]


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[str]:
        return self.out.splitlines()


built = cache(get_command)
"""The command as typer builds it, which takes longer than most of what it is asked to do here."""

Agencia = Callable[..., Outcome]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def _built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.testing._get_command", built)


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Iterator[WatchedPanel]:
    """A panel that is being served, and that the environment names."""
    panel = WatchedPanel()
    ready: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serving() -> None:
        over = asyncio.Event()
        async with serve(panel) as url:
            ready.set_result((url, asyncio.get_running_loop(), over))
            await over.wait()

    thread = Thread(target=lambda: asyncio.run(serving()))
    thread.start()
    url, loop, over = ready.result()
    monkeypatch.setenv("AGENCIA_BASE_URL", url)
    monkeypatch.setenv("AGENCIA_API_KEY", panel.key)
    yield panel
    loop.call_soon_threadsafe(over.set)
    thread.join()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, which is empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is somebody to ask."""
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("agencia_async.cli.input.confirm.sys", terminal)


@pytest.fixture
def on_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is a terminal, without colours."""

    def screen(file: Path | None) -> Console | None:
        console = Console(force_terminal=True, color_system=None, width=80, highlight=False)
        return console if file is None else None

    for module in ("options", "commands.bulk_run", "commands.journal_reconcile", "commands.place_sending"):
        monkeypatch.setattr(f"agencia_async.cli.{module}.terminal", screen)


@pytest.fixture
def agencia() -> Agencia:
    """Runs the command in this process, in a thread of its own.

    On Python 3.11 coverage loses the lines after an `asyncio.run` with httpx in it, in the same thread.
    """

    def run(*args: object, input: str | bytes = "", charset: str = "utf-8") -> Outcome:  # noqa: A002
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(invoke, *args, input=input, charset=charset).result()

    return run


def invoke(*args: object, input: str | bytes = "", charset: str = "utf-8") -> Outcome:  # noqa: A002 - as the runner has it
    """Run the command here: for Ctrl-C, which reaches the main thread alone."""
    runner = CliRunner(charset=charset)
    result = runner.invoke(app, [str(arg) for arg in args], input=input, catch_exceptions=False)
    return Outcome(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the command in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def popen(
        *args: object, stdin: int = subprocess.DEVNULL, stdout: int | IO[str] = subprocess.PIPE
    ) -> "subprocess.Popen[str]":
        # In its debug mode asyncio tells on standard error of what was slow.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONASYNCIODEBUG"}
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*COMMAND, *map(str, args)],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.wait()
        for stream in filter(None, (process.stdin, process.stdout, process.stderr)):
            stream.close()


def interrupt() -> None:
    """What Ctrl-C does to this process."""
    signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)


def read_terminal(terminal: int) -> bytes:
    """What a terminal shows next; nothing once its other side is closed."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
