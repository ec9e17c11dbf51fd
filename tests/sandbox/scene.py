"""What the tests of the sandbox stand on: a clock of their own, and short ways to ask a panel."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agencia_async.sandbox import Panel

KEY = "sandbox-key"
LINK = "https://example.org/post/1"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def form(action: str, **fields: object) -> dict[str, str]:
    return {"key": KEY, "action": action, **{name: str(value) for name, value in fields.items()}}


def ask(panel: Panel, action: str, **fields: object) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(panel.handle(form(action, **fields)).body)
    return told


def rows(panel: Panel, action: str, **fields: object) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(panel.handle(form(action, **fields)).body)
    return told


def followers(panel: Panel, quantity: int = 1000) -> int:
    order: int = ask(panel, "add", service=1, link=LINK, quantity=quantity)["order"]
    return order


def joined(ids: Sequence[int | str]) -> str:
    return ",".join(map(str, ids))


async def turn_until(happened: Callable[[], bool]) -> None:
    """Let the event loop turn, without time passing, until something has happened."""
    while not happened():  # noqa: ASYNC110, there is no event to wait for in what is watched
        await asyncio.sleep(0)
