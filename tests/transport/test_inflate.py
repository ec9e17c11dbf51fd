import gzip
import zlib
from collections.abc import Callable

import pytest

from agencia_async import ReplyError
from tests.support.engines import by_each_engine
from tests.support.peer import Request, peer
from tests.transport.scene import LIMIT, bomb, send, too_large, wire


@by_each_engine
@pytest.mark.parametrize("answer", [too_large, bomb])
async def test_a_reply_is_read_no_further_than_its_bound(answer: Callable[[Request], object]) -> None:
    async with peer(answer) as panel:  # type: ignore[arg-type]
        it = wire(panel.url)
        with pytest.raises(ReplyError, match=f"larger than {LIMIT} bytes"):
            await send(it)
        await it.aclose()


@by_each_engine
@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
)
async def test_a_compressed_reply_is_unpacked(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    async def packed(request: Request) -> None:
        request.reply(compress(b"0" * LIMIT), headers={"Content-Encoding": encoding})

    async with peer(packed) as panel:
        it = wire(panel.url)
        assert (await send(it)).body == b"0" * LIMIT
        await it.aclose()


@by_each_engine
@pytest.mark.parametrize(
    ("encoding", "fault"), [("gzip", "not compressed as it says"), ("br", "encoded as 'br'")]
)
async def test_a_reply_that_is_not_encoded_as_it_says(encoding: str, fault: str) -> None:
    async def wrong(request: Request) -> None:
        request.reply(b"plain", headers={"Content-Encoding": encoding})

    async with peer(wrong) as panel:
        it = wire(panel.url)
        with pytest.raises(ReplyError, match=fault):
            await send(it)
        await it.aclose()
