import asyncio
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from agencia_async.cli.interrupt import CtrlC

from .conftest import interrupt


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_waits_for_nobody() -> None:
    """It comes while a task runs, which would clean up for ever."""
    told: list[str] = []

    async def work() -> None:
        ctrl_c.ends(asyncio.current_task())
        asyncio.get_running_loop().call_soon(interrupt)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            interrupt()
            told.append("goes on")
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            told.append("ended")

    with CtrlC() as ctrl_c, pytest.raises(KeyboardInterrupt):
        asyncio.run(work())
    assert (ctrl_c.presses, told) == (2, ["goes on", "ended"])


def test_the_third_is_raised_wherever_it_comes() -> None:
    with asyncio.Runner() as runner, CtrlC() as ctrl_c:
        loop = runner.get_loop()
        task = loop.create_task(asyncio.Event().wait())
        ctrl_c.ends(task)
        interrupt()
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        with pytest.raises(KeyboardInterrupt):  # the second one
            loop.run_forever()
    assert task.cancelled()


def test_before_and_after_the_task_it_is_raised() -> None:
    async def work() -> None:
        ctrl_c.ends(asyncio.current_task())

    with CtrlC() as ctrl_c:
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        asyncio.run(work())
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_where_it_is_ignored_it_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with CtrlC() as ctrl_c:
            interrupt()
        assert ctrl_c.presses == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
