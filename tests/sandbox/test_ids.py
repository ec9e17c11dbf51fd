import re
from itertools import islice

import pytest

from agencia_async.sandbox import Panel
from agencia_async.sandbox.ids import IDS, numbering

from .scene import Clock, ask, followers, joined, rows

FORMS = {
    "integer": r"23501",
    "hex": r"[0-9a-f]{24}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "ulid": r"01[0-9A-HJKMNP-TV-Z]{24}",
}
TEXTS = [form for form in FORMS if form != "integer"]


def first(form: str, seed: int = 1, most: int = 1000) -> list[int | str]:
    return list(islice(numbering(form, seed).orders, most))


def test_each_form_is_known() -> None:
    assert FORMS.keys() == IDS.keys()


@pytest.mark.parametrize("form", FORMS)
def test_an_id_has_its_form_and_is_given_once(form: str) -> None:
    ids = first(form)
    assert re.fullmatch(FORMS[form], str(ids[0]))
    assert len({*ids}) == 1000
    assert {len(str(number)) for number in ids} == {len(str(ids[0]))}
    assert {type(number) for number in ids} == {int if form == "integer" else str}


@pytest.mark.parametrize("form", TEXTS)
def test_ids_follow_from_the_seed_and_from_what_they_name(form: str) -> None:
    assert first(form) == first(form) != first(form, seed=2)
    of = numbering(form)
    assert len({next(of.orders), next(of.refills), next(of.cancellations)}) == 3


def test_integers_count_and_ulids_grow() -> None:
    assert first("integer", most=3) == [23501, 23502, 23503]
    ulids = first("ulid")
    assert ulids == sorted(map(str, ulids))
    assert str(ulids[0]).startswith("01HK15")  # 1 January 2024, 0:00
    assert [next(of) for of in (numbering().refills, numbering().cancellations)] == [1, 4001]


@pytest.mark.parametrize("form", ["", "UUID", "base62", None])
def test_an_unknown_form_is_an_error_that_lists_them(form: str) -> None:
    with pytest.raises(ValueError, match=rf"^ids must be one of integer, hex, uuid, ulid, got {form!r}$"):
        Panel(ids=form)


@pytest.mark.parametrize("ids", TEXTS)
def test_a_panel_gives_and_takes_ids_of_this_form(clock: Clock, ids: str) -> None:
    panel = Panel(clock=clock, pending=(5.0, 5.0), progress=(20.0, 20.0), ids=ids)
    order, other = followers(panel), followers(panel)
    assert re.fullmatch(FORMS[ids], str(order))
    clock.now += 25
    assert ask(panel, "status", order=order) == panel.expected_status(order)
    assert [*ask(panel, "status", orders=joined([order, other]))] == [str(order), str(other)]
    (row,) = rows(panel, "refill", orders=order)
    refill = row["refill"]
    assert row["order"] == order
    assert re.fullmatch(FORMS[ids], refill)
    assert ask(panel, "refill_status", refill=refill) == {"status": "Pending"}
    assert rows(panel, "refill_status", refills=refill) == [{"refill": refill, "status": "Pending"}]
    assert ask(panel, "refill", order=other)["refill"] == panel.ledger[-1].result
    assert [(entry.order, entry.result) for entry in panel.ledger[:3]] == [
        (order, order),
        (other, other),
        (order, refill),
    ]
    assert ask(panel, "status", order=str(order)[:-1]) == {"error": "Incorrect order ID"}


def test_what_is_seeded_and_a_series_have_such_ids_too(clock: Clock) -> None:
    panel = Panel(clock=clock, ids="ulid")
    assert all(re.fullmatch(FORMS["ulid"], str(number)) for number in panel.seed_orders(20))
    told = ask(panel, "add", service=1, link="https://example.org/", quantity=50, runs=2, interval=1)
    (run,) = ask(panel, "status", order=told["order"])["orders"]
    assert ask(panel, "status", order=run)["status"] in {"Pending", "In progress"}
