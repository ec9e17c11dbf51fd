"""Content encodings undone, bounded in what comes out."""

import zlib
from collections.abc import AsyncIterable, Iterable

from agencia_async.errors import ReplyError


async def inflated(parts: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
    """The decoded body; what comes out is counted, because 200 KB of gzip can be 200 MB."""
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise ReplyError(f"the reply is encoded as {encoding!r}, which was not asked for")
    inflater = zlib.decompressobj(wbits=47) if encoding not in {"", "identity"} else None
    body = bytearray()
    async for part in parts:
        body += part if inflater is None else inflater.decompress(part, limit + 1 - len(body))
        if len(body) > limit:
            raise ReplyError(f"the reply is larger than {limit} bytes")
    return bytes(body)


def encoding_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The content encoding of a reply, from its headers as they came."""
    named = [value for name, value in headers if name.lower() == b"content-encoding"]
    return b", ".join(named).decode(errors="replace").lower()
