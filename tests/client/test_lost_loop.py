"""A client whose event loop is gone can still be closed, and leaves nothing behind."""

import asyncio
import gc
import warnings

import pytest

from agencia_async import AsyncClient, ConfigurationError
from tests.support import engines
from tests.support.authority import serving, trusting
from tests.support.engines import by_each_engine
from tests.support.peer import Request, peer_in_thread


async def answer(request: Request) -> None:
    request.reply('{"balance": "1"}')


@by_each_engine
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_a_client_is_closed_in_another_loop_when_its_own_is_gone(*, is_tls: bool) -> None:
    with peer_in_thread(answer, serving() if is_tls else None) as panel, warnings.catch_warnings():
        warnings.simplefilter("error")
        context = trusting() if is_tls else None
        client = AsyncClient("KEY", base_url=panel.url, **engines.trusting(context))
        asyncio.run(client.balance())
        asyncio.run(client.aclose())
        with pytest.raises(ConfigurationError, match="closed"):
            asyncio.run(client.balance())
        del client
        gc.collect()
    assert len(panel.forms) == 1
