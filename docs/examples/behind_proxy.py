"""Ask for the balance through a proxy: PANEL_PROXY=http://proxy.example:3128 python behind_proxy.py."""

import asyncio
import os
import sys

from agencia_async import AsyncClient, TransportError


async def main() -> int:
    """The exit code."""
    async with AsyncClient.from_env(proxy=os.environ["PANEL_PROXY"]) as client:
        try:
            balance = await client.balance()
        except TransportError as error:
            print(error)
            return 1
    print(f"{balance.balance:f} {balance.currency}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
