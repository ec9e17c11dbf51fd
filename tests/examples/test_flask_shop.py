"""The example of Flask: synchronous views over one client in a background loop."""

import runpy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_shop import create_app

from agencia_async.sandbox import Panel
from tests.examples.scene import EXAMPLES

LINK = "https://example.com/p/1"
ORDER = {"service": "1", "link": LINK, "quantity": "1000"}


@pytest.fixture
def shop(tmp_path: Path, agencia_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application; it is closed as gunicorn would."""
    settings = runpy.run_path(str(EXAMPLES / "gunicorn.conf.py"))
    monkeypatch.setenv("SHOP_JOURNAL", str(tmp_path / "orders.db"))
    assert agencia_env
    app = create_app()
    yield app
    settings["worker_exit"](None, SimpleNamespace(wsgi=app))
    assert app.test_client().get("/status/1").status_code == 500


def test_an_order_is_placed_once_under_its_reference(shop: Flask, agencia_panel: Panel) -> None:
    http = shop.test_client()
    first, again = (http.put("/orders/invoice-1", json=ORDER).get_json() for _ in range(2))

    placed = agencia_panel.assert_placed_once(link=LINK)
    assert first["order_id"] == again["order_id"] == placed.order
    assert http.get(f"/status/{placed.order}").get_json()["charge"] == "0.90000"


def test_requests_in_many_threads_share_batches(shop: Flask, agencia_panel: Panel) -> None:
    orders = agencia_panel.seed_orders(40)

    def state(order: object) -> object:
        return shop.test_client().get(f"/status/{order}").get_json()["state"]

    with ThreadPoolExecutor(40) as pool:
        states = [*pool.map(state, orders)]

    assert states == [agencia_panel.expected_status(order)["status"] for order in orders]
    assert len(agencia_panel.requests) < 40


def test_errors_tell_whose_fault_it_was(shop: Flask, agencia_panel: Panel) -> None:
    http = shop.test_client()
    agencia_panel.refuse("add", "Not enough funds on balance")

    assert http.put("/orders/a", json={**ORDER, "quantity": "many"}).status_code == 422
    assert http.put("/orders/a", json=ORDER).status_code == 503
    assert agencia_panel.ledger == []
