"""Asks workers through a streaQ queue: the only module that imports it.

A chunk of ids is one task of streaQ. Whatever happens to it, who asks gets one answer:

```
enqueued ──> a worker runs it ──> its result is read and deleted: the answer
   ^             ├─ the worker dies or loses Redis: streaQ gives the task to another one
   │             └─ the task fails: the worker's words are the answer
   └─ Redis lost it, or a worker found it done by another one and took it for expired: enqueued anew
```

A task may run twice, which for a status is harmless; one result is read. It is polled for: a message of
publish and subscribe is lost with the connection that it comes on.
"""

import asyncio
import logging
import pickle
from collections.abc import Awaitable, Callable, Sequence
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeVar, cast

from streaq import StreaqError, TaskStatus, Worker

from agencia_async._calls.channel import now
from agencia_async._concurrency.coalescer import Coalescer
from agencia_async._concurrency.tasks import Tasks
from agencia_async._workers.messages import refusal
from agencia_async.errors import ConfigurationError, ReplyError, TransportError

if TYPE_CHECKING:
    from streaq.task import AsyncRegisteredTask

T = TypeVar("T")

Raw = bytes | str
Looks = Coalescer[Raw | None]
"""Looks for results, those of all tasks in one command."""
Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

_TRIES = 20
"""Runs of a task: more workers than that do not die by chance."""
_ANEW = 5
"""Times that a task is enqueued."""
_TTL = 300
"""Seconds for which Redis keeps a result that nobody reads."""
_TOGETHER = 0.02
"""Seconds for which a look for a result waits for others."""
_CHECK = 5.0
"""Seconds after which it is checked whether a task is still there."""
_LONELY = 30.0
"""Seconds after which it is told that no worker takes a task."""
_COMMAND = 10.0
"""Seconds for a command of Redis."""
_AGAIN = 0.5
"""Seconds until a failed command is tried again."""
_PATIENCE = 60.0
"""Seconds for which a Redis that is away is waited for."""
_EXPIRED = "Task expired!"
"""What streaQ says of a task without its data, as of one that another worker has finished meanwhile."""

_log = logging.getLogger("agencia_async")


def pause(waited: float) -> float:
    """Seconds until the next look for a result, after so many without one: a fifth of these."""
    return min(max(waited / 5, 0.02), 0.5)


class Queue:
    """The queue of a streaQ worker, and our tasks in it."""

    def __init__(self, worker: "Worker[Any]") -> None:
        _check(worker)
        self._worker = worker
        self._tasks: dict[str, AsyncRegisteredTask[[dict[str, Any]], dict[str, Any]]] = {}
        self._is_told = False
        worker.serializer = _for_failures(worker.serializer)

    def add(self, name: str, answer: Answer) -> None:
        """Add a task, which answers requests."""

        async def run(asked: dict[str, Any]) -> dict[str, Any]:
            return await answer(asked)

        full = f"agencia_async.{name}"
        if full in self._worker.registry:
            raise ConfigurationError("this worker is registered already")
        self._tasks[name] = self._worker.task(name=full, max_tries=_TRIES, ttl=_TTL)(run)

    def check_open(self) -> None:
        """Refuse to ask through a worker that is not connected."""
        try:
            _ = self._worker.redis
        except StreaqError:
            pass
        else:
            return
        raise ConfigurationError("the worker is not connected: ask inside `async with worker:`")

    def looks(self, tasks: Tasks) -> Looks:
        """What the tasks of one call share."""
        return Coalescer(self._look, size=1000, window=_TOGETHER, tasks=tasks)

    async def _look(self, keys: Sequence[str]) -> dict[str, Raw | Exception | None]:
        return dict(zip(keys, await self._worker.redis.mget(keys), strict=True))

    async def ask(self, name: str, request: dict[str, Any], looks: Looks) -> object:
        """The answer of a worker, or `refusal` with its words.

        Raises:
            TransportError: Redis does not answer.
        """
        for _ in range(_ANEW):
            task = self._tasks[name].enqueue(request)
            await self._patiently(lambda task=task: task)  # type: ignore[misc]  # once, whatever is lost
            told = await self._result(task.id, looks)
            if told is not None:
                return told
        return refusal(TransportError(f"the queue lost the task {_ANEW} times", sent="maybe"))

    async def _result(self, task_id: str, looks: Looks) -> object:
        """The answer of a task; None if the task is lost."""
        key = self._worker.results_key + task_id
        began = checked = now()
        while (raw := await self._patiently(lambda: looks.get(key))) is None:
            if now() - checked > _CHECK:
                checked = now()
                if await self._is_lost(task_id, checked - began):
                    return None
            await asyncio.sleep(pause(now() - began))
        await self._patiently(lambda: self._worker.redis.delete([key]))
        return await self._read(raw)

    async def _is_lost(self, task_id: str, waited: float) -> bool:
        status = await self._patiently(lambda: self._worker.status_by_id(task_id))
        if status == TaskStatus.QUEUED and waited > _LONELY and not self._is_told:
            self._is_told = True
            _log.warning("no worker has taken a task of %r for %.0f s", self._worker.queue_name, waited)
        return status == TaskStatus.NOT_FOUND

    async def _read(self, raw: object) -> object:
        try:
            result = await self._worker.deserialize(raw)
            is_answer, told = result["s"], result["r"]
        except (StreaqError, LookupError, TypeError) as error:
            return refusal(ReplyError(f"the worker's answer cannot be read: {error}"))
        if is_answer:
            return told
        if told == _words(StreaqError(_EXPIRED)):
            return None
        return refusal(TransportError(f"no worker could answer: {told}", sent="maybe"))

    async def _patiently(self, command: Callable[[], Awaitable[T]]) -> T:
        """The answer of Redis, which may be away for a while."""
        began = now()
        while True:
            try:
                async with asyncio.timeout(_COMMAND):
                    return await command()
            except Exception as error:  # noqa: BLE001 - of whatever class
                reason = str(error) or type(error).__name__
            if now() - began > _PATIENCE:
                break
            await asyncio.sleep(_AGAIN)
        raise TransportError(f"the Redis of the queue has not answered for {_PATIENCE:.0f} s: {reason}")


class _Probe:
    """What only a serializer brings back that takes any class."""


def _check(worker: "Worker[Any]") -> None:
    if worker.anyio_backend != "asyncio":
        raise ConfigurationError("the worker must run on asyncio, not on trio")
    if iscoroutinefunction(worker.serializer) or iscoroutinefunction(worker.deserializer):
        raise ConfigurationError("serializer and deserializer must be plain functions, such as those of json")
    if any(_brings_back(dump, worker.deserializer) for dump in (worker.serializer, pickle.dumps)):
        raise ConfigurationError(
            "the worker pickles: whoever can write to its Redis could run any code in it; write "
            "Worker(..., serializer=json.dumps, deserializer=json.loads)"
        )


def _brings_back(dump: Callable[[Any], Any], load: Callable[[Any], Any]) -> bool:
    try:
        return isinstance(load(dump(_Probe())), _Probe)
    except Exception:  # noqa: BLE001 - of whatever class
        return False


def _for_failures(serializer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A serializer that takes the result of a task that failed, which has an exception in it.

    Without it, a task that streaQ itself gives up would end a worker that writes JSON.
    """

    def serialize(data: Any) -> Any:  # noqa: ANN401 - as streaQ has it
        result = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        if isinstance(failure := result.get("r"), BaseException):
            return serializer({**result, "r": _words(failure)})
        return serializer(data)

    return serialize


def _words(failure: BaseException) -> str:
    return f"{type(failure).__name__}: {failure}"
