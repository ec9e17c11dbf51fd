"""The examples of task queues: taskiq and Celery."""

from pathlib import Path
from typing import Any

import celery_orders
import pytest
import taskiq_orders

from agencia_async import DefaultOrder, OutcomeUnknownError
from agencia_async.sandbox import Panel

LINK = "https://example.com/p/1"
ORDER = DefaultOrder(service=1, link=LINK, quantity=1000).to_dict()


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, agencia_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert agencia_env
    monkeypatch.setenv("SHOP_JOURNAL", str(tmp_path / "orders.db"))


async def test_a_task_of_taskiq_that_is_delivered_twice_buys_once(agencia_panel: Panel) -> None:
    await taskiq_orders.broker.startup()
    results = []
    for _ in range(2):
        task = await taskiq_orders.place.kiq("invoice-1", ORDER)
        results.append((await task.wait_result(check_interval=0.01)).return_value)
    await taskiq_orders.broker.shutdown()

    placed = agencia_panel.assert_placed_once(link=LINK)
    assert [(result["state"], result["order_id"]) for result in results] == [("placed", placed.order)] * 2


@pytest.mark.agencia_faults(None, "drop_after")
async def test_a_task_of_taskiq_makes_one_attempt(agencia_panel: Panel) -> None:
    await taskiq_orders.broker.startup()
    task = await taskiq_orders.place.kiq("invoice-1", ORDER)
    result = await task.wait_result(check_interval=0.01)
    await taskiq_orders.broker.shutdown()

    assert isinstance(result.error, OutcomeUnknownError)
    agencia_panel.assert_placed_once(link=LINK)


def of_celery() -> dict[str, Any]:
    """What the task gives, run as a worker runs it."""
    return dict(celery_orders.place.apply(("invoice-1", ORDER), throw=True).get())


def test_a_task_of_celery_that_is_delivered_twice_buys_once(agencia_panel: Panel) -> None:
    first, again = of_celery(), of_celery()

    placed = agencia_panel.assert_placed_once(link=LINK)
    assert first["order_id"] == again["order_id"] == placed.order


@pytest.mark.agencia_faults(None, "drop_after")
def test_a_task_of_celery_makes_one_attempt(agencia_panel: Panel) -> None:
    for _ in range(2):
        with pytest.raises(OutcomeUnknownError):
            of_celery()
    agencia_panel.assert_placed_once(link=LINK)
