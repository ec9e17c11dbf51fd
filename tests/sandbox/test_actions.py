from decimal import Decimal

import pytest

from agencia_async.sandbox import Panel

from .scene import LINK, Clock, ask, followers, joined, rows


def test_services_are_a_list_of_rows(panel: Panel) -> None:
    assert rows(panel, "services") == [service.row() for service in panel.catalogue]


def test_balance_is_told_as_text(panel: Panel) -> None:
    followers(panel)
    assert ask(panel, "balance") == {"balance": "999.10000", "currency": "USD"}


def test_add_tells_the_number_and_enters_what_it_did(panel: Panel, clock: Clock) -> None:
    told = ask(panel, "add", service=" 1 ", link=LINK, quantity=1000, colour="red")
    assert told == {"order": 23501}
    (entry,) = panel.ledger
    assert (entry.sequence, entry.time, entry.action) == (1, clock.now, "add")
    assert (entry.order, entry.result, entry.charge) == (23501, 23501, Decimal("0.9"))
    assert entry.fields == {
        "action": "add",
        "service": " 1 ",
        "link": LINK,
        "quantity": "1000",
        "colour": "red",
    }


@pytest.mark.parametrize("service", ["", "0", "x", "41", "01"])
def test_an_unknown_service_is_refused(panel: Panel, service: str) -> None:
    assert ask(panel, "add", service=service) == {"error": "Incorrect service ID"}
    assert panel.ledger == []


def test_the_status_of_one_order(panel: Panel) -> None:
    number = followers(panel)
    told = ask(panel, "status", order=number)
    assert told.pop("start_count").isdigit()
    assert told == {"charge": "0.90000", "status": "Pending", "remains": "1000", "currency": "USD"}
    assert ask(panel, "status", order=1) == {"error": "Incorrect order ID"}
    assert ask(panel, "status") == {"error": "Incorrect order ID"}


def test_the_status_of_many_orders_is_an_object_by_id(panel: Panel) -> None:
    first, second = followers(panel), followers(panel, 50)
    told = ask(panel, "status", orders=f"{second}, {first},7,ord_01H,")
    unknown = {"error": "Incorrect order ID"}
    assert list(told) == [str(second), str(first), "7", "ord_01H", ""]
    assert told[str(second)]["charge"] == "0.04500"
    assert told["7"] == told["ord_01H"] == told[""] == unknown


def test_more_ids_than_the_limit_are_refused_as_a_whole(panel: Panel) -> None:
    ids = panel.seed_orders(101)
    refused = {"error": "At most 100 ids are accepted at once"}
    assert len(ask(panel, "status", orders=joined(ids[:100]))) == 100
    for action, name in [
        ("status", "orders"),
        ("refill", "orders"),
        ("refill_status", "refills"),
        ("cancel", "orders"),
    ]:
        assert ask(panel, action, **{name: joined(ids)}) == refused
    assert panel.ledger == []
    assert [len(request.ids) for request in panel.requests] == [100, 101, 101, 101, 101]


def finished(panel: Panel, clock: Clock) -> int:
    number = followers(panel)
    clock.now += 25
    assert panel.expected_status(number)["status"] == "Completed"
    return number


def test_one_refill_is_told_as_text(panel: Panel, clock: Clock) -> None:
    number = finished(panel, clock)
    assert ask(panel, "refill", order=number) == {"refill": "1"}
    assert ask(panel, "refill", order=number) == {"error": "Refill already requested"}
    assert ask(panel, "refill", order=3) == {"error": "Incorrect order ID"}
    assert ask(panel, "refill") == {"error": "Incorrect order ID"}
    assert [(entry.action, entry.order, entry.result, entry.charge) for entry in panel.ledger[1:]] == [
        ("refill", number, 1, Decimal(0))
    ]


def test_many_refills_are_a_list_of_numbers(panel: Panel, clock: Clock) -> None:
    number = finished(panel, clock)
    assert rows(panel, "refill", orders=f"{number},3,x,{number}") == [
        {"order": number, "refill": 1},
        {"order": 3, "refill": {"error": "Incorrect order ID"}},
        {"order": "x", "refill": {"error": "Incorrect order ID"}},
        {"order": number, "refill": {"error": "Refill already requested"}},
    ]
    assert panel.ledger[-1].sequence == 2


def test_the_status_of_refills(panel: Panel, clock: Clock) -> None:
    ask(panel, "refill", order=finished(panel, clock))
    assert ask(panel, "refill_status", refill=1) == {"status": "Pending"}
    assert ask(panel, "refill_status", refill=2) == {"error": "Refill not found"}
    clock.now += 25
    assert rows(panel, "refill_status", refills="1,3,007") == [
        {"refill": 1, "status": "Completed"},
        {"refill": 3, "status": {"error": "Refill not found"}},
        {"refill": "007", "status": {"error": "Refill not found"}},
    ]


def test_cancel_is_a_list_also_for_one(panel: Panel) -> None:
    number = followers(panel)
    assert rows(panel, "cancel", orders=f"{number},9") == [
        {"order": number, "cancel": 1},
        {"order": 9, "cancel": {"error": "Incorrect order ID"}},
    ]
    assert rows(panel, "cancel", orders=number) == [
        {"order": number, "cancel": {"error": "Cancellation already requested"}}
    ]
    assert ask(panel, "cancel", order=number) == {"error": "Incorrect request"}
    assert [(entry.action, entry.order, entry.result) for entry in panel.ledger[1:]] == [
        ("cancel", number, 1)
    ]


def test_a_cancelled_order_is_paid_back(panel: Panel, clock: Clock) -> None:
    number = followers(panel)
    rows(panel, "cancel", orders=number)
    clock.now += 5
    assert ask(panel, "status", order=number)["status"] == "Canceled"
    assert panel.balance == 1000


def test_a_subscription_answers_in_its_own_shape(panel: Panel, clock: Clock) -> None:
    number = ask(panel, "add", service=16, username="ann", min=20, max=30, delay=0, posts=2)["order"]
    assert ask(panel, "status", order=number) == {
        "status": "Active",
        "expiry": None,
        "posts": "2",
        "orders": [],
    }
    clock.now += 60
    assert ask(panel, "status", order=number)["orders"] == [str(number + 1)]
    assert 20 <= int(ask(panel, "status", order=number + 1)["remains"]) <= 30


def test_a_drip_feed_answers_in_its_own_shape(panel: Panel) -> None:
    number = ask(panel, "add", service=1, link=LINK, quantity=50, runs=3, interval=1)["order"]
    assert ask(panel, "status", order=number) == {
        "status": "In progress",
        "runs": "3",
        "orders": [str(number + 1)],
    }
    assert panel.ledger[0].charge == Decimal("0.135")


@pytest.mark.parametrize("fields", [{"action": "refunds"}, {"action": ""}])
def test_an_unknown_action_is_refused(panel: Panel, fields: dict[str, str]) -> None:
    assert ask(panel, **fields) == {"error": "Incorrect request"}
