import asyncio

import httpx

from agencia_async import NotFoundError, RateLimit
from tests.bulk.scene import Answering
from tests.calls.scene import Notes, client
from tests.support.virtual import virtual_time


@virtual_time
async def test_bulk_reads_let_single_calls_and_writes_go_first() -> None:
    panel = Answering(httpx.Response(200))
    async with client(panel, batch_size=1, rate_limit=RateLimit(1, per=10)) as it:
        reading = asyncio.create_task(it.status_many(range(6)))
        await asyncio.sleep(1)
        balance, cancelled = await asyncio.gather(it.balance(), it.cancel_many([7, 8]))
        result = await reading
    assert [form["action"] for form in panel.forms] == [
        "status",
        "balance",
        "cancel",
        "cancel",
        *["status"] * 5,
    ]
    assert (str(balance.balance), list(cancelled.ok), list(result.ok)) == ("1.5", [7, 8], [*range(6)])


@virtual_time
async def test_bulk_reads_let_single_calls_that_travel_together_go_first() -> None:
    panel = Answering(httpx.Response(200))
    async with client(panel, batch_size=2, rate_limit=RateLimit(1, per=10)) as it:
        reading = asyncio.create_task(it.status_many(range(6)))
        await asyncio.sleep(1)
        await asyncio.gather(it.status(7), it.status(8))
        await reading
    assert [form["orders"] for form in panel.forms] == ["0,1", "7,8", "2,3", "4,5"]


async def test_a_stream_asks_for_an_id_as_often_as_it_comes_and_writes_to_it_once() -> None:
    panel = Answering(httpx.Response(200))
    async with client(panel, batch_size=2) as it:
        read = [item.id async for item in it.status_iter([0, 2, 0, "0"])]
        written = [item.id async for item in it.cancel_iter([0, 2, 0, "0", 3])]
    assert (read, written) == ([0, 2, 0, "0"], [0, 2, 3])
    assert [(form["action"], form.get("orders") or form["order"]) for form in panel.forms] == [
        ("status", "0,2"),
        ("status", "0"),
        ("cancel", "0,2"),
        ("cancel", "3"),
    ]


async def test_a_stream_tells_the_error_of_each_id() -> None:
    rows = {"1": {"status": "Pending"}, "2": {"error": "Incorrect order ID"}}
    panel = Notes(httpx.Response(200, json=rows))
    async with client(panel) as it:
        first, second = [item async for item in it.status_iter([1, 2])]
    assert first.unwrap().status == "Pending"
    assert (second.id, second.value, type(second.error)) == (2, None, NotFoundError)
    assert [form["orders"] for form in panel.forms] == ["1,2"]
