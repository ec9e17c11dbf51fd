"""Batches at panels of every kind: what is sent, and what each id ends in."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from attrs import frozen

from agencia_async import (
    AgenciaError,
    AsyncClient,
    BulkItem,
    NotAnsweredError,
    NotFoundError,
    OrderStatus,
    PanelError,
    RetryPolicy,
    TransportError,
    UnavailableError,
)
from tests.support.panels import ONCE, Orders, client_of, fields, row, sizes, texts
from tests.support.peer import Form, Request, peer

ALL = range(100)
EVERY = texts(ALL)
FEW = (3, 22, 41, 60, 88)
MISSING = "The order field is required."


@frozen
class Case:
    """A panel, how many ids it is asked for, the size of each request, and the errors."""

    panel: Orders
    count: int
    sizes: list[int]
    errors: dict[type[AgenciaError], int]


CASES = {
    "as documented": Case(Orders(), 250, [100, 100, 50], {}),
    "errors in rows": Case(Orders(known=texts(range(3, 250))), 250, [100, 100, 50], {NotFoundError: 3}),
    "refused for one id": Case(
        Orders(known=EVERY - {"37"}, whole=True),
        100,
        [100, 50, 25, 25, 13, 7, 6, 3, 3, 2, 1, 12, 50],
        {NotFoundError: 1},
    ),
    "refused for one id, in words unheard of": Case(
        Orders(known=EVERY - {"37"}, whole=True, words="Blub"),
        100,
        [100, 50, 50, 25, 25, 13, 7, 6, 3, 3, 2, 1, 12],
        {PanelError: 1},
    ),
    "words that concern no id": Case(
        Orders(refuses="Computer says no"), 100, [100, 50, 50, 1, 1], {PanelError: 100}
    ),
    "the same, batch after batch": Case(
        Orders(refuses="Computer says no"), 1000, [100, 50, 50, 1, 1, *[100] * 9], {PanelError: 1000}
    ),
    "maintenance": Case(
        Orders(refuses="We are under maintenance"), 200, [100, 1, 100], {UnavailableError: 200}
    ),
    "an id that makes it fail": Case(
        Orders(fails=frozenset({"37"})),
        100,
        [100, 1, 49, 25, 24, 12, 6, 6, 3, 3, 2, 1, 12, 50],
        {TransportError: 1},
    ),
    "the first id makes it fail": Case(
        Orders(fails=frozenset({"0"})), 100, [100, 1, 1, 49, 49], {TransportError: 1}
    ),
    "down": Case(Orders(fails=EVERY), 100, [100, 1, 1, 1], {TransportError: 100}),
    "a flat answer": Case(Orders(flat=frozenset({"137"})), 251, [100, 100, 1, 37, 51], {}),
    "a flat answer at the end": Case(Orders(flat=frozenset({"99"})), 200, [100, 1, 99, 100], {}),
    "two flat answers": Case(Orders(flat=frozenset({"20", "70"})), 100, [100, 1, 70, 1, 20], {}),
    "left out and answered alone": Case(Orders(shy=frozenset({"4", "50"})), 100, [100, 1, 1], {}),
    "unknown and left out": Case(
        Orders(known=EVERY - {"4", "50", "51"}, silent=True), 100, [100, 2, 1, 1, 1], {NotAnsweredError: 3}
    ),
    "cut off in silence": Case(Orders(most=40), 300, [100, 60, 20, *[40] * 5], {}),
    "cut off after most of it": Case(Orders(most=60), 300, [100, 40, 100, 40, 60, 40], {}),
    "too large": Case(Orders(limit=30), 200, [100, *[50], *[25] * 8], {}),
    "too large by half": Case(Orders(limit=50), 300, [100, 50, 50, 100, 50, 50, 50, 50], {}),
    "no batches": Case(Orders(batches=False), 100, [100, 50, 25, 13, 7, 4, 2, 1, 1, 2, *[1] * 98], {}),
    "no batches, two ids": Case(Orders(batches=False), 2, [2, 1, 1, 2], {}),
    "no batches, and it says so": Case(Orders(batches=False, missing=MISSING), 100, [100, *[1] * 100], {}),
    "all wrong, refused whole": Case(
        Orders(known=frozenset(), whole=True),
        100,
        [100, 50, 25, 13, 7, 4, 2, 1, 1, 2, 1, 1, 1, 1, 1],
        {NotFoundError: 7, NotAnsweredError: 93},
    ),
    "all wrong, left out": Case(
        Orders(known=frozenset(), silent=True),
        100,
        [100, 50, 25, 13, 7, 4, 2, 1, 1, 2, 1, 1, 1, 1, 1],
        {NotAnsweredError: 100},
    ),
}


async def ask(panel: Orders, count: int, **options: object) -> tuple[list[int], list[BulkItem[OrderStatus]]]:
    """The sizes of the requests, and the items."""
    async with client_of(panel.answer, **options) as (it, client):
        items = list(await client.status_many(range(count)))
    check_items(panel, items)
    return sizes(it), items


def check_items(panel: Orders, items: Iterable[BulkItem[OrderStatus]]) -> None:
    """Each value is its id's, each error knows its id, and no existing order is not found."""
    for item in items:
        exists = panel.known is None or str(item.id) in panel.known
        if item.ok:
            assert exists
            assert item.unwrap().currency in {None, str(item.id)}  # a flat row has none
        else:
            assert item.error is not None
            assert (item.error.id, item.error.action) == (item.id, "status")
            assert item.error.http_status in {200, 500}
            assert not (exists and isinstance(item.error, NotFoundError))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_every_kind_of_panel(case: Case) -> None:
    sent, items = await ask(case.panel, case.count)
    assert sent == case.sizes
    assert dict(Counter(type(item.error) for item in items if not item.ok)) == case.errors


