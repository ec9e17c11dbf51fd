"""Each dialect of the sandbox, as a client of it sees it: every id has its own value or its own error."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpx
import pytest

from agencia_async import (
    AsyncClient,
    Cancellation,
    DefaultOrder,
    Id,
    NotAnsweredError,
    NotFoundError,
    OrderStatus,
    RetryPolicy,
    SubscriptionsOrder,
)
from agencia_async.sandbox import DIALECTS, Panel

ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=1000)
DRIP_FEED = DefaultOrder(service=1, link="https://example.com/p/2", quantity=100, runs=2, interval=5)
SUBSCRIPTION = SubscriptionsOrder(service=16, username="ann", min=20, max=20, delay=0, posts=3)
FORMS = ["integer", "hex", "uuid", "ulid"]
ANSWER_WITHOUT_ID = ["overwriting", "required"]
REFUSE_TEXT_IDS = {"single", "spoilt"}  # those are sent in the field for many
COMBINED = [
    (dialect, ids)
    for dialect in DIALECTS
    for ids in FORMS
    if ids == "integer" or dialect not in REFUSE_TEXT_IDS
]
WITHOUT_BATCHES = ["single", "required"]


@asynccontextmanager
async def client_of(panel: Panel, **options: object) -> AsyncIterator[AsyncClient]:
    transport = httpx.ASGITransport(panel.asgi)
    settings: dict[str, object] = {
        "retry": RetryPolicy(attempts=2, first_wait=0),
        "batch_window": 0,
    } | options
    async with AsyncClient(
        panel.key,
        base_url="https://panel.example/",
        transport=transport,
        **settings,  # type: ignore[arg-type]
    ) as client:
        yield client


def panel_of(dialect: str, ids: str = "integer") -> Panel:
    return Panel(dialect=dialect, ids=ids, clock=lambda: 1000.0, seed=3)


def check_value(panel: Panel, number: Id, status: OrderStatus) -> None:
    """The value is that of the order and of no other: the charges of the seeded ones differ."""
    expected = panel.expected_status(number)
    state = str(expected["status"]).lower().replace(" ", "_")
    assert status.status.lower().replace(" ", "_").removeprefix("tasks.status.") == state
    if "charge" in expected:
        assert f"{status.charge:f}" == expected["charge"]
        assert str(status.remains or 0) in {expected["remains"], "0"}
    else:
        assert orders_of(status) == expected["orders"]


def orders_of(status: OrderStatus) -> list[str]:
    """The orders that a drip-feed or a subscription has made."""
    orders: Iterable[object] = status.extra.get("orders") or getattr(status, "orders", ())  # type: ignore[assignment]
    return [str(order).strip() for order in orders]


def is_misread(number: Id) -> bool:
    """Whether a panel that numbers its orders may read the id as another one: no answer without it counts."""
    return isinstance(number, str) and number[0].isdigit()


@pytest.mark.parametrize(("dialect", "ids"), COMBINED)
async def test_each_id_has_its_own_value_or_its_own_error(dialect: str, ids: str) -> None:
    panel = panel_of(dialect, ids)
    async with client_of(panel) as client:
        placed = [await client.add(order) for order in (DRIP_FEED, ORDER, SUBSCRIPTION, ORDER)]
        seeded = panel.seed_orders(250)
        unknown: Id = 77 if ids == "integer" else "01-unknown"
        wanted = [*seeded[:30], placed[0], *seeded[30:150], unknown, *placed[1:3], *seeded[150:], placed[3]]
        result = await client.status_many(wanted)
    assert [entry.result for entry in panel.ledger] == placed
    assert [item.id for item in result] == wanted
    for item in result:
        if isinstance(item.error, NotAnsweredError):
            leaves_out = dialect == "missing" and item.id == unknown
            assert leaves_out or (dialect in ANSWER_WITHOUT_ID and is_misread(item.id))
        elif item.id == unknown:
            assert isinstance(item.error, NotFoundError)
            assert item.error.id == unknown
        else:
            check_value(panel, item.id, item.unwrap())
    assert panel.received < 320


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_orders_are_bought_once_and_have_the_number_of_the_panel(dialect: str) -> None:
    panel = panel_of(dialect)
    async with client_of(panel) as client:
        placed = [await client.add(ORDER) for _ in range(5)]
    assert [(entry.action, entry.result) for entry in panel.ledger] == [("add", number) for number in placed]
    assert panel.received == 5


async def test_a_panel_that_falls_silent_after_100_ids_is_never_asked_for_more() -> None:
    panel = panel_of("silent")
    wanted = panel.seed_orders(350)
    async with client_of(panel, max_concurrency=1) as client:
        result = await client.status_many(wanted)
    for number in wanted:
        check_value(panel, number, result[number])
    assert [len(request.ids) for request in panel.requests] == [100, 100, 100, 50]


@pytest.mark.parametrize("dialect", WITHOUT_BATCHES)
async def test_a_panel_without_batches_is_asked_one_by_one(dialect: str) -> None:
    panel = panel_of(dialect)
    wanted = panel.seed_orders(100)
    async with client_of(panel, max_concurrency=1) as client:
        result = await client.status_many(wanted)
    for number in wanted:
        check_value(panel, number, result[number])
    alone = [request.form["order"] for request in panel.requests if "order" in request.form]
    assert sorted({*alone}) == sorted(map(str, wanted))
    assert panel.received <= 115


async def test_writes_at_a_panel_that_misses_a_field_are_sent_alone_and_once() -> None:
    panel = panel_of("required")
    async with client_of(panel) as client:
        placed = [await client.add(ORDER) for _ in range(4)]
        result = await client.cancel_many(placed)
    assert result.ok == dict.fromkeys(placed, Cancellation())
    assert sorted(str(entry.order) for entry in panel.ledger[4:]) == sorted(map(str, placed))


async def test_writes_at_a_panel_that_denies_all_batches_are_refused_and_not_executed() -> None:
    """Here "not found" is all that the panel says of an order that it has: it has not acted."""
    panel = panel_of("single")
    async with client_of(panel) as client:
        placed = await client.add(ORDER)
        with pytest.raises(NotFoundError) as caught:
            await client.cancel(placed)
    assert (caught.value.sent, caught.value.id) == ("no", placed)
    assert [entry.action for entry in panel.ledger] == ["add"]


async def test_an_extended_panel_has_numbers_for_cancellations_and_flags_for_drip_feeds() -> None:
    panel = panel_of("extended")
    async with client_of(panel) as client:
        placed = [await client.add(order) for order in (ORDER, DRIP_FEED)]
        result = await client.cancel_many(placed)
        services = await client.services()
    assert [result[number].request for number in placed] == [4001, 4002]
    assert [service.dripfeed for service in services] == [service.dripfeed for service in panel.catalogue]
