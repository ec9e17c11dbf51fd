"""Requests in parts: writes, and an account that is rejected in their midst."""

from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from agencia_async import (
    AgenciaError,
    AuthenticationError,
    NotAllowedError,
    NotFoundError,
    OutcomeUnknownError,
    RetryPolicy,
    TransportError,
)
from agencia_async._protocol.actions import CANCEL, STATUS
from tests.support.panels import Orders, client_of, fields, row, sizes
from tests.support.peer import Form

MISSING = "order parameter is required"
REJECTED = {"error": "Invalid API key"}
IDS = [str(number) for number in range(1, 101)]


async def test_a_write_keeps_to_the_size_at_which_reads_were_cut_off() -> None:
    def answer(form: Form) -> tuple[int, object]:
        if form["action"] == "status":
            return panel.answer(form)
        return 200, [{"order": wire_id, "cancel": 1} for wire_id in form["orders"].split(",")]

    panel = Orders(most=40)
    async with client_of(answer) as (it, client):
        await client.status_many(range(100))
        it.forms.clear()
        answers = await client._batches.send(CANCEL, IDS, urgent=True)  # noqa: SLF001 - a batch in flight
    assert sizes(it) == [40, 40, 20]
    assert len(answers) == 100


async def test_an_account_rejected_between_the_parts_fails_what_is_left() -> None:
    def answer(form: Form) -> tuple[int, object]:
        if "orders" in form:
            return 200, {"error": MISSING}
        return 200, row(form["order"]) if int(form["order"]) < 5 else REJECTED

    async with client_of(answer) as (it, client):
        result = await client.status_many(range(1, 101))
    assert list(result.ok) == [1, 2, 3, 4]
    assert {type(error) for error in result.failed.values()} == {AuthenticationError}
    assert sizes(it) == [100, 1, 1, 1, 1, 1]


async def test_an_account_rejected_in_all_parts_is_told() -> None:
    async with client_of(lambda _form: (200, REJECTED)) as (it, client):
        client._sender.channel.batches("status").lacks_batches()  # noqa: SLF001 - as learnt before
        with pytest.raises(AuthenticationError):
            await client._batches.send(STATUS, IDS, urgent=True)  # noqa: SLF001
    assert sizes(it) == [1]


async def test_an_account_rejected_at_the_first_write_alone_is_told() -> None:
    def answer(form: Form) -> tuple[int, object]:
        return 200, REJECTED if "order" in form else {"error": MISSING}

    async with client_of(answer) as (it, client):
        with pytest.raises(AuthenticationError):
            await client.refill_many(range(1, 11))
    assert sizes(it) == [10, 1]


async def test_a_part_that_fails_is_the_outcome_of_its_ids() -> None:
    def answer(form: Form) -> tuple[int, object]:
        if len(form["orders"].split(",")) == 25 and form["orders"].startswith("26,"):
            return 200, {"error": "Not enough funds"}
        return panel.answer(form)

    panel = Orders(limit=30)
    async with client_of(answer) as (_, client):
        result = await client.status_many(range(1, 201))
    assert list(result.failed) == list(range(26, 51))


@pytest.mark.parametrize("count", [2, 3])
async def test_what_is_not_allowed_for_one_may_have_been_done_for_the_others(count: int) -> None:
    async with client_of(lambda _form: (200, {"error": "Refill is not available for this order"})) as (
        it,
        client,
    ):
        result = await client.refill_many(range(count))
    assert sizes(it) == [count]
    assert {error.sent for error in result.failed.values()} == {"maybe"}


async def test_an_id_of_a_batch_that_was_refused_is_told_the_words_and_what_to_do() -> None:
    async with client_of(lambda _form: (200, {"error": "Order not found"})) as (_, client):
        result = await client.refill_many([1, 2])
    for error in result.failed.values():
        assert str(error).startswith(
            "the panel rejected the whole batch, possibly because of another id; request this id"
        )
        assert str(error).endswith(": Order not found")


def broken(_form: Form) -> tuple[int, object]:
    raise httpx.ReadError("")


@pytest.mark.parametrize("answer", [broken, lambda _form: (307, "")])
async def test_what_fails_on_the_way_is_not_sent_again_in_smaller_batches(
    answer: Callable[[Form], tuple[int, object]],
) -> None:
    async with client_of(answer) as (it, client):
        result = await client.status_many(range(10))
    assert sizes(it) == [10]
    assert {type(error) for error in result.failed.values()} == {TransportError}


