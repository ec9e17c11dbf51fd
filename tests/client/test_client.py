import asyncio
import enum
import gc
import itertools
import random
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from agencia_async import (
    AgenciaError,
    AsyncClient,
    AuthenticationError,
    Cancellation,
    ConfigurationError,
    CustomCommentsOrder,
    DefaultOrder,
    Id,
    InsufficientFundsError,
    NotAllowedError,
    NotFoundError,
    OrderStatus,
    OutcomeUnknownError,
    PackageOrder,
    RawOrder,
    RefillState,
    RetryPolicy,
    TransportError,
)
from agencia_async.sandbox import Panel, serve
from tests.support.engines import by_each_engine, transport
from tests.support.loopback import NO_TLS
from tests.support.peer import Request, peer
from tests.support.rounds import rounds
from tests.support.until import take, until

QUICK = RetryPolicy(first_wait=0.001, max_wait=0.002)
LINK = "https://example.com/p/1"


class Clock:
    """The panel's clock, moved by the test."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def panel(clock: Clock, each_engine: str) -> AsyncIterator[Panel]:
    assert each_engine
    it = Panel(key="sandbox-key", seed=1, clock=clock)
    async with serve(it):
        yield it


@pytest.fixture
async def client(panel: Panel) -> AsyncIterator[AsyncClient]:
    async with at(panel) as it:
        yield it


def at(panel: Panel, **options: object) -> AsyncClient:
    assert panel.url is not None
    return AsyncClient(panel.key, base_url=panel.url, transport=transport(), retry=QUICK, **options)  # type: ignore[arg-type]


def truth(panel: Panel, order: int | str) -> OrderStatus:
    told = panel.expected_status(order)
    return OrderStatus(
        charge=Decimal(str(told["charge"])),
        start_count=int(str(told["start_count"])),
        status=str(told["status"]),
        remains=int(str(told["remains"])),
        currency=str(told["currency"]),
    )


def sizes(panel: Panel) -> list[int]:
    return [len(request.ids) for request in panel.requests]


# --- many ids -------------------------------------------------------------------------------------------


async def test_many_ids_in_full_requests(panel: Panel, client: AsyncClient) -> None:
    count = rounds(2_000, nightly=10_000)
    known: list[int | str] = list(panel.seed_orders(count - 100))
    unknown: list[int | str] = [f"unknown-{number}" for number in range(100)]
    ids = [*known, *unknown, *known[:25], *map(str, known[25:50])]
    random.Random(5).shuffle(ids)
    assert len(ids) == count + 50

    result = await client.status_many(iter(ids))

    assert sizes(panel) == [100] * (count // 100)
    assert panel.asgi.peak <= 10
    assert [item.id for item in result] == ids
    assert len(result.failed) == 100
    for item in result:
        if item.id in unknown:
            assert isinstance(item.error, NotFoundError)
            assert (item.error.action, item.error.attempts, item.error.sent) == ("status", 1, "no")
        else:
            assert item.unwrap() == truth(panel, item.id)


async def test_no_ids_are_no_requests(panel: Panel, client: AsyncClient) -> None:
    assert len(await client.status_many([])) == 0
    assert [item async for item in client.status_iter([])] == []
    assert panel.received == 0


async def test_the_first_request_goes_alone_and_then_as_many_as_allowed(panel: Panel) -> None:
    ids = panel.seed_orders(300)
    panel.faults.latency = 0.02
    async with at(panel, max_concurrency=3, batch_size=10) as it:
        first = asyncio.create_task(it.status_many(ids))
        await first
        assert panel.asgi.peak == 3
    assert sizes(panel) == [10] * 30


async def test_a_stream_gives_an_item_for_each_id_as_they_come(panel: Panel, client: AsyncClient) -> None:
    ids = panel.seed_orders(250)

    async def some() -> AsyncIterator[Id]:
        for id_ in [*ids, ids[0]]:
            yield id_

    items = [item async for item in client.status_iter(some())]
    assert sorted(item.id for item in items) == sorted([*ids, ids[0]])
    assert all(item.unwrap() == truth(panel, item.id) for item in items)
    assert sorted(sizes(panel)) == [51, 100, 100]


async def test_an_endless_stream_is_left_without_a_trace(panel: Panel) -> None:
    panel.seed_orders(1)
    panel.faults.latency = 0.001
    read: list[int] = []

    def note(number: int) -> int:
        read.append(number)
        return number

    async with at(panel) as it:
        await take(it.status_iter(map(note, itertools.count(1))), 250)
        received = panel.received
        await until(lambda: not panel.asgi.active)
        for _ in range(20):
            await asyncio.sleep(0)
        assert panel.received <= received + 10
        assert len(read) <= 200 + 10 * 100
        assert not [task for task in asyncio.all_tasks() if "Run._worker" in repr(task)]
        assert (await it.balance()).currency == "USD"


@by_each_engine
async def test_a_batch_that_fails_for_ever_fails_its_own_ids_only() -> None:
    async def answer(request: Request) -> None:
        if request.form["action"] == "balance":
            return request.reply('{"balance": "1"}')
        ids = (request.form.get("orders") or request.form["order"]).split(",")
        if 101 <= int(ids[0]) <= 200:
            return request.reply("<html>Bad gateway</html>", 502)
        return request.reply("{" + ",".join(f'"{id_}": {{"status": "Pending"}}' for id_ in ids) + "}")

    async with (
        peer(answer) as it,
        AsyncClient("KEY", base_url=it.url, transport=transport(), retry=QUICK) as client,
    ):
        result = await client.status_many(range(1, 401))
    assert sorted(result.failed) == list(range(101, 201))
    errors = list(result.failed.values())
    assert {type(error) for error in errors} == {TransportError}
    assert {(error.action, error.attempts, error.http_status) for error in errors} == {("status", 5, 502)}
    assert len({id(error) for error in errors}) == 100
    asked = [form["action"] for form in it.forms]
    assert asked.count("status") == 3 + 5 + 4  # three ids alone: it is no single id's fault; a probe
    assert asked.count("balance") == 1  # a probe that shows that the panel is there


@pytest.mark.parametrize("stream", [False, True])
async def test_a_bad_key_stops_at_the_first_request(panel: Panel, stream: bool) -> None:  # noqa: FBT001
    ids = panel.seed_orders(2_000)
    assert panel.url is not None
    async with AsyncClient("wrong", base_url=panel.url, transport=transport()) as client:
        call = anext(client.status_iter(ids)) if stream else client.status_many(ids)
        with pytest.raises(AuthenticationError, match="Invalid API key") as caught:
            await call
    assert (caught.value.action, caught.value.attempts) == ("status", 1)
    assert panel.received == 1


@by_each_engine
async def test_a_key_that_is_disabled_later_on_fails_what_is_left_without_asking() -> None:
    async def answer(request: Request) -> None:
        if request.form["order"] == "3":
            request.reply('{"error": "Account suspended"}')
        else:
            request.reply('{"status": "Pending"}')

    async with (
        peer(answer) as it,
        AsyncClient("KEY", base_url=it.url, transport=transport(), batch_size=1, max_concurrency=1) as client,
    ):
        result = await client.status_many(range(1, 101))
    assert list(result.ok) == [1, 2]
    assert {type(error) for error in result.failed.values()} == {AuthenticationError}
    assert [form["order"] for form in it.forms] == ["1", "2", "3"]


async def test_a_bulk_write_whose_answer_is_lost_has_unknown_outcomes(
    panel: Panel, client: AsyncClient
) -> None:
    ids = panel.seed_orders(150)
    panel.faults.actions = {"cancel"}
    panel.faults.script("drop_after")
    result = await client.cancel_many(ids)
    unknown = {id_ for id_, error in result.failed.items() if isinstance(error, OutcomeUnknownError)}
    assert unknown == set(ids[:100])
    assert {error.sent for id_, error in result.failed.items() if id_ in unknown} == {"maybe"}
    assert sizes(panel) == [100, 0, 50]  # between them a look whether the panel answers at all


async def test_every_action_takes_many(panel: Panel, client: AsyncClient, clock: Clock) -> None:
    placed = [await client.add(DefaultOrder(service=1, link=f"{LINK}/{n}", quantity=100)) for n in range(3)]
    cancelled = await client.cancel_many([*placed[:1], "x"])
    assert cancelled.ok == {placed[0]: Cancellation()}
    assert type(cancelled.failed["x"]) is NotFoundError
    clock.now += 1_000
    refills = [item async for item in client.refill_iter(placed[1:])]
    for refill in refills:
        assert refill.ok or isinstance(refill.error, NotAllowedError)
    refill_ids = [refill.value for refill in refills if refill.value is not None]
    states = await client.refill_status_many([*refill_ids, 999])
    assert list(states.ok) == refill_ids
    assert type(states.failed[999]) is NotFoundError
    assert [item.ok async for item in client.refill_status_iter(refill_ids)] == [True] * len(refill_ids)
    assert [item.ok async for item in client.cancel_iter(["y"])] == [False]
    assert type((await client.refill_many(["z"])).failed["z"]) is NotFoundError
    assert {entry.action for entry in panel.ledger} == {"add", "cancel", "refill"}


# --- one id ---------------------------------------------------------------------------------------------


async def test_a_thousand_single_calls_are_batched(panel: Panel, client: AsyncClient) -> None:
    ids = panel.seed_orders(1_000)
    tasks = [asyncio.create_task(client.status(id_)) for id_ in ids]
    await asyncio.sleep(0)
    tasks[7].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert panel.received <= 20
    assert isinstance(results.pop(7), asyncio.CancelledError)
    ids.pop(7)
    assert results == [truth(panel, id_) for id_ in ids]


async def test_a_single_call_is_the_single_form_and_raises_its_own_error(
    panel: Panel, client: AsyncClient
) -> None:
    (order,) = panel.seed_orders(1)
    assert await client.status(str(order)) == truth(panel, order)
    assert panel.requests[-1].form == {"action": "status", "order": str(order)}
    with pytest.raises(NotFoundError, match="Incorrect order ID") as caught:
        await client.status("unknown")
    assert (caught.value.action, caught.value.attempts) == ("status", 1)


async def test_without_a_window_each_call_is_sent_alone(panel: Panel) -> None:
    ids = panel.seed_orders(5)
    async with at(panel, batch_window=0) as client:
        await asyncio.gather(*map(client.status, ids))
    assert sizes(panel) == [1] * 5


async def test_an_order_from_its_purchase_to_its_refill(
    panel: Panel, client: AsyncClient, clock: Clock
) -> None:
    before = await client.balance()
    services = await client.services()
    assert services[0].rate == Decimal("0.90")
    order = await client.add(DefaultOrder(service=1, link=LINK, quantity=1000))
    assert (await client.balance()).balance == before.balance - Decimal("0.90")
    assert (await client.status(order)).status in {"Pending", "In progress"}
    with pytest.raises(NotAllowedError):
        await client.refill(order)
    clock.now += 1_000
    status = await client.status(order)
    assert status.is_final
    assert status == truth(panel, order)
    refill = await client.refill(order)
    assert refill is not None
    assert not (await client.refill_status(refill)).is_final
    clock.now += 1_000
    assert (await client.refill_status(refill)).state in {RefillState.COMPLETED, RefillState.REJECTED}
    assert [entry.action for entry in panel.ledger] == ["add", "refill"]


async def test_an_order_is_cancelled(panel: Panel, client: AsyncClient, clock: Clock) -> None:
    order = await client.add(DefaultOrder(service=1, link=LINK, quantity=1000))
    assert await client.cancel(order) == Cancellation()
    with pytest.raises(NotAllowedError, match="already requested"):
        await client.cancel(order)
    clock.now += 6
    assert (await client.status(order)).status in {"Canceled", "Partial"}
    assert panel.requests[1].form == {"action": "cancel", "orders": str(order)}


async def test_orders_of_every_kind_are_placed(panel: Panel, client: AsyncClient) -> None:
    types = {service.type: service.service for service in await client.services()}
    await client.add(PackageOrder(service=types["Package"], link=LINK))
    await client.add(CustomCommentsOrder(service=types["Custom Comments"], link=LINK, comments=["a"] * 10))
    await client.add(RawOrder(types["Mentions"], {"link": LINK, "quantity": "100", "usernames": "one\ntwo"}))
    assert [entry.action for entry in panel.ledger] == ["add"] * 3
    assert panel.ledger[1].fields["comments"].count("\n") == 9


@by_each_engine
async def test_an_order_that_the_balance_does_not_cover_is_refused() -> None:
    panel = Panel(balance=Decimal("0.08"))
    async with serve(panel), at(panel) as client:
        with pytest.raises(InsufficientFundsError) as caught:
            await client.add(DefaultOrder(service=1, link=LINK, quantity=100))
        assert (caught.value.action, caught.value.sent) == ("add", "no")
    assert panel.ledger == []


@pytest.mark.parametrize("fault", ["drop_after", "cut_reply", "empty_reply", "server_error", "gateway_page"])
async def test_an_order_whose_answer_is_lost_is_sent_once(
    panel: Panel, client: AsyncClient, fault: str
) -> None:
    panel.faults.script(fault)
    with pytest.raises(OutcomeUnknownError) as caught:
        await client.add(DefaultOrder(service=1, link=LINK, quantity=100))
    assert panel.received == 1
    assert caught.value.sent != "no"
    assert isinstance(caught.value.cause, AgenciaError)


# --- cancelling and closing -----------------------------------------------------------------------------


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_cancelled_callers_leave_the_client_as_good_as_new(panel: Panel) -> None:
    ids = panel.seed_orders(300)
    panel.faults.latency = (0.0, 0.004)
    dice = random.Random(3)
    async with at(panel) as client:
        await client.status_many(ids)
        before = descriptors()

        calls: list[Callable[[], Awaitable[object]]] = [
            client.balance,
            lambda: client.status(dice.choice(ids)),
            lambda: client.status_many(ids),
            lambda: client.add(DefaultOrder(service=1, link=LINK, quantity=50)),
        ]

        async def caller() -> None:
            task = asyncio.ensure_future(dice.choice(calls)())
            await asyncio.sleep(dice.random() * 0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        for _ in range(rounds(4, nightly=40)):
            await asyncio.gather(*(caller() for _ in range(50)))
        panel.faults.latency = 0.0
        results = await asyncio.gather(*(client.balance() for _ in range(100)))
        assert len(results) == 100
        await until(lambda: not panel.asgi.active)
        assert len(client._sender.channel._wire._exchange._idle) <= 10  # type: ignore[attr-defined]  # noqa: SLF001 - lanes have no public face
        # ten connections at most, each with an end here and one in the panel
        assert descriptors() <= before + 2 * 10
    gc.collect()


async def test_a_client_opens_by_itself_and_closes_once(panel: Panel) -> None:
    client = at(panel)
    assert repr(client) == f"<AsyncClient of {panel.url}>"
    await client.balance()
    await client.aclose()
    await client.aclose()
    assert repr(client) == f"<AsyncClient of {panel.url}, closed>"
    assert client.requests_sent == 1
    calls: list[Callable[[], Awaitable[object]]] = [
        client.balance,
        lambda: client.status(1),
        lambda: client.status_many([1]),
        lambda: anext(client.status_iter([1])),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match="closed"):
            await call()


async def test_closing_under_waiting_callers_ends_them(panel: Panel) -> None:
    panel.faults.latency = 30.0
    ids = panel.seed_orders(10)
    client = at(panel)
    stream = client.status_iter(ids)
    tasks = [
        asyncio.create_task(client.status(1)),
        asyncio.create_task(client.status_many(ids)),
        asyncio.ensure_future(anext(stream)),
    ]
    await until(lambda: panel.asgi.active >= 2)
    await client.aclose()
    for task in tasks:
        with pytest.raises(ConfigurationError, match="closed"):
            await task


def test_a_client_belongs_to_one_event_loop() -> None:
    client = AsyncClient("KEY", transport=httpx.ASGITransport(Panel(key="KEY").asgi))

    async def use() -> str:
        return (await client.balance()).currency

    assert asyncio.run(use()) == "USD"
    with pytest.raises(ConfigurationError, match="another event loop"):
        asyncio.run(use())
    asyncio.run(client.aclose())


async def test_closing_belongs_to_the_same_event_loop() -> None:
    client = AsyncClient("KEY", transport=httpx.ASGITransport(Panel(key="KEY").asgi))
    await client.balance()
    with pytest.raises(ConfigurationError, match="another event loop"):
        await asyncio.to_thread(asyncio.run, client.aclose())
    await client.aclose()


async def test_a_call_in_the_very_turn_of_closing_ends(panel: Panel) -> None:
    ids = panel.seed_orders(250)
    for batch_window in (0, 0.005):
        client = at(panel, batch_window=batch_window)
        calls = [client.status_many(ids), client.status(ids[0])]
        results = await asyncio.gather(*calls, client.aclose(), return_exceptions=True)
        assert {type(result) for result in results[:2]} == {ConfigurationError}


async def test_bulk_writes_send_each_id_once(panel: Panel, client: AsyncClient) -> None:
    (order,) = panel.seed_orders(1)
    assert len([item async for item in client.cancel_iter([order, str(order)] * 150)]) == 1
    assert len(await client.cancel_many([order] * 250)) == 250
    assert sizes(panel) == [1, 1]


async def test_a_fault_of_the_input_loses_no_write_in_flight(panel: Panel, client: AsyncClient) -> None:
    ids = panel.seed_orders(200)

    def broken() -> Iterator[Id]:
        yield from ids
        raise LookupError

    stream = client.refill_iter(broken())
    assert sorted([(await anext(stream)).id for _ in ids], key=int) == ids
    with pytest.raises(LookupError):
        await anext(stream)


class Text(str, enum.Enum):  # noqa: UP042 - unlike StrEnum its str() is not its value
    """An id of a kind of its own."""

    ONE = "unknown-1"


async def test_an_id_may_be_an_enum(client: AsyncClient) -> None:
    result = await client.status_many([Text.ONE])
    with pytest.raises(NotFoundError):
        result[Text.ONE]


# --- bad input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", ["", "1,2", "1 2", "\n", None, 1.5])
async def test_a_bad_id_is_refused_before_anything_is_sent(
    panel: Panel, client: AsyncClient, id_: str
) -> None:
    for call in (client.status, client.refill, client.refill_status, client.cancel):
        with pytest.raises(ConfigurationError, match="id"):
            await call(id_)
    with pytest.raises(ConfigurationError, match="id"):
        await client.status_many([*range(1, 1000), id_])
    with pytest.raises(ConfigurationError, match="id"):
        [item async for item in client.status_iter([1, id_])]
    with pytest.raises(ConfigurationError, match="order must be an Order, got dict"):
        await client.add({"service": 1})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="more than 64 digits"):
        await client.status(10**5000)
    assert panel.received == 0


@pytest.mark.parametrize("action", ["status", "refill", "refill_status", "cancel"])
@pytest.mark.parametrize("ids", ["23501", 23501, None])
async def test_what_is_not_iterable_is_refused_before_anything_is_sent(
    panel: Panel,
    client: AsyncClient,
    action: str,
    ids: Any,  # noqa: ANN401 - what a caller may give
) -> None:
    told = f"^ids must be an iterable of ids, got {type(ids).__name__}; for a single id, pass \\[id\\]$"
    with pytest.raises(ConfigurationError, match=told):
        await getattr(client, f"{action}_many")(ids)
    with pytest.raises(ConfigurationError, match=told):
        await anext(getattr(client, f"{action}_iter")(ids))
    for watch in (client.watch, client.watch_refills):
        with pytest.raises(ConfigurationError, match=told):
            await anext(watch(ids))
    assert panel.received == 0


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"api_key": ""}, "API key is missing"),
        ({"base_url": "http://panel.example/api"}, "unencrypted"),
        ({"max_concurrency": 0}, "max_concurrency must be an integer >= 1"),
        ({"batch_size": 101}, "batch_size must be an integer from 1 to 100"),
        ({"max_reply_bytes": 0}, "max_reply_bytes"),
        ({"api_key": b"bytes"}, "API key must be a str"),
        ({"user_agent": "Ünï"}, "user_agent must be a line of printable ASCII"),
        ({"user_agent": "a\r\nb"}, "user_agent must be a line of printable ASCII"),
        ({"retry": None}, "retry must be a RetryPolicy"),
        ({"rate_limit": 5}, "rate_limit must be a RateLimit"),
        ({"timeout": 0}, "timeout must be a number of seconds > 0"),
        ({"timeout": None}, "timeout"),
        ({"batch_window": -1}, "batch_window must be a number of seconds >= 0"),
        (
            {
                "transport": httpx.AsyncHTTPTransport(verify=NO_TLS),
                "http_client": httpx.AsyncClient(verify=NO_TLS),
            },
            "transport and http_client are mutually exclusive",
        ),
    ],
)
def test_bad_settings_are_named_and_the_key_is_not_shown(options: dict[str, object], fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault) as caught:
        AsyncClient(**{"api_key": "c4n4ry", **options})  # type: ignore[arg-type]
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "c4n4ry" not in "".join(line for line in told.format() if "options" not in line)


async def test_the_key_may_come_from_the_environment(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENCIA_API_KEY", panel.key)
    monkeypatch.setenv("AGENCIA_BASE_URL", str(panel.url))
    async with AsyncClient.from_env(timeout=5) as client:
        assert (await client.balance()).currency == "USD"
    assert (
        repr(AsyncClient.from_env(base_url="https://other.example/"))
        == "<AsyncClient of https://other.example/>"
    )
    monkeypatch.delenv("AGENCIA_BASE_URL")
    assert repr(AsyncClient.from_env()) == "<AsyncClient of https://agenciapopular.com/api/v2>"


async def test_the_key_may_come_from_a_file(
    panel: Panel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{panel.key}\n")
    monkeypatch.setenv("AGENCIA_API_KEY_FILE", str(file))
    async with AsyncClient.from_env(base_url=str(panel.url)) as client:
        assert (await client.balance()).currency == "USD"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8 text"):
        AsyncClient.from_env()
    file.unlink()
    with pytest.raises(ConfigurationError, match="No such file"):
        AsyncClient.from_env()
    monkeypatch.delenv("AGENCIA_API_KEY_FILE")
    with pytest.raises(ConfigurationError, match="set AGENCIA_API_KEY"):
        AsyncClient.from_env()


async def test_the_callers_client_and_an_asgi_panel_serve_as_well() -> None:
    panel = Panel(key="KEY")
    (order,) = panel.seed_orders(1)
    async with AsyncClient(
        "KEY", base_url="https://panel.example/", transport=httpx.ASGITransport(panel.asgi)
    ) as client:
        assert (await client.status(order)).currency == "USD"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(panel.asgi)) as http:
        async with AsyncClient("KEY", base_url="https://panel.example/", http_client=http) as client:
            assert (await client.status(order)).currency == "USD"
        assert not http.is_closed


# --- what an error tells --------------------------------------------------------------------------------


async def test_an_error_tells_its_id_alone_and_in_bulk(panel: Panel, client: AsyncClient) -> None:
    known = panel.seed_orders(1)[0]
    with pytest.raises(NotFoundError) as caught:
        await client.status("x1")
    result = await client.status_many([known, "x1", "x2"])
    items = {item.id: item async for item in client.status_iter([known, "x1"])}

    alone, bulk, streamed = caught.value, result.failed["x1"], items["x1"].error
    assert streamed is not None
    for error in (alone, bulk, streamed):
        assert (error.id, error.action, error.http_status) == ("x1", "status", 200)
        assert error.notes == ("order x1",)
    assert result.failed["x2"].notes == ("order x2",)
    with pytest.raises(ExceptionGroup) as group:
        result.raise_for_failures()
    assert "order x2" in "".join(traceback.format_exception(group.value))


async def test_an_error_of_a_refill_tells_the_refill(client: AsyncClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await client.refill_status(77)
    assert caught.value.notes == ("refill 77",)


async def test_an_error_of_an_order_tells_service_and_link_and_never_the_key(panel: Panel) -> None:
    panel.refuse("add", "Not enough funds on balance", times=2)
    async with at(panel) as client:
        with pytest.raises(InsufficientFundsError) as caught:
            await client.add(DefaultOrder(service=1, link=LINK, quantity=1000))
        with pytest.raises(InsufficientFundsError) as hidden:
            await client.add(DefaultOrder(service=1, link=f"{LINK}?k={panel.key}", quantity=1000))
    assert caught.value.notes == (f"service 1, {LINK}",)
    assert hidden.value.notes == (f"service 1, {LINK}?k=***",)


async def test_a_certificate_that_is_not_trusted_is_not_retried(each_engine: str) -> None:
    assert each_engine
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(lambda _r, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"
        async with AsyncClient("KEY", base_url=url, transport=transport(), retry=QUICK) as client:
            for _ in range(4):  # nor does it open the circuit
                with pytest.raises(TransportError, match="certificate verify failed") as caught:
                    await client.add(DefaultOrder(service=1, link=LINK, quantity=1000))
                assert (caught.value.attempts, caught.value.sent) == (1, "no")
            assert client.requests_sent == 4
