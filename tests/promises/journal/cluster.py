"""A PostgreSQL cluster of one's own, thrown away at the end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.support.servers import PASSWORD, MissingError, free_port

PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian keeps them, which are not on the path there."""

_NAMES = count()


class Cluster:
    """A server on loopback that trusts everybody, and forgets all in a power cut."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self.port = free_port()
        self.run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def run(self, program: str, *args: str) -> str:
        """What a program of PostgreSQL's prints."""
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*user, str(self._programs / program), *args]
        done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's
            command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def _control(self, action: str, *args: str) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c fsync=off"
        options += f" -c unix_socket_directories={self._folder}"
        log = str(self._folder / "log")
        self.run("pg_ctl", action, "-D", self._data, "-w", "-l", log, "-o", options, *args)

    def start(self) -> None:
        self._control("start")

    def restart(self) -> None:
        """End all connections, and come back."""
        self._control("restart", "-m", "immediate")

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-D", self._data, "-m", "immediate", "-w")

    def make(self) -> str:
        """The URL of an empty database."""
        name = f"journal_{next(_NAMES)}"
        self.run("createdb", *self._at, name)
        return f"postgresql+asyncpg://postgres:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def dump(self, url: str) -> str:
        """All that a database holds."""
        return self.run("pg_dump", *self._at, url.rpartition("/")[2])

    def restore(self, url: str, other: str) -> None:
        """Restore a dump of a database into another, empty one."""
        file = self._folder / "dump"
        file.write_text(self.dump(url))
        self.run("psql", *self._at, "-q", "-f", str(file), other.rpartition("/")[2])

    def do(self, url: str, statement: str) -> str:
        """Carry out a statement of SQL."""
        return self.run("psql", *self._at, "-qAt", "-c", statement, url.rpartition("/")[2])

    @property
    def _at(self) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]


@contextmanager
def started() -> Generator[Cluster]:
    """A cluster while the block runs.

    Raises:
        MissingError: this machine has none.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="agencia-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        cluster = Cluster(programs, folder)
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    places = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    places += sorted(PROGRAMS.glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            if os.geteuid() == 0 and shutil.which("runuser") is None:
                raise MissingError("PostgreSQL does not run as root, and there is no runuser")
            return place
    raise MissingError("there is no PostgreSQL (initdb, pg_ctl) on this machine")
