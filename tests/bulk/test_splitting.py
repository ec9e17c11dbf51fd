import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from agencia_async import (
    AsyncClient,
    AuthenticationError,
    InvalidOrderError,
    NotAnsweredError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimit,
    RateLimitedError,
    RetryPolicy,
    TransportError,
)
from agencia_async._calls.batch_support import BatchSupport
from agencia_async._protocol.actions import CANCEL
from tests.bulk.scene import Answering
from tests.calls.scene import client as client_of
from tests.support.peer import Peer, Request, peer
from tests.support.virtual import virtual_time

ONCE = RetryPolicy(attempts=1)
Answer = Callable[[list[str]], str]


@asynccontextmanager
async def panel(answer: Answer, **options: object) -> AsyncIterator[tuple[Peer, AsyncClient]]:
    """A panel that answers the ids of a batch, and a client of it."""

    async def reply(request: Request) -> None:
        ids = request.form.get("orders") or request.form.get("order") or request.form["refills"]
        request.reply(answer(ids.split(",")))

    async with peer(reply) as it, AsyncClient("KEY", base_url=it.url, retry=ONCE, **options) as client:  # type: ignore[arg-type]
        yield it, client


def sizes(it: Peer) -> list[int]:
    return [form.get("orders", form.get("order", "")).count(",") + 1 for form in it.forms]


def support(client: AsyncClient, action: str = "status") -> BatchSupport:
    return client._sender.channel.batches(action)  # noqa: SLF001 - no public way to see it


def rows(ids: list[str]) -> str:
    return "{" + ",".join(f'"{id_}": {{"status": "Pending"}}' for id_ in ids) + "}"


def spoilt_by(*culprits: str) -> Answer:
    def answer(ids: list[str]) -> str:
        return '{"error": "Incorrect order ID"}' if {*ids} & {*culprits} else rows(ids)

    return answer


def first(count: int) -> Answer:
    return lambda ids: rows(ids[:count])


def at_most(count: int) -> Answer:
    return lambda ids: rows(ids) if len(ids) <= count else f'{{"error": "At most {count} ids"}}'


async def test_a_batch_with_one_bad_id_is_bisected_until_it_is_isolated() -> None:
    async with panel(spoilt_by("37")) as (it, client):
        result = await client.status_many(range(100))
    assert list(result.failed) == [37]
    assert type(result.failed[37]) is NotFoundError
    assert len(result.ok) == 99
    assert len(it.forms) == 1 + 2 * 6
    assert support(client).size == 100


async def test_bisection_is_bounded_and_what_is_left_fails_as_it_is() -> None:
    async with panel(spoilt_by(*map(str, range(0, 100, 2)))) as (it, client):
        result = await client.status_many(range(100))
    assert len(it.forms) <= 1 + 60
    assert {type(error) for error in result.failed.values()} == {NotFoundError, NotAnsweredError}
    assert set(result.failed) >= set(range(0, 100, 2))
    assert len(result) == 100


async def test_a_failed_batch_of_writes_is_not_sent_again() -> None:
    async with panel(spoilt_by("3")) as (it, client):
        result = await client.refill_many(range(10))
    assert sizes(it) == [10]
    assert {type(error) for error in result.failed.values()} == {NotAnsweredError}
    assert {error.sent for error in result.failed.values()} == {"maybe"}  # those before it may be done


async def test_a_part_that_fails_otherwise_fails_its_own_ids_only() -> None:
    def answer(ids: list[str]) -> str:
        if len(ids) == 100:
            return '{"error": "Incorrect order ID"}'
        return "<html>" if int(ids[0]) < 50 else rows(ids)

    async with panel(answer) as (_, client):
        result = await client.status_many(range(100))
    assert list(result.failed) == list(range(50))
    assert {type(error) for error in result.failed.values()} == {TransportError}


async def test_what_could_not_be_asked_again_teaches_nothing() -> None:
    def cut(ids: list[str]) -> str:
        return rows(ids[:40]) if len(ids) == 100 else "<html>"

    def spoilt(ids: list[str]) -> str:
        return '{"error": "Incorrect order ID"}' if len(ids) == 100 else "<html>"

    for answer, answered in ((cut, 40), (spoilt, 0)):
        async with panel(answer) as (_, client):
            result = await client.status_many(range(100))
            assert support(client).size == 100
        assert len(result.ok) == answered


