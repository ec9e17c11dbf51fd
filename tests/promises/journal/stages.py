"""Doing something when an order has come to a certain point of its way."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from agencia_async._journal.store import Store

from .scene import Watched

STAGES = ("look", "claim", "flight", "settle")
"""Before the journal is asked, before the claim is written, at the panel, before the outcome is written."""

Call = Callable[[], object]


class Stages(Watched):
    """A panel, and a watch on all journals of this process: `at` lays down what happens where."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._calls: dict[tuple[str, str], tuple[int, Call]] = {}
        for stage, method in (("look", "settled"), ("claim", "claim"), ("settle", "settle")):
            monkeypatch.setattr(Store, method, self._watched(stage, getattr(Store, method)))

    def at(self, stage: str, reference: str, turns: int, call: Call) -> None:
        """Call once the order is there, and the event loop has turned so often."""
        self._calls[stage, reference] = turns, call

    def came(self, reference: str) -> None:
        self._reached("flight", reference)

    def _watched(self, stage: str, method: Callable[..., Any]) -> Callable[..., Any]:
        async def watched(store: Store, what: Any) -> object:  # noqa: ANN401 - of each kind
            name = what if isinstance(what, str) else getattr(what, "reference", None) or what.entry.reference
            self._reached(stage, name)
            return await method(store, what)

        return watched

    def _reached(self, stage: str, reference: str) -> None:
        turns, call = self._calls.pop((stage, reference), (0, None))
        if call is not None:
            _later(turns, call)


def _later(turns: int, call: Call) -> None:
    if turns:
        asyncio.get_running_loop().call_soon(_later, turns - 1, call)
    else:
        call()
