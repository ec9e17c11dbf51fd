"""The example of aiogram: its own dispatcher and bot, over a session that records what is sent."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from agencia_async import AsyncClient
from agencia_async.sandbox import Panel

STRANGER = 8
LINK = "https://example.com/p/1"
Say = Callable[..., Awaitable[list[str]]]


@pytest.fixture
async def say(agencia_client: AsyncClient, tmp_path: Path) -> AsyncGenerator[Say]:
    """Sends a text to the bot; what it answers."""
    from tests.examples.telegram_scene import bot_of

    async with bot_of(agencia_client, tmp_path) as said:
        yield said


async def test_the_balance(say: Say) -> None:
    assert await say("/balance") == ["1000 USD"]


async def test_a_stranger_gets_no_answer(say: Say, agencia_panel: Panel) -> None:
    assert await say("/balance", sender=STRANGER) == []
    assert agencia_panel.received == 0


async def test_the_status_of_several_orders_in_one_request(say: Say, agencia_panel: Panel) -> None:
    order, other = agencia_panel.seed_orders(2)
    agencia_panel.set_state(order, "Completed")
    agencia_panel.set_state(other, "Partial")

    assert await say(f"/status {order} {other} 999") == [
        f"{order}: Completed\n{other}: Partial\n999: Incorrect order ID"
    ]
    assert await say("/status") == ["/status 23501 23502"]
    assert len(agencia_panel.requests[0].ids) == 3


async def test_a_message_that_telegram_delivers_twice_buys_once(say: Say, agencia_panel: Panel) -> None:
    first = await say(f"/buy 1 1000 {LINK}", number=5)
    again = await say(f"/buy 1 1000 {LINK}", number=5)

    placed = agencia_panel.assert_placed_once()
    assert first == again == [f"Order {placed.order}"]
    assert dict(placed.fields) == {"action": "add", "service": "1", "link": LINK, "quantity": "1000"}
    assert placed.charge == Decimal("0.9")


async def test_what_was_typed_wrongly_is_told_and_buys_nothing(say: Say, agencia_panel: Panel) -> None:
    (answer,) = await say("/buy 1 many")
    assert "quantity" in answer or "link" in answer
    assert await say(f"/buy 999 1000 {LINK}") == ["service 999 is not in the catalogue"]
    agencia_panel.refuse("add", "Bad link")
    assert await say(f"/buy 1 1000 {LINK}") == ["Bad link"]
    assert agencia_panel.ledger == []


@pytest.mark.agencia_faults(None, "drop_after", actions={"services", "add"})
async def test_an_order_that_may_have_been_bought_is_told_so(say: Say, agencia_panel: Panel) -> None:
    assert await say(f"/buy 1 1000 {LINK}") == [
        "It may have been bought. Look at the panel before you order it again."
    ]
    agencia_panel.assert_placed_once()


async def test_a_closed_client_is_no_answer_of_the_panel(say: Say, agencia_client: AsyncClient) -> None:
    await agencia_client.aclose()

    assert await say("/balance") == ["The panel cannot be asked right now."]
