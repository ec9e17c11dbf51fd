"""What hooks are told, and when."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpx
import pytest

from agencia_async import (
    AgenciaError,
    AsyncClient,
    AuthenticationError,
    ConfigurationError,
    OrderStatus,
    OutcomeUnknownError,
    RetryPolicy,
    TransportError,
)
from agencia_async.hooks import AttemptInfo, CallInfo, Hook
from agencia_async.journal import Journal
from tests.bulk.scene import Answering
from tests.calls.scene import BROKEN, ORDER, Panel, client, good
from tests.support.virtual import virtual_time

REFUSED = httpx.Response(401, json={"error": "Invalid API key"})
NEVER = RetryPolicy(attempts=1)
name: ContextVar[str] = ContextVar("name", default="nobody")


class Notes(Hook):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.calls: list[CallInfo] = []
        self.attempts: list[AttemptInfo] = []
        self.contexts: list[str] = []

    def call_started(self, call: CallInfo) -> None:
        self.events.append(f"{call.action} {call.id_count}")
        self.calls.append(call)
        self.contexts.append(name.get())

    def attempt_started(self, call: CallInfo, attempt: AttemptInfo) -> None:
        assert (call.attempts, attempt.error) == (attempt.number, None)
        self.events.append(f"> {attempt.number}")
        self.attempts.append(attempt)

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:
        assert call is self.calls[-1]
        self.events.append(f"< {attempt.number} {type(attempt.error).__name__}")

    def call_ended(self, call: CallInfo) -> None:
        assert call is self.calls[-1]
        self.events.append(f"end {type(call.error).__name__}")


@contextmanager
def called(who: str) -> Iterator[None]:
    token = name.set(who)
    try:
        yield
    finally:
        name.reset(token)


# --- a call and its attempts ----------------------------------------------------------------------------


@virtual_time
async def test_a_call_is_told_with_its_attempts() -> None:
    notes = Notes()
    panel = Panel(BROKEN, 2.0)
    async with client(panel, hooks=[notes]) as it:
        await it.balance()
    assert notes.events == ["balance 0", "> 1", "< 1 TransportError", "> 2", "< 2 NoneType", "end NoneType"]
    first, second = notes.attempts
    assert (first.number, first.seconds, first.http_status, first.reply_bytes) == (1, 0, 502, 6)
    assert (second.number, second.http_status) == (2, 200)
    assert second.seconds == pytest.approx(2)
    assert second.reply_bytes == len(good().content)
    assert second.headers["content-length"] == str(len(good().content))
    (call,) = notes.calls
    assert (call.attempts, call.queued, call.error, call.url) == (2, 0, None, "https://panel.example/")


async def test_headers_are_told_without_the_key() -> None:
    key = "a-key-of-its-own"
    reply = httpx.Response(200, json={"balance": "1", "currency": "USD"}, headers={"X-Request": f"key={key}"})
    notes = Notes()
    async with AsyncClient(
        key, base_url="https://panel.example/", transport=Panel(reply), hooks=[notes]
    ) as it:
        await it.balance()
    (attempt,) = notes.attempts
    assert attempt.headers["x-request"] == "key=***"
    assert "headers" not in repr(attempt)


async def test_an_exception_of_the_callers_own_code_is_told_as_it_is() -> None:
    def mistaken(request: httpx.Request) -> httpx.Response:
        raise LookupError(request.method)

    notes = Notes()
    async with AsyncClient(
        "key", base_url="http://localhost/", transport=httpx.MockTransport(mistaken), hooks=[notes]
    ) as it:
        with pytest.raises(LookupError):
            await it.balance()
    assert notes.events == ["balance 0", "> 1", "< 1 LookupError", "end LookupError"]


@virtual_time
async def test_a_call_that_fails_tells_its_error_as_the_caller_gets_it() -> None:
    notes = Notes()
    async with client(Panel(REFUSED), hooks=(notes,)) as it:
        with pytest.raises(AuthenticationError) as caught:
            await it.balance()
    assert notes.calls[0].error is caught.value
    assert (caught.value.action, caught.value.attempts) == ("balance", 1)
    assert notes.attempts[0].http_status == 401


@virtual_time
async def test_an_unknown_outcome_is_told_as_such() -> None:
    notes = Notes()
    async with client(Panel(BROKEN), hooks=(notes,)) as it:
        with pytest.raises(OutcomeUnknownError):
            await it.add(ORDER)
    assert notes.events[:4] == ["add 0", "> 1", "< 1 TransportError", "end OutcomeUnknownError"]


@virtual_time
async def test_without_a_whole_reply_there_is_no_status() -> None:
    notes = Notes()
    async with client(Panel(httpx.ReadError("broken")), hooks=(notes,), retry=NEVER) as it:
        with pytest.raises(TransportError):
            await it.balance()
    (attempt,) = notes.attempts
    assert (attempt.http_status, attempt.reply_bytes, type(attempt.error)) == (None, 0, TransportError)


@virtual_time
async def test_what_is_cancelled_is_ended_too() -> None:
    notes = Notes()
    async with client(Panel(100.0), hooks=(notes,)) as it:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(it.balance(), 3)
    assert notes.events == ["balance 0", "> 1", "< 1 CancelledError", "end CancelledError"]
    assert notes.attempts[0].seconds == pytest.approx(3)


@virtual_time
async def test_the_time_in_the_queue_is_told() -> None:
    notes = Notes()

    class Loose(Notes):
        attempt_ended = Hook.attempt_ended
        call_ended = Hook.call_ended

    loose = Loose()
    async with client(Panel(5.0), max_concurrency=1, hooks=(loose,)) as it:
        await asyncio.gather(it.balance(), it.balance(), it.balance())
    assert [call.queued for call in loose.calls] == pytest.approx([0, 5, 10])
    assert [attempt.seconds for attempt in loose.attempts] == pytest.approx([5, 5, 5])
    async with client(Panel(100.0), max_concurrency=1, hooks=(notes,), batch_window=0) as it:
        first = asyncio.create_task(it.balance())
        await asyncio.sleep(1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(it.balance(), 3)
        assert (round(notes.calls[1].queued, 9), notes.calls[1].attempts) == (3, 0)
        assert notes.events[-2:] == ["balance 0", "end CancelledError"]
        notes.calls.pop()
        first.cancel()
        await asyncio.wait([first])


async def test_each_request_of_a_bulk_call_is_a_call() -> None:
    notes = Notes()
    async with client(Answering(good()), hooks=(notes,), max_concurrency=1) as it:
        await it.status_many(range(250))
    assert [call.id_count for call in notes.calls] == [100, 100, 50]
    assert [call.attempts for call in notes.calls] == [1, 1, 1]
    assert not any(call.callers for call in notes.calls)


async def test_a_placed_order_is_a_call() -> None:
    notes = Notes()
    async with Journal(":memory:") as journal, client(Panel(good()), hooks=(notes,)) as it:
        await journal.place(it, "x", ORDER)
        await journal.place(it, "x", ORDER)
    assert notes.events == ["add 0", "> 1", "< 1 NoneType", "end NoneType"]


@virtual_time
async def test_the_clients_own_probe_is_a_call_of_nobody() -> None:
    """Only an order waits, which is no probe."""
    notes = Notes()
    panel = Panel(*[BROKEN] * 5, 1.0, good())

    class Loose(Notes):
        attempt_ended = Hook.attempt_ended
        call_ended = Hook.call_ended

    notes = Loose()
    async with client(panel, hooks=(notes,), retry=NEVER, max_concurrent_writes=1) as it:
        with called("reader"):
            await asyncio.gather(*(it.balance() for _ in range(5)), return_exceptions=True)
        with called("customer"):
            assert await it.add(ORDER) == 5
    assert [call.action for call in notes.calls] == [*["balance"] * 5, "add", "balance"]
    assert notes.contexts == [*["reader"] * 5, "customer", "nobody"]
    assert (notes.calls[-1].queued, notes.calls[-1].attempts) == (0, 1)
    assert notes.attempts[5].seconds == pytest.approx(1)


# --- whose call it is -----------------------------------------------------------------------------------


@virtual_time
async def test_single_calls_that_are_batched_are_one_call_in_the_context_of_the_first() -> None:
    notes = Notes()
    async with client(Answering(good()), hooks=(notes,)) as it:
        waiting: list[asyncio.Task[OrderStatus]] = []
        for who in ("Ann", "Bob", "Cy"):
            with called(who):
                waiting.append(asyncio.create_task(it.status(len(who))))
        waiting[0].cancel()
        await asyncio.wait(waiting)
    (call,) = notes.calls
    assert [context.run(name.get) for context in call.callers] == ["Bob", "Cy"]
    assert notes.contexts == ["Bob"]
    assert name.get() == "nobody"


@virtual_time
async def test_a_batch_that_is_full_carries_the_context_of_its_first_call_too() -> None:
    notes = Notes()
    async with client(Answering(good()), hooks=(notes,), batch_size=2) as it:
        waiting: list[asyncio.Task[OrderStatus]] = []
        for who in ("Ann", "Bob"):
            with called(who):
                waiting.append(asyncio.create_task(it.status(len(who) + len(waiting))))
        await asyncio.gather(*waiting)
    assert notes.contexts == ["Ann"]
    assert [context[name] for context in notes.calls[0].callers] == ["Ann", "Bob"]


async def test_a_bulk_call_carries_the_context_in_which_it_begins() -> None:
    notes = Notes()
    async with client(Answering(good()), hooks=(notes,), max_concurrency=1) as it:
        with called("Ann"):
            await it.status_many(range(250))
            items = it.status_iter(range(250))
        with called("Bob"):
            await anext(items)
        with called("Cy"):
            assert len([item async for item in items]) == 249
    assert notes.contexts == [*["Ann"] * 3, *["Bob"] * 3]


# --- hooks that are wrong -------------------------------------------------------------------------------


class Failing(Hook):
    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    def call_started(self, call: CallInfo) -> None:
        raise self.error(call.action)

    attempt_started = attempt_ended = call_ended = call_started  # type: ignore[assignment]


@pytest.mark.parametrize("error", [ZeroDivisionError, TypeError, AgenciaError, asyncio.CancelledError])
async def test_a_hook_that_raises_is_logged_once_and_disturbs_nothing(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    notes = Notes()
    hooks = [Failing(error), notes, Failing(error)]
    async with client(Panel(good()), hooks=hooks) as it:
        for _ in range(3):
            assert (await it.balance()).currency == "USD"
    assert len(notes.events) == 12
    assert [record.getMessage() for record in caplog.records] == [
        "the hook Failing raised; it is logged once"
    ] * 2
    assert "KEY" not in caplog.text


async def test_a_hook_that_raises_is_logged_once_whatever_the_settings(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing, notes = Failing(ValueError), Notes()
    async with client(Panel(good()), hooks=[failing]) as it:
        for one in (it, it.with_options(timeout=9), it.with_options(hooks=[notes, failing])):
            assert (await one.balance()).currency == "USD"
    assert len(notes.events) == 4
    assert len(caplog.records) == 1


async def test_a_hook_that_raises_leaves_the_error_of_a_call_as_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with client(Panel(REFUSED), hooks=[Failing(ValueError)]) as it:
        with pytest.raises(AuthenticationError) as caught:
            await it.balance()
    assert caught.value.__context__ is None
    assert [record.name for record in caplog.records].count("agencia_async") == 1


def test_the_program_may_still_be_ended_in_a_hook() -> None:
    async def ended() -> None:
        async with client(Panel(good()), hooks=[Failing(KeyboardInterrupt)]) as it:
            await it.balance()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(ended())


class Asynchronous(Hook):
    async def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:  # type: ignore[override]
        raise AssertionError(call, attempt)  # pragma: no cover - it is refused


@pytest.mark.parametrize(
    ("hooks", "advice"),
    [
        (Notes(), r"must be a sequence: hooks=\[Notes\(\)\]"),
        ([Notes], r"the class Notes: create an instance of it, Notes\(...\)"),
        (Notes, "must be a sequence of hooks, got the class Notes"),
        (None, "must be a sequence of hooks, got builtins.NoneType"),
        ([object()], "must be objects of agencia_async.hooks.Hook, got builtins.object"),
        (iter([Notes()]), "must be a sequence of hooks"),
        ([Asynchronous()], "Asynchronous.attempt_ended must not be async"),
    ],
)
def test_what_is_no_hook_is_told(hooks: object, advice: str) -> None:
    with pytest.raises(ConfigurationError, match=advice):
        AsyncClient("KEY", hooks=hooks)  # type: ignore[arg-type]


def test_a_hook_of_nothing_does_nothing() -> None:
    it, call, attempt = Hook(), CallInfo("status", 1, "https://panel.example/"), AttemptInfo(1)
    it.call_started(call)
    it.attempt_started(call, attempt)
    it.attempt_ended(call, attempt)
    it.call_ended(call)
    assert len({call, CallInfo("status", 1, "https://panel.example/")}) == 2
