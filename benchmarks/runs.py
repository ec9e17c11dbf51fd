"""Runs measurements: one server, one process for each measurement, contestants in turns."""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import which
from typing import Any, Self
from urllib.request import urlopen

from attrs import field, frozen

HERE = Path(__file__).parent
TOO_LONG = 1800
Measured = dict[str, Any]
_UNWANTED = ("_proxy", "pythondontwritebytecode")  # to compile on each import is no cost of ours alone
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.lower().endswith(_UNWANTED)}


@frozen
class Scale:
    """How much is measured: numbers of ids, rounds, and seconds."""

    sizes: Sequence[int]
    longest_loop: int  # ids for those who have one request under way at a time
    everybody: bool  # all contestants and panels, or only those that a goal concerns
    rounds: int
    ids: int
    late_rounds: int  # with a latency of 50 ms
    late_ids: int
    loop_ids: int
    long_rounds: int
    long_ids: int
    singles: int
    told: float
    hidden: Mapping[str, float] = field(hash=False)
    shared: float
    imports: int
    orders: int


QUICK = Scale(
    sizes=(1_000, 4_000),
    longest_loop=1_000,
    everybody=False,
    rounds=3,
    ids=10_000,
    late_rounds=1,
    late_ids=20_000,
    loop_ids=20_000,
    long_rounds=1,
    long_ids=50_000,
    singles=10_000,
    told=4,
    hidden={"bare": 4},
    shared=4,
    imports=5,
    orders=200,
)
DEFAULT = Scale(
    sizes=(1_000, 3_000, 10_000, 30_000, 100_000),
    longest_loop=10_000,
    everybody=True,
    rounds=7,
    ids=30_000,
    late_rounds=3,
    late_ids=100_000,
    loop_ids=30_000,
    long_rounds=2,
    long_ids=1_000_000,
    singles=10_000,
    told=20,
    hidden={"bare": 60, "after": 60, "text": 60},
    shared=60,
    imports=21,
    orders=2_000,
)
FULL = Scale(
    sizes=(1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000),
    longest_loop=100_000,
    everybody=True,
    rounds=15,
    ids=100_000,
    late_rounds=7,
    late_ids=100_000,
    loop_ids=100_000,
    long_rounds=5,
    long_ids=1_000_000,
    singles=10_000,
    told=60,
    hidden={"bare": 60, "after": 60, "text": 60},
    shared=60,
    imports=41,
    orders=2_000,
)


class Bench:
    """A running server, and the measurements made against it."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.missing: dict[str, str] = {}
        self.kept: dict[str, Any] = {}
        self._paths = 0

    def __enter__(self) -> Self:
        import_time("agencia_async")  # compiles it
        command = [sys.executable, str(HERE / "server.py")]
        pipe = subprocess.PIPE
        self._server = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=_ENVIRONMENT)
        self.address = self._server.stdout.readline().strip()  # type: ignore[union-attr]
        return self

    def __exit__(self, *error: object) -> None:
        self._server.communicate("")

    def panel(self, **settings: object) -> str:
        """The address of a new panel."""
        self._paths += 1
        return "/".join([self.address, str(self._paths), *(f"{name}-{settings[name]}" for name in settings)])

    def counted(self, url: str) -> Measured:
        """What a panel has counted."""
        with urlopen(url) as reply:
            return dict(json.load(reply))

    def measure(self, what: str, **arguments: object) -> Measured:
        """One measurement; what cannot be measured gives its reason as `missing`."""
        return self._end(self._begin(what, **arguments))

    def together(self, processes: int, what: str, **arguments: object) -> list[Measured]:
        """The same measurement in several processes at once."""
        begun = [self._begin(what, **arguments) for _ in range(processes)]
        return [self._end(process) for process in begun]

    def _begin(self, what: str, **arguments: object) -> "subprocess.Popen[str]":
        command = [sys.executable, str(HERE / "measure.py"), json.dumps({"what": what, **arguments})]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=_ENVIRONMENT)

    def _end(self, process: "subprocess.Popen[str]") -> Measured:
        with process:
            try:
                out, fault = process.communicate(timeout=TOO_LONG)
            except subprocess.TimeoutExpired:
                process.kill()
                return {"missing": f"not over after {TOO_LONG} s"}
        if process.returncode:
            return {"missing": (fault.strip().splitlines() or ["it broke off"])[-1]}
        return dict(json.loads(out.splitlines()[-1]))

    def poll(self, who: str, ids: int, latency: float = 0) -> Measured:
        """One contestant polls that many ids, in a process of its own, at a panel of its own."""
        url = self.panel(latency=latency)
        told = self.measure("poll", who=who, url=url, ids=ids)
        return {**told, "requests": self.counted(url)["requests"], "per_id": told.get("cpu", 0) / ids}

    def polls(
        self, who: Sequence[str], rounds: int, ids: int, latency: float = 0
    ) -> dict[str, list[Measured]]:
        """Several contestants in turns; those that cannot take part are left out, the reason kept."""
        found: dict[str, list[Measured]] = {name: [] for name in who}
        for _ in range(rounds):
            for name in [name for name in who if name not in self.missing]:
                told = self.poll(name, ids, latency)
                if "missing" in told:
                    self.missing[name] = told["missing"]
                    found[name].clear()
                    print(f"   {name} is left out: {told['missing']}", flush=True)
                else:
                    found[name].append(told)
        return {name: rounds for name, rounds in found.items() if rounds}


def column(rounds: Sequence[Measured], name: str) -> list[float]:
    """One figure of all rounds."""
    return [told[name] for told in rounds]


def ratio(ours: Sequence[float], beside: Sequence[float]) -> float:
    """The median of the ratios, round by round."""
    return statistics.median(mine / other for mine, other in zip(ours, beside, strict=False))


def import_time(modules: str) -> float:
    """Seconds that a fresh process takes for an import."""
    code = f"import time; began = time.perf_counter(); import {modules}; print(time.perf_counter() - began)"
    command = [sys.executable, "-c", code]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=_ENVIRONMENT).stdout)


@contextmanager
def redis_server() -> Iterator[str | None]:
    """A Redis of our own on a free loopback port; None where there is none to start."""
    binary = which("redis-server")
    if binary is None:
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen([binary, *options, "--dir", folder], stdout=quiet, stderr=quiet)
        try:
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit("the redis-server does not answer")