async def test_an_account_refused_in_a_part_is_reported() -> None:
    def answer(ids: list[str]) -> str:
        return '{"error": "Incorrect order ID"}' if len(ids) == 100 else '{"error": "Invalid API key"}'

    async with panel(answer) as (it, client):
        with pytest.raises(AuthenticationError):
            await client.status_many(range(100))
    assert sizes(it) == [100, 50]


async def test_a_batch_cut_off_in_silence_is_noticed_and_the_size_remembered() -> None:
    async with panel(first(40)) as (it, client):
        result = await client.status_many(range(100))
        assert len(result.ok) == 100
        assert sizes(it) == [100, 60, 20]
        it.forms.clear()
        await client.status_many(range(100))
        assert sizes(it) == [40, 40, 20]
        it.forms.clear()
        await client.cancel_many(range(100))
        assert sorted(sizes(it)) == [20, 40, 40]


async def test_batches_in_flight_are_cut_to_the_size_that_was_learnt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "agencia_async")
    async with panel(first(40), max_concurrency=2) as (it, client):
        items = [item async for item in client.status_iter(range(1000))]
    assert len(items) == 1000
    assert all(item.ok for item in items)
    assert sizes(it).count(100) <= 2
    told = "status: the panel answers at most 40 ids per request"
    assert [message for message in caplog.messages if "at most" in message] == [told]


async def test_a_batch_rejected_for_its_size_is_bisected_and_the_size_remembered() -> None:
    async with panel(at_most(30)) as (it, client):
        assert len((await client.status_many(range(100))).ok) == 100
        assert sizes(it) == [100, 50, 25, 25, 25, 25]
        it.forms.clear()
        assert len((await client.status_many(range(100))).ok) == 100
        assert sizes(it) == [25] * 4


async def test_one_id_that_is_rejected_for_its_size_fails() -> None:
    async with panel(at_most(0)) as (_, client):
        result = await client.status_many([1])
    assert type(result.failed[1]) is InvalidOrderError


async def test_ids_left_out_at_the_end_are_asked_for_as_a_batch_and_then_by_halves() -> None:
    def known(ids: list[str]) -> str:
        return rows([id_ for id_ in ids if int(id_) < 90])

    async with panel(known) as (it, client):
        result = await client.status_many(range(100))
        assert sizes(it) == [100, 10, 5, 3, 2, 1, 1, 1, 2, 1, 1, 1, 1]
        assert list(result.failed) == list(range(90, 100))
        assert {type(error) for error in result.failed.values()} == {NotAnsweredError}
        assert support(client).size == 100


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        (lambda ids: rows(ids[1:]), [50, 1]),
        (lambda _ids: "{}", [50, 25, 13, 7, 4, 2, 1, 1, 2, 1, 1, 1, 1, 1]),
        (lambda ids: rows(ids[:1] + ids[2:]), [50, 1]),
    ],
)
async def test_ids_left_out_elsewhere_are_asked_for_again(answer: Answer, sent: list[int]) -> None:
    async with panel(answer) as (it, client):
        result = await client.status_many(range(50))
    assert sizes(it) == sent
    assert {type(error) for error in result.failed.values()} <= {NotAnsweredError}


async def test_a_write_that_was_cut_off_is_not_sent_again() -> None:
    async with panel(
        lambda ids: str([{"order": int(id_), "cancel": 1} for id_ in ids[:40]]).replace("'", '"')
    ) as (it, client):
        result = await client.cancel_many(range(100))
    assert sizes(it) == [100]
    assert len(result.ok) == 40
    assert {error.sent for error in result.failed.values()} == {"maybe"}


async def test_a_batch_of_writes_that_was_cut_before_the_size_was_known_goes_in_parts() -> None:
    def answer(ids: list[str]) -> str:
        return (
            "<html>"
            if "40" in ids
            else str([{"order": int(id_), "cancel": 1} for id_ in ids]).replace("'", '"')
        )

    async with panel(answer) as (it, client):
        support(client, "cancel").size = 40  # what a batch in flight meets
        answers = await client._batches.send(CANCEL, [str(number) for number in range(100)], urgent=True)  # noqa: SLF001
    assert sizes(it) == [40, 40, 20]
    unknown = [id_ for id_, answer in answers.items() if isinstance(answer, OutcomeUnknownError)]
    assert unknown == [str(number) for number in range(40, 80)]


