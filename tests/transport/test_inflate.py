import gzip
import random
import threading
import zlib
from collections.abc import AsyncIterator, Callable

import pytest

from agencia_async import ReplyError
from agencia_async._transport.inflate import decoded, inflated
from tests.support.engines import by_each_engine
from tests.support.peer import Request, peer
from tests.transport.scene import LIMIT, bomb, send, too_large, wire

TEXT = b'{"order": 5}' + b" " * (LIMIT - 12)


def raw_deflate(content: bytes) -> bytes:
    return zlib.compress(content, wbits=-15)


def members(content: bytes) -> bytes:
    return b"".join(map(gzip.compress, (content[:5], content[5:100], b"", content[100:])))


def twice(content: bytes) -> bytes:
    return gzip.compress(zlib.compress(content))


@by_each_engine
@pytest.mark.parametrize("answer", [too_large, bomb])
async def test_a_reply_is_read_no_further_than_its_bound(answer: Callable[[Request], object]) -> None:
    async with peer(answer) as panel:  # type: ignore[arg-type]
        it = wire(panel.url)
        with pytest.raises(ReplyError, match=f"larger than {LIMIT} bytes"):
            await send(it)
        await it.aclose()


ENCODINGS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("GZIP", gzip.compress),
    ("x-gzip", gzip.compress),
    (" gzip ,", gzip.compress),
    ("gzip", members),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("identity", bytes),
    ("none", bytes),
    ("UTF-8", bytes),
    ("utf8", bytes),
    ("iso-8859-9", bytes),
    ("binary", bytes),
    ("deflate, gzip", twice),
    ("identity, gzip, utf-8", gzip.compress),
    ("gzip, gzip", lambda content: gzip.compress(gzip.compress(content))),
]


@by_each_engine
@pytest.mark.parametrize(("encoding", "compress"), ENCODINGS)
async def test_a_compressed_reply_is_unpacked(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    async def packed(request: Request) -> None:
        request.reply(compress(TEXT), headers={"Content-Encoding": encoding})

    async with peer(packed) as panel:
        it = wire(panel.url)
        assert (await send(it)).body == TEXT
        await it.aclose()


@by_each_engine
@pytest.mark.parametrize(
    ("encoding", "fault"),
    [
        ("gzip", "cannot be decompressed"),
        ("deflate", "cannot be decompressed"),
        ("br", "content encoding 'br'"),
        ("gzip, zstd", "content encoding 'zstd'"),
        (", ".join(["gzip"] * 6), "6 times"),
    ],
)
async def test_a_reply_that_is_not_encoded_as_it_says(encoding: str, fault: str) -> None:
    async def wrong(request: Request) -> None:
        request.reply(b"plain", headers={"Content-Encoding": encoding})

    async with peer(wrong) as panel:
        it = wire(panel.url)
        with pytest.raises(ReplyError, match=fault):
            await send(it)
        await it.aclose()


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, raw_deflate])
def test_a_reply_that_is_cut_short_is_none(compress: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ReplyError, match="cannot be decompressed"):
        decoded(compress(TEXT)[:-9], "gzip" if compress is gzip.compress else "deflate", LIMIT)


@pytest.mark.parametrize("behind", [b"\\0" * 512, b"\\n", b"<!-- 12 ms -->"])
def test_what_stands_behind_the_end_is_no_part_of_it(behind: bytes) -> None:
    assert decoded(gzip.compress(TEXT) + behind, "gzip", LIMIT) == TEXT


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", gzip.compress(b"0" * (LIMIT + 1))),
        ("gzip", gzip.compress(b"0" * 10**7)),
        ("gzip", gzip.compress(b"0" * (LIMIT // 2 + 1)) * 2),
        ("gzip, gzip", gzip.compress(gzip.compress(b"0" * 10**6))),
        ("deflate", raw_deflate(b"0" * 10**6)),
    ],
    ids=["too large by one", "large", "two members", "twice", "deflate"],  # gzip tells the time
)
def test_what_comes_out_is_bounded(encoding: str, content: bytes) -> None:
    with pytest.raises(ReplyError, match=f"larger than {LIMIT} bytes"):
        decoded(content, encoding, LIMIT)


def test_members_are_bounded() -> None:
    assert decoded(gzip.compress(b"") * 100 + gzip.compress(b"0"), "gzip", LIMIT) == b"0"
    with pytest.raises(ReplyError, match="cannot be decompressed"):
        decoded(gzip.compress(b"") * 2000, "gzip", LIMIT)


@by_each_engine
async def test_what_is_left_over_is_bounded() -> None:
    async def padded(request: Request) -> None:
        request.reply(gzip.compress(b"0") + b"\0" * LIMIT, headers={"Content-Encoding": "gzip"})

    async with peer(padded) as panel:
        it = wire(panel.url)
        with pytest.raises(ReplyError, match=f"larger than {LIMIT} bytes"):
            await send(it)
        await it.aclose()


async def test_a_large_one_is_unpacked_beside_the_event_loop() -> None:
    content, threads = random.Random(1).randbytes(100_000), set[int]()

    async def parts() -> AsyncIterator[bytes]:
        yield gzip.compress(content)

    def compressed(*args: object) -> bytes:
        threads.add(threading.get_ident())
        return decoded(*args)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agencia_async._transport.inflate.decoded", compressed)
        assert await inflated(parts(), "gzip", 10**6) == content
    assert threads - {threading.get_ident()} == threads != set()


@pytest.mark.parametrize("compress", [gzip.compress, members, raw_deflate])
def test_whatever_can_be_bounded_can_be_read(compress: Callable[[bytes], bytes]) -> None:
    assert decoded(compress(TEXT), "deflate" if compress is raw_deflate else "gzip", LIMIT) == TEXT
