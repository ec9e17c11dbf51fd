import asyncio
import contextlib
import itertools
import random
import threading
from uuid import UUID

import httpx
import pytest

from agencia_async import (
    AsyncClient,
    AuthenticationError,
    ConfigurationError,
    DefaultOrder,
    NotAllowedError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimit,
    RateLimitedError,
    RetryPolicy,
    TransportError,
)
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reader, Reply, decipher
from tests.calls.scene import BROKEN, ORDER, Notes, Panel, client, good
from tests.support.rounds import rounds
from tests.support.virtual import virtual_time


@virtual_time
async def test_a_call_that_fails_tells_action_and_attempts() -> None:
    panel = Panel(BROKEN)
    async with client(panel) as it:
        with pytest.raises(TransportError) as caught:
            await it.balance()
        assert it.requests_sent == 5
    assert (caught.value.action, caught.value.attempts, caught.value.http_status) == ("balance", 5, 502)
    assert len(panel.times) == 5


@virtual_time
async def test_an_order_whose_answer_was_lost_is_not_sent_again() -> None:
    for answer in (BROKEN, httpx.ReadError("reset"), 1e6, httpx.Response(200, text="{}")):
        panel = Panel(answer)
        async with client(panel) as it:
            with pytest.raises(OutcomeUnknownError) as caught:
                await it.add(ORDER)
        assert (caught.value.action, caught.value.attempts) == ("add", 1)
        assert caught.value.sent in {"maybe", "yes"}
        assert len(panel.times) == 1


@virtual_time
async def test_an_order_rate_limited_is_sent_again() -> None:
    panel = Panel(httpx.Response(429, headers={"Retry-After": "3"}), good())
    async with client(panel) as it:
        assert await it.add(ORDER) == 5
    assert panel.times == [0, 3]


@virtual_time
async def test_one_rate_limit_cools_down_the_whole_client() -> None:
    panel = Panel(httpx.Response(429, headers={"Retry-After": "7"}), good())
    async with client(panel) as it:
        first = asyncio.create_task(it.balance())
        await asyncio.sleep(1)
        await it.balance()
        await first
    assert panel.times == [0, 7, 7]


@virtual_time
async def test_a_cooldown_without_a_time_is_short() -> None:
    panel = Panel(httpx.Response(429), good())
    async with client(panel, retry=RetryPolicy(first_wait=2)) as it:
        await it.balance()
    assert panel.times == [0, 2]


@virtual_time
async def test_a_retry_after_beyond_the_deadline_is_an_error_at_once_and_bounded() -> None:
    panel = Panel(httpx.Response(429, headers={"Retry-After": "86400"}), good())
    async with client(panel) as it:
        with pytest.raises(RateLimitedError) as caught:
            await it.balance()
        assert caught.value.retry_after == 86400
        with pytest.raises(RateLimitedError, match="asked to wait 3600 s more"):
            await it.balance()
        await asyncio.sleep(3600)
        assert (await it.balance()).currency == "USD"
    assert panel.times == [0, 3600]


@virtual_time
async def test_the_deadline_bounds_the_call_as_a_whole() -> None:
    panel = Panel(1e6)
    async with client(panel, timeout=20, retry=RetryPolicy(first_wait=0, deadline=50)) as it:
        with pytest.raises(TransportError, match="no whole reply within the 10 s left of the deadline"):
            await it.balance()
    assert panel.times == [0, 20, 40]
    assert asyncio.get_running_loop().time() == 50


