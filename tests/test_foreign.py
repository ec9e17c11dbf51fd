"""Private or undocumented parts of other packages that this one relies on, each by its name.

When a release takes one away, the test of that name fails, and tells where it is used.
"""

import inspect
from typing import Any

import httpcore
import httpx
import uvicorn
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import StreamWriter
from uvicorn.protocols.http.auto import AutoHTTPProtocol


def test_aiohttp_stream_writer_transport() -> None:
    """`_transport.aiohttp_engine`: the connection that a form went to."""
    assert isinstance(inspect.getattr_static(StreamWriter, "transport"), property)


def test_aiohttp_response_handler_should_close() -> None:
    """`_transport.aiohttp_engine`: did more than the reply come?"""
    assert isinstance(inspect.getattr_static(ResponseHandler, "should_close"), property)


async def test_httpcore_h11_state() -> None:
    """`_transport.callers_own`: what the parser of a connection holds behind the last reply."""
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1"
    backend = httpcore.AsyncMockBackend([body])
    async with httpcore.AsyncHTTPConnection(
        httpcore.URL("http://panel.example/").origin, network_backend=backend
    ) as it:
        assert (await it.request("GET", "http://panel.example/")).content == b"ok"
        assert it._connection._h11_state.trailing_data == (b"HTTP/1.1", False)  # type: ignore[union-attr]  # noqa: SLF001


async def test_httpx_pool() -> None:
    """`_transport.callers_own`: the connections of a transport of the caller's."""
    async with httpx.AsyncClient() as client:
        transport = client._transport_for_url(httpx.URL("https://panel.example/"))  # noqa: SLF001
        assert isinstance(transport, httpx.AsyncHTTPTransport)
        assert transport._pool.connections == []  # noqa: SLF001


def test_httpcore_exports_its_connection_and_a_backend() -> None:
    """`_transport.httpcore_engine`: exported, but documented only as parts of a pool."""
    parameters = inspect.signature(httpcore.AsyncHTTPConnection).parameters
    assert {"origin", "ssl_context", "keepalive_expiry", "network_backend"} <= parameters.keys()
    assert issubclass(httpcore.AnyIOBackend, httpcore.AsyncNetworkBackend)


def test_sniffio_current_async_library_cvar() -> None:
    """`_transport.httpcore_engine`: tells httpcore which library runs, which it looks for time and again."""
    from sniffio import current_async_library, current_async_library_cvar

    token = current_async_library_cvar.set("asyncio")
    assert current_async_library() == "asyncio"
    current_async_library_cvar.reset(token)


def server() -> uvicorn.Server:
    config = uvicorn.Config(lambda: None, factory=True, lifespan="off", log_config=None)
    config.load()
    return uvicorn.Server(config)


async def test_uvicorn_protocol() -> None:
    """`sandbox.server`: how an application finds the transport of its connection."""
    it = server()
    make: Any = AutoHTTPProtocol
    protocol = make(config=it.config, server_state=it.server_state, app_state={})
    assert {"app_state", "access_log", "logger"} <= vars(protocol).keys()


def test_uvicorn_server() -> None:
    """`sandbox.server`: to start and to end a server without its signal handlers."""
    it = server()
    assert inspect.iscoroutinefunction(it.startup)
    assert {"lifespan", "servers"} <= {*inspect.getsource(uvicorn.Server).replace(".", " ").split()}
    assert callable(it.config.lifespan_class)


def test_httpx_transport_is_what_test_libraries_patch() -> None:
    """`_transport.httpcore_engine` asks whoever stands in for this method."""
    assert inspect.iscoroutinefunction(httpx.AsyncHTTPTransport.handle_async_request)
