"""The tests of the shop: pytest test_fastapi_shop.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from fastapi_shop import app

from agencia_async.sandbox import Panel

ORDER = {"service": 1, "link": "https://example.com/p/1", "quantity": 1000}


@pytest.fixture
def shop(
    agencia_env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """The shop, whose lifespan reads the environment: the variables are set before it begins."""
    assert "AGENCIA_BASE_URL" in agencia_env
    monkeypatch.setenv("SHOP_JOURNAL", str(tmp_path / "orders.db"))
    with TestClient(app) as client:  # without `with`, the lifespan does not run
        yield client


def test_an_order_is_placed_once(shop: TestClient, agencia_panel: Panel) -> None:
    first = shop.put("/orders/invoice-1", json=ORDER)
    again = shop.put("/orders/invoice-1", json=ORDER)

    placed = agencia_panel.assert_placed_once(link=ORDER["link"])
    assert first.json() == again.json()
    assert first.json()["order_id"] == placed.order
    assert shop.get(f"/status/{placed.order}").json()["charge"] == "0.90000"


def test_a_wrong_quantity(shop: TestClient, agencia_panel: Panel) -> None:
    reply = shop.put("/orders/invoice-1", json={**ORDER, "quantity": 0})

    assert reply.status_code == 422
    assert reply.json()["detail"][0]["msg"] == "quantity must be an integer >= 1, got 0"
    assert agencia_panel.ledger == []


@pytest.mark.agencia_faults(None, "drop_after")  # the catalogue, then the order
def test_an_unknown_outcome(shop: TestClient, agencia_panel: Panel) -> None:
    assert [shop.put("/orders/invoice-1", json=ORDER).status_code for _ in range(3)] == [503, 503, 503]
    agencia_panel.assert_placed_once(link=ORDER["link"])