@virtual_time
async def test_the_parts_of_a_batch_of_writes_go_before_bulk_reads() -> None:
    answering = Answering(httpx.Response(200))
    async with client_of(answering, batch_size=1, rate_limit=RateLimit(1, per=10)) as it:
        reading = asyncio.create_task(it.status_many(range(3)))
        await asyncio.sleep(1)
        await it._batches.send(CANCEL, ["7", "8"], urgent=False)  # noqa: SLF001 - as above
        await reading
    assert [form.get("orders") or form["order"] for form in answering.forms] == ["0", "7", "8", "1", "2"]


async def test_a_gap_does_not_hide_that_a_batch_was_cut_off() -> None:
    def answer(ids: list[str]) -> str:
        return rows([id_ for id_ in ids[:50] if id_ != "10"])

    async with panel(answer) as (it, client):
        result = await client.status_many(range(100))
    assert list(result.failed) == [10]
    assert sizes(it) == [100, 50, 1]


async def test_unknown_ids_at_the_end_cost_few_requests_however_they_are_refused() -> None:
    def answer(ids: list[str]) -> str:
        return rows(["0"]) if "0" in ids else '{"error": "Incorrect order ID"}'

    async with panel(answer) as (it, client):
        result = await client.status_many(range(100))
        assert support(client).size == 100
    assert len(it.forms) == 2 + 14
    assert list(result.ok) == [0]
    assert type(result.failed[1]) is NotFoundError


async def test_what_no_bisection_mends_is_bisected_once_and_never_again() -> None:
    async with panel(lambda _ids: '{"error": "Computer says no"}') as (it, client):
        await client.status_many(range(100))
        first = len(it.forms)
        await client.status_many(range(1000))
    assert 1 < first <= 41
    assert len(it.forms) == first + 10


async def test_an_account_refused_after_a_part_was_answered_loses_nothing() -> None:
    def answer(ids: list[str]) -> str:
        if len(ids) == 100:
            return '{"error": "Incorrect order ID"}'
        return rows(ids) if "0" in ids else '{"error": "Invalid API key"}'

    async with panel(answer) as (it, client):
        result = await client.status_many(range(100))
    assert list(result.ok) == list(range(50))
    assert {type(error) for error in result.failed.values()} == {AuthenticationError}
    assert sizes(it) == [100, 50, 50]


async def test_a_rate_limit_reported_for_each_id_is_one_of_the_request() -> None:
    def answer(ids: list[str]) -> str:
        return "{" + ",".join(f'"{id_}": {{"error": "Too many requests"}}' for id_ in ids) + "}"

    async with panel(answer) as (_, client):
        result = await client.status_many([1, 2])
        assert {type(error) for error in result.failed.values()} == {RateLimitedError}
        assert client._sender.channel.gate._limit.cooldown.until > 0  # noqa: SLF001 - no public way to see it


@pytest.mark.parametrize("words", ["No luck today", "Under maintenance"])
async def test_a_batch_of_two_that_is_refused_in_any_words_is_asked_for_one_by_one(words: str) -> None:
    def answer(ids: list[str]) -> str:
        return rows(ids) if len(ids) == 1 else json.dumps({"error": words})

    async with panel(answer) as (it, client):
        result = await client.status_many([1, 2])
    assert sizes(it)[:3] == [2, 1, 1]
    assert len(it.forms) <= 4
    assert list(result.ok) == [1, 2]


async def test_ids_that_alone_end_in_something_else_than_their_batch_are_all_asked_for() -> None:
    def answer(ids: list[str]) -> str:
        return '{"error": "Blub"}' if len(ids) > 1 else rows(ids)

    async with panel(answer) as (it, client):
        result = await client.status_many(range(8))
    assert sizes(it) == [8, 4, 4, 1, 1, 2, 1, 1, 1, 1, 1, 1]
    assert len(result.ok) == 8
