"""What may happen to a task, and to the connections with Redis."""

import asyncio
import json
import pickle
import zlib
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from agencia_async import ConfigurationError, Id, ReplyError, TransportError
from agencia_async._workers import queue as _queue
from agencia_async._workers.queue import pause
from agencia_async.sandbox import Panel
from agencia_async.workers import Polling, register
from tests.support.redis_server import Server
from tests.support.until import until

from .scene import IDLE, asking, made, running, supervised
from .wire import Wire, wiring

URL = "redis://127.0.0.1:1"


# --- which workers are taken ------------------------------------------------------------------------------


async def _dumps(data: object) -> str:
    return json.dumps(data)  # pragma: no cover - it is refused


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"serializer": pickle.dumps, "deserializer": pickle.loads}, "the worker pickles: .* write Worker"),
    ({"deserializer": pickle.loads}, "the worker pickles"),
    (
        {
            "serializer": lambda data: zlib.compress(pickle.dumps(data)),
            "deserializer": lambda data: pickle.loads(zlib.decompress(data)),
        },
        "the worker pickles",
    ),
    ({"serializer": _dumps}, "must be plain functions"),
    ({"anyio_backend": "trio"}, "must run on asyncio"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED)
def test_a_worker_that_cannot_be_used_is_refused(options: dict[str, Any], words: str) -> None:
    worker = made(URL, **options)
    with pytest.raises(ConfigurationError, match=words):
        register(worker)
    assert worker.registry == {}


def test_a_worker_is_registered_once() -> None:
    worker = made(URL)
    register(worker)
    with pytest.raises(ConfigurationError, match="registered already"):
        register(worker)


@pytest.mark.parametrize("options", [{"chunk_size": 0}, {"max_chunks": 0}])
def test_sizes_are_checked(options: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match=f"{next(iter(options))} must be an integer >= 1"):
        register(made(URL), **options)


async def test_who_asks_must_be_connected() -> None:
    polling = register(made(URL))
    with pytest.raises(ConfigurationError, match="ask inside `async with worker:`"):
        await anext(polling.status([1], profile="north"))


def test_the_next_look_is_after_a_fifth_of_the_time_that_was_waited() -> None:
    assert [pause(waited) for waited in (0.0, 0.05, 1.0, 2.0, 60.0)] == [0.02, 0.02, 0.2, 0.4, 0.5]


# --- what may happen to a task ----------------------------------------------------------------------------


async def all_of(polling: Polling, ids: Sequence[Id]) -> list[Id]:
    """The ids that have values, each as often as it came."""
    items = [item async for item in polling.status(ids, profile="north")]
    assert [item.error for item in items if not item.ok] == []
    return [item.id for item in items]


async def enqueued(server: Server) -> None:
    """Wait until a task is in the queue."""
    with redis.Redis.from_url(server.url) as it:
        while not it.exists("streaq:default:queues:normal"):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.01)


def delete(server: Server, pattern: str) -> None:
    with redis.Redis.from_url(server.url) as it:
        for key in it.scan_iter(pattern):
            it.delete(key)


