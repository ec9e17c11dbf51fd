"""The examples about orders that were placed: refills, cancelling, refunds; and one behind a proxy."""

import asyncio
import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from agencia_async.sandbox import Panel
from tests.examples.scene import run
from tests.support.proxy import proxying

pytestmark = pytest.mark.usefixtures("agencia_env")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.agencia_panel(clock=lambda: 0.0)
def test_completed_orders_are_refilled_where_the_panel_allows_it(agencia_panel: Panel) -> None:
    orders = agencia_panel.seed_orders(60)
    Path("orders.txt").write_text("\n".join(map(str, [*orders, 999])), encoding="utf-8")

    printed = run("auto_refill.py", "orders.txt", "refills.csv").splitlines()
    again = run("auto_refill.py", "orders.txt", "refills.csv").splitlines()

    refilled = {str(entry.order): str(entry.result) for entry in agencia_panel.ledger}
    with Path("refills.csv").open(newline="") as file:
        assert {order: refill for order, refill in csv.reader(file)} == refilled  # noqa: C416
    assert 0 < len(refilled) < 60
    assert sorted(printed) == sorted(
        f"refill {refill} of order {order}: Pending" for order, refill in refilled.items()
    )
    assert again == printed
    assert {agencia_panel.expected_status(order)["status"] for order in refilled} == {"Completed"}


@pytest.mark.agencia_panel(clock=lambda: 0.0)
def test_a_refill_whose_outcome_is_unknown_is_told(agencia_panel: Panel) -> None:
    orders = agencia_panel.seed_orders(1)
    agencia_panel.set_state(orders[0], "Completed")
    Path("orders.txt").write_text(str(orders[0]), encoding="utf-8")
    agencia_panel.faults.script(None, "drop_after")

    (printed,) = run("auto_refill.py", "orders.txt", "refills.csv").splitlines()

    assert printed.startswith(f"{orders[0]}: ")
    assert [entry.action for entry in agencia_panel.ledger] == ["refill"]


@pytest.mark.agencia_panel(clock=lambda: 0.0)
def test_waiting_orders_are_cancelled(agencia_panel: Panel) -> None:
    waiting, done = agencia_panel.seed_orders(2)
    agencia_panel.set_state(waiting, "Pending")
    agencia_panel.set_state(done, "Completed")

    printed = run("cancel_orders.py", str(waiting), str(done), "999").splitlines()

    assert printed[1:] == [f"{done}: Completed, too late", "999: Incorrect order ID"]
    cancelled = [entry.order for entry in agencia_panel.ledger]
    assert (printed[0] == f"{waiting}: requested") == (cancelled == [waiting])


@pytest.mark.agencia_panel(clock=lambda: 0.0)
def test_refunds_are_never_more_than_what_was_paid(
    agencia_panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    completed, partial = agencia_panel.seed_orders(2)
    Path("paid.csv").write_text(
        f"order_id,quantity,paid\n{completed},1000,0.90\n{partial},1000,0.90\n999,1000,0.90\n",
        encoding="utf-8",
    )
    for order, state in ((completed, "Completed"), (partial, "Partial")):
        agencia_panel.set_state(order, state)

    rows = [*csv.DictReader(io.StringIO(run("refunds.py", "paid.csv")))]

    assert [row["order_id"] for row in rows] == [str(completed), str(partial)]
    assert [row["state"] for row in rows] == ["Completed", "Partial"]
    for row in rows:
        if row["net"]:
            assert Decimal(row["net"]) + Decimal(row["refunded"]) == Decimal("0.90")
    assert capsys.readouterr().err == "999: Incorrect order ID\n"


async def test_the_balance_through_a_proxy(agencia_panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxying() as proxy:
        monkeypatch.setenv("PANEL_PROXY", f"http://127.0.0.1:{proxy.port}")
        printed = await asyncio.to_thread(run, "behind_proxy.py")

    assert printed == "1000 USD\n"
    assert [line.split()[1] for line in proxy.asked] == [agencia_panel.url]
