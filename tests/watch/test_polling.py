"""What ends the polling, and what does not."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from agencia_async import AuthenticationError, OrderStatus, TransportError
from agencia_async._concurrency.tasks import Tasks, end
from agencia_async._watch.polling import Asking, Poller
from agencia_async._watch.register import Register, Rules
from agencia_async._watch.schedule import Intervals
from agencia_async._watch.watched import Known, Watched
from tests.support.virtual import virtual_time
from tests.watch.scene import time

DONE = OrderStatus(status="Completed")


class Scene:
    """A register of some ids, and a polling whose replies are given."""

    def __init__(self, *replies: Mapping[str, object] | Exception, size: int = 2, workers: int = 2) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[float, list[str]]] = []
        self.register: Register[OrderStatus] = Register(Rules(Intervals(5, 3600), 600))
        self.tasks = Tasks()
        self.changed: list[Watched[OrderStatus]] = []
        accepted = asyncio.Event()
        accepted.set()
        asking: Asking[OrderStatus] = Asking(
            fetch=self._fetch,
            size=lambda: size,
            workers=workers,
            window=0,
            accepted=accepted,
            tasks=self.tasks,
            clock=time,
            enter=lambda: None,
        )
        self.polling = Poller(asking, self.register, 5, self._told, follow=False)

    def add(self, *keys: str) -> None:
        for key in keys:
            self.register.add(key, key, Known(time()), time())

    async def _fetch(self, keys: Sequence[str]) -> Any:  # noqa: ANN401
        self.asked.append((time(), [*keys]))
        await asyncio.sleep(1)
        reply = self.replies.pop(0) if self.replies else dict.fromkeys(keys, DONE)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def _told(self, changed: Sequence[Watched[OrderStatus]]) -> None:
        self.changed += changed
        self.register.offer(changed)


@virtual_time
async def test_it_ends_when_all_have_ended() -> None:
    scene = Scene()
    scene.add("a", "b", "c")
    await scene.polling.run()
    assert sorted(one.key for one in scene.changed) == ["a", "b", "c"]
    assert (scene.polling.requests, scene.polling.next_look) == (2, None)


@virtual_time
async def test_a_rejection_of_one_id_is_one_of_the_account() -> None:
    scene = Scene({"a": DONE, "b": AuthenticationError("Invalid API key")})
    scene.add("a", "b")
    with pytest.raises(AuthenticationError):
        await scene.polling.run()


@virtual_time
async def test_pauses_grow_up_to_a_minute_and_one_batch_asks() -> None:
    scene = Scene(*[TransportError("away")] * 12)
    scene.add(*"abcdef")
    await scene.polling.run()
    times = [at for at, _ in scene.asked]
    # Two were sent at once, and both failed; then one at a time, until one was answered.
    assert times[:11] == [0, 0, 6, 17, 38, 79, 140, 201, 262, 323, 384]
    assert times[11:] == [445, 506, 507, 507]
    assert len(scene.changed) == 6


@virtual_time
async def test_what_it_tells_while_it_is_away() -> None:
    scene = Scene(TransportError("away"), TransportError("gone"), size=6)
    scene.add(*"abcdef")
    task = asyncio.ensure_future(scene.polling.run())
    await asyncio.sleep(3)
    assert (scene.polling.away, scene.polling.next_look) == (2, 3)
    await asyncio.sleep(3.5)
    assert scene.polling.next_look is None  # one is on its way
    await asyncio.sleep(1)
    assert str(scene.polling.error) == "gone"
    await task
    assert (scene.polling.away, scene.polling.error) == (None, None)


@virtual_time
async def test_an_error_that_is_no_answer_ends_it() -> None:
    scene = Scene(RuntimeError("a mistake"))
    scene.add("a")
    with pytest.raises(RuntimeError):
        await scene.polling.run()
    await end([])