async def test_five_wrong_ids_deny_no_right_one() -> None:
    sent, items = await ask(Orders(known=EVERY - texts(FEW), whole=True), 100)
    assert len(sent) == 55
    assert {item.id for item in items if not item.ok} == {*FEW}
    assert {type(item.error) for item in items if not item.ok} == {NotFoundError}


async def test_four_wrong_ids_in_the_beginning_do_not_end_the_search() -> None:
    """A look over all of the batch finds one that has a value, and ends there."""
    sent, items = await ask(Orders(known=texts(range(4, 100)), whole=True), 100)
    assert [item.id for item in items if not item.ok] == [0, 1, 2, 3]
    assert len(sent) <= 1 + 62


# --- no batches -----------------------------------------------------------------------------------------


async def held(client_call: Callable[[AsyncClient], Awaitable[Any]]) -> int:
    """The most requests in flight at a panel without batches that answers ten at a time at least."""
    together = asyncio.Event()
    panel = Orders(batches=False, missing=MISSING)

    async def reply(request: Request) -> None:
        if "order" in request.form and request.form["order"] != "0":
            if it.in_flight == 10:
                together.set()
            await together.wait()
        status, content = panel.answer(request.form)
        if request.form["action"] == "refill" and status == 200 and "order" in request.form:
            content = {"refill": 5}
        request.reply(json.dumps(content), status)

    async with peer(reply) as it, AsyncClient("KEY", base_url=it.url, retry=ONCE) as client:
        await client_call(client)
    return it.most_at_once


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.status_many(range(100)),
        lambda client: collected(client.status_iter(range(100))),
        lambda client: collected(client.status_iter(range(500))),
        lambda client: asyncio.gather(*map(client.status, range(100))),
        lambda client: client.refill_many(range(100)),
    ],
    ids=["many", "iter", "several batches", "single calls", "writes"],
)
async def test_one_by_one_means_as_many_at_once_as_may_be(
    call: Callable[[AsyncClient], Awaitable[Any]],
) -> None:
    assert await held(call) == 10


async def collected(items: Any) -> list[Any]:  # noqa: ANN401 - of any action
    return [item async for item in items]


async def test_batches_are_tried_again_after_a_while() -> None:
    panel = Orders(batches=False)
    async with client_of(panel.answer) as (it, client):
        await client.status_many(range(100))
        it.forms.clear()
        panel.batches = True
        await client.status_many(range(400))
    assert sizes(it) == [100] * 4


async def test_a_trial_in_vain_costs_one_request_and_the_next_comes_later() -> None:
    panel = Orders(batches=False)
    async with client_of(panel.answer) as (it, client):
        await client.status_many(range(100))
        it.forms.clear()
        await client.status_many(range(1000))
    assert sum(size == 1 for size in sizes(it)) == 1000
    assert len(it.forms) <= 1000 + 5


async def test_a_size_is_learnt_for_one_action_and_tried_again() -> None:
    panel = Orders(limit=30)
    async with client_of(panel.answer) as (it, client):
        await client.status_many(range(100))
        it.forms.clear()
        await client.refill_status_many(range(100))
        assert sizes(it)[0] == 100
        it.forms.clear()
        panel.limit = 100
        await client.status_many(range(5000))
    assert sizes(it)[:3] == [25, 25, 25]
    assert sizes(it)[-1] == 100
    assert len(it.forms) <= 50 + 50


