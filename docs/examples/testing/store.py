"""A small application: what is to be tested."""

import asyncio
from decimal import Decimal

from agencia_async import AgenciaError, AsyncClient, DefaultOrder, OutcomeUnknownError


async def buy(client: AsyncClient, link: str) -> str:
    """Buy a thousand of service 1."""
    order = DefaultOrder(service=1, link=link, quantity=1000)
    try:
        return f"order {await client.add(order, max_charge=Decimal(2))}"
    except OutcomeUnknownError:
        return "perhaps ordered"
    except AgenciaError as error:
        return f"not ordered: {error}"


def balance() -> Decimal:
    """The balance of the account in the environment, for synchronous code."""

    async def ask() -> Decimal:
        async with AsyncClient.from_env() as client:
            return (await client.balance()).balance

    return asyncio.run(ask())
