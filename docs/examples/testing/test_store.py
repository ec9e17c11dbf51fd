"""Its tests: pip install pytest pytest-asyncio respx."""

from decimal import Decimal

import pytest
import respx
from store import balance, buy

from agencia_async import AsyncClient
from agencia_async.sandbox import Panel

LINK = "https://example.com/p/1"
URL = "https://panel.example/api/v2"


@pytest.mark.asyncio
async def test_an_order_is_bought(agencia_client: AsyncClient, agencia_panel: Panel) -> None:
    said = await buy(agencia_client, LINK)

    placed = agencia_panel.assert_placed_once(link=LINK)
    assert said == f"order {placed.order}"
    assert agencia_panel.balance == Decimal(1000) - placed.charge


@pytest.mark.asyncio
@pytest.mark.agencia_faults(None, "drop_after")  # the catalogue, then the order
async def test_an_order_is_not_bought_twice(agencia_client: AsyncClient, agencia_panel: Panel) -> None:
    assert await buy(agencia_client, LINK) == "perhaps ordered"
    agencia_panel.assert_placed_once(link=LINK)


@pytest.mark.asyncio
async def test_a_refusal(agencia_client: AsyncClient, agencia_panel: Panel) -> None:
    agencia_panel.refuse("add", "Not enough funds on balance")

    assert await buy(agencia_client, LINK) == "not ordered: Not enough funds on balance"


@pytest.mark.asyncio
async def test_a_price_that_went_up(agencia_client: AsyncClient, agencia_panel: Panel) -> None:
    agencia_panel.change_price(1, Decimal("2.50"))

    said = await buy(agencia_client, LINK)

    assert said == "not ordered: the order costs 2.50, which exceeds max_charge (2)"
    assert agencia_panel.ledger == []


@pytest.mark.agencia_panel(dialect="words")
def test_synchronous_code(agencia_env: dict[str, str], agencia_panel: Panel) -> None:
    assert agencia_env["AGENCIA_BASE_URL"] == agencia_panel.url
    assert balance() == 1000


def test_a_reply_of_your_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENCIA_API_KEY", "key")
    monkeypatch.setenv("AGENCIA_BASE_URL", URL)

    with respx.mock() as router:
        route = router.post(URL).respond(json={"balance": "0.10", "currency": "USD"})
        assert balance() == Decimal("0.10")

    assert route.calls.last.request.content == b"key=key&action=balance"