@pytest.mark.parametrize(
    ("lost", "check"), [("*task:data*", 0.05), ("streaq:*", 0.05), ("*task:data*", 60.0)]
)
async def test_a_task_that_is_lost_is_enqueued_anew(
    lost: str, check: float, server: Server, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks finds out by looking, or by what a worker says that finds a task without its data."""
    monkeypatch.setattr(_queue, "_CHECK", check)
    ids = panel.seed_orders(3)
    worker = made(server.url)
    register(worker)
    async with asking(server.url, workers=0) as polling:
        asked = asyncio.create_task(all_of(polling, ids))
        await enqueued(server)
        delete(server, lost)
        async with running(worker):
            assert await asked == ids


async def test_a_task_that_is_lost_again_and_again_is_an_error_of_its_ids(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_queue, "_CHECK", 0.0)
    monkeypatch.setattr(_queue, "_ANEW", 2)
    async with asking(server.url, workers=0) as polling:
        asked = asyncio.create_task(anext(polling.status([1], profile="north")))
        while not asked.done():
            delete(server, "*task:data*")
            await asyncio.sleep(0.01)
    error = asked.result().error
    assert isinstance(error, TransportError)
    assert (error.message, error.sent) == ("the queue lost the task 2 times", "maybe")


async def test_a_task_that_is_delivered_twice_shows_once(server: Server, panel: Panel) -> None:
    ids = panel.seed_orders(3)
    worker = made(server.url)
    register(worker)
    async with asking(server.url, workers=0) as polling:
        asked = asyncio.create_task(all_of(polling, ids))
        await enqueued(server)
        with redis.Redis.from_url(server.url) as it:
            ((_, fields),) = it.xrange("streaq:default:queues:normal")
            it.xadd("streaq:default:queues:normal", fields)
        async with running(worker):
            assert await asked == ids
            await until(lambda: worker.counters["completed"] + worker.counters["failed"] == 2)


async def test_a_worker_that_does_not_know_the_task_says_so_and_lives(server: Server) -> None:
    worker = made(server.url)
    register(worker)
    del worker.registry["agencia_async.refill_status"]
    async with asking(server.url, workers=0) as polling, running(worker):
        (item,) = [item async for item in polling.refill_status([1], profile="north")]
        assert isinstance(item.error, TransportError)
        assert "StreaqError: Missing function agencia_async.refill_status!" in item.error.message
        (other,) = [item async for item in polling.status([1], profile="north")]
        assert isinstance(other.error, ConfigurationError)
    assert worker.counters == {"failed": 1, "completed": 1}


async def test_a_task_that_fails_is_an_error_of_its_ids(server: Server) -> None:
    worker = made(server.url)

    @worker.task(name="agencia_async.status")
    async def status(_: object) -> None:
        raise RuntimeError("out of order")

    _queue.Queue(worker)
    async with asking(server.url, workers=0) as polling, running(worker):
        (item,) = [item async for item in polling.status([1], profile="north")]
    assert isinstance(item.error, TransportError)
    assert item.error.message == "no worker could answer: RuntimeError: out of order"


@pytest.mark.parametrize("written", ["not JSON", "{}", "[]"])
async def test_a_result_that_cannot_be_read_is_an_error_of_its_ids(written: str, server: Server) -> None:
    worker = made(server.url, serializer=lambda _: written)

    @worker.task(name="agencia_async.status")
    async def status(_: object) -> None: ...

    async with asking(server.url, workers=0) as polling, running(worker):
        (item,) = [item async for item in polling.status([1], profile="north")]
    assert isinstance(item.error, ReplyError)
    assert "the worker's answer cannot be read" in item.error.message


async def test_it_is_told_once_that_there_is_no_worker(
    server: Server, panel: Panel, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_queue, "_CHECK", 0.0)
    monkeypatch.setattr(_queue, "_LONELY", 0.0)
    ids = panel.seed_orders(2)
    worker = made(server.url)
    register(worker)
    async with asking(server.url, workers=0, chunk_size=1) as polling:
        asked = asyncio.create_task(all_of(polling, ids))
        await until(lambda: "no worker has taken a task of 'default' for 0 s" in caplog.text)
        async with running(worker):
            assert {*await asked} == {*ids}
    assert [record.name for record in caplog.records if record.levelname == "WARNING"] == ["agencia_async"]


# --- what may happen to Redis, and to the way there -------------------------------------------------------


async def test_a_redis_that_is_gone_for_a_while_is_waited_for(
    server: Server, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_queue, "_CHECK", 0.05)
    ids = panel.seed_orders(30)
    panel.faults.latency = 0.05
    async with asking(server.url, workers=0, chunk_size=10, max_chunks=1) as polling:
        asked = asyncio.create_task(all_of(polling, ids))
        await enqueued(server)
        server.stop()
        server.start()
        worker = made(server.url)
        register(worker)
        async with running(worker):
            assert {*await asked} == {*ids}


async def test_a_redis_that_stays_away_raises(
    server: Server, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_queue, "_PATIENCE", 0.2)
    monkeypatch.setattr(_queue, "_AGAIN", 0.01)
    ids = panel.seed_orders(20)
    async with asking(server.url, chunk_size=10, max_chunks=1, workers=0) as polling:
        server.stop()
        with pytest.raises(TransportError, match="the Redis of the queue has not answered for 0 s: "):
            await all_of(polling, ids)
        server.start()


async def test_a_redis_that_hangs_is_asked_again(
    server: Server, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_queue, "_COMMAND", 0.2)
    monkeypatch.setattr(_queue, "_AGAIN", 0.01)
    ids = panel.seed_orders(3)
    worker = made(server.url)
    register(worker)
    async with asking(server.url, workers=0) as polling:
        server.freeze()
        asked = asyncio.create_task(all_of(polling, ids))
        await asyncio.sleep(0.5)  # longer than a command may take
        assert not asked.done()
        server.thaw()
        async with running(worker):
            assert await asked == ids


@pytest.fixture
async def wire(server: Server) -> Any:  # noqa: ANN401 - pytest's
    async with wiring(server.url) as wire:
        yield wire


@pytest.mark.parametrize("how", ["cut", "silence"])
async def test_no_worker_hangs_whose_connections_are_lost(
    how: str, server: Server, panel: Panel, wire: Wire
) -> None:
    ids = panel.seed_orders(10)
    async with asking(server.url, workers=0) as polling, supervised(wire.url):
        assert await all_of(polling, ids) == ids
        connections = wire.connections
        wire.cut() if how == "cut" else wire.silence()
        assert await all_of(polling, ids) == ids
        assert wire.connections > connections


async def test_a_quiet_queue_ends_no_worker(server: Server, panel: Panel) -> None:
    ids = panel.seed_orders(10)
    worker = made(server.url, idle_timeout=IDLE / 4)
    register(worker)
    async with asking(server.url, workers=0) as polling, running(worker):
        assert await all_of(polling, ids) == ids
        await asyncio.sleep(IDLE)  # four times what a worker waits for a task
        assert await all_of(polling, ids) == ids
