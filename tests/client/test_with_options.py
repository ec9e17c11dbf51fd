"""The same client with other settings for some calls."""

import asyncio
import gc
from pathlib import Path

import httpx
import pytest

from agencia_async import (
    AsyncClient,
    ConfigurationError,
    RateLimit,
    ReplyError,
    RetryPolicy,
    Service,
    TransportError,
)
from agencia_async._client.options import CallOptions, Options
from agencia_async.hooks import CallInfo, Hook
from agencia_async.journal import Journal
from agencia_async.sandbox import Panel as SandboxPanel
from agencia_async.sandbox import serve
from tests.bulk.scene import Answering
from tests.calls.scene import BROKEN, ORDER, Notes, Panel, client, good
from tests.support.engines import by_each_engine, transport
from tests.support.virtual import virtual_time

NEVER = RetryPolicy(attempts=1)


class Seen(Hook):
    def __init__(self) -> None:
        self.actions: list[str] = []

    def call_started(self, call: CallInfo) -> None:
        self.actions.append(call.action)


def test_its_options_are_some_of_the_clients() -> None:
    hints = {name: Options.__annotations__[name] for name in CallOptions.__annotations__}
    assert hints == CallOptions.__annotations__
    assert [*hints] == ["timeout", "retry", "max_reply_bytes", "hooks"]


# --- what differs ---------------------------------------------------------------------------------------


@virtual_time
async def test_its_timeout_is_its_own() -> None:
    loop = asyncio.get_running_loop()
    async with client(Panel(100.0), retry=NEVER) as it:
        began = loop.time()
        with pytest.raises(TransportError, match="no whole reply within 3 s"):
            await it.with_options(timeout=3).balance()
        assert loop.time() - began == pytest.approx(3)
        with pytest.raises(TransportError, match="no whole reply within 30 s"):
            await it.balance()


@virtual_time
async def test_its_retry_policy_is_its_own() -> None:
    panel = Panel(BROKEN, BROKEN, good())
    async with client(panel) as it:
        with pytest.raises(TransportError):
            await it.with_options(retry=NEVER).balance()
        assert len(panel.times) == 1
        await it.balance()
        assert len(panel.times) == 3


@virtual_time
async def test_each_call_replaces_what_it_names_and_leaves_the_rest() -> None:
    panel = Panel(100.0)
    async with client(panel, retry=NEVER) as it:
        impatient = it.with_options(timeout=3)
        with pytest.raises(TransportError, match="within 3 s"):
            await impatient.with_options(max_reply_bytes=10).balance()
        with pytest.raises(TransportError, match="within 5 s"):
            await impatient.with_options(timeout=5).balance()
        assert len(panel.times) == 2


@by_each_engine
async def test_the_size_of_its_replies_is_its_own() -> None:
    panel = SandboxPanel(key="sandbox-key", seed=1)
    async with (
        serve(panel) as url,
        AsyncClient(panel.key, base_url=url, transport=transport(), max_reply_bytes=200) as it,
    ):
        with pytest.raises(ReplyError, match="larger than 200 bytes"):
            await it.services()
        services = await it.with_options(max_reply_bytes=10**6).services()
        assert isinstance(services[0], Service)
        with pytest.raises(ReplyError, match="larger than 10 bytes"):
            await it.with_options(max_reply_bytes=10).balance()
        await it.balance()


@pytest.mark.parametrize("own", ["transport", "http_client"])
async def test_the_size_of_replies_is_bounded_through_the_callers_own_too(own: str) -> None:
    mock = httpx.MockTransport(lambda _: good())
    async with httpx.AsyncClient(transport=mock) as http_client:
        given: dict[str, object] = {own: mock if own == "transport" else http_client}
        async with AsyncClient("KEY", base_url="https://panel.example/", **given) as it:  # type: ignore[arg-type]
            with pytest.raises(ReplyError, match="larger than 5 bytes"):
                await it.with_options(max_reply_bytes=5).balance()
            await it.balance()


async def test_its_hooks_replace_those_of_the_client() -> None:
    own, clients = Seen(), Seen()
    async with client(Answering(good()), hooks=[clients]) as it:
        await it.with_options(hooks=[own]).balance()
        assert (own.actions, clients.actions) == (["balance"], [])
        await it.with_options(hooks=[]).balance()
        await it.with_options(timeout=3).status(1)
        assert (own.actions, clients.actions) == (["balance"], ["status"])


async def test_every_kind_of_call_takes_them(tmp_path: Path) -> None:
    seen = Seen()
    async with client(Answering(good())) as it:
        its = it.with_options(hooks=[seen])
        await its.status(1)
        await its.status_many([1, 2])
        assert len([item async for item in its.status_iter([1, 2])]) == 2
        await its.cancel(1)
        await its.cancel_many([1, 2])
        assert seen.actions == ["status", "status", "status", "cancel", "cancel"]
    async with Journal(tmp_path / "orders.db") as journal, client(Notes(good())) as it:
        its = it.with_options(hooks=[seen])
        seen.actions.clear()
        await its.add(ORDER)
        await journal.place(its, "one", ORDER)
        assert [item.ok async for item in journal.place_iter(its, [("two", ORDER)])] == [True]
        await journal.note_balance(its)
        assert seen.actions == ["add", "add", "add", "balance"]