async def test_what_went_wrong_once_makes_no_later_batch_smaller() -> None:
    wrong = Orders(known=texts(range(1000)), whole=True)
    stray = iter([{"error": "Something went wrong"}])

    def answer(form: Form) -> tuple[int, object]:
        return (200, next(stray)) if "200" in form.get("orders", "").split(",") else wrong.answer(form)

    def once(form: Form) -> tuple[int, object]:
        try:
            return answer(form)
        except StopIteration:
            return wrong.answer(form)

    async with client_of(once) as (it, client):
        await client.status_many(range(5000, 5100))
        await client.status_many(range(200, 300))
        it.forms.clear()
        result = await client.status_many(range(1000))
    assert sizes(it) == [100] * 10
    assert not result.failed


async def test_not_found_said_of_a_larger_batch_is_no_second_sign_of_its_size() -> None:
    panel = Orders(known=EVERY - {"90"}, whole=True)
    stray = [{"error": "Incorrect order ID"}]

    def answer(form: Form) -> tuple[int, object]:
        is_half = form.get("orders") == ",".join(map(str, range(50)))
        return (200, stray.pop()) if is_half and stray else panel.answer(form)

    async with client_of(answer) as (it, client):
        first = await client.status_many(ALL)
        it.forms.clear()
        await client.status_many(range(90))
    assert not stray
    assert [*first.failed] == [90]
    assert sizes(it) == [90]


async def test_where_all_answers_are_flat_each_id_is_asked_for_alone() -> None:
    sent, items = await ask(Orders(flat=texts(range(100, 200))), 200)
    assert all(item.ok for item in items)
    assert len(sent) == 134
    assert sent.count(1) == 100


# --- one id ---------------------------------------------------------------------------------------------


async def test_one_integer_goes_in_the_field_for_one() -> None:
    async with client_of(Orders().answer) as (it, client):
        await client.status_many([1])
        await client.status(2)
        await collected(client.status_iter(range(101)))
    assert fields(it) == ["order", "order", "orders", "order"]


async def test_one_text_goes_in_the_field_for_many_whose_reply_names_it() -> None:
    async with client_of(Orders(reads_digits=True).answer) as (it, client):
        assert (await client.status("8b6f")).currency == "8b6f"
        await client.status_many(["8b6f"])
    assert fields(it) == ["orders", "orders"]


@pytest.mark.parametrize("wire_id", ["8b6f", "1e5", "007", "+5x"])
async def test_a_flat_answer_to_a_text_that_begins_as_a_number_is_not_believed(wire_id: str) -> None:
    def flat(_form: Form) -> tuple[int, object]:
        return 200, row("8")

    async with client_of(flat) as (_, client):
        with pytest.raises(NotAnsweredError) as caught:
            await client.status(wire_id)
        assert (await client.status("x8")).currency == "8"
        result = await client.refill_many([wire_id])
    assert caught.value.id == wire_id
    assert result.failed[wire_id].sent == "yes"


async def test_a_text_that_is_not_found_was_refused_alone() -> None:
    panel = Orders(known=frozenset({"x1"}), whole=True)
    async with client_of(panel.answer) as (it, client):
        result = await client.status_many(["x1", "x2"])
    assert type(result.failed["x2"]) is NotFoundError
    assert list(result.ok) == ["x1"]
    assert fields(it)[0] == "orders"


async def test_text_ids_at_a_panel_without_batches() -> None:
    async with client_of(Orders(batches=False, known=frozenset({"x1", "x2"})).answer) as (it, client):
        result = await client.status_many(["x1", "x2", "x3"])
        assert [*result.ok] == ["x1", "x2"]
        assert type(result.failed["x3"]) is NotFoundError
        it.forms.clear()
        await client.status("x1")
    assert fields(it) == ["order"]


async def test_a_text_that_a_panel_without_batches_misreads_is_not_believed() -> None:
    async with client_of(Orders(batches=False, reads_digits=True).answer) as (it, client):
        result = await client.status_many(["8b6f", "9c7a"])
    assert {type(error) for error in result.failed.values()} == {NotAnsweredError}
    assert len(result.failed) == 2
    assert len(it.forms) <= 6


async def test_what_is_said_of_a_text_that_may_be_misread_is_not_said_of_it() -> None:
    def answer(form: Form) -> tuple[int, object]:
        return 200, {"error": "Incorrect order ID" if "order" in form else "Blub"}

    async with client_of(answer) as (it, client):
        result = await client.status_many(["8b6f"])
        assert type(result.failed["8b6f"]) is PanelError
        assert type((await client.status_many(["x8"])).failed["x8"]) is NotFoundError
    assert fields(it) == ["orders", "order"] * 2


async def test_words_that_concerned_no_id_may_do_so_after_a_batch_that_succeeds() -> None:
    panel = Orders(refuses="Blub", words="Blub", whole=True)
    async with client_of(panel.answer) as (_, client):
        await client.status_many(ALL)
        panel.refuses = None
        await client.status_many(ALL)
        panel.known = EVERY - {"37"}
        result = await client.status_many(ALL)
    assert list(result.failed) == [37]


