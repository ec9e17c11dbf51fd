"""Identifies a process, and detects whether it has died. On Linux only; elsewhere nothing is known.

A process is identified by the boot id of its machine, its PID and time namespaces, its PID and its start
time (field 22 of `/proc/PID/stat`, see proc(5)), so a reused PID is not mistaken for it. Nothing is known
where `/proc` is hidden, or shows another PID namespace than that of this process.

That a process is missing in `/proc` proves nothing, as the processes of other users can be hidden there. It
has died if no process has its PID (`kill(2)` with signal 0), or if another one has it.
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
    started = _started(int(pid))
    if started:
        return started != name.rpartition("/")[2]
    return not _exists(int(pid))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        pass
    return True


def _host() -> str:
    try:
        if str((_PROC / "self").readlink()) != str(os.getpid()):
            return ""  # of another PID namespace
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return ""
    times = _PROC / "self/ns/time"  # older kernels have none
    return f"{boot}/{space}/{times.readlink() if times.is_symlink() else ''}"


def _started(pid: int) -> str:
    """The start time of a process; `-` if it is dead already, empty if nothing is shown of it."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    state, *fields = text.rpartition(")")[2].split()  # the second field, the name, may contain anything
    return "-" if state in _GONE else fields[18]
