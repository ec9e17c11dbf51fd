"""Content encodings undone, bounded in what goes in, in what comes out, and in the time of the event loop.

A name that is no compression (a character set, `none`) is no encoding: panels send such.
"""

import asyncio
import zlib
from collections.abc import AsyncIterable, Iterable

from agencia_async.errors import ReplyError

_GZIP = {"gzip", "x-gzip"}
_DEFLATE = {"deflate", "x-deflate"}
_OTHERS = {"br", "zstd", "compress", "x-compress", "bzip2", "x-bzip2", "lzma", "xz", "exi", "dcb", "dcz"}
"""Compressions that were not asked for, and that nothing here can undo."""
_MOST_CODINGS = 4
_MOST_MEMBERS = 1000
_GZIP_MAGIC = b"\x1f\x8b"
_ZLIB_METHOD = 8
_PIECE = 2**16
_SMALL = 4096
"""Bytes; what they can become, a thousand times as much, is made in a few milliseconds."""


async def inflated(parts: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
    """The decoded body.

    Raises:
        ReplyError: it is larger than `limit` bytes, as it came or as it becomes; or not encoded as it says.
    """
    body = bytearray()
    async for part in parts:
        body += part
        if len(body) > limit:
            raise _too_large(limit)
    if not encoding:
        return bytes(body)
    if len(body) <= _SMALL:
        return decoded(bytes(body), encoding, limit)
    return await asyncio.to_thread(decoded, bytes(body), encoding, limit)


def encoding_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The content encoding of a reply, from its headers as they came."""
    named = [value for name, value in headers if name.lower() == b"content-encoding"]
    return b", ".join(named).decode(errors="replace").lower()


def decoded(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its encodings, which were applied in the order in which they are named."""
    codings = [
        name for name in map(str.strip, encoding.lower().split(",")) if name in _GZIP | _DEFLATE | _OTHERS
    ]
    unknown = next((name for name in codings if name in _OTHERS), None)
    if unknown is not None:
        raise ReplyError(f"the reply has the content encoding {unknown!r}, which was not requested")
    if len(codings) > _MOST_CODINGS:
        raise ReplyError(f"the reply is encoded {len(codings)} times")
    for name in reversed(codings):
        try:
            body = _undone(body, limit, is_gzip=name in _GZIP)
        except zlib.error as error:
            failure = str(error)
        else:
            continue
        raise ReplyError(f"the reply cannot be decompressed: {failure}")
    return body


def _undone(body: bytes, limit: int, *, is_gzip: bool) -> bytes:
    """The body of one encoding; gzip may come in several members, and what stands behind is no part of it."""
    wbits = 31 if is_gzip else (15 if _has_zlib_header(body) else -15)
    out, at = bytearray(), 0
    for _ in range(_MOST_MEMBERS):
        inflater = zlib.decompressobj(wbits)
        while not inflater.eof:
            piece = body[at : at + _PIECE]
            if not piece:
                raise zlib.error("it is truncated")
            out += inflater.decompress(piece, limit + 1 - len(out))
            if len(out) > limit:
                raise _too_large(limit)
            at += len(piece) - len(inflater.unused_data)
        if not is_gzip or body[at : at + 2] != _GZIP_MAGIC:
            return bytes(out)
    raise zlib.error(f"it has more than {_MOST_MEMBERS} members")


def _has_zlib_header(body: bytes) -> bool:
    """Does deflate come with the header that it should have? Some send it bare."""
    return len(body) > 1 and body[0] & 15 == _ZLIB_METHOD and int.from_bytes(body[:2], "big") % 31 == 0


def _too_large(limit: int) -> ReplyError:
    return ReplyError(f"the reply is larger than {limit} bytes")
