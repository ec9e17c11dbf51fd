"""The example of Django: a management command that polls, and an asynchronous view."""

import importlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from agencia_async.sandbox import Panel
from tests.examples.scene import EXAMPLES, run, served

FOLDER = "django_shop"


@pytest.fixture(scope="module", autouse=True)
def _database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The settings, which a process reads once, and a database with the tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES / FOLDER)
        patch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
        patch.setenv("DJANGO_SECRET_KEY", "for tests")
        patch.setenv("SHOP_DATABASE", str(tmp_path_factory.mktemp("django") / "shop.db"))
        run(f"{FOLDER}/manage.py", "migrate", "--run-syncdb")
        yield
        importlib.import_module("django.db").connections.close_all()


@pytest.fixture
def orders() -> Iterator[Any]:
    """The table of the orders, empty."""
    manager = importlib.import_module("shop.models").Order.objects
    manager.all().delete()
    yield manager
    importlib.import_module("django.db").connections.close_all()


@pytest.mark.agencia_panel(clock=lambda: 0.0)
@pytest.mark.usefixtures("agencia_env")
def test_the_command_polls_the_open_orders(orders: Any, agencia_panel: Panel) -> None:  # noqa: ANN401
    placed = agencia_panel.seed_orders(120)
    for order_id in placed:
        orders.create(order_id=order_id)

    run(f"{FOLDER}/manage.py", "poll_orders")

    assert sorted(len(request.ids) for request in agencia_panel.requests) == [20, 100]
    for order in orders.all():
        expected = agencia_panel.expected_status(order.order_id)
        assert (order.state, order.charge) == (expected["status"], Decimal(str(expected["charge"])))
    is_final = orders.filter(is_final=True).count()
    assert 0 < is_final < 120


@pytest.mark.usefixtures("agencia_env")
def test_an_order_that_fails_makes_the_exit_code_1(
    orders: Any,  # noqa: ANN401
    capsys: pytest.CaptureFixture[str],
) -> None:
    orders.create(order_id=999)

    run(f"{FOLDER}/manage.py", "poll_orders", code=1)

    assert "1 orders failed" in capsys.readouterr().err
    assert str(orders.get()) == "999: Pending"


@pytest.fixture
def http(agencia_env: dict[str, str]) -> Iterator[httpx.Client]:
    """A client of the running site."""
    assert agencia_env
    with served("shop.asgi:application") as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def test_the_view_asks_the_panel(http: httpx.Client, agencia_panel: Panel) -> None:
    (order,) = agencia_panel.seed_orders(1)
    agencia_panel.set_state(order, "Partial")

    found = http.get(f"/status/{order}").json()
    unknown = http.get("/status/999")
    agencia_panel.refuse("status", "Service is under maintenance")
    closed = http.get(f"/status/{order}")

    assert (found["state"], found["is_final"]) == ("Partial", True)
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "Incorrect order ID"})
    assert (closed.status_code, closed.json()) == (503, {"detail": "try again later"})
