import asyncio

import httpx

from agencia_async import RateLimit
from tests.bulk.scene import Answering
from tests.calls.scene import client
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
