import asyncio
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from agencia_async.cli.interrupt import Signals

from .conftest import interrupt


def this_task() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    assert task is not None
    return task


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_waits_for_nobody() -> None:
    """It comes while a task runs, which would clean up for ever."""
    told: list[str] = []

    async def work() -> None:
        signals.ends(this_task())
        asyncio.get_running_loop().call_soon(interrupt)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            interrupt()
            told.append("goes on")
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            told.append("ended")

    with Signals() as signals, pytest.raises(KeyboardInterrupt):
        asyncio.run(work())
    assert (signals.count, told) == (2, ["goes on", "ended"])


def test_the_third_is_raised_wherever_it_comes() -> None:
    with asyncio.Runner() as runner, Signals() as signals:
        loop = runner.get_loop()
        task = loop.create_task(asyncio.Event().wait())
        signals.ends(task)
        interrupt()
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        with pytest.raises(KeyboardInterrupt):  # the second one
            loop.run_forever()
    assert task.cancelled()


def test_before_and_after_the_task_it_is_raised() -> None:
    async def work() -> None:
        signals.ends(this_task())

    with Signals() as signals:
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        asyncio.run(work())
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_where_it_is_ignored_it_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Signals() as signals:
            interrupt()
        assert signals.count == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_that_end_a_program_do_the_same(number: signal.Signals) -> None:
    async def work() -> None:
        signals.ends(this_task())
        signal.raise_signal(number)
        await asyncio.Event().wait()

    with Signals() as signals, pytest.raises(asyncio.CancelledError):
        asyncio.run(work())
    assert (signals.count, signals.first) == (1, number)
    assert signal.getsignal(number) is signal.SIG_DFL


def test_one_that_is_handled_elsewhere_is_left() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
    try:
        with Signals() as signals:
            signal.raise_signal(signal.SIGTERM)
        assert (signals.count, came) == (0, [signal.SIGTERM])
    finally:
        signal.signal(signal.SIGTERM, before)
