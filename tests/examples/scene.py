"""Runs the examples of the documentation as their readers would, in this process to save the imports."""

import io
import runpy
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from threading import Event, Thread
from unittest import mock

import uvicorn

EXAMPLES = Path(__file__).parents[2] / "docs/examples"


def run(script: str, *arguments: str, code: int = 0) -> str:
    """What `python SCRIPT ARGUMENTS` prints, when it ends with this exit code."""
    path = str(EXAMPLES / script)
    ended: object = 0
    with mock.patch.object(sys, "argv", [path, *arguments]), redirect_stdout(io.StringIO()) as printed:
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as end:
            ended = end.code or 0
    assert ended == code, ended
    return printed.getvalue()


class _Server(uvicorn.Server):
    """Tells when it has started, or failed to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def served(app: str) -> Iterator[str]:
    """An application as `uvicorn APP` serves it, in a thread of its own; its URL."""
    server = _Server(uvicorn.Config(app, port=0, lifespan="on", log_config=None))
    thread = Thread(target=server.run)
    thread.start()
    server.ready.wait()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
    assert not server.lifespan.should_exit  # what the application opened, it closed without an error
