"""Ask for the balance through a proxy: PANEL_PROXY=http://proxy.example:3128 python behind_proxy.py.

If the proxy intercepts TLS, set PANEL_CA to the file of its certificate authority (PEM).
"""

import asyncio
import os
import ssl
import sys

from agencia_async import AsyncClient, TransportError


async def main() -> int:
    """The exit code."""
    ca_file = os.environ.get("PANEL_CA")
    context = ssl.create_default_context(cafile=ca_file) if ca_file else None
    async with AsyncClient.from_env(proxy=os.environ["PANEL_PROXY"], ssl_context=context) as client:
        try:
            balance = await client.balance()
        except TransportError as error:
            print(error)
            return 1
    print(f"{balance.balance:f} {balance.currency}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