async def test_an_id_that_is_left_of_a_refused_batch_is_asked_for_in_its_own_field() -> None:
    def answer(form: Form) -> tuple[int, object]:
        if "," in form.get("orders", ""):
            return 200, {"error": "Blub"}
        return 200, row(form["order"])

    async with client_of(answer) as (it, client):
        result = await client.status_many(range(3))
    assert len(result.ok) == 3
    assert {field for field, size in zip(fields(it), sizes(it), strict=True) if size == 1} == {"order"}


async def test_a_panel_that_refuses_an_id_alone_is_not_down() -> None:
    panel = Orders(known=frozenset(), fails=frozenset({"5"}))
    async with client_of(panel.answer) as (_, client):
        result = await client.status_many(range(8))
    assert type(result.failed[0]) is NotFoundError
    assert type(result.failed[5]) is TransportError
    assert NotFoundError in {type(result.failed[number]) for number in (1, 2, 3)}


async def test_only_the_whole_of_a_failing_batch_is_retried() -> None:
    policy = RetryPolicy(attempts=2, first_wait=0)
    async with client_of(Orders(fails=frozenset({"1"})).answer, retry=policy) as (it, client):
        result = await client.status_many(range(16))
    assert list(result.failed) == [1]
    asked = Counter(form.get("orders", form.get("order", "")) for form in it.forms)
    again = {ids: times for ids, times in asked.items() if times > 1}
    assert [ids.count(",") + 1 for ids in again] == [16, 1]


async def test_a_text_id_is_looked_for_in_the_other_field_as_long_as_that_may_help() -> None:
    async with client_of(lambda _form: (200, {"error": "Incorrect order ID"})) as (it, client):
        for number in range(6):
            with pytest.raises(NotFoundError):
                await client.status(f"x{number}")
    assert fields(it) == ["orders", "order"] * 4 + ["orders"] * 2


# --- writes at a panel that reads only the field for one id ----------------------------------------------


def one_by_one(outcomes: dict[str, tuple[int, object]]) -> Callable[[Form], tuple[int, object]]:
    """A panel that reads `order`, and these outcomes of it instead of a number."""

    def answer(form: Form) -> tuple[int, object]:
        if "order" not in form:
            return 200, {"error": MISSING}
        return outcomes.get(form["order"], (200, {"refill": int(form["order"]) + 1000}))

    return answer


async def test_writes_are_sent_one_by_one_where_the_panel_reads_no_other_field() -> None:
    async with client_of(one_by_one({})) as (it, client):
        first = await client.refill_many([1, 2, 3])
        again = await client.refill_many([4, 5])
    assert (first.ok, again.ok) == ({1: 1001, 2: 1002, 3: 1003}, {4: 1004, 5: 1005})
    assert fields(it) == ["orders", "order", "order", "order", "order", "order"]  # it is learnt
    assert Counter(form.get("order") for form in it.forms[1:]) == Counter("12345")


async def test_writes_are_refused_once_where_the_panel_reads_neither_field() -> None:
    async with client_of(lambda _form: (200, {"error": MISSING})) as (it, client):
        result = await client.refill_many([1, 2, 3])
    assert [str(error) for error in result.failed.values()] == [MISSING] * 3
    assert fields(it) == ["orders", "order"]


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ((200, {"error": "Refill is not available for this order"}), NotAllowedError),
        ((502, "Bad Gateway"), OutcomeUnknownError),
    ],
)
async def test_the_first_of_writes_one_by_one_fails_alone(
    outcome: tuple[int, object], error: type[AgenciaError]
) -> None:
    async with client_of(one_by_one({"1": outcome})) as (it, client):
        result = await client.refill_many([1, 2, 3])
    assert {number: type(failed) for number, failed in result.failed.items()} == {1: error}
    assert result.ok == {2: 1002, 3: 1003}
    refills = [
        form for form in it.forms if form["action"] == "refill"
    ]  # after a 502 the client asks by itself
    assert [form.get("orders") or form["order"] for form in refills][:2] == ["1,2,3", "1"]
    assert len(refills) == 4


async def test_a_panel_that_fails_is_told_by_three_ids_each_asked_for_once() -> None:
    policy = RetryPolicy(attempts=2, first_wait=0)
    async with client_of(Orders(fails=frozenset("01234567")).answer, retry=policy) as (it, client):
        result = await client.status_many(range(8))
    assert list(result.failed) == list(range(8))
    asked = [form.get("orders") or form["order"] for form in it.forms]
    assert asked == ["0,1,2,3,4,5,6,7"] * 2 + ["0", "7", "4"]
