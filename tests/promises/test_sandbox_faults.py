"""Each fault of the sandbox on a real connection: what an order and a batch end in, and what was bought."""

import pytest

from agencia_async import (
    AgenciaError,
    AsyncClient,
    DefaultOrder,
    DuplicateOrderError,
    InsufficientFundsError,
    OutcomeUnknownError,
    RateLimitedError,
    RetryPolicy,
)
from agencia_async.journal import Journal
from agencia_async.sandbox import Panel, serve
from agencia_async.sandbox.faults import FAULTS
from tests.support.engines import by_each_engine, transport

ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=1000)
ONCE = RetryPolicy(attempts=1)
TWICE = RetryPolicy(attempts=2, first_wait=0)
HARMLESS = [fault for fault in FAULTS if fault.startswith("trailing_")]
HARMFUL = [fault for fault in FAULTS if fault not in HARMLESS]


def panel_with(*script: str | None, dialect: str = "document") -> Panel:
    panel = Panel(clock=lambda: 1000.0, seed=2, dialect=dialect)
    panel.faults.retry_after = 0
    panel.faults.script(*script)
    panel.faults.actions = {"add", "status"}  # a client looks with `balance` whether the panel answers
    return panel


def faults(panel: Panel) -> list[str | None]:
    """What happened to each request, but those that only look whether the panel answers."""
    return [request.fault for request in panel.requests if request.action != "balance"]


def client_of(panel: Panel, url: str, retry: RetryPolicy) -> AsyncClient:
    return AsyncClient(panel.key, base_url=url, transport=transport(), retry=retry, max_concurrency=1)


def bought(panel: Panel) -> list[int | str]:
    return [entry.result for entry in panel.ledger if entry.action == "add"]


@by_each_engine
@pytest.mark.parametrize("fault", HARMFUL)
async def test_an_order_ends_as_what_happened_to_it(fault: str) -> None:
    panel = panel_with(fault)
    async with serve(panel) as url, client_of(panel, url, ONCE) as client:
        with pytest.raises(AgenciaError) as caught:
            await client.add(ORDER)
        last = await client.add(ORDER)
    error = caught.value
    if fault == "rate_limit":
        assert (type(error), error.sent) == (RateLimitedError, "no")
    else:
        sent = "yes" if fault == "empty_reply" else "maybe"  # an empty 200 is from the panel itself
        assert (type(error), error.sent) == (OutcomeUnknownError, sent)
    assert bought(panel) == ([23501, last] if FAULTS[fault].acts else [last])
    assert faults(panel) == [fault, None]


@by_each_engine
@pytest.mark.parametrize("fault", HARMLESS)
async def test_what_stands_behind_a_reply_belongs_to_no_order(fault: str) -> None:
    panel = panel_with(*[fault] * 5)
    async with serve(panel) as url, client_of(panel, url, ONCE) as client:
        placed = [await client.add(ORDER) for _ in range(5)]
        assert (await client.status(placed[-1])).charge is not None
    assert bought(panel) == placed == [23501, 23502, 23503, 23504, 23505]
    assert panel.received == 6


@by_each_engine
@pytest.mark.parametrize("fault", FAULTS)
async def test_each_id_of_a_batch_has_its_own_value(fault: str) -> None:
    panel = panel_with(None, fault, None, fault)
    async with serve(panel) as url, client_of(panel, url, TWICE) as client:
        wanted = panel.seed_orders(250)
        result = await client.status_many(wanted)
    for number in wanted:
        assert f"{result[number].charge:f}" == panel.expected_status(number)["charge"]
    assert len(panel.requests) == (3 if fault in HARMLESS else 5)


@pytest.mark.parametrize("dialect", ["document", "nested", "noisy", "statuses", "turkish", "notices"])
async def test_an_order_that_a_failing_server_took_is_not_bought_again(dialect: str) -> None:
    panel = panel_with(*["error_after"] * 4, dialect=dialect)
    async with (
        serve(panel) as url,
        client_of(panel, url, TWICE) as client,
        Journal(":memory:") as journal,
    ):
        for number in range(4):
            for _ in range(2):
                with pytest.raises(OutcomeUnknownError) as caught:
                    await journal.place(client, f"invoice-{number}", ORDER)
                assert caught.value.sent == "maybe"
    assert bought(panel) == [23501, 23502, 23503, 23504]
    assert faults(panel) == ["error_after"] * 4


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("Not enough funds on balance", 200, InsufficientFundsError),
        ("Please add funds to your account", 402, InsufficientFundsError),
        ("You have active order with this link", 200, DuplicateOrderError),
    ],
)
async def test_what_is_refused_is_not_bought(text: str, status: int, kind: type[AgenciaError]) -> None:
    panel = panel_with()
    panel.refuse("add", text, status=status)
    async with serve(panel) as url, client_of(panel, url, ONCE) as client:
        with pytest.raises(kind) as caught:
            await client.add(ORDER)
        assert await client.add(ORDER) == 23501
    assert (type(caught.value), caught.value.sent) == (kind, "no")
    assert bought(panel) == [23501]
