"""What is particular to some dialects: panels without batches, wiped rows, numbered cancellations."""

import json

import pytest

from agencia_async.sandbox import Panel
from agencia_async.sandbox.ledger import LedgerEntry

from .scene import LINK, Clock, ask, followers, form, joined, rows

BATCHES = [("status", "orders"), ("refill", "orders"), ("refill_status", "refills"), ("cancel", "orders")]
WITHOUT = [("single", "{} not found"), ("required", "{} parameter is required")]


@pytest.fixture
def clock() -> Clock:
    return Clock()


def panel_of(dialect: str, clock: Clock) -> Panel:
    return Panel(clock=clock, pending=(5.0, 5.0), progress=(20.0, 20.0), dialect=dialect)


def told(entries: list[LedgerEntry]) -> list[tuple[object, ...]]:
    return [(entry.action, entry.order, entry.result, dict(entry.fields)) for entry in entries]


@pytest.mark.parametrize(("dialect", "text"), WITHOUT)
@pytest.mark.parametrize(("action", "field"), BATCHES)
def test_without_batches_nothing_of_one_is_executed(
    clock: Clock, dialect: str, text: str, action: str, field: str
) -> None:
    panel = panel_of(dialect, clock)
    expected = {"error": text.format(field[:-1].capitalize())}
    for count in (1, 3, 101):
        ids = panel.seed_orders(count)
        assert ask(panel, action, **{field: joined(ids)}) == expected
    assert panel.ledger == []


@pytest.mark.parametrize("dialect", [dialect for dialect, _ in WITHOUT])
def test_without_batches_one_id_is_answered_by_every_action(clock: Clock, dialect: str) -> None:
    panel = panel_of(dialect, clock)
    old, new = followers(panel), followers(panel)
    assert ask(panel, "cancel", order=new) == {"cancel": 1}
    assert ask(panel, "cancel", order=new) == {"error": "Cancellation already requested"}
    clock.now += 25
    assert ask(panel, "status", order=old) == panel.expected_status(old)
    assert ask(panel, "status", order=7) == {"error": "Incorrect order ID"}
    assert ask(panel, "refill", order=old) == {"refill": "1"}
    assert ask(panel, "refill_status", refill=1) == {"status": "Pending"}
    assert ask(panel, "cancel") == {"error": "Incorrect order ID"}
    assert told(panel.ledger)[2:] == [
        ("cancel", new, 1, {"action": "cancel", "order": str(new)}),
        ("refill", old, 1, {"action": "refill", "order": str(old)}),
    ]


@pytest.fixture
def mixed(clock: Clock) -> tuple[Panel, list[int]]:
    """A panel that wipes out rows, with an order, a drip-feed, an order, a subscription, and an order."""
    panel = panel_of("overwriting", clock)
    one = {"service": 1, "link": LINK, "quantity": 50}
    drip_feed = ask(panel, "add", **one, runs=2, interval=1)["order"]
    subscription = ask(panel, "add", service=16, username="ann", min=20, max=20, delay=0, posts=5)["order"]
    plain = [ask(panel, "add", **one)["order"] for _ in range(3)]
    return panel, [plain[0], drip_feed, plain[1], subscription, plain[2]]


def test_what_is_no_ordinary_order_wipes_out_the_rows_before_it(mixed: tuple[Panel, list[int]]) -> None:
    panel, ids = mixed
    answers = ask(panel, "status", orders=joined(ids))
    assert answers == {
        "status": "Active",
        "expiry": None,
        "posts": "5",
        "orders": [],
        str(ids[4]): panel.expected_status(ids[4]),
    }
    assert list(answers)[-1] == str(ids[4])


def test_an_unknown_id_does_so_too(mixed: tuple[Panel, list[int]]) -> None:
    panel, ids = mixed
    assert ask(panel, "status", orders=f"{ids[0]},7,{ids[2]}") == {
        "error": "Incorrect order ID",
        str(ids[2]): panel.expected_status(ids[2]),
    }
    assert ask(panel, "status", orders=f"{ids[2]},{ids[0]},7") == {"error": "Incorrect order ID"}


def test_ordinary_orders_single_requests_and_lists_are_as_documented(mixed: tuple[Panel, list[int]]) -> None:
    panel, ids = mixed
    assert ask(panel, "status", orders=f"{ids[0]},{ids[2]}") == {
        str(number): panel.expected_status(number) for number in (ids[0], ids[2])
    }
    assert ask(panel, "status", order=ids[1]) == panel.expected_status(ids[1])
    assert rows(panel, "refill", orders=f"7,{ids[0]}") == [
        {"order": 7, "refill": {"error": "Incorrect order ID"}},
        {"order": ids[0], "refill": {"error": "Order is not completed"}},
    ]


def test_an_extended_panel_tells_of_drip_feeds_and_numbers_cancellations(clock: Clock) -> None:
    panel = panel_of("extended", clock)
    assert [row["dripfeed"] for row in rows(panel, "services")] == [one.dripfeed for one in panel.catalogue]
    ids = [followers(panel) for _ in range(2)]
    assert rows(panel, "cancel", orders=f"{ids[1]},7,{ids[0]}") == [
        {"order": ids[1], "cancel": 4001},
        {"order": 7, "cancel": {"error": "Incorrect order ID"}},
        {"order": ids[0], "cancel": 4002},
    ]
    cancellations = [(entry.order, entry.result) for entry in panel.ledger if entry.action == "cancel"]
    assert cancellations == [(ids[1], 4001), (ids[0], 4002)]


def test_a_cancellation_has_an_id_of_the_panels_form(clock: Clock) -> None:
    panel = Panel(clock=clock, dialect="extended", ids="uuid")
    order = followers(panel)
    (row,) = json.loads(panel.handle(form("cancel", orders=order)).body)
    assert row == {"order": order, "cancel": panel.ledger[1].result}
    assert len(row["cancel"]) == 36