@virtual_time
async def test_neither_waiting_for_a_connection_counts_nor_for_ones_own_limit() -> None:
    async with client(Panel(40.0), max_concurrency=1, timeout=50) as it:
        results = await asyncio.gather(it.balance(), it.balance(), it.balance(), return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Balance"] * 3
    panel = Panel(good())
    async with client(panel, rate_limit=RateLimit(1, per=100)) as it:
        await asyncio.gather(*(it.balance() for _ in range(3)))
    assert [time - panel.times[0] for time in panel.times] == pytest.approx([0, 100.25, 200.5])


@virtual_time
async def test_the_account_is_accepted_once_anything_but_its_refusal_came() -> None:
    for answer, accepted in (
        (good(), True),
        (BROKEN, True),
        (httpx.Response(200, json={"error": "Invalid API key"}), False),
    ):
        it = client(Panel(answer), retry=RetryPolicy(attempts=1))
        with contextlib.suppress(AuthenticationError, TransportError):
            await it.balance()
        assert it._sender.channel.accepted.is_set() is accepted  # noqa: SLF001 - no public way to see it
        await it.aclose()


@virtual_time
async def test_a_retry_on_a_closed_client_is_not_sent() -> None:
    panel = Panel(BROKEN)
    it = client(panel, retry=RetryPolicy(first_wait=1000, max_wait=1000, deadline=9999))
    task = asyncio.create_task(it.balance())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await it.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await task
    assert len(panel.times) == 1


@virtual_time
async def test_a_call_that_waits_for_its_turn_is_not_sent_by_a_closed_client() -> None:
    for options in ({"max_concurrency": 1}, {"rate_limit": RateLimit(1, per=50)}):
        panel = Panel(20.0)
        it = client(panel, **options)
        calls = [asyncio.create_task(it.add(ORDER)) for _ in range(2)]
        await asyncio.sleep(1)
        await it.aclose()
        first, second = await asyncio.gather(*calls, return_exceptions=True)
        assert first == 5
        assert isinstance(second, ConfigurationError)
        assert len(panel.times) == 1


@virtual_time
async def test_a_write_is_not_begun_with_hardly_time_left() -> None:
    limited = httpx.Response(429, headers={"Retry-After": "59.5"}, json={"error": "Too many requests"})
    panel = Panel(limited, good())
    async with client(panel, timeout=60, retry=RetryPolicy(attempts=1)) as it:
        with pytest.raises(RateLimitedError):
            await it.balance()
        with pytest.raises(TransportError) as caught:
            await it.add(ORDER)
    assert (caught.value.sent, caught.value.attempts) == ("no", 0)
    assert len(panel.times) == 1


@virtual_time
async def test_callers_that_gave_up_cost_nobody_a_slot() -> None:
    panel = Panel(good())
    async with client(panel, rate_limit=RateLimit(20, per=1)) as it:
        calls = [asyncio.create_task(it.balance()) for _ in range(60)]
        await asyncio.sleep(0.01)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        began = asyncio.get_running_loop().time()
        await it.balance()
        assert asyncio.get_running_loop().time() - began <= 0.05


@virtual_time
async def test_a_retried_write_that_is_refused_for_an_id_may_have_been_done_before() -> None:
    refused = httpx.Response(200, json=[{"order": 5, "cancel": {"error": "Cancellation already requested"}}])
    panel = Panel(httpx.ReadError("reset"), refused)
    async with client(panel, retry=RetryPolicy(repeat_uncertain_writes=True)) as it:
        with pytest.raises(OutcomeUnknownError, match="an earlier request may have been executed") as caught:
            await it.cancel(5)
    assert caught.value.sent == "maybe"
    panel = Panel(httpx.ReadError("reset"), httpx.Response(200, json=[{"order": 5, "cancel": 1}]))
    async with client(panel, retry=RetryPolicy(repeat_uncertain_writes=True)) as it:
        assert (await it.cancel(5)).request is None


@virtual_time
async def test_a_write_that_is_refused_for_an_id_at_once_was_not_done() -> None:
    refused = httpx.Response(200, json=[{"order": 5, "cancel": {"error": "Cancellation already requested"}}])
    panel = Notes(refused)
    async with client(panel, retry=RetryPolicy(repeat_uncertain_writes=True)) as it:
        with pytest.raises(NotAllowedError) as caught:
            await it.cancel(5)
    assert (caught.value.sent, caught.value.attempts) == ("no", 1)
    assert [form["orders"] for form in panel.forms] == ["5"]


@virtual_time
async def test_the_key_is_taken_out_of_the_error_of_a_single_id() -> None:
    rows = {"1": {"status": "Pending"}, "2": {"error": "Order not found by s3cr3t"}}
    panel = Notes(httpx.Response(200, json=rows))
    async with AsyncClient("s3cr3t", base_url="https://panel.example/", transport=panel) as it:
        result = await it.status_many([1, 2])
    assert panel.forms == [{"key": "s3cr3t", "action": "status", "orders": "1,2"}]
    assert result.ok[1].status == "Pending"
    error = result.failed[2]
    assert (type(error), error.message) == (NotFoundError, "Order not found by ***")
    assert "s3cr3t" not in str(error) + repr(error)


@virtual_time
async def test_the_key_is_taken_out_of_what_an_unknown_outcome_of_a_single_id_tells() -> None:
    rows = [{"order": 1, "cancel": 1}, {"order": 2, "cancel": {"error": "Already requested by KEY"}}]
    panel = Notes(LOST, httpx.Response(200, json=rows))
    async with client(panel, retry=RetryPolicy(repeat_uncertain_writes=True)) as it:
        result = await it.cancel_many([1, 2])
    assert panel.forms == [{"key": "KEY", "action": "cancel", "orders": "1,2"}] * 2
    error = result.failed[2]
    assert isinstance(error, OutcomeUnknownError)
    assert (error.message, str(error.cause)) == (
        "an earlier request may have been executed: Already requested by ***",
        "Already requested by ***",
    )
    assert (error.action, error.attempts, error.sent) == ("cancel", 2, "maybe")


@virtual_time
async def test_a_cooldown_holds_back_those_who_wait_for_a_slot() -> None:
    panel = Panel(httpx.Response(429, headers={"Retry-After": "10"}), good())
    async with client(panel, max_concurrency=1) as it:
        await asyncio.gather(*(it.balance() for _ in range(20)))
    assert panel.times == [0] + [10] * 20


@virtual_time
async def test_a_limit_is_kept_after_slots_were_busy() -> None:
    panel = Panel(2.0, 2.0, good())
    async with client(panel, max_concurrency=2, rate_limit=RateLimit(10, per=1)) as it:
        await asyncio.gather(*(it.balance() for _ in range(12)))
    gaps = [later - earlier for earlier, later in itertools.pairwise(panel.times)]
    assert min(gaps) >= 0.1 - 1e-9


LOST = httpx.ReadTimeout("late")
QUICK = RetryPolicy(attempts=3, first_wait=0)


@virtual_time
async def test_a_panel_that_recognises_a_retried_order_is_sent_it_again_until_it_answers() -> None:
    panel = Notes(LOST, BROKEN, good())
    async with client(panel, idempotency_field="request_id", retry=QUICK) as it:
        assert await it.add(ORDER) == 5
    marks = {form["request_id"] for form in panel.forms}
    assert len(panel.forms) == 3
    assert len(marks) == 1
    assert UUID(marks.pop()).version == 4


@virtual_time
async def test_each_order_has_an_idempotency_key_of_its_own() -> None:
    panel = Notes(good())
    async with client(panel, idempotency_field="request_id") as it:
        await it.add(ORDER)
        await it.add(ORDER)
        await it.add(
            DefaultOrder(service=1, link="https://x.test/", quantity=1, extra={"request_id": "mine"})
        )
    first, second, third = (form["request_id"] for form in panel.forms)
    assert first != second
    assert third == "mine"


@virtual_time
async def test_a_recognised_order_that_is_never_answered_is_unknown() -> None:
    panel = Notes(LOST)
    async with client(panel, idempotency_field="request_id", retry=QUICK) as it:
        with pytest.raises(OutcomeUnknownError) as caught:
            await it.add(ORDER)
    assert caught.value.attempts == len(panel.forms) == 3


@virtual_time
async def test_a_refusal_of_a_retry_proves_nothing_about_the_first_request() -> None:
    refusal = httpx.Response(200, json={"error": "Not enough funds on balance"})
    panel = Notes(LOST, refusal)
    async with client(panel, idempotency_field="request_id", retry=QUICK) as it:
        with pytest.raises(OutcomeUnknownError, match="Not enough funds"):
            await it.add(ORDER)
    assert len(panel.forms) == 2


@virtual_time
async def test_only_orders_carry_an_idempotency_key() -> None:
    panel = Notes(good())
    async with client(panel, idempotency_field="request_id") as it:
        await it.balance()
    assert panel.forms == [{"key": "KEY", "action": "balance"}]


@pytest.mark.parametrize(
    "name", ["", " ", "key", "action", "service", "link", "quantity", "extra", "a\nb", 5]
)
def test_an_idempotency_key_is_a_field_that_orders_do_not_have(name: object) -> None:
    with pytest.raises(ConfigurationError):
        client(Panel(good()), idempotency_field=name)


async def test_only_an_order_can_be_placed() -> None:
    async with client(Panel(good())) as it:
        with pytest.raises(ConfigurationError, match="order must be an Order, got dict"):
            await it.add({"service": 1})  # type: ignore[arg-type]


async def test_the_event_loop_turns_while_a_large_reply_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = threading.Event()

    def slowly(reader: Reader[object], reply: Reply, refusals: Refusals) -> object:
        asyncio_loop.call_soon_threadsafe(turned.set)
        assert turned.wait(20)
        return decipher(reader, reply, refusals)

    asyncio_loop = asyncio.get_running_loop()
    monkeypatch.setattr("agencia_async._calls.channel.decipher", slowly)
    row = {"service": 1, "name": "x" * 2**18, "rate": "1"}
    async with client(Panel(httpx.Response(200, json=[row]))) as it:
        assert [service.service for service in await it.services()] == [1]


@virtual_time
async def test_a_panel_that_is_down_is_spared_a_retry_storm_and_one_that_is_back_is_noticed_at_once() -> None:
    panel = Panel(BROKEN)
    async with client(panel) as it:
        for _ in range(200):
            with pytest.raises(TransportError):
                await it.balance()
        assert it.requests_sent == len(panel.times) <= 5 + 20
        assert asyncio.get_running_loop().time() <= 70
        panel.answers = [good()]
        await asyncio.sleep(5)
        assert (await it.balance()).currency == "USD"
        assert (await it.balance()).currency == "USD"


@virtual_time
async def test_a_panel_with_many_faults_exhausts_no_retry_budget() -> None:
    chance = random.Random(1)
    calls = rounds(500, nightly=2_000)
    answers = [BROKEN if chance.random() < 0.3 else good() for _ in range(2 * calls)]
    panel = Panel(*answers)
    async with client(panel, retry=RetryPolicy(attempts=9)) as it:
        for _ in range(calls):
            await it.balance()
        assert it.requests_sent == pytest.approx(calls / 0.7, rel=0.05)


@virtual_time
async def test_a_call_that_waits_for_its_next_attempt_does_not_outlive_the_client() -> None:
    panel = Panel(BROKEN, good())
    it = client(panel, rate_limit=RateLimit(1, per=30), retry=RetryPolicy(first_wait=5))
    waiting = [asyncio.create_task(it.balance()) for _ in range(2)]
    await asyncio.sleep(0.001)
    await it.aclose()
    async with asyncio.timeout(100):
        ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(end) for end in ends] == ["the client is closed"] * 2
    assert panel.times == [0]


