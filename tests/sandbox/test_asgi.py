import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from agencia_async.sandbox import Panel
from agencia_async.sandbox.asgi import MAX_BODY

from .scene import LINK, form, turn_until

URL = "http://panel/api/v2"


def client(panel: Panel) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=panel.asgi))


async def test_it_answers_a_form_on_any_path(panel: Panel) -> None:
    async with client(panel) as http:
        for path in ("/api/v2", "/", "/other"):
            reply = await http.post(f"http://panel{path}", data=form("balance"))
            assert (reply.status_code, reply.json()) == (200, {"balance": "1000", "currency": "USD"})
            assert reply.headers["content-length"] == str(len(reply.content))


async def test_only_post_is_answered(panel: Panel) -> None:
    async with client(panel) as http:
        reply = await http.get(URL)
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert reply.json() == {"error": "Incorrect request"}
    assert panel.received == 0


async def test_a_body_is_bounded(panel: Panel) -> None:
    async with client(panel) as http:
        at_most = await http.post(URL, content=b"a" * MAX_BODY)
        reply = await http.post(URL, content=b"a" * (MAX_BODY + 1))
    assert (at_most.status_code, at_most.json()) == (200, {"error": "Invalid API key"})
    assert (reply.status_code, reply.json()) == (413, {"error": "Request too large"})
    assert panel.received == 1


@pytest.mark.parametrize("body", [b"\xff\xfe=1", b"a=1&" * 2000, b"", b'{"key": 1}'])
async def test_what_is_no_form_is_refused(panel: Panel, body: bytes) -> None:
    async with client(panel) as http:
        reply = await http.post(URL, content=body)
    assert reply.json() == {"error": "Invalid API key"}


async def test_a_multipart_form_is_read(panel: Panel) -> None:
    fields = form("add", service=3, link=LINK, comments="so good\nçok iyi")
    async with client(panel) as http:
        reply = await http.post(URL, files={name: (None, value) for name, value in fields.items()})
    assert reply.request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert reply.json() == {"order": 23501}
    del fields["key"]
    assert panel.ledger[0].fields == fields
    assert panel.balance == Decimal("999.984")


async def test_empty_fields_reach_the_panel(panel: Panel) -> None:
    async with client(panel) as http:
        await http.post(URL, data=form("status", orders=""))
    assert panel.requests[0].form == {"action": "status", "orders": ""}


@pytest.mark.parametrize("fault", ["reset_before", "drop_after", "cut_reply"])
async def test_without_a_socket_a_lost_connection_is_an_error(panel: Panel, fault: str) -> None:
    panel.faults.script(fault)
    async with client(panel) as http:
        with pytest.raises(ConnectionResetError):
            await http.post(URL, data=form("add", service=1, link=LINK, quantity=100))
    assert len(panel.ledger) == (fault != "reset_before")
    assert panel.asgi.active == 0


@pytest.mark.parametrize("fault", ["trailing_newline", "trailing_reply"])
async def test_without_a_socket_nothing_stands_behind_a_reply(panel: Panel, fault: str) -> None:
    panel.faults.script(fault)
    async with client(panel) as http:
        reply = await http.post(URL, data=form("add", service=1, link=LINK, quantity=100))
    assert reply.content == b'{"order":23501}'
    assert panel.requests[0].fault == fault


async def test_latency_comes_after_the_act(panel: Panel) -> None:
    panel.faults.latency = 3600
    async with client(panel) as http:
        task = asyncio.create_task(http.post(URL, data=form("add", service=1, link=LINK, quantity=100)))
        await turn_until(lambda: bool(panel.ledger))
        assert not task.done()
        assert panel.asgi.active == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert panel.asgi.active == 0


async def test_it_counts_the_requests_in_flight(panel: Panel) -> None:
    panel.faults.latency = 0.001
    async with client(panel) as http:
        await asyncio.gather(*[http.post(URL, data=form("balance")) for _ in range(7)])
    assert (panel.asgi.active, panel.asgi.peak) == (0, 7)


def messages(*kinds: dict[str, Any]) -> Callable[[], Awaitable[dict[str, Any]]]:
    waiting = list(kinds)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    return receive


async def sent_by(panel: Panel, scope: dict[str, Any], *kinds: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await panel.asgi(scope, messages(*kinds), send)
    return sent


async def test_a_cut_reply_is_half_of_it(panel: Panel) -> None:
    panel.faults.script("cut_reply")
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    body = {"type": "http.request", "body": b"key=sandbox-key&action=balance"}
    with pytest.raises(ConnectionResetError):
        await panel.asgi({"type": "http", "method": "POST"}, messages(body), send)
    start, half = sent
    assert (b"content-length", b"35") in start["headers"]
    assert half == {"type": "http.response.body", "body": b'{"balance":"1000"', "more_body": True}


async def test_a_body_may_come_in_parts(panel: Panel) -> None:
    parts = (
        {"type": "http.request", "body": b"key=sandbox-key&", "more_body": True},
        {"type": "http.request", "body": b"action=balance", "more_body": False},
    )
    sent = await sent_by(panel, {"type": "http", "method": "POST"}, *parts)
    assert sent[1]["body"] == b'{"balance":"1000","currency":"USD"}'


async def test_a_caller_that_leaves_early_is_not_answered(panel: Panel) -> None:
    scope = {"type": "http", "method": "POST"}
    assert await sent_by(panel, scope, {"type": "http.disconnect"}) == []
    assert panel.received == 0


async def test_the_lifespan_is_acknowledged(panel: Panel) -> None:
    phases = ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert await sent_by(panel, {"type": "lifespan"}, *phases) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


async def test_other_protocols_are_not_spoken(panel: Panel) -> None:
    with pytest.raises(NotImplementedError, match="unsupported scope type: websocket"):
        await sent_by(panel, {"type": "websocket"})
