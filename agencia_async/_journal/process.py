"""Which process is it, and has it died? Told at once on Linux; elsewhere nothing is known here.

A process is named by the boot of its machine, its process namespace, its number and the time at which it
began (field 22 of `/proc/PID/stat`, see proc(5)), so that a number that is used again deceives nobody.
"""

import os
from pathlib import Path

_PROC = Path("/proc")
_GONE = {"Z", "X"}  # ended, though its parent has not asked for its exit code


def this_process() -> str:
    """The name of this process; empty where it has none."""
    world, began = _world(), _began(os.getpid())
    return f"{world}/{os.getpid()}/{began}" if world and began else ""


def has_died(name: str) -> bool:
    """Is it certain that the process of this name has ended?"""
    world, _, rest = name.rpartition("/")[0].rpartition("/")
    if not name or world != _world():
        return False  # another machine, or one that cannot tell
    return _began(int(rest)) != name.rpartition("/")[2]


def _world() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _began(number: int) -> str:
    try:
        text = (_PROC / str(number) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    state, *fields = text.rpartition(")")[2].split()  # its second field, the name, may hold anything
    return "" if state in _GONE else fields[18]
