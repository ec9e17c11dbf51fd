import asyncio
import socket

import httpx
import pytest

from agencia_async._protocol.reply import Reply
from agencia_async._transport.exchange import Body, Connection
from agencia_async._transport.pool import ConnectionPool
from tests.support.engines import by_each_engine
from tests.support.peer import Request, peer
from tests.support.until import until
from tests.transport.scene import LIMIT, echo, send, wire


@by_each_engine
async def test_a_connection_is_used_again_and_a_second_one_only_made_when_needed() -> None:
    async with peer(echo) as panel:
        it = wire(panel.url)
        await send(it)
        await send(it)
        assert panel.connections == 1
        await asyncio.gather(*(send(it) for _ in range(3)))
        assert panel.connections == 3
        await it.aclose()


@by_each_engine
@pytest.mark.parametrize(("write", "connections"), [(False, 1), (True, 2)])
async def test_a_write_travels_on_no_connection_that_was_idle_for_long(write: bool, connections: int) -> None:  # noqa: FBT001
    now = 0.0
    async with peer(echo) as panel:
        it = wire(panel.url, clock=lambda: now)
        await send(it)
        now = 1.5
        await send(it, write=write)
        assert panel.connections == connections
        now = 2.0
        await send(it, write=True)
        assert panel.connections == connections
        await it.aclose()


@by_each_engine
@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("turns", [0, 9])
async def test_a_connection_that_the_panel_closed_is_used_no_more_noticed_or_not(
    write: bool,  # noqa: FBT001
    turns: int,
) -> None:
    kept: list[Request] = []

    async def keep(request: Request) -> None:
        kept.append(request)
        request.reply()

    async with peer(keep) as panel:
        it = wire(panel.url)
        await send(it)
        kept[0].writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        for _ in range(turns):  # of the event loop
            await asyncio.sleep(0)
        assert (await send(it, write=write)).status == 200
        assert (len(panel.forms), panel.connections) == (2, 2)
        await it.aclose()
        await until(lambda: not panel.open)


@by_each_engine
async def test_a_cancelled_request_takes_its_connection_along() -> None:
    arrived = asyncio.Event()

    async def hang(request: Request) -> None:
        arrived.set()
        await request.hang()

    async with peer(hang) as panel:
        it = wire(panel.url)
        task = asyncio.create_task(send(it))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await it.aclose()
        await until(lambda: not panel.open)


@by_each_engine
async def test_a_lane_that_comes_back_after_closing_is_closed() -> None:
    arrived, go = asyncio.Event(), asyncio.Event()

    async def wait(request: Request) -> None:
        arrived.set()
        await go.wait()
        request.reply()

    async with peer(wait) as panel:
        it = wire(panel.url)
        task = asyncio.create_task(send(it))
        await arrived.wait()
        await it.aclose()
        go.set()
        assert (await task).status == 200
        await until(lambda: not panel.open)


async def test_a_lane_is_closed_when_its_reply_breaks_off() -> None:
    class Broken(Connection):
        sent = 0
        closed = False

        def is_open(self) -> bool:
            return True

        async def post(self, body: Body, limit: int) -> Reply:
            assert limit == LIMIT
            self.sent += 1
            if self.sent > 1:
                raise httpx.ReadError(repr(body))
            return Reply(200, {}, b"{}")

        def discard(self) -> None:
            raise AssertionError  # pragma: no cover - it is closed

        async def aclose(self) -> None:
            self.closed = True

    connection = Broken()
    connections = ConnectionPool(lambda: connection, lambda: 0.0)
    await connections(Body(b"key=KEY"), write=False, limit=LIMIT)
    assert not connection.closed
    with pytest.raises(httpx.ReadError):
        await connections(Body(b"key=KEY"), write=False, limit=LIMIT)
    assert connection.closed


@by_each_engine
@pytest.mark.parametrize("write", [False, True])
async def test_a_connection_that_the_panel_has_closed_is_not_used_again(write: bool) -> None:  # noqa: FBT001
    ended = asyncio.Event()

    async def last(request: Request) -> None:
        request.reply()
        request.writer.close()
        await request.writer.wait_closed()
        ended.set()

    async with peer(last) as panel:
        it = wire(panel.url)
        for number in range(1, 4):
            assert (await send(it, write=write)).status == 200
            await ended.wait()
            ended.clear()
            await asyncio.sleep(0)  # the event loop hears of it
            assert panel.connections == number
        await it.aclose()
