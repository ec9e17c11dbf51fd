from datetime import UTC, datetime
from decimal import Decimal

import pytest

from agencia_async import Catalogue, DefaultOrder, Order, RawOrder, Service
from agencia_async.cli.commands.place_plan import Plan, vetted
from agencia_async.cli.input.order_file import read_orders
from agencia_async.journal import JournalEntry, JournalState

KINDS = (
    "Default",
    "Package",
    "Custom Comments",
    "Mentions Custom List",
    "Subscriptions",
    "Comment Replies",
    "New",
)
CATALOGUE = Catalogue(
    Service(service=number, type=kind, rate=Decimal("0.90"), min=2, max=50, dripfeed=False)
    for number, kind in enumerate(KINDS, 1)
)


def plan(text: str, *entries: JournalEntry, catalogue: Catalogue = CATALOGUE) -> Plan:
    orders = read_orders(text.splitlines(keepends=True), "o.csv")
    return vetted(orders, catalogue, {entry.reference: entry for entry in entries})


def entry(reference: str, state: str, order: Order) -> JournalEntry:
    now = datetime.now(UTC)
    return JournalEntry(
        reference=reference, state=JournalState(state), order=order, panel="p", created=now, updated=now
    )


HEAD = (
    "reference,service,link,quantity,runs,interval,comments,usernames,username,min,max,delay,posts,expiry\n"
)
LONG = "x" * 201


@pytest.mark.parametrize(
    ("row", "column", "fault"),
    [
        ("A,1,x,1", "quantity", "service 1 takes at least 2 in an order, not 1"),
        ("A,1,x,51", "quantity", "service 1 takes at most 50 in an order, not 51"),
        ("A,1,x,ten", "quantity", "quantity is a whole number, not 'ten'"),
        ("A,1,x,0", "quantity", "quantity is a whole number of at least 1, not 0"),
        ("A,1,x", "", "service 1 is of the type 'Default': quantity is missing"),
        ("A,2,x,5", "", "service 2 is of the type 'Package': quantity is too many"),
        ("A,1,x,5,2", "", "a drip-feed takes both runs and interval (minutes), or neither"),
        ("A,1,x,5,2,5", "runs", "service 1 does not take a drip-feed"),
        ("A,3,x,,,,nice", "comments", "service 3 takes at least 2 in an order, not 1"),
        ("A,3,x,,,,nice\x07", "comments", "comments holds a line break or a control character"),
        ("A,6,x,,,,nice,,u", "comments", "service 6 takes at least 2 in an order, not 1"),
        ("A,4,x,,,,,me", "usernames", "service 4 takes at least 2 in an order, not 1"),
        ("A,5,,,,,,,u,1,5,0", "min", "service 5 takes at least 2 in an order, not 1"),
        ("A,5,,,,,,,u,2,51,0", "max", "service 5 takes at most 50 in an order, not 51"),
        ("A,5,,,,,,,u,2,5,7", "delay", "delay is one of 0, 5, 10"),
        ("A,5,,,,,,,u,2,5,0,,soon", "expiry", "expiry is a day such as"),
        ("A,99,x,5", "service", "service '99' is not in the catalogue"),
        ("A,,x,5", "service", "the service is empty"),
        (",1,x,5", "reference", "the reference is empty"),
        ('"A\nB",1,x,5', "reference", r"'A\nB' holds a line break or a control character"),
        (f"{LONG},1,x,5", "reference", "a reference has at most 200 characters, not 201"),
        ("A,1,caf\ufffd,5", "link", "'caf\ufffd' is no text in UTF-8"),
        ("A,1,x,5,,,,,,,,,,,y", "", "'y' stands in a cell that has no heading"),
    ],
)
def test_a_wrong_row_is_named_with_its_line_and_its_column(row: str, column: str, fault: str) -> None:
    found = plan(f"{HEAD}# a comment\nB,1,x,5\n{row}\nC,1,x,5\n")
    assert [*found.orders] == ["B", "C"]
    wrong = found.wrong[0]
    assert (found.count, len(found.wrong)) == (3, 1)
    assert wrong.where == "o.csv, line 4" + (f", column {column}" if column else "")
    assert wrong.fault.startswith(fault)


def test_a_panels_own_field_that_is_no_text() -> None:
    found = plan("reference,service,extra.a\nA,7,\ufffd\nB,7,x\n")
    assert found.wrong[0].where == "o.csv, line 2, column extra.a"
    assert found.orders["B"].form() == {"service": "7", "a": "x"}


def test_a_reference_that_is_there_twice() -> None:
    found = plan(f"{HEAD}A,1,x,5\nB,1,x,1\nA,1,x,5\nB,1,x,5\n")
    assert [(wrong.where, wrong.fault) for wrong in found.wrong] == [
        ("o.csv, line 3, column quantity", "service 1 takes at least 2 in an order, not 1"),
        ("o.csv, line 4, column reference", "'A' stands on line 2 already"),
        ("o.csv, line 5, column reference", "'B' stands on line 3 already"),
    ]


ORDER = DefaultOrder(service=1, link="x", quantity=5)
RAW = RawOrder("s", {"link": "x", "zone": "7"})


@pytest.mark.parametrize("catalogue", [CATALOGUE, Catalogue([])])
def test_what_is_placed_or_unknown_is_not_sent_whatever_the_catalogue_says(catalogue: Catalogue) -> None:
    entries = [entry("A", "placed", ORDER), entry("B", "unknown", ORDER), entry("R", "placed", RAW)]
    found = plan(
        "reference,service,link,quantity,extra.zone\nA,1,x,5\nB,1,x,5\nR,s,x,,7\n",
        *entries,
        catalogue=catalogue,
    )
    assert (found.placed, found.unknown) == ([entries[0], entries[2]], [entries[1]])
    assert (found.orders, found.wrong, found.count) == ({}, [], 3)


def test_what_was_refused_or_never_sent_is_sent() -> None:
    found = plan(f"{HEAD}A,1,x,5\nB,1,x,5\n", entry("A", "refused", ORDER), entry("B", "new", ORDER))
    assert found.orders == {"A": ORDER, "B": ORDER}


@pytest.mark.parametrize("state", ["new", "placed", "refused", "unknown"])
@pytest.mark.parametrize("row", ["A,1,x,6", "A,1,y,5", "A,2,x"])
def test_a_reference_that_stands_for_another_order(row: str, state: str) -> None:
    found = plan(f"{HEAD}{row}\n", entry("A", state, ORDER))
    assert (found.orders, found.placed, found.unknown) == ({}, [], [])
    assert found.wrong[0].where == "o.csv, line 2, column reference"
    assert found.wrong[0].fault == (
        f"'A' stands for another order in the journal, which is {state}; a new order needs a new reference"
    )


def test_the_cost_is_exact_and_says_what_it_leaves_out() -> None:
    many = "".join(f"M{number},1,x,3\n" for number in range(10))
    found = plan(f"{HEAD}{many}P,2,x\nN,7,x\nS,5,,,,,,,u,2,5,0\n")
    assert (found.total, found.untold) == (Decimal("0.027") + Decimal("0.90"), 2)
