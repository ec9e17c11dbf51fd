import asyncio
from collections.abc import Awaitable, Callable
from unittest import mock

import httpx
import pytest

from agencia_async import AgenciaError, AsyncClient, ConfigurationError, RateLimitedError, RetryPolicy
from tests.calls.scene import BROKEN, ORDER, Notes, Panel, client, good
from tests.support.virtual import VirtualLoop, virtual_time

ONCE = RetryPolicy(attempts=1)
PATIENT = RetryPolicy(attempts=1, deadline=9999)


def quota(remaining: int, reset: float, *, status: int = 200, **headers: str) -> httpx.Response:
    told = {"X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": str(reset), **headers}
    return httpx.Response(status, headers=told, content=good().content)


ORDERS = httpx.Response(200, json={"1": {"status": "Pending", "refill": 1, "cancel": 1}, "order": 5})
CALLS: dict[str, tuple[Callable[[AsyncClient], Awaitable[object]], bool]] = {
    "balance": (lambda it: it.balance(), False),
    "status": (lambda it: it.status(1), False),
    "refill_status": (lambda it: it.refill_status(1), False),
    "refill": (lambda it: it.refill(1), True),
    "cancel": (lambda it: it.cancel(1), True),
    "add": (lambda it: it.add(ORDER), True),
}


@pytest.mark.parametrize("idempotency_field", [None, "request_id"])
@pytest.mark.parametrize("action", CALLS)
@virtual_time
async def test_the_wire_is_told_what_is_a_write(action: str, idempotency_field: str | None) -> None:
    """It sends those on connections that are surely alive."""
    call, is_write = CALLS[action]
    panel = Notes(ORDERS if action != "balance" else good())
    async with client(panel, idempotency_field=idempotency_field) as it:
        wire = it._sender.channel._wire  # noqa: SLF001 - what a transport of one's own is not told
        with mock.patch.object(wire, "send", wraps=wire.send) as send:
            await call(it)
    assert [form["action"] for form in panel.forms] == [action]
    send.assert_awaited_once_with(mock.ANY, timeout=30, write=is_write, limit=32 * 2**20, is_cut=False)


# --- what headers tell --------------------------------------------------------------------------------


@pytest.mark.parametrize(("reset", "waited"), [(3599, 3599), (3600, 3600), (3601, 0), (86_400, 0)])
@virtual_time
async def test_a_reset_beyond_an_hour_is_taken_for_a_mistake(reset: float, waited: float) -> None:
    panel = Panel(quota(0, reset), good())
    async with client(panel, retry=PATIENT) as it:
        await it.balance()
        await it.balance()
    assert panel.times == [0, waited]


@pytest.mark.parametrize(
    ("remaining", "headers", "retry_after", "again"),
    [
        (0, {}, 30, 30),
        (5, {}, None, 2),
        (5, {"Retry-After": "7"}, 7, 7),
        (0, {"Retry-After": "7"}, 7, 30),
    ],
)
@virtual_time
async def test_a_refusal_tells_the_reset_only_where_nothing_is_left_and_nothing_else_is_told(
    remaining: int, headers: dict[str, str], retry_after: float | None, again: float
) -> None:
    panel = Panel(quota(remaining, 30, status=429, **headers), good())
    async with client(panel, retry=RetryPolicy(attempts=1, first_wait=2)) as it:
        with pytest.raises(RateLimitedError) as caught:
            await it.balance()
        await it.balance()
    assert caught.value.retry_after == retry_after
    assert panel.times == [0, again]


@virtual_time
async def test_a_retry_after_of_an_hour_is_believed_to_the_second() -> None:
    panel = Panel(httpx.Response(429, headers={"Retry-After": "3600"}), good())
    async with client(panel, retry=RetryPolicy(deadline=9999)) as it:
        await it.balance()
    assert panel.times == [0, 3600]


