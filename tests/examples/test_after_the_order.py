"""The examples about orders that were placed: refills, cancelling, refunds; and one behind a proxy."""

import asyncio
import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from agencia_async import AsyncClient, DefaultOrder
from agencia_async.sandbox import Panel
from tests.examples.scene import run
from tests.support.authority import authority, serving
from tests.support.peer import Request, peer
from tests.support.proxy import proxying

ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=1000)

pytestmark = pytest.mark.usefixtures("agencia_env")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(file: str, *lines: object) -> None:
    Path(file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.mark.agencia_panel(clock=lambda: 0.0)
def test_completed_orders_are_refilled_where_the_panel_allows_it(agencia_panel: Panel) -> None:
    orders = agencia_panel.seed_orders(60)
    write("orders.txt", *orders, 999)

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
    write("orders.txt", *orders)
    agencia_panel.faults.script(None, "drop_after")

    (printed,) = run("auto_refill.py", "orders.txt", "refills.csv").splitlines()

    assert printed.startswith(f"{orders[0]}: ")
    assert [entry.action for entry in agencia_panel.ledger] == ["refill"]


@pytest.mark.agencia_panel(clock=lambda: 0.0)
async def test_waiting_orders_are_cancelled(agencia_client: AsyncClient, agencia_panel: Panel) -> None:
    waiting, done, refused, lost = [await agencia_client.add(ORDER) for _ in range(4)]
    agencia_panel.set_state(done, "Completed")

    printed = await asyncio.to_thread(run, "cancel_orders.py", str(waiting), str(done), "999")
    agencia_panel.refuse("cancel", "Cancel is disabled for this service")
    printed += await asyncio.to_thread(run, "cancel_orders.py", str(refused))
    agencia_panel.faults.script(None, "drop_after")
    printed += await asyncio.to_thread(run, "cancel_orders.py", str(lost))

    assert printed.splitlines() == [
        f"{waiting}: requested",
        f"{done}: Completed, too late",
        "999: Incorrect order ID",
        f"{refused}: Cancel is disabled for this service",
        f"{lost}: perhaps requested, look at its status",
    ]
    assert [entry.order for entry in agencia_panel.ledger if entry.action == "cancel"] == [waiting, lost]


async def test_refunds_are_told_to_the_last_digit(
    agencia_client: AsyncClient, agencia_panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    states = ("Completed", "Partial", "Canceled")
    placed = [await agencia_client.add(ORDER) for _ in states]
    for number, state in zip(placed, states, strict=True):
        agencia_panel.set_state(number, state)
    write("paid.csv", "order_id,quantity,paid", *(f"{number},1000,0.90" for number in (*placed, 999)))

    printed = await asyncio.to_thread(run, "refunds.py", "paid.csv")

    settled = [*csv.DictReader(io.StringIO(printed))]
    assert [row["order_id"] for row in settled] == [str(number) for number in placed]
    assert [
        (row["state"], row["delivered"], Decimal(row["refunded"]), Decimal(row["net"])) for row in settled
    ] == [
        ("Completed", "1000", Decimal(0), Decimal("0.90")),
        ("Partial", "500", Decimal("0.45"), Decimal("0.45")),
        ("Canceled", "0", Decimal("0.90"), Decimal(0)),
    ]
    assert capsys.readouterr().err == "999: Incorrect order ID\n"


async def told(request: Request) -> None:
    request.reply('{"balance": "1000", "currency": "USD"}')


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_an_authority_of_ones_own_behind_a_proxy(
    is_trusted: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with peer(told, context=serving()) as panel, proxying() as proxy:
        monkeypatch.setenv("AGENCIA_API_KEY", "sandbox-key")
        monkeypatch.setenv("AGENCIA_BASE_URL", panel.url)
        monkeypatch.setenv("PANEL_PROXY", f"http://127.0.0.1:{proxy.port}")
        if is_trusted:
            monkeypatch.setenv("PANEL_CA", str(tmp_path / "ca.pem"))
        printed = await asyncio.to_thread(run, "behind_proxy.py", code=0 if is_trusted else 1)

    assert printed == "1000 USD\n" if is_trusted else "CERTIFICATE_VERIFY_FAILED" in printed


async def test_the_balance_through_a_proxy(agencia_panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxying() as proxy:
        monkeypatch.setenv("PANEL_PROXY", f"http://127.0.0.1:{proxy.port}")
        printed = await asyncio.to_thread(run, "behind_proxy.py")

    assert printed == "1000 USD\n"
    assert [line.split()[1] for line in proxy.asked] == [agencia_panel.url]
