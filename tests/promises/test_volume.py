"""Very many ids, and panels of any kind at random: few requests, and an outcome for each id."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agencia_async import InvalidOrderError, NotAnsweredError, NotFoundError
from tests.support.panels import Orders, client_of, texts
from tests.support.rounds import rounds

from .test_batches import EVERY, MISSING, ask, check_items

MANY = rounds(4_000, nightly=20_000)


@pytest.mark.parametrize(
    "panel",
    [
        Orders(known=frozenset(), whole=True),
        Orders(known=frozenset(), silent=True),
        Orders(known=frozenset(), batches=False),
        Orders(known=frozenset(), batches=False, missing=MISSING),
    ],
    ids=["refused whole", "left out", "no batches", "field missing"],
)
@pytest.mark.parametrize("workers", [1, 10])
@pytest.mark.parametrize("spelling", ["{}", "x{}"])
async def test_many_wrong_ids_cost_few_requests(panel: Orders, workers: int, spelling: str) -> None:
    async with client_of(panel.answer, max_concurrency=workers) as (it, client):
        result = await client.status_many(spelling.format(number) for number in range(MANY))
    assert len(it.forms) <= MANY // 100 + 50
    assert len(result.failed) == MANY
    kinds = {type(error) for error in result.failed.values()}
    assert kinds <= {NotFoundError, NotAnsweredError, InvalidOrderError}


async def test_an_account_refused_in_unknown_words_costs_few_requests() -> None:
    sent, _ = await ask(Orders(refuses="Konto zu"), 20_000)
    assert len(sent) == 200 + 4 + 3


@pytest.mark.parametrize("each", [50, 100])
async def test_a_few_unknown_ids_in_each_batch_cost_one_more_request_at_most(each: int) -> None:
    known = texts(number for number in range(10_000) if number % each)
    sent, items = await ask(Orders(known=known, silent=True), 10_000)
    assert len(sent) <= 2 * 100 + 40
    assert sum(item.ok for item in items) == len(known)


async def test_a_panel_that_is_down_is_not_searched_again_and_again() -> None:
    sent, _ = await ask(Orders(fails=texts(range(10_000))), 10_000)
    assert len(sent) <= 100 + 10


@st.composite
def panels(draw: st.DrawFn, count: int) -> Orders:
    """Any combination of what panels do."""
    ids = st.integers(0, count - 1)
    wrong = draw(st.sets(ids, max_size=count))
    some = st.sets(ids, max_size=6).map(texts)
    known = texts(range(count)) - texts(wrong)
    return Orders(
        known=known,
        most=draw(st.sampled_from([1, 2, 7, 40, 100])),
        limit=draw(st.sampled_from([3, 30, 100])),
        whole=draw(st.booleans()),
        silent=draw(st.booleans()),
        flat=draw(some) & known,
        shy=draw(some),
        fails=draw(some),
        batches=draw(st.booleans()),
        missing=draw(st.sampled_from([None, MISSING])),
        words=draw(st.sampled_from(["Incorrect order ID", "Blub"])),
    )


@settings(max_examples=rounds(30, nightly=1_000))
@given(st.data(), st.integers(1, 220), st.sampled_from([1, 4]))
async def test_every_id_ends_in_its_value_or_in_an_error_of_its_own(
    data: st.DataObject, count: int, workers: int
) -> None:
    panel = data.draw(panels(count))
    async with client_of(panel.answer, max_concurrency=workers) as (it, client):
        items = list(await client.status_many(range(count)))
    assert [item.id for item in items] == list(range(count))
    check_items(panel, items)
    batches = -(-count // 100)
    assert len(it.forms) <= batches * (1 + 62) + 2 * count


@settings(max_examples=rounds(50, nightly=1_000))
@given(st.sets(st.integers(0, 99), max_size=5), st.sampled_from(["whole", "silent", "fails", "flat", "shy"]))
async def test_few_odd_ids_take_no_other_id_with_them(odd: set[int], how: str) -> None:
    assume(how != "fails" or not odd >= {0, 50, 99})  # where these fail, the panel is taken to be down
    kind: dict[str, object] = {how: texts(odd)} if how in {"fails", "flat", "shy"} else {how: True}
    known = EVERY if how in {"fails", "flat", "shy"} else EVERY - texts(odd)
    sent, items = await ask(Orders(known=known, **kind), 100)  # type: ignore[arg-type]
    assert {item.id for item in items if not item.ok} <= odd
    assert len(sent) <= 1 + 62
