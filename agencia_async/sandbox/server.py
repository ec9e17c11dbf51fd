"""Serves a panel on a real socket: uvicorn in the running event loop, with access to each connection."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Final, cast

from agencia_async.sandbox.asgi import TRANSPORT, Message, Receive, Send, socket_of
from agencia_async.sandbox.panel import Panel

if TYPE_CHECKING:
    import uvicorn

BACKLOG: Final = 2_048
KEEP_ALIVE: Final = 75  # seconds that an idle connection is kept, as in nginx

_TURNS = 5  # iterations of the event loop after which a just accepted connection is known

_log = logging.getLogger("agencia_async.sandbox")
_log.addHandler(logging.NullHandler())


@contextlib.asynccontextmanager
async def serve(panel: Panel, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str, None]:
    """Serve `panel` over HTTP in an `async with` block; yields its URL, `http://127.0.0.1:PORT/api/v2`.

    With port 0, the system picks a free one. The server runs in the caller's event loop, installs no signal
    handlers and prints nothing. Leaving the block stops it at once: open connections are closed, and requests
    in flight are dropped.

    Raises `OSError` if the address cannot be bound, `ImportError` if uvicorn is not installed.
    """
    listener = _listen(host, port)
    with listener:
        running = _Running()
        server = _uvicorn(panel, running)
        await server.startup([listener])
        panel.url = _url(host, listener)
        try:
            yield panel.url
        finally:
            panel.url = None
            await _stop(server, running)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def _url(host: str, listener: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}/api/v2"


class _Running:
    """What is open, and what is in flight."""

    def __init__(self) -> None:
        self.transports: set[asyncio.BaseTransport] = set()
        self.tasks: set[asyncio.Task[object]] = set()


class _Held(asyncio.Protocol):
    """A mixin for uvicorn's protocol: passes the transport to the application, without access log."""

    running: _Running
    app_state: dict[str, object]
    access_log: bool
    logger: logging.Logger

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.app_state = {**self.app_state, TRANSPORT: transport}
        self.access_log = False
        self.logger = _log
        # asyncio sets it only if the socket's protocol is known, which may not be so for accepted ones
        socket_of(transport).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.running.transports.add(transport)
        self._transport = transport
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.running.transports.discard(self._transport)
        super().connection_lost(exc)


def _uvicorn(panel: Panel, running: _Running) -> "uvicorn.Server":
    try:
        import uvicorn  # noqa: PLC0415, an optional extra
        from uvicorn.protocols.http.auto import AutoHTTPProtocol  # noqa: PLC0415, the same
    except ImportError as error:
        raise ImportError(
            'the sandbox requires uvicorn: in a clone, pip install ".[sandbox]" brings it'
        ) from error

    config = uvicorn.Config(
        _app(panel, running),
        http=type("_HeldProtocol", (_Held, AutoHTTPProtocol), {"running": running}),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    return server


def _app(panel: Panel, running: _Running) -> Callable[[Message, Receive, Send], Awaitable[None]]:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        task = cast("asyncio.Task[object]", asyncio.current_task())
        running.tasks.add(task)
        task.add_done_callback(running.tasks.discard)
        with contextlib.suppress(asyncio.CancelledError):  # only _stop cancels, once the connections are gone
            await panel.asgi(scope, receive, send)

    return app


async def _stop(server: "uvicorn.Server", running: _Running) -> None:
    """Stop it without waiting for clients, as uvicorn's own shutdown would."""
    for listening in server.servers:
        listening.close()
    for _ in range(_TURNS):
        for transport in tuple(running.transports):
            cast("asyncio.Transport", transport).abort()
        await asyncio.sleep(0)
    tasks = tuple(running.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for listening in server.servers:
        await listening.wait_closed()
