"""The door to the fast engine, which is not loaded before somebody asks for it."""

import ssl

import httpx

from agencia_async._transport.route import Route, proxy_server


def fast_transport(
    *, proxy: str | None = None, ssl_context: ssl.SSLContext | None = None
) -> httpx.AsyncBaseTransport:
    """A transport over aiohttp for `AsyncClient(transport=...)`: the same promises for less CPU.

    Args:
        proxy: the URL of an HTTP proxy; its credentials are not shown.
        ssl_context: what to trust, and a client certificate, where it is not what httpx trusts.

    Raises:
        ConfigurationError: `proxy` is no URL of a proxy.
        ImportError: aiohttp is missing; in a clone, `pip install ".[fast]"` brings it.
    """
    try:
        from agencia_async._transport.aiohttp_engine import AiohttpTransport  # noqa: PLC0415 - loaded by those who use it
    except ImportError as error:
        raise ImportError(
            'the fast engine needs aiohttp: in a clone, pip install ".[fast]" brings it', name=error.name
        ) from error
    return AiohttpTransport(Route(proxy_server(proxy), ssl_context))
