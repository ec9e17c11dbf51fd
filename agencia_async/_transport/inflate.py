"""Content encodings undone, bounded in what comes out."""

import zlib
from collections.abc import AsyncIterable

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
