"""The application: uvicorn shop.asgi:application."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

from agencia_async import AsyncClient

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django = get_asgi_application()


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Django, and its lifespan, which it does not handle itself: one client for all requests."""
    if scope["type"] != "lifespan":
        await django(scope, receive, send)
        return
    await receive()  # the server starts
    async with AsyncClient.from_env() as client:
        scope["state"]["client"] = client
        await send({"type": "lifespan.startup.complete"})
        await receive()  # the server stops
    await send({"type": "lifespan.shutdown.complete"})
