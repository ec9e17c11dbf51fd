"""A program that forks, and prints what each child was told.

`python -m tests.promises.journal.forking HOW URL DATABASE`, where HOW is

- `before`: the journal is created, the program forks twice, as gunicorn does with `preload`, and each child
  opens it in an event loop of its own;
- `tasks`: each child opens a journal for each order, as Celery does;
- `after`: the program forks with the journal open, and the child tries to use it.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine

from agencia_async import AgenciaError, AsyncClient
from agencia_async.journal import Journal

from .scene import order, told

NAMES = [f"r{number}" for number in range(5)]


async def place(journal: Journal, url: str, names: list[str]) -> dict[str, str]:
    async with AsyncClient("sandbox-key", base_url=url) as client, journal:
        pairs = [(name, order(name)) for name in names]
        return {str(item.id): told(item.error) async for item in journal.place_iter(client, pairs)}


def each_alone(url: str, database: str) -> dict[str, str]:
    """A task for each order."""
    return {
        name: state
        for one in NAMES
        for name, state in asyncio.run(place(Journal(database), url, [one])).items()
    }


def child(work: Callable[[], object]) -> int:
    """What the work returns in a forked child, read from a pipe."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        return reading
    try:
        told_it = work()
    except AgenciaError as error:
        told_it = f"{type(error).__name__}: {error}"
    os.write(writing, json.dumps(told_it).encode())
    os._exit(0)


def read(pipe: int) -> object:
    with os.fdopen(pipe) as text:
        return json.loads(text.read() or "null")


async def after(url: str, database: str) -> list[object]:
    """With the journal open."""
    async with AsyncClient("sandbox-key", base_url=url) as client, Journal(database) as journal:
        await journal.place(client, "first", order("first"))
        outcome = await asyncio.to_thread(read, child(lambda: send(journal.get("first"))))
        await journal.place(client, "second", order("second"))
        return [outcome, [entry.state.value async for entry in journal.entries()]]


def send(work: Coroutine[object, None, object]) -> object:
    """Run it to its first pause, in the event loop that is running already."""
    work.send(None)
    return "it went on"


def main(how: str, url: str, database: str) -> None:
    if how == "after":
        outcomes = asyncio.run(after(url, database))
    else:
        journal = Journal(database)
        works: dict[str, Callable[[], object]] = {
            "before": lambda: asyncio.run(place(journal, url, NAMES)),
            "tasks": lambda: each_alone(url, database),
        }
        pipes = [child(works[how]) for _ in range(2)]
        outcomes = [read(pipe) for pipe in pipes]
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:])
