"""Print what a panel says of one order, and what the client makes of it: python what_a_panel_said.py ID."""

import asyncio
import logging
import sys

from agencia_async import AgenciaError, AsyncClient
from agencia_async.hooks import AttemptInfo, CallInfo, Hook


class Headers(Hook):
    """Prints the status and the headers of each reply."""

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """A reply was read, or there was none."""
        print(f"{call.action}: HTTP {attempt.http_status}, {attempt.reply_bytes} bytes")
        for name, value in attempt.headers.items():
            print(f"  {name}: {value}")


async def main(order: str) -> int:
    """The exit code."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s")
    logging.getLogger("agencia_async.wire").setLevel(logging.DEBUG)
    async with AsyncClient.from_env(hooks=[Headers()]) as client:
        try:
            print(await client.status(order))
        except AgenciaError as error:
            print(error.to_dict())
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
