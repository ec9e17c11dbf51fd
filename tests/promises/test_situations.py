"""The situations in which libraries for asyncio are known to break, and what must come out of each.

Each row is a program of its own, run by an interpreter of its own against a panel in a thread of this one.
"""

import importlib.util
import os
import subprocess
import sys
from importlib import import_module
from typing import NamedTuple

import pytest

from agencia_async.sandbox import Panel, serve_in_thread

PRELUDE = """
import asyncio, os, sys
from agencia_async import AsyncClient, DefaultOrder

def client(**options):
    return AsyncClient("sandbox-key", base_url=sys.argv[1], **options)

async def currency(it):
    return (await it.balance()).currency

async def once():
    async with client() as it:
        return await currency(it)

def told(work):
    try:
        return asyncio.run(work)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

async def session():
    async with client() as it:
        order = await it.add(DefaultOrder(service=1, link="https://example.com/p/1", quantity=100))
        alone = await asyncio.gather(it.status(order), it.status(order))
        many = await it.status_many([order, *range(1, 250)])
        streamed = [item async for item in it.status_iter(range(1, 250))]
    return len(alone), len(many), len(streamed)
"""
ANOTHER_LOOP = (
    "ConfigurationError: the client belongs to another event loop; create one client for each event loop"
)
CLOSED = "ConfigurationError: the client is closed"
SESSION = "(2, 250, 249)"


class Situation(NamedTuple):
    """A program, what it prints, the options of its interpreter, and what must be there for it."""

    program: str
    printed: list[str]
    options: tuple[str, ...] = ("-Werror",)
    missing: bool = False


