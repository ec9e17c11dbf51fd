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


def plan(
    text: str, *entries: JournalEntry, catalogue: Catalogue = CATALOGUE, panel: str | None = None
) -> Plan:
    orders = read_orders(text.splitlines(keepends=True), "o.csv")
    return vetted(orders, catalogue, {entry.reference: entry for entry in entries}, panel)


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
        ("A,1,x,1", "quantity", "the quantity for service 1 must be >= 2, got 1"),
        ("A,1,x,51", "quantity", "the quantity for service 1 must be <= 50, got 51"),
        ("A,1,x,ten", "quantity", "quantity must be an integer, got 'ten'"),
        ("A,1,x,0", "quantity", "quantity must be an integer >= 1, got 0"),
        ("A,1,x", "", "service 1 has type 'Default': missing field: quantity"),
        ("A,2,x,5", "", "service 2 has type 'Package': unexpected field: quantity"),
        ("A,1,x,5,2", "", "drip-feed requires both runs and interval"),
        ("A,1,x,5,2,5", "runs", "service 1 does not support drip-feed"),
        ("A,3,x,,,,nice", "comments", "the quantity for service 3 must be >= 2, got 1"),
        ("A,3,x,,,,nice\x07", "comments", "comments contains a line break or a control character"),
        ("A,6,x,,,,nice,,u", "comments", "the quantity for service 6 must be >= 2, got 1"),
        ("A,4,x,,,,,me", "usernames", "the quantity for service 4 must be >= 2, got 1"),
        ("A,5,,,,,,,u,1,5,0", "min", "the quantity for service 5 must be >= 2, got 1"),
        ("A,5,,,,,,,u,2,51,0", "max", "the quantity for service 5 must be <= 50, got 51"),
        ("A,5,,,,,,,u,2,5,7", "delay", "delay must be one of 0, 5, 10"),
        ("A,5,,,,,,,u,2,5,0,,soon", "expiry", "expiry must be a date such as"),
        ("A,99,x,5", "service", "service '99' is not in the catalogue"),
        ("A,,x,5", "service", "missing service"),
        (",1,x,5", "reference", "missing reference"),
        ('"A\nB",1,x,5', "reference", r"'A\nB' contains a line break or a control character"),
        (f"{LONG},1,x,5", "reference", "reference must have at most 200 characters, got 201"),
        ("A,1,caf\ufffd,5", "link", "'caf\ufffd' is not valid UTF-8"),
        ("A,1,x,5,,,,,,,,,,,y", "", "'y' is in a column without a heading"),
    ],
)
def test_an_invalid_row_is_named_with_its_line_and_its_column(row: str, column: str, fault: str) -> None:
    found = plan(f"{HEAD}# a comment\nB,1,x,5\n{row}\nC,1,x,5\n")
    assert [*found.orders] == ["B", "C"]
    invalid = found.invalid[0]
    assert (found.count, len(found.invalid)) == (3, 1)
    assert invalid.where == "o.csv, line 4" + (f", column {column}" if column else "")
    assert invalid.reason.startswith(fault)


def test_a_panels_own_field_that_is_no_text() -> None:
    found = plan("reference,service,extra.a\nA,7,\ufffd\nB,7,x\n")
    assert found.invalid[0].where == "o.csv, line 2, column extra.a"
    assert found.orders["B"].form() == {"service": "7", "a": "x"}