class Quotas(Panel):
    """Allows so many requests in a minute, and tells so with each reply."""

    def __init__(self, requests: int, *, told: bool = True) -> None:
        super().__init__(httpx.Response(200, json={"status": "Pending", "balance": "1.5"}))
        self.requests = requests
        self.told = told
        self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = await super().handle_async_request(request)
        now = self.times[-1]
        left = self.requests - sum(time // 60 == now // 60 for time in self.times)
        headers = {"X-RateLimit-Remaining": str(max(0, left)), "X-RateLimit-Reset": str(60 - now % 60)}
        await asyncio.sleep(0.05)
        if left >= 0:
            return httpx.Response(200, headers=headers if self.told else {}, content=reply.content)
        self.refused += 1
        return httpx.Response(429, headers=headers, json={"error": "Too many requests"})


@virtual_time
async def test_a_panel_that_reports_its_quota_rejects_next_to_nothing() -> None:
    panel = Quotas(60)
    async with client(panel, batch_size=1, retry=RetryPolicy(deadline=100)) as it:
        await it.status_many(range(300))
    assert panel.refused == 0
    assert len(panel.times) == 300
    assert panel.times[-1] < 4 * 60 + 1


@virtual_time
async def test_a_cooldown_until_the_quota_is_full_again_is_an_error_if_too_long() -> None:
    panel = Quotas(2)
    async with client(panel, retry=RetryPolicy(deadline=30)) as it:
        await it.balance()
        await it.balance()
        with pytest.raises(
            RateLimitedError, match="rate limited: the panel asked to wait 60 s more"
        ) as caught:
            await it.balance()
    assert caught.value.retry_after == pytest.approx(60, abs=1)
    assert caught.value.attempts == 0
    assert len(panel.times) == 2


@virtual_time
async def test_a_429_may_say_by_its_quota_when_to_come_again() -> None:
    panel = Quotas(15, told=False)
    async with client(panel, retry=RetryPolicy(deadline=90)) as it:
        for _ in range(16):
            await it.balance()
    assert panel.refused == 1
    assert panel.times[-1] == pytest.approx(60, abs=0.1)