async def test_coalesced_calls_get_what_bulk_calls_get() -> None:
    panel = Orders(known=EVERY - {"37"}, whole=True)
    async with client_of(panel.answer) as (it, client):
        answers = await asyncio.gather(*map(client.status, ALL), return_exceptions=True)
    assert len(it.forms) == 13
    assert [number for number, answer in enumerate(answers) if isinstance(answer, Exception)] == [37]
    assert isinstance(answers[37], NotFoundError)
    assert (answers[37].id, answers[37].http_status) == (37, 200)


async def test_each_item_of_an_id_given_twice_has_an_error_of_its_own() -> None:
    async with client_of(Orders(known=frozenset()).answer) as (_, client):
        one, other = await client.status_many([7, "7"])
        streamed = await collected(client.status_iter([7, "7"]))
    assert one.error is not other.error
    assert [item.error.id for item in (one, other, *streamed)] == [7, "7", 7, "7"]


# --- writes ---------------------------------------------------------------------------------------------


def refilled(form: Form) -> tuple[int, object]:
    """A panel that takes one order for a refill."""
    if "order" not in form:
        return 200, {"error": "order parameter is required"}
    return 200, {"refill": form["order"]} if form["order"] != "3" else {"error": "Incorrect order ID"}


async def test_a_write_is_sent_alone_where_the_panel_misses_the_field_for_one() -> None:
    async with client_of(refilled) as (it, client):
        result = await client.refill_many([3, 1, 2, *range(4, 11)])
        assert sizes(it) == [10, *[1] * 10]
        assert result.ok == {number: number for number in range(1, 11) if number != 3}
        assert type(result.failed[3]) is NotFoundError
        it.forms.clear()
        await client.refill_many(range(20, 30))
    assert fields(it) == ["order"] * 10


async def test_a_cancellation_is_sent_alone_as_well() -> None:
    def answer(form: Form) -> tuple[int, object]:
        return 200, {"cancel": 1} if "order" in form else {"error": "Falta el parámetro order"}

    async with client_of(answer) as (it, client):
        assert len((await client.cancel_many([1, 2])).ok) == 2
        await client.cancel(3)
        await client.cancel("x4")
    assert fields(it) == ["orders", "order", "order", "order", "order"]


async def test_a_field_that_is_missing_even_so_ends_it() -> None:
    async with client_of(lambda _form: (200, {"error": "Order ID is required"})) as (it, client):
        result = await client.refill_many(range(10))
    assert sizes(it) == [10, 1]
    assert {error.sent for error in result.failed.values()} == {"no"}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Order not found", NotAnsweredError),
        ("Refill is not available for this order", PanelError),
        ("Blub", PanelError),
        ("orders parameter is required", PanelError),
    ],
)
async def test_a_write_is_not_sent_again_for_a_better_answer(words: str, kind: type[AgenciaError]) -> None:
    async with client_of(lambda _form: (200, {"error": words})) as (it, client):
        result = await client.refill_many(range(10))
    assert sizes(it) == [10]
    assert len(result.failed) == 10
    assert all(isinstance(error, kind) for error in result.failed.values())
    if words.startswith(("Order", "Refill")):  # of one of them; the others may have been executed
        assert {error.sent for error in result.failed.values()} == {"maybe"}


async def test_a_write_that_fails_alone_leaves_the_others() -> None:
    def answer(form: Form) -> tuple[int, object]:
        if "order" in form:
            return (500, "<html>") if form["order"] == "0" else (200, {"refill": 1})
        return 200, {"error": MISSING}

    async with client_of(answer) as (_, client):
        result = await client.refill_many(range(5))
    assert list(result.failed) == [0]
    assert result.failed[0].sent == "maybe"
    assert result.failed[0].id == 0


async def test_a_single_write_is_sent_in_the_other_field_where_this_is_missing() -> None:
    def answer(form: Form) -> tuple[int, object]:
        if "orders" in form:
            return 200, [{"order": form["orders"], "refill": 9}]
        return 200, {"error": "orders parameter is required"}

    async with client_of(answer) as (it, client):
        assert await client.refill(5) == 9
        assert await client.refill("x5") == 9
    assert fields(it) == ["order", "orders", "orders"]


async def test_a_failing_batch_is_retried_before_it_is_searched() -> None:
    policy = RetryPolicy(attempts=3, first_wait=0)
    async with client_of(Orders(fails=frozenset({"1"})).answer, retry=policy) as (it, client):
        result = await client.status_many(range(4))
    assert list(result.failed) == [1]
    assert result.failed[1].attempts == 3
    assert sizes(it) == [4, 4, 4, 1, 1, 1, 1, 2]
