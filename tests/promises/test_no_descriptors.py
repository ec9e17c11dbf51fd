"""Nothing is opened where an error is made: a process may have no file descriptor left by then."""

import subprocess
import sys

import pytest

from tests.support.peer import Request, peer

SCRIPT = """
import asyncio, os, resource, sys

from agencia_async import AgenciaError, AsyncClient, DefaultOrder, RetryPolicy, fast_transport

async def main(url, engine):
    transport = fast_transport() if engine == "fast" else None
    order = DefaultOrder(service=1, link="https://example.com/p/1", quantity=100)
    policy = RetryPolicy(attempts=2, first_wait=0)
    client = AsyncClient("KEY", base_url=url, transport=transport, retry=policy, max_concurrency=1)
    async with client:
        print(await client.add(order))
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        held = []
        try:
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        except OSError as error:
            assert error.errno == 24, error
        try:
            print(await client.add(order))
        except AgenciaError as error:
            print(type(error).__name__, error.sent, error)
        for one in held:
            os.close(one)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
@pytest.mark.parametrize("engine", ["default", "fast"])
@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (502, "<html><h1>Bad gateway</h1></html>", "OutcomeUnknownError maybe"),
        (200, "{", "OutcomeUnknownError yes"),
        (200, '{"error": "Not enough funds on balance"}', "InsufficientFundsError no"),
        (200, '{"error": "Blub"}', "PanelError no"),
    ],
)
async def test_the_outcome_of_an_order_is_told(engine: str, status: int, body: str, told: str) -> None:
    async def answer(request: Request) -> None:
        if len(panel.forms) == 1:
            request.reply('{"order": 1}')
        else:
            request.reply(body, status)

    async with peer(answer) as panel:
        process = await _started(panel.url, engine)
    assert process.stderr == ""
    assert process.stdout.splitlines()[0] == "1"
    assert process.stdout.splitlines()[1].startswith(told)
    assert len(panel.forms) == 2


async def _started(url: str, engine: str) -> "subprocess.CompletedProcess[str]":
    import asyncio

    command = [sys.executable, "-c", SCRIPT, url, engine]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
