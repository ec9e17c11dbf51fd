"""Which file this is: by its device, inode and time of birth, which no copy shares with the original.

The device is the id of the file system where there is one, as the numbers of devices may change when the
machine starts. The time of birth tells a new file from an old one whose inode it was given.

A file that is overwritten in place keeps all three. So the number of claims that were ever written into it
is kept beside its content as well, in an extended attribute, which a copy does not overwrite: a content that
knows of fewer claims is an older one. Where a file system has no such attributes this is not noticed.
"""

import ctypes
import os
import struct
import sys
from contextlib import suppress
from functools import cache
from typing import Any, Final

_CLAIMS: Final = "user.agencia_async.claims"
_AT_FDCWD: Final = -100
_STATX_BTIME: Final = 0x800
_STATX_SIZE: Final = 256
_BTIME_AT: Final = 80  # of `struct statx`, see statx(2)

Place = tuple[int, int]
"""Device and inode: all that has to be compared while the file is open, as its inode is not reused then."""


def place_of(path: str) -> Place | None:
    """Device and inode of the file at a path; None if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - before each claim; a Path is slower
    except OSError:
        return None
    return found.st_dev, found.st_ino


def identity_of(path: str) -> str:
    """What tells the file at a path from any copy of it."""
    found = os.stat(path)  # noqa: PTH116 - see above
    born: Any = getattr(found, "st_birthtime", None)
    return f"{_device(path, found.st_dev)}:{found.st_ino}:{_born(path) if born is None else born}"


def _device(path: str, number: int) -> int:
    statvfs: Any = getattr(os, "statvfs", None)
    return (statvfs and statvfs(path).f_fsid) or number


@cache
def _statx() -> Any:  # noqa: ANN401 - a function of the C library
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "statx", None)


def _born(path: str) -> str:
    """When the file was created, which Python does not tell on Linux; empty if nobody knows."""
    statx, found = _statx(), ctypes.create_string_buffer(_STATX_SIZE)
    if statx is None or statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_BTIME, found) != 0:
        return ""
    (known,) = struct.unpack_from("I", found.raw)
    seconds, nanoseconds = struct.unpack_from("qI", found.raw, _BTIME_AT)
    return f"{seconds}.{nanoseconds:09}" if known & _STATX_BTIME else ""


def note_claims(path: str, claims: int) -> None:
    """Note beside the content how many claims it holds."""
    if hasattr(os, "setxattr"):
        with suppress(OSError):  # the file system has no attributes
            os.setxattr(path, _CLAIMS, str(claims).encode())


def noted_claims(path: str) -> int:
    """How many claims the file is known to have held; 0 if unknown."""
    if hasattr(os, "getxattr"):
        with suppress(OSError, ValueError):
            return int(os.getxattr(path, _CLAIMS))
    return 0
