"""A tunnel through a proxy (CONNECT), in which httpcore connects as if there were none.

Whatever fails in here, nothing of the request has left.
"""

import ssl
from http import HTTPStatus

import httpcore

from agencia_async._transport.asyncio_stream import AsyncioBackend, AsyncioStream
from agencia_async._transport.exchange import UNBOUNDED
from agencia_async._transport.route import ProxyServer, refusal


class TunnelBackend(AsyncioBackend):
    """Connects to a host through a proxy."""

    def __init__(self, proxy: ProxyServer, context: ssl.SSLContext) -> None:
        super().__init__()
        self._proxy = proxy
        self._context = context

    async def connect(self, host: str, port: int) -> AsyncioStream:
        """A connection to an address, at the other end of the tunnel."""
        stream = await super().connect(self._proxy.host, self._proxy.port)
        if self._proxy.scheme == "https":
            await stream.start_tls(self._context, server_hostname=self._proxy.host)
        refused = await self._refused(stream, host, port)
        if refused is None:
            return stream
        await stream.aclose()
        raise httpcore.ConnectError(refused)

    async def _refused(self, stream: AsyncioStream, host: str, port: int) -> str | None:
        """Why there is no tunnel; None if there is."""
        proxy = self._proxy
        name = f"[{host}]" if ":" in host else host
        target = f"{name}:{port}".encode()
        connection = httpcore.AsyncHTTP11Connection(httpcore.URL(proxy.url).origin, stream)
        request = httpcore.Request(
            b"CONNECT",
            httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target=target),
            headers=[(b"Host", target), (b"Accept", b"*/*"), *proxy.headers],
            extensions={"timeout": UNBOUNDED},
        )
        try:
            response = await connection.handle_async_request(request)
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            return f"the proxy broke off: {error}".rstrip(": ")
        is_tunnel = HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
        return None if is_tunnel else refusal(response.status)
