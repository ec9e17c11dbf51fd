"""The example of FastAPI, served by uvicorn."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from agencia_async.sandbox import Panel
from tests.examples.scene import EXAMPLES, served

LINK = "https://example.com/p/1"
ORDER = {"service": 1, "link": LINK, "quantity": 1000}


@pytest.fixture
def shop(
    tmp_path: Path, agencia_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[httpx.Client]:
    """A client of the running shop."""
    assert agencia_env
    monkeypatch.setenv("SHOP_JOURNAL", str(tmp_path / "orders.db"))
    with served("fastapi_shop:app") as url, httpx.Client(base_url=url, trust_env=False) as http:
        yield http


def test_an_order_is_placed_once_under_its_reference(shop: httpx.Client, agencia_panel: Panel) -> None:
    first = shop.put("/orders/invoice-1", json=ORDER)
    again = shop.put("/orders/invoice-1", json=ORDER)

    assert first.status_code == again.status_code == 200
    assert first.json()["state"] == "placed"
    placed = agencia_panel.assert_placed_once(link=LINK)
    assert first.json()["order_id"] == again.json()["order_id"] == placed.order
    status = shop.get(f"/status/{placed.order}").json()
    assert status["charge"] == "0.90000"
    assert status["state"] == agencia_panel.expected_status(int(placed.order))["status"]


def test_a_customers_mistake_is_422_and_nothing_is_sent(shop: httpx.Client, agencia_panel: Panel) -> None:
    for wrong in ({**ORDER, "quantity": 0}, {"service": 1}):
        reply = shop.put("/orders/invoice-1", json=wrong)
        assert reply.status_code == 422
        assert {"type", "loc", "msg"} <= set(reply.json()["detail"][0])
    dear = shop.put("/orders/invoice-1", json={**ORDER, "service": 2, "quantity": 1000})
    unknown = shop.put("/orders/invoice-1", json={**ORDER, "service": 999})

    assert (dear.status_code, unknown.status_code) == (422, 422)
    (fault,) = unknown.json()["detail"]
    message = "service 999 is not in the catalogue"
    assert fault == {"type": "invalid_order", "loc": ["body", "service"], "msg": message}
    assert {request.action for request in agencia_panel.requests} == {"services"}


def test_a_link_that_the_panel_refuses_is_422(shop: httpx.Client, agencia_panel: Panel) -> None:
    agencia_panel.refuse("add", "Bad link")

    reply = shop.put("/orders/invoice-1", json=ORDER)

    assert reply.status_code == 422
    assert reply.json() == {"detail": [{"type": "invalid_order", "loc": ["body"], "msg": "Bad link"}]}
    assert agencia_panel.ledger == []


def test_an_unknown_order_is_404(shop: httpx.Client) -> None:
    reply = shop.get("/status/999")

    assert (reply.status_code, reply.json()) == (404, {"detail": "Incorrect order ID"})


def test_what_is_the_shops_own_trouble_is_503_and_tells_no_details(
    shop: httpx.Client, agencia_panel: Panel
) -> None:
    agencia_panel.refuse("add", "Not enough funds on balance")

    reply = shop.put("/orders/invoice-1", json=ORDER)

    assert (reply.status_code, reply.json()) == (503, {"detail": "try again later"})


@pytest.mark.agencia_faults(None, "drop_after")
def test_an_order_whose_outcome_is_unknown_is_never_sent_again(
    shop: httpx.Client, agencia_panel: Panel
) -> None:
    assert [shop.put("/orders/invoice-1", json=ORDER).status_code for _ in range(3)] == [503] * 3
    agencia_panel.assert_placed_once(link=LINK)


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        (("", ""), 0),
        (("journal.place(request.state.client, reference, order", "request.state.client.add(order"), 2),
    ],
    ids=["as it is", "without the journal"],
)
def test_the_tests_of_the_example_find_a_mistake(
    pytester: pytest.Pytester, change: tuple[str, str], failed: int
) -> None:
    app = (EXAMPLES / "fastapi_shop.py").read_text(encoding="utf-8").replace(*change)
    tests = (EXAMPLES / "test_fastapi_shop.py").read_text(encoding="utf-8")
    (pytester.path / "fastapi_shop.py").write_text(app, encoding="utf-8")
    (pytester.path / "test_fastapi_shop.py").write_text(tests, encoding="utf-8")

    result = pytester.runpytest_subprocess("-o", "asyncio_default_fixture_loop_scope=function")

    result.assert_outcomes(passed=3 - failed, failed=failed)