def test_a_reference_that_is_there_twice() -> None:
    found = plan(f"{HEAD}A,1,x,5\nB,1,x,1\nA,1,x,5\nB,1,x,5\n")
    assert [(invalid.where, invalid.reason) for invalid in found.invalid] == [
        ("o.csv, line 3, column quantity", "the quantity for service 1 must be >= 2, got 1"),
        ("o.csv, line 4, column reference", "duplicate reference: 'A' (see line 2)"),
        ("o.csv, line 5, column reference", "duplicate reference: 'B' (see line 3)"),
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
    assert (found.orders, found.invalid, found.count) == ({}, [], 3)


def test_what_was_refused_or_never_sent_is_sent() -> None:
    found = plan(f"{HEAD}A,1,x,5\nB,1,x,5\n", entry("A", "refused", ORDER), entry("B", "new", ORDER))
    assert found.orders == {"A": ORDER, "B": ORDER}


@pytest.mark.parametrize("row", ["A,1,x,6", "A,1,y,5", "A,2,x"])
def test_what_was_refused_may_be_corrected(row: str) -> None:
    found = plan(f"{HEAD}{row}\n", entry("A", "refused", ORDER), panel="q")
    assert (list(found.orders), found.invalid) == (["A"], [])
    assert found.orders["A"] != ORDER


@pytest.mark.parametrize("state", ["new", "placed", "unknown"])
def test_a_reference_of_another_panel(state: str) -> None:
    found = plan(f"{HEAD}A,1,x,5\n", entry("A", state, ORDER), panel="q")
    assert (found.orders, found.placed, found.unknown) == ({}, [], [])
    assert found.invalid[0].where == "o.csv, line 2, column reference"
    assert found.invalid[0].reason == (
        f"'A' is {state} at p, not at q. If only the address of the panel has changed, do not place it "
        "again: it would be bought twice. If this is another panel, use a new reference"
    )
    same = plan(f"{HEAD}A,1,x,5\n", entry("A", state, ORDER), panel="p/")
    assert same.invalid == []


def test_two_spellings_of_one_reference() -> None:
    found = plan(f"{HEAD}caf\u00e9,1,x,5\ncafe\u0301,1,x,5\n", entry("caf\u00e9", "placed", ORDER))
    assert [one.reference for one in found.placed] == ["caf\u00e9"]
    assert found.invalid[0].reason == "duplicate reference: 'caf\u00e9' (see line 2)"


@pytest.mark.parametrize("state", ["new", "placed", "unknown"])
@pytest.mark.parametrize("row", ["A,1,x,6", "A,1,y,5", "A,2,x"])
def test_a_reference_that_stands_for_another_order(row: str, state: str) -> None:
    found = plan(f"{HEAD}{row}\n", entry("A", state, ORDER))
    assert (found.orders, found.placed, found.unknown) == ({}, [], [])
    assert found.invalid[0].where == "o.csv, line 2, column reference"
    assert found.invalid[0].reason == (
        f"'A' is already used for a different order in the journal, which is {state}; use a new reference"
    )


def test_the_cost_is_exact_and_says_what_it_leaves_out() -> None:
    many = "".join(f"M{number},1,x,3\n" for number in range(10))
    found = plan(f"{HEAD}{many}P,2,x\nN,7,x\nS,5,,,,,,,u,2,5,0\n")
    assert (found.total, found.unpriced) == (Decimal("0.027") + Decimal("0.90"), 2)


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        (
            "1.2E+11,1",
            "reference",
            "'1.2E+11' is a number in scientific notation, probably a number near 1200",
        ),
        ("1001.0,1", "reference", "'1001.0' is a decimal number, probably 1001"),
        ("#REF!,1", "reference", "'#REF!' is an error value of a spreadsheet"),
        ("05.01.2026,1", "reference", "'05.01.2026' is a date, a time or a fraction"),
        ("Total,1", "reference", "'Total' is a total"),
        ("A-1,1.0", "service", "'1.0' is a decimal number, probably 1"),
        ("A-1,'1", "service", "is an id in quotes, probably 1"),
    ],
)
def test_what_a_spreadsheet_made_of_a_reference(cells: str, column: str, reason: str) -> None:
    text = f"reference,service,link,quantity\nA-7,1,x,50\n{cells},x,50\n"
    orders = read_orders(text.splitlines(keepends=True), "o.csv")
    found = vetted(orders, CATALOGUE, {})
    assert [*found.orders] == ["A-7"]
    [invalid] = found.invalid
    assert invalid.where == f"o.csv, line 3, column {column}"
    assert reason in invalid.reason
    assert invalid.reason.endswith("; --any-id takes it as it is")
    taken = vetted(orders, CATALOGUE, {}, any_id=True)
    assert len(taken.orders) == (1 if "'1" in cells else 2)
