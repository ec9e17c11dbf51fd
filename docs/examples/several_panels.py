"""Order at the first panel that takes it: python several_panels.py REFERENCE LINK QUANTITY."""

import asyncio
import sys
from decimal import Decimal

from agencia_async import (
    AgenciaError,
    AsyncClient,
    DefaultOrder,
    InvalidInputError,
    PanelError,
    TransportError,
)
from agencia_async.journal import Journal, JournalEntry

SERVICES = {"north": 1, "south": 18}  # profiles, the cheapest first, and the same service at each
MAX_CHARGE = Decimal(50)


async def buy(reference: str, link: str, quantity: int) -> JournalEntry | None:
    """The order, or None if no panel took it."""
    async with Journal("orders.db") as journal:
        entry = await journal.get(reference)
        for profile, service in SERVICES.items():
            order = DefaultOrder(service=service, link=link, quantity=quantity)
            async with AsyncClient.from_profile(profile) as client:
                if entry is not None and entry.state != "refused" and entry.panel != journal.panel_of(client):
                    continue  # another panel has it, or may have it
                try:
                    return await journal.place(client, reference, order, max_charge=MAX_CHARGE)
                except (InvalidInputError, PanelError, TransportError) as error:  # nothing was bought
                    print(f"{profile}: {error}")
    return None


async def balances() -> None:
    """Print the balances of all panels, asked at the same time."""

    async def line(profile: str) -> str:
        async with AsyncClient.from_profile(profile) as client:
            try:
                balance = await client.balance()
            except AgenciaError as error:
                return f"{profile}: {error}"
        return f"{profile}: {balance.balance:f} {balance.currency}"

    print("\n".join(await asyncio.gather(*map(line, SERVICES))))


async def main(reference: str, link: str, quantity: str) -> int:
    """The exit code."""
    await balances()
    entry = await buy(reference, link, int(quantity))
    print("not placed" if entry is None else f"order {entry.order_id} at {entry.panel}")
    return entry is None


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