SITUATIONS = {
    "asyncio.run twice, a client in each": Situation(
        "print(asyncio.run(once()), asyncio.run(once()))", ["USD USD"]
    ),
    "asyncio.run twice, one client": Situation(
        """
it = client()
print(told(currency(it)))
print(told(currency(it)))
asyncio.run(it.aclose())
print(told(currency(it)))
""",
        ["USD", ANOTHER_LOOP, CLOSED],
    ),
    "a second loop in a thread": Situation(
        """
async def main():
    async with client() as it:
        print(await currency(it))
        print(await asyncio.to_thread(told, currency(it)))
        print(await currency(it))
asyncio.run(main())
""",
        ["USD", ANOTHER_LOOP, "USD"],
    ),
    "a client for each thread": Situation(
        """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as threads:
    print(*threads.map(told, [once() for _ in range(4)]))
""",
        ["USD USD USD USD"],
    ),
    "fork with a client in use": Situation(
        """
async def main():
    async with client() as it:
        print(await currency(it), flush=True)
        child = os.fork()
        if not child:
            print(told(currency(it)), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print(await currency(it))
asyncio.run(main())
""",
        ["USD", ANOTHER_LOOP, "USD"],
        ("-Werror", "-Wignore::DeprecationWarning"),
    ),
    "fork before the first call": Situation(
        """
it = client()
async def use():
    async with it:
        return await currency(it)
child = os.fork()
what = told(use())
if child:
    os.waitpid(child, 0)  # it prints first
print(what, flush=True)
""",
        ["USD", "USD"],
    ),
    "a forked child ends like any program": Situation(
        """
it = client()
print(told(currency(it)), flush=True)
child = os.fork()
if not child:
    sys.exit()
print(os.waitpid(child, 0)[1])
asyncio.run(it.aclose())
""",
        ["USD", "0"],
    ),
    "uvloop": Situation(
        """
import uvloop
print(uvloop.run(session()))
""",
        [SESSION],
        missing=importlib.util.find_spec("uvloop") is None,
    ),
    "uvloop, closed in a second loop": Situation(
        """
import uvloop
it = client()
print(uvloop.run(currency(it)))
uvloop.run(it.aclose())
print(told(currency(it)))
""",
        ["USD", CLOSED],
        (),  # uvloop closes the connections with its loop, and warns of them itself
        missing=importlib.util.find_spec("uvloop") is None,
    ),
    "eager tasks": Situation(
        """
async def main():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    return await session()
print(asyncio.run(main()))
""",
        [SESSION],
        missing=sys.version_info < (3, 12),
    ),
    "anyio's scopes and task groups": Situation(
        """
import anyio
async def main():
    async with client() as it:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await it.balance()
        print(scope.cancelled_caught)
        with anyio.move_on_after(0) as scope:
            async for item in it.status_iter(range(1, 10_000)):
                pass
        print(scope.cancelled_caught)
        found = []
        async def one(number):
            found.append((await it.status_many([number])).failed)
        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(one, number)
        print(len(found))
        with anyio.fail_after(60):
            print(await currency(it))
anyio.run(main)
""",
        ["True", "True", "3", "USD"],
    ),
    "-W error, a second loop before aclose": Situation(
        """
it = client()
print(asyncio.run(currency(it)), asyncio.run(once()))
asyncio.run(it.aclose())
""",
        ["USD USD"],
    ),
    "-O": Situation("print(__debug__, asyncio.run(session()))", [f"False {SESSION}"], ("-O", "-Werror")),
    "-OO": Situation("print(__doc__, asyncio.run(session()))", [f"None {SESSION}"], ("-OO", "-Werror")),
    "-W error, every module": Situation(
        """
import agencia_async, importlib, pkgutil
for module in pkgutil.walk_packages(agencia_async.__path__, "agencia_async."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(asyncio.run(session()))
""",
        [SESSION],
    ),
    "asyncio's debug mode": Situation(
        """
async def main():
    asyncio.get_running_loop().slow_callback_duration = 60
    return await session()
print(asyncio.run(main(), debug=True))
""",
        [SESSION],
    ),
    "the end of the interpreter, a client not closed": Situation(
        "it = client(); print(asyncio.run(currency(it)))", ["USD"], ()
    ),
    "the end of the interpreter, a call in flight": Situation(
        """
async def main():
    it = client()
    call = asyncio.ensure_future(it.balance())
    await asyncio.sleep(0)
    print(call.done())
asyncio.run(main())
""",
        ["False"],
        (),
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_what_must_come_out_comes_out(situation: Situation) -> None:
    if situation.missing:
        pytest.skip("needs another Python, or uvloop")
    with serve_in_thread(Panel(key="sandbox-key", seed=1)) as url:
        ended = subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, *situation.options, "-c", PRELUDE + situation.program, url],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONSAFEPATH": "1"},
        )
    assert (ended.stdout.splitlines(), ended.stderr, ended.returncode) == (situation.printed, "", 0)


ELSEWHERE = {
    "http_client=httpx.Client(), a class, a function, another library's": "client.test_mistakes:MISTAKES",
    "a port of 99999, the key inside base_url": "client.test_mistakes:MISTAKES",
    "key and address that changed places": (
        "client.test_mistakes:test_key_and_address_that_changed_places_are_told_without_the_key"
    ),
    "an exception of the caller's transport or hook": (
        "promises.test_callers_code:test_a_mistake_in_a_read_is_raised_as_it_is_once"
    ),
    "a hook that reads request.content": "promises.test_callers_code:test_a_hook_can_read_the_form_of_a_read",
    "a client that nobody closes": "client.test_unclosed:test_the_end_of_the_interpreter_warns_once",
    "aclose() when the loop of the calls is gone": (
        "client.test_lost_loop:test_a_client_is_closed_in_another_loop_when_its_own_is_gone"
    ),
    "a journal after a fork": "journal.test_owner:test_a_forked_process_is_told_so",
    "a journal in a second loop": "journal.test_owner:test_another_event_loop_is_told_so",
    "all tests with eager tasks": "support.virtual:IS_EAGER",
    "a package without its metadata": "test_face:test_it_works_without_its_metadata",
}
"""Where the other situations are tested."""


@pytest.mark.parametrize("where", ELSEWHERE.values(), ids=ELSEWHERE)
def test_the_other_situations_are_tested(where: str) -> None:
    module, _, name = where.partition(":")
    assert hasattr(import_module(f"tests.{module}"), name)
