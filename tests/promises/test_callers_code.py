"""What code of the caller's raises in a transport or an event hook, and what must come of it."""

import asyncio
import gc
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import respx

from agencia_async import (
    AsyncClient,
    BulkItem,
    DefaultOrder,
    OrderStatus,
    OutcomeUnknownError,
    RetryPolicy,
    TransportError,
)
from agencia_async._transport.foreign import cleaned, is_of_network
from agencia_async.journal import Journal
from tests.calls.scene import BROKEN, Notes, good
from tests.support.loopback import NO_TLS
from tests.support.peer import Peer, Request, peer
from tests.support.virtual import virtual_time

KEY = "s3cret-k3y-0f-the-account"
ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=100)
QUICK = RetryPolicy(first_wait=0)


class MistakeError(Exception):
    """Of the caller's; nobody can copy it."""

    def __init__(self, text: str, *, number: int) -> None:
        super().__init__(text)
        self.number = number


async def panel(request: Request) -> None:
    """A panel that does as it is told."""
    form = request.form
    if "orders" in form:
        ids = form["orders"].split(",")
        rows = ", ".join(f'{{"order": {id_}, "{form["action"]}": 1}}' for id_ in ids)
        request.reply(f"[{rows}]")
    elif form["action"] == "refill":
        request.reply('{"refill": 1}')
    else:
        request.reply('{"order": 7}' if form["action"] == "add" else '{"balance": "1", "currency": "USD"}')


Hook = Callable[[int], bool]


def always(_: int) -> bool:
    return True


def at_first(call: int) -> bool:
    return call == 1


def at_second(call: int) -> bool:
    return call == 2


@asynccontextmanager
async def client_with(
    event: str, when: Hook = always, *, answer: Callable[[Request], object] = panel, **options: object
) -> AsyncIterator[tuple[AsyncClient, Peer, list[MistakeError]]]:
    """A client whose hook fails at some of its calls; the panel; and what the hook raised."""
    raised: list[MistakeError] = []
    calls = 0

    async def hook(seen: httpx.Request | httpx.Response) -> None:
        nonlocal calls
        calls += 1
        if when(calls):
            request = seen if isinstance(seen, httpx.Request) else seen.request
            form = b"key=" + KEY.encode()
            raised.append(MistakeError(f"{request.method} {form!r}", number=calls))
            raise raised[-1]

    async with (
        peer(answer) as it,  # type: ignore[arg-type]
        httpx.AsyncClient(verify=NO_TLS, event_hooks={event: [hook]}) as http,
        AsyncClient(KEY, base_url=it.url, http_client=http, retry=QUICK, batch_size=2, **options) as client,  # type: ignore[arg-type]
    ):
        yield client, it, raised


def shown(error: BaseException) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


async def _stream(client: AsyncClient) -> list[BulkItem[OrderStatus]]:
    return [item async for item in client.status_iter([1, 2, 3])]


READS: dict[str, Callable[[AsyncClient], object]] = {
    "balance": lambda client: client.balance(),
    "status": lambda client: client.status(1),
    "many": lambda client: client.status_many([1, 2, 3]),
    "stream": _stream,
    "catalogue": lambda client: client.catalogue(),
    "refill_status": lambda client: client.refill_status(1),
}


@pytest.mark.parametrize("event", ["request", "response"])
@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_a_mistake_in_a_read_is_raised_as_it_is_once(
    event: str, read: Callable[[AsyncClient], object]
) -> None:
    async with client_with(event) as (client, it, raised):
        with pytest.raises(MistakeError) as caught:
            await read(client)  # type: ignore[misc]
    assert [caught.value] == raised
    assert len(it.forms) == (event == "response")
    assert caught.value.number == 1
    assert ", in hook" in shown(caught.value)
    assert KEY not in shown(caught.value)
    assert str(caught.value) == "POST b'key=***'"
    assert caught.value.__context__ is None


async def test_each_caller_of_a_batch_gets_the_mistake_with_its_traceback() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise KeyError(len(request.content))

    async with AsyncClient(KEY, transport=httpx.MockTransport(handle)) as client:
        found = await asyncio.gather(client.status(1), client.status(2), return_exceptions=True)
    first, second = found
    assert isinstance(first, KeyError)
    assert isinstance(second, KeyError)
    assert first is not second
    for error in (first, second):
        assert ", in handle" in shown(error)
        assert KEY not in shown(error)


@pytest.mark.parametrize("write", [lambda client: client.add(ORDER), lambda client: client.cancel(1)])
async def test_a_mistake_before_a_write_leaves_is_raised_as_it_is(
    write: Callable[[AsyncClient], object],
) -> None:
    async with client_with("request") as (client, it, raised):
        with pytest.raises(MistakeError) as caught:
            await write(client)  # type: ignore[misc]
    assert ([caught.value], it.forms) == (raised, [])
    assert KEY not in shown(caught.value)


