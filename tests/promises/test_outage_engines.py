"""Each engine tells a panel that is away from one that answers, on real connections."""

import asyncio
import json
import ssl

import pytest
import trustme

from agencia_async import AsyncClient, DefaultOrder, OutcomeUnknownError, RetryPolicy, TransportError
from tests.support.engines import by_each_engine, transport
from tests.support.loopback import listening
from tests.support.peer import Request, peer

ROW = {"charge": "1", "start_count": "1", "status": "Partial", "remains": "1", "currency": "USD"}
FAULTS = ["reset", "closed", "half a head", "half a body", "502", "504", "522"]
AWAY = 20
"""Requests that are not answered: those in flight when it goes, and probes."""


def break_off(request: Request, fault: str) -> None:
    """What a panel does that is restarted."""
    if fault.isdigit():
        return request.reply("<html><h1>Bad gateway</h1></html>", int(fault))
    if fault == "half a head":
        request.writer.write(b"HTTP/1.1 200")
    if fault == "half a body":
        request.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")
    if fault == "reset":
        return request.abort()
    return request.writer.close()


@by_each_engine
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_poll_waits_until_the_panel_is_back(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(request: Request) -> None:
        if 20 <= len(panel.forms) < 20 + AWAY:
            return break_off(request, fault)
        rows = dict.fromkeys(request.form.get("orders", "").split(","), ROW)
        return request.reply(json.dumps({"balance": "1"} if request.form["action"] == "balance" else rows))

    async with peer(answer) as panel, AsyncClient("KEY", base_url=panel.url, transport=transport()) as client:
        result = await client.status_many(range(10_000))
    result.raise_for_failures()
    assert [message for message in caplog.messages if "the panel does not answer" in message]
    asked = [form["action"] for form in panel.forms]
    # The look that finds it back may be one of the client's own, beyond those that were lost.
    assert AWAY <= asked.count("status") - 100 + asked.count("balance") <= AWAY + 1


@by_each_engine
@pytest.mark.parametrize("fault", FAULTS)
async def test_orders_wait_until_the_panel_is_back(fault: str) -> None:
    async def answer(request: Request) -> None:
        if len(panel.forms) <= 7:
            return break_off(request, fault)
        return request.reply('{"balance": "1", "order": 5}')

    async with (
        peer(answer) as panel,
        AsyncClient("KEY", base_url=panel.url, transport=transport(), max_concurrency=1) as client,
    ):
        with pytest.raises(OutcomeUnknownError):
            await client.add(DefaultOrder(service=1, link="https://example.com/1", quantity=10))
        assert await client.add(DefaultOrder(service=1, link="https://example.com/2", quantity=10)) == 5
    assert [form["action"] for form in panel.forms] == ["add", *["balance"] * 7, "add"]


@by_each_engine
async def test_a_refused_connection_means_that_it_is_away() -> None:
    async with peer(Request.hang) as panel:
        url = panel.url
    policy = RetryPolicy(first_wait=0)
    async with AsyncClient("KEY", base_url=url, transport=transport(), retry=policy) as client:
        with pytest.raises(TransportError) as caught:
            await client.balance()
        assert caught.value.sent == "no"
        assert client._sender.channel.gate.circuits.is_open  # noqa: SLF001 - no public way to see it


@by_each_engine
async def test_a_certificate_that_is_not_trusted_is_no_outage(caplog: pytest.LogCaptureFixture) -> None:
    async def refused(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError(writer)  # pragma: no cover - no connection is made

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with listening(refused, context) as port:
        url = f"https://127.0.0.1:{port}/api/v2"
        async with AsyncClient("KEY", base_url=url, transport=transport()) as client:
            result = await client.status_many(range(2_000))
            stats = client.stats()
    assert {"CERTIFICATE_VERIFY_FAILED" in str(error) for error in result.failed.values()} == {True}
    assert (len(result.failed), stats.requests, stats.circuit) == (2_000, 20, "closed")
    assert "does not answer" not in caplog.text
