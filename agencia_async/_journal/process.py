"""Identifies a process, and detects whether it has died. On Linux only; elsewhere nothing is known.

A process is identified by the boot id of its machine, its PID namespace, its PID and its start time (field 22
of `/proc/PID/stat`, see proc(5)), so a reused PID is not mistaken for it.
"""

import os
from pathlib import Path

_PROC = Path("/proc")
_GONE = {"Z", "X"}  # a zombie, or dead


def this_process() -> str:
    """The identity of this process; empty if unknown."""
    host, started = _host(), _started(os.getpid())
    return f"{host}/{os.getpid()}/{started}" if host and started else ""


def has_died(name: str) -> bool:
    """Whether the process of this identity has certainly ended."""
    host, _, pid = name.rpartition("/")[0].rpartition("/")
    if not name or host != _host():
        return False  # another machine, or an unknown one
    return _started(int(pid)) != name.rpartition("/")[2]


def _host() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    state, *fields = text.rpartition(")")[2].split()  # the second field, the name, may contain anything
    return "" if state in _GONE else fields[18]
