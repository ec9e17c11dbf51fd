"""Watches a journal, and writes each change to a file: `python -m ...watching_child URL DATABASE FILE`."""

import asyncio
import json
import os
import sys

from agencia_async import AsyncClient
from agencia_async._client import watching
from agencia_async.journal import Journal


async def main(url: str, database: str, told: str) -> None:
    watching.LEAST = 0.02
    descriptor = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    async with AsyncClient("sandbox-key", base_url=url) as client, Journal(database) as journal:
        async for change in journal.watch(client):
            row = [change.id, change.number, change.is_final, change.value and change.value.status]
            os.write(descriptor, json.dumps(row).encode() + b"\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