# --- what is shared -------------------------------------------------------------------------------------


@virtual_time
async def test_slots_and_limits_are_those_of_the_client() -> None:
    panel = Panel(1.0)
    async with client(panel, max_concurrency=1, rate_limit=RateLimit(1, per=1)) as it:
        other = it.with_options(timeout=60)
        await asyncio.gather(it.balance(), other.balance(), it.with_options(timeout=61).balance())
        assert [round(time) for time in panel.times] == [0, 1, 2]
        assert other.stats() == it.stats()
        assert it.stats().requests == other.requests_sent == 3
        assert other.stats().pace == 1


@virtual_time
async def test_the_retry_budget_is_that_of_the_client() -> None:
    panel = Panel(httpx.Response(200, text="<html>"))
    async with client(panel, retry=RetryPolicy(attempts=30, max_wait=0.1)) as it:
        for timeout in range(1, 6):
            with pytest.raises((ReplyError, TransportError)):
                await it.with_options(timeout=timeout).balance()
        assert len(panel.times) <= 50 + 5 + 1


async def test_the_catalogue_is_shared_and_fetched_by_the_own_settings() -> None:
    seen = Seen()
    services = [{"service": 1, "name": "x", "type": "Default", "rate": "1", "min": 1, "max": 9}]
    panel = Notes(httpx.Response(200, json=services))
    async with client(panel, max_reply_bytes=10) as it:
        with pytest.raises(ReplyError):
            await it.catalogue()
        able = it.with_options(max_reply_bytes=10**6, hooks=[seen])
        catalogue = await able.catalogue()
        assert await it.catalogue() is catalogue
        assert await it.with_options(timeout=3).catalogue() is catalogue
        assert seen.actions == ["services"]
        with pytest.raises(ReplyError):
            await it.catalogue(max_age=0)


async def test_single_calls_are_batched_with_those_of_the_same_settings() -> None:
    panel = Answering(good())
    async with client(panel) as it:
        await asyncio.gather(
            it.status(1),
            it.with_options(timeout=3).status(2),
            it.with_options(timeout=3).status(3),
            it.with_options().status(4),
            it.with_options(timeout=3).with_options(timeout=30).status(5),
        )
        assert sorted(form.get("orders", "") for form in panel.forms) == ["1,4,5", "2,3"]


async def test_the_same_settings_give_the_same_client_as_long_as_somebody_has_it() -> None:
    it = client(Panel(good()))
    hooks = [Seen()]
    kept = it.with_options(timeout=3, hooks=hooks)
    assert it.with_options(hooks=[*hooks]).with_options(timeout=3) is kept
    assert kept.with_options() is kept
    assert it.with_options(timeout=3, hooks=[Seen()]) is not kept
    for timeout in range(1, 100):
        it.with_options(timeout=timeout)
    gc.collect()
    assert len(it._variants) == 1  # noqa: SLF001 - not for users


async def test_a_subclass_stays_what_it_is() -> None:
    class Shop(AsyncClient):
        name = "shop"

    it = Shop("KEY", base_url="https://panel.example/")
    it.name = "another"
    other = it.with_options(timeout=3)
    assert (type(other), other.name) == (Shop, "another")
    assert repr(other) == "<AsyncClient of https://panel.example/>"


# --- opening and closing --------------------------------------------------------------------------------


async def test_only_the_client_itself_opens_and_closes() -> None:
    it = client(Panel(good()))
    other = it.with_options(timeout=3)
    with pytest.raises(ConfigurationError, match="use the original client for that"):
        await other.__aenter__()
    with pytest.raises(ConfigurationError, match="use the original client for that"):
        await other.aclose()
    await other.balance()
    await it.aclose()
    with pytest.raises(ConfigurationError, match="the client is closed"):
        await other.balance()
    assert repr(other) == repr(it) == "<AsyncClient of https://panel.example/, closed>"


async def test_closing_ends_those_who_wait_for_their_batch() -> None:
    it = client(Panel(good()), batch_window=60)
    waiting = [
        asyncio.create_task(one.status(1)) for one in (it, it.with_options(timeout=3), it.with_options())
    ]
    await asyncio.sleep(0)
    await it.aclose()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(error) for error in ended] == ["the client is closed"] * 3


# --- what is wrong --------------------------------------------------------------------------------------


def test_another_option_is_refused_by_name() -> None:
    it = client(Panel())
    with pytest.raises(TypeError, match="'base_url'; it takes timeout, retry, max_reply_bytes, hooks"):
        it.with_options(base_url="https://other.example/")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "changes", [{"timeout": 0}, {"retry": None}, {"max_reply_bytes": "KEY"}, {"hooks": Seen()}]
)
def test_a_value_that_will_not_do_is_refused(changes: dict[str, object]) -> None:
    it = client(Panel())
    with pytest.raises(ConfigurationError, match=next(iter(changes))) as caught:
        it.with_options(**changes)  # type: ignore[arg-type]
    assert "KEY" not in str(caught.value)