@pytest.mark.parametrize(("replies", "waited"), [(9, 30), (10, 0)])
@virtual_time
async def test_whoever_tells_nothing_ten_times_is_not_asked_any_more(replies: int, waited: float) -> None:
    panel = Panel(*[good()] * replies, quota(0, 30), good())
    async with client(panel) as it:
        for _ in range(replies + 2):
            await it.balance()
    assert panel.times == [0] * (replies + 1) + [waited]


@virtual_time
async def test_whoever_tells_something_now_and_then_is_asked_for_ever() -> None:
    panel = Panel(*([*[good()] * 9, quota(99, 30)] * 3), *[good()] * 9, quota(0, 30), good())
    async with client(panel) as it:
        for _ in range(41):
            await it.balance()
    assert panel.times == [0] * 40 + [30]


@virtual_time
async def test_a_refusal_is_asked_even_of_whoever_told_nothing_for_long() -> None:
    panel = Panel(*[good()] * 12, quota(0, 40, status=429), good())
    async with client(panel, retry=ONCE) as it:
        for _ in range(12):
            await it.balance()
        with pytest.raises(RateLimitedError) as caught:
            await it.balance()
        await it.balance()
    assert caught.value.retry_after == 40
    assert panel.times == [0] * 13 + [40]


@virtual_time
async def test_a_pause_ends_with_any_answer_but_another_refusal_for_the_rate() -> None:
    panel = Panel(httpx.Response(429, headers={"Retry-After": "3"}), BROKEN, good())
    async with client(panel, retry=ONCE) as it:
        with pytest.raises(RateLimitedError):
            await it.balance()
        ends = await asyncio.gather(*(it.balance() for _ in range(3)), return_exceptions=True)
    assert panel.times == [0, 3, 3, 3]
    assert [type(end).__name__ for end in ends] == ["TransportError", "Balance", "Balance"]


# --- the key ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message", "alone"),
    [
        ("KEY", 'the reply contains none of the requested ids: "***"', ["1", "2"]),
        ({"error": "Invalid API key KEY"}, "Invalid API key ***", []),
        (
            {"1": {"error": "Invalid API key KEY"}, "2": {"error": "Invalid API key"}},
            "Invalid API key ***",
            [],
        ),
    ],
)
@virtual_time
async def test_the_key_is_taken_out_of_the_error_of_a_request(
    content: object, message: str, alone: list[str]
) -> None:
    panel = Notes(httpx.Response(200, json=content))
    async with client(panel, retry=ONCE) as it:
        ends = await asyncio.gather(it.status(1), it.status(2), return_exceptions=True)
    asked = [("orders", "1,2"), *(("order", id_) for id_ in alone)]
    assert panel.forms == [{"key": "KEY", "action": "status", field: ids} for field, ids in asked]
    for end in ends:
        assert isinstance(end, AgenciaError)
        assert (end.message, str(end)) == (message, message)


# --- the event loop -------------------------------------------------------------------------------------


def test_a_client_belongs_to_the_event_loop_of_its_first_call() -> None:
    panel = Panel(good())
    it = client(panel)
    with asyncio.Runner(loop_factory=VirtualLoop) as first, asyncio.Runner(loop_factory=VirtualLoop) as other:
        for _ in range(2):
            first.run(it.balance())
        for call in (it.balance, it.aclose):
            with pytest.raises(ConfigurationError) as caught:
                other.run(call())
            assert str(caught.value) == (
                "the client belongs to another event loop; create one client for each event loop"
            )
        first.run(it.aclose())
    assert len(panel.times) == 2


@virtual_time
async def test_a_closed_client_looks_no_longer_whether_the_panel_answers() -> None:
    panel = Panel(good())
    it = client(panel)
    await it.balance()
    await it.aclose()
    it._sender.channel.gate.circuits.start_probe()  # noqa: SLF001 - as the gate would
    await asyncio.sleep(1)
    assert len(panel.times) == 1