@pytest.mark.parametrize("field", [None, "request_id"])
async def test_a_mistake_after_a_write_left_leaves_its_outcome_unknown(field: str | None) -> None:
    async with client_with("response", idempotency_field=field) as (client, it, raised):
        with pytest.raises(OutcomeUnknownError) as caught:
            await client.add(ORDER)
    error = caught.value
    assert (len(it.forms), error.sent, error.attempts, error.action) == (1, "maybe", 1, "add")
    assert error.cause is not None
    assert [error.cause.__cause__] == raised
    assert "MistakeError: POST" in error.message
    assert ", in hook" in shown(error)
    assert KEY not in shown(error)


async def test_a_mistake_in_a_retry_does_not_hide_that_the_first_attempt_may_have_acted() -> None:
    async def fails(request: Request) -> None:
        request.reply("", 500)

    async with client_with("request", at_second, answer=fails, idempotency_field="request_id") as (
        client,
        it,
        raised,
    ):
        with pytest.raises(OutcomeUnknownError) as caught:
            await client.add(ORDER)
    assert [form["action"] for form in it.forms] == ["add"]
    assert caught.value.cause is not None
    assert [caught.value.cause.__cause__] == raised


async def test_a_mistake_in_a_retry_of_a_read_is_raised_as_it_is() -> None:
    async def fails(request: Request) -> None:
        request.reply("", 500)

    async with client_with("request", at_second, answer=fails) as (client, it, raised):
        with pytest.raises(MistakeError) as caught:
            await client.balance()
    assert ([caught.value], len(it.forms)) == (raised, 1)


async def test_a_mistake_costs_no_outcome_of_other_writes() -> None:
    async with client_with("request", at_second) as (client, it, raised):
        result = await client.refill_many([1, 2, 3, 4, 5])
    assert [form["orders" if "orders" in form else "order"] for form in it.forms] == ["1,2", "5"]
    failed = [error for item in result if (error := item.error) is not None]
    assert (list(result.ok), list(result.failed)) == ([1, 2, 5], [3, 4])
    assert {error.sent for error in failed} == {"no"}
    assert [error.__cause__ for error in failed] == raised * 2
    assert all(isinstance(error, TransportError) for error in failed)


async def test_the_journal_knows_that_an_order_did_not_leave(tmp_path: Path) -> None:
    async with (
        client_with("request", at_first) as (client, it, _),
        Journal(tmp_path / "orders.db") as journal,
    ):
        with pytest.raises(MistakeError):
            await journal.place(client, "a", ORDER)
        assert [entry.state async for entry in journal.entries(state="unknown")] == []
        assert (await journal.place(client, "a", ORDER)).order_id == 7
    assert len(it.forms) == 1


async def test_the_journal_knows_that_an_order_may_have_left(tmp_path: Path) -> None:
    async with (
        client_with("response", at_first) as (client, it, _),
        Journal(tmp_path / "orders.db") as journal,
    ):
        for _ in range(2):
            with pytest.raises(OutcomeUnknownError):
                await journal.place(client, "a", ORDER)
        assert [entry.reference async for entry in journal.entries(state="unknown")] == ["a"]
    assert len(it.forms) == 1


async def test_the_journal_loses_no_outcome_of_other_orders(tmp_path: Path) -> None:
    async with (
        client_with("request", at_second, max_concurrency=1) as (client, it, raised),
        Journal(tmp_path / "orders.db") as journal,
    ):
        items = [item async for item in journal.place_iter(client, [(name, ORDER) for name in "abc"])]
        unknown = [entry async for entry in journal.entries(state="unknown")]
    failed = {item.id: item.error for item in items if item.error is not None}
    assert (len(items), len(it.forms), list(failed), unknown) == (3, 2, ["b"], [])
    assert isinstance(failed["b"], TransportError)
    assert (failed["b"].sent, failed["b"].action, failed["b"].attempts) == ("no", "add", 1)
    assert [failed["b"].__cause__] == raised


@virtual_time
async def test_a_mistake_in_a_probe_of_the_clients_own_is_shown_by_the_event_loop() -> None:
    """It holds no other write up for longer, and the next look waits a while."""
    mistake = MistakeError("in the probe", number=2)
    panel = Notes(BROKEN, mistake, good())
    shown: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: shown.append(context["exception"]))
    async with AsyncClient(KEY, base_url="https://panel.example/", transport=panel) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.add(ORDER)
        assert await client.add(ORDER) == 5
    gc.collect()
    assert [form["action"] for form in panel.forms] == ["add", "balance", "balance", "add"]
    assert panel.times == [0, 0, 0.5, 0.5]
    assert shown == [mistake]


# --- what a hook sees ---------------------------------------------------------------------------------


