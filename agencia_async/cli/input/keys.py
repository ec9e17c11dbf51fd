"""A key that is pressed on the terminal while a command runs."""

import asyncio
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

_CHUNK = 1024


@contextmanager
def on_key(key: str, call: Callable[[], object]) -> Generator[None]:
    """Call when this key is pressed, for the block; never where stdin is no terminal of this job."""
    file = _terminal()
    if file is None:
        yield
        return

    import termios  # noqa: PLC0415 - not on Windows
    import tty  # noqa: PLC0415

    def read() -> None:
        pressed = os.read(file, _CHUNK)
        if key.encode() in pressed:
            call()
        if not pressed:  # hung up
            loop.remove_reader(file)

    loop, before = asyncio.get_running_loop(), termios.tcgetattr(file)
    tty.setcbreak(file)  # no line, no echo; Ctrl-C stays a signal
    loop.add_reader(file, read)
    try:
        yield
    finally:
        loop.remove_reader(file)
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _terminal() -> int | None:
    """The terminal of stdin, unless this runs in the background: to set it up there would stop the job."""
    if sys.platform == "win32" or sys.stdin is None or not sys.stdin.isatty():
        return None
    file = sys.stdin.fileno()
    try:
        return file if os.tcgetpgrp(file) == os.getpgrp() else None
    except OSError:  # not the terminal of this session, which stops no job for it
        return file
