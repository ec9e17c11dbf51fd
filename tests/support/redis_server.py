"""A Redis of one's own on a free loopback port, thrown away at the end."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers import PASSWORD, MissingError, free_port


class Server:
    """A Redis that asks for a password; it keeps nothing on disk, or all of it."""

    def __init__(self, program: str, folder: Path, *, append_only: bool) -> None:
        self._program = program
        self._folder = folder
        self._append_only = append_only
        self._port = free_port()
        self.start()

    @property
    def url(self) -> str:
        """Its address, with the password."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self._port}/0"

    @property
    def shown(self) -> str:
        """Its address, without."""
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it on the same port as before, empty unless append-only; it answers when this returns."""
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--requirepass", PASSWORD]
        options += [
            "--save",
            "",
            "--appendonly",
            "yes" if self._append_only else "no",
            "--dir",
            str(self._folder),
        ]
        self._process = subprocess.Popen(  # noqa: S603 - the program that was looked up
            [self._program, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None
        told = ""
        for line in self._process.stdout:
            told += line
            if "Ready to accept connections" in line:
                return
        raise AssertionError(told)

    def stop(self) -> None:
        """End it, and all connections with it."""
        with self._process as process:
            process.kill()

    def freeze(self) -> None:
        """Keep it from answering, while its connections stay."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it answer again, and what was asked meanwhile."""
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def started(*, append_only: bool = False) -> Generator[Server]:
    """A Redis while the block runs.

    Raises:
        MissingError: this machine has none.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise MissingError("there is no redis-server on this machine")
    folder = Path(tempfile.mkdtemp(prefix="agencia-redis-"))
    try:
        server = Server(program, folder, append_only=append_only)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
