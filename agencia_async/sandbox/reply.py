"""The replies of the panel: status, headers and body, independent of the transport."""

import json
from collections.abc import Callable
from dataclasses import dataclass

Headers = tuple[tuple[bytes, bytes], ...]
ErrorReply = Callable[[str, int, Headers], "PanelReply"]

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_JSON = ((b"content-type", b"application/json"),)


@dataclass(frozen=True, slots=True)
class PanelReply:
    """One reply, without its `Content-Length`."""

    status: int
    headers: Headers
    body: bytes


class RefusedError(Exception):
    """The panel rejects a request, or one id of it; `text` is its error message."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def encoded(payload: object) -> bytes:
    """`payload` as compact JSON."""
    return _encode(payload).encode()


def document(payload: object, status: int = 200, headers: Headers = ()) -> PanelReply:
    """`payload` as JSON."""
    return PanelReply(status, _JSON + headers, encoded(payload))


def error_reply(text: str, status: int = 200, headers: Headers = ()) -> PanelReply:
    """The error response to a request, which most panels send with HTTP 200."""
    return document({"error": text}, status, headers)