async def test_a_hook_can_read_the_form_of_a_read() -> None:
    seen: list[bytes] = []

    async def look(request: httpx.Request) -> None:
        seen.extend([request.content, request.read(), await request.aread()])

    async with (
        peer(panel) as it,
        httpx.AsyncClient(verify=NO_TLS, event_hooks={"request": [look]}) as http,
        AsyncClient(KEY, base_url=it.url, http_client=http) as client,
    ):
        await client.balance()
    assert seen == [f"key={KEY}&action=balance".encode()] * 3
    assert it.forms == [{"key": KEY, "action": "balance"}]


async def test_a_transport_gets_a_whole_request() -> None:
    """It may copy it, read it, and hand it on."""

    class Copying(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            method, url, headers, content = request.method, request.url, request.headers, request.content
            copy = httpx.Request(method, url, headers=headers, content=content, extensions=request.extensions)
            assert copy.headers == headers
            return await super().handle_async_request(copy)

    async with (
        peer(panel) as it,
        AsyncClient(KEY, base_url=it.url, transport=Copying(verify=NO_TLS)) as client,
    ):
        await client.balance()
    assert it.forms == [{"key": KEY, "action": "balance"}]


@pytest.mark.parametrize("call", [lambda it: it.balance(), lambda it: it.add(ORDER)], ids=["read", "write"])
async def test_what_signs_requests_of_the_callers_client_may_read_the_form(
    call: Callable[[AsyncClient], Awaitable[object]],
) -> None:
    class Signed(httpx.Auth):
        requires_request_body = True

        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            request.headers["X-Signature"] = str(len(request.content))
            yield request

    async with (
        peer(panel) as it,
        httpx.AsyncClient(verify=NO_TLS, auth=Signed()) as http,
        AsyncClient(KEY, base_url=it.url, http_client=http) as client,
    ):
        await call(client)
    (head,), (form,) = it.heads, it.forms
    assert f"X-Signature: {len(str(httpx.QueryParams(form)))}".encode() in head
    assert form["key"] == KEY


async def test_who_reads_the_content_of_a_read_may_have_sent_it() -> None:
    async def handle(request: httpx.Request) -> httpx.Response:
        assert request.content
        raise httpx.ReadError("gone")

    transport = httpx.MockTransport(handle)
    async with AsyncClient(KEY, transport=transport, retry=RetryPolicy(attempts=1)) as client:
        with pytest.raises(TransportError) as caught:
            await client.balance()
    assert caught.value.sent == "maybe"


async def test_the_form_of_a_write_is_for_who_sends_it() -> None:
    async def look(request: httpx.Request) -> None:
        assert request.content

    async with (
        peer(panel) as it,
        httpx.AsyncClient(verify=NO_TLS, event_hooks={"request": [look]}) as http,
        AsyncClient(KEY, base_url=it.url, http_client=http) as client,
    ):
        with pytest.raises(httpx.RequestNotRead):
            await client.add(ORDER)
    assert it.forms == []


async def test_what_respx_says_of_a_request_that_nobody_expects_is_raised_as_it_is() -> None:
    with respx.mock(assert_all_called=False) as router:
        route = router.post("https://another.example/").respond()
        async with AsyncClient(KEY) as client:
            with pytest.raises(respx.models.AllMockedAssertionError):
                await client.balance()
    assert not route.called


# --- which tell of the network ------------------------------------------------------------------------


def of_httpcore() -> Exception:
    import httpcore

    return httpcore.ReadError("gone")


def of_aiohttp() -> Exception:
    import aiohttp

    return aiohttp.ServerDisconnectedError()


NETWORK = [
    httpx.ReadTimeout(""),
    ConnectionResetError(),
    TimeoutError(),
    OSError(113, "No route to host"),
    EOFError(),
    of_httpcore(),
    of_aiohttp(),
    ExceptionGroup("", [httpx.ConnectError(""), ConnectionError()]),
]
MISTAKES = [
    KeyError("a"),
    RuntimeError(),
    httpx.RequestNotRead(),
    FileNotFoundError(2, "No such file", "ca.pem"),
    ExceptionGroup("", [httpx.ConnectError(""), KeyError()]),
]


@pytest.mark.parametrize("error", NETWORK, ids=repr)
def test_what_tells_of_the_network(error: Exception) -> None:
    assert is_of_network(error)


@pytest.mark.parametrize("error", MISTAKES, ids=repr)
def test_what_is_a_mistake(error: Exception) -> None:
    assert not is_of_network(error)


def test_the_key_is_taken_out_of_all_that_an_exception_came_from() -> None:
    first, second = KeyError(KEY, 1), ValueError(KEY)
    group = ExceptionGroup("", [first])
    first.__context__, group.__cause__, second.__cause__ = second, second, group
    assert cleaned(group, lambda text: text.replace(KEY, "***")) is group
    assert (first.args, second.args) == (("***", 1), ("***",))
